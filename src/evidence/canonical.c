#include "evidence/canonical.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- writing ---- */

void canonical_put_bytes(struct canonical_out *out, const char *bytes, size_t size)
{
    if (out->size < out->room && size < out->room - out->size) {
        memcpy(out->text + out->size, bytes, size);
        out->text[out->size + size] = '\0';
    }
    out->size += size;
}

void canonical_put(struct canonical_out *out, const char *piece)
{
    canonical_put_bytes(out, piece, strlen(piece));
}

static const char *escape_of(char letter)
{
    return letter == '"' ? "\\\"" : letter == '\\' ? "\\\\" : letter == '\n' ? "\\n" : NULL;
}

void canonical_put_text(struct canonical_out *out, const char *text)
{
    canonical_put(out, "\"");
    while (*text != '\0') {
        size_t plain = strcspn(text, "\"\\\n");

        canonical_put_bytes(out, text, plain);
        text += plain;
        if (*text != '\0')
            canonical_put(out, escape_of(*text++));
    }
    canonical_put(out, "\"");
}

void canonical_put_number(struct canonical_out *out, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, number);
    canonical_put(out, text);
}

void canonical_put_bool(struct canonical_out *out, bool is)
{
    canonical_put(out, is ? "true" : "false");
}

static bool letter_valid(char letter, enum canonical_letters letters)
{
    if (letters == LETTERS_NAME)
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
    return (letter >= ' ' && letter <= '~') || (letter == '\n' && letters == LETTERS_LINES);
}

bool canonical_text_valid(const char *text, size_t size, enum canonical_letters letters)
{
    for (size_t i = 0; i < size; i++)
        if (!letter_valid(text[i], letters))
            return false;
    return true;
}

/* ---- reading ---- */

int canonical_refuse(const struct canonical_in *in, const char *at, const char *format, ...)
{
    char words[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return error_set(in->error, ERROR_CORRUPT, "byte %zu: %s", (size_t)(at - in->start), words);
}

bool canonical_next(const struct canonical_in *in, const char *piece)
{
    size_t length = strlen(piece);

    return (size_t)(in->end - in->at) >= length && memcmp(in->at, piece, length) == 0;
}

int canonical_take(struct canonical_in *in, const char *piece)
{
    const char *at = in->at;

    if (canonical_next(in, piece)) {
        in->at += strlen(piece);
        return 0;
    }
    while (at < in->end && *piece != '\0' && *at == *piece) {
        at++;
        piece++;
    }
    if (at == in->end)
        return canonical_refuse(in, at, "it ends where `%s` should follow", piece);
    return canonical_refuse(in, at, "is not `%s`, which should follow here", piece);
}

/* The digits, as they would be written: no zero in front, no `-0`. */
static bool digits_take(struct canonical_in *in, int64_t *number)
{
    bool below = canonical_next(in, "-");
    const char *at = in->at + below, *first = at;
    int64_t value = 0;

    for (; at < in->end && *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            (below ? __builtin_sub_overflow(value, digit, &value)
                   : __builtin_add_overflow(value, digit, &value)))
            return false;
    }
    if (at == first || (*first == '0' && (at - first > 1 || below)))
        return false;
    in->at = at;
    *number = value;
    return true;
}

int canonical_take_number(struct canonical_in *in, int64_t least, int64_t most, int64_t *number)
{
    const char *at = in->at;

    if (digits_take(in, number) && *number >= least && *number <= most)
        return 0;
    return canonical_refuse(in, at, "is no whole number from %" PRId64 " to %" PRId64, least, most);
}

int canonical_take_bool(struct canonical_in *in, bool *is)
{
    *is = canonical_next(in, "true");
    return canonical_take(in, *is ? "true" : "false");
}

/* Where the text ends, and how long it is without escapes; NULL: it is none. */
static int text_measure(const struct canonical_in *in, enum canonical_letters letters, size_t most,
                        size_t *length, const char **end)
{
    const char *at = in->at;

    *length = 0;
    *end = at;
    if (at == in->end || *at != '"')
        return canonical_refuse(in, at, "is no text");
    for (at++; at < in->end && *at != '"'; at++, ++*length) {
        char letter = *at;

        if (letter == '\\' && at + 1 < in->end) {
            letter = at[1] == 'n' ? '\n' : at[1];
            if (escape_of(letter) == NULL || at[1] == '\n')
                return canonical_refuse(in, at, "is no escape that is written here");
            at++;
        } else if (escape_of(letter) != NULL) {
            return canonical_refuse(in, at, "should be escaped");
        }
        if (!letter_valid(letter, letters))
            return canonical_refuse(in, at, "a letter that may not stand here");
        if (*length == most)
            return canonical_refuse(in, at, "the text has more than %zu bytes", most);
    }
    *end = at;
    return at < in->end ? 0 : canonical_refuse(in, at, "it ends within a text");
}

int canonical_take_text(struct canonical_in *in, enum canonical_letters letters, size_t most,
                        const char **text)
{
    const char *end;
    size_t length;
    int code = text_measure(in, letters, most, &length, &end);
    char *copy;

    *text = NULL;
    if (code < 0)
        return code;
    copy = arena_take(in->arena, length + 1);
    if (copy == NULL)
        return error_set(in->error, ERROR_MEMORY, "no memory for a text");
    *text = copy;
    for (const char *at = in->at + 1; at < end; at++) {
        if (*at != '\\')
            *copy++ = *at;
        else
            *copy++ = *++at == 'n' ? '\n' : *at;
    }
    in->at = end + 1;
    return 0;
}

int canonical_take_more(struct canonical_in *in, bool first, bool *more)
{
    *more = !canonical_next(in, "]");
    if (!*more)
        return canonical_take(in, "]");
    return first ? 0 : canonical_take(in, ",");
}
