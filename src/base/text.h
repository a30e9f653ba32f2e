/*
 * Text from elsewhere, before it is shown to a person.
 *
 * A file's name, a note or a scenario may come from somebody who would like to write over the line
 * above, colour it, or turn it around. No memory is taken.
 */
#ifndef IOLAUS_BASE_TEXT_H
#define IOLAUS_BASE_TEXT_H

#include <stddef.h>

/* The bytes of the character that begins at `at`, of at most `left`: 1 to 4; or 0 where it is not
 * to be shown: no UTF-8 (RFC 3629, section 4), a control character (C0, DEL, C1), a line or
 * paragraph separator, or one of those that turn the direction of writing (Unicode, UAX 9, section
 * 2). `left` is at least 1. */
size_t text_shown(const char *at, size_t left);

/* Puts a ? for each byte of what is not to be shown. */
void text_clean(char *text);

#endif
