/*
 * Base64 of RFC 4648, section 4, canonical alone: every text that is taken is the one text that
 * the same bytes give. Padding is demanded, the unused bits of the last character must be zero, and
 * nothing but the alphabet is allowed, no white space either. Otherwise a signed line could be
 * changed without its signature noticing.
 */
#ifndef IOLAUS_EVIDENCE_BASE64_H
#define IOLAUS_EVIDENCE_BASE64_H

#include <stddef.h>

/* The characters that so many bytes give, with the zero at the end. */
#define BASE64_TEXT(bytes) (((bytes) + 2) / 3 * 4 + 1)

/* Writes the text of `size` bytes and a zero; `text` has room for BASE64_TEXT(size). */
void base64_write(const void *bytes, size_t size, char *text);

/* Reads `length` characters into at most `room` bytes, and says in `size` how many they were.
 * Returns 0, or -1 if the text is not canonical or there is no room. */
int base64_read(const char *text, size_t length, void *bytes, size_t room, size_t *size);

#endif
