/*
 * Text that agents and files have made, in Markdown and for the shell.
 */
#include <stdio.h>
#include <string.h>

#include "analysis/protocol_inside.h"

/*
 * How many bytes at `text` are a character that must not be shown: control characters, what ends a
 * line (U+2028, U+2029), and what turns the direction of writing (U+200E, U+200F, U+202A to U+202E,
 * U+2066 to U+2069: Unicode Standard Annex 9), by which a name could be made to look like another.
 * 0: it may be shown.
 */
static size_t hidden(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < ' ' || byte[0] == 127) {
        return 1;
    }
    if (byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] <= 0x9f) {
        return 2;
    }
    bool turns = byte[0] == 0xe2 && byte[1] != '\0' &&
                 ((byte[1] == 0x80 &&
                   (byte[2] == 0x8e || byte[2] == 0x8f || (byte[2] >= 0xa8 && byte[2] <= 0xae))) ||
                  (byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9));
    return turns ? 3 : 0;
}

/*
 * In a code span nothing is read as anything else (CommonMark 0.31, section 6.1), but for
 * backticks, and for the pipe that ends a table's cell even there (GitHub Flavored Markdown,
 * section 4.10). Names with those, or with blanks at an end, are written in HTML, with character
 * references in place of all but letters and digits.
 */
static bool needs_html(const char *text)
{
    size_t length = strlen(text);
    return length == 0 || strpbrk(text, "|`") != NULL || text[0] == ' ' || text[length - 1] == ' ';
}

static bool is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (unsigned char)byte >= 0x80;
}

void put_name(const char *text, FILE *out)
{
    bool html = needs_html(text);
    fputs(html ? "<code>" : "`", out);
    while (*text != '\0') {
        size_t bytes = hidden(text);
        if (bytes > 0) {
            fputc('?', out);
        } else if (html && !is_word(*text)) {
            fprintf(out, "&#%u;", (unsigned)*text);
        } else {
            fputc(*text, out);
        }
        text += bytes > 0 ? bytes : 1;
    }
    fputs(html ? "</code>" : "`", out);
}

static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:%+,@";
    return *text != '\0' && *text != '-' && strspn(text, plain) == strlen(text);
}

/* In single quotes; what cannot be shown in those of bash and POSIX.1-2024, `$'...'`. */
void put_shell_word(const char *text, FILE *out)
{
    bool odd = false;
    for (const char *at = text; *at != '\0'; at++) {
        odd |= hidden(at) > 0;
    }
    if (is_plain(text)) {
        fputs(text, out);
        return;
    }
    fputs(odd ? "$'" : "'", out);
    while (*text != '\0') {
        size_t bytes = odd ? hidden(text) : 0;
        for (size_t i = 0; i < bytes; i++) {
            fprintf(out, "\\%03o", (unsigned char)text[i]);
        }
        if (bytes == 0) {
            if (*text == '\'') {
                fputs(odd ? "\\'" : "'\\''", out);
            } else {
                fputs(odd && *text == '\\' ? "\\" : "", out);
                fputc(*text, out);
            }
        }
        text += bytes > 0 ? bytes : 1;
    }
    fputc('\'', out);
}
