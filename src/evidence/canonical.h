/*
 * JSON in one form alone, in which entries and certificates are written: keys in the order of their
 * bytes, no space, whole numbers without sign but `-`, texts of printable ASCII and newlines, in
 * which `"`, `\` and the newline are written `\"`, `\\` and `\n`, and nothing else is escaped. It
 * is what Python's json.dumps(value, sort_keys=True, separators=(",", ":")) gives for such values.
 *
 * So there is one text for each value, a reader knows which byte must come next, and whatever comes
 * instead is refused with its place. Nothing here knows objects: the caller puts and takes
 * the pieces in their order, braces and keys as `canonical_put(out, ",\"key\":")`.
 */
#ifndef IOLAUS_EVIDENCE_CANONICAL_H
#define IOLAUS_EVIDENCE_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* ---- writing ---- */

/* Into `text`, which stays ended by a zero. What does not fit is counted and not written: `size`
 * is what all of it takes, so that a first pass with no room measures. */
struct canonical_out {
    char *text;
    size_t room, size;
};

static inline bool canonical_full(const struct canonical_out *out)
{
    return out->size >= out->room;
}
void canonical_put(struct canonical_out *out, const char *piece);
void canonical_put_bytes(struct canonical_out *out, const char *bytes, size_t size);
/* In quotes. The text must be one that can be written: canonical_text_valid. */
void canonical_put_text(struct canonical_out *out, const char *text);
void canonical_put_number(struct canonical_out *out, int64_t number);
void canonical_put_bool(struct canonical_out *out, bool is);

/* What a text may hold besides letters, digits, `-` and `_`. */
enum canonical_letters {
    LETTERS_NAME,
    LETTERS_LINE /* 0x20 to 0x7e */,
    LETTERS_LINES /* \n too */
};
bool canonical_text_valid(const char *text, size_t size, enum canonical_letters letters);

/* ---- reading ---- */

struct canonical_in {
    const char *start, *at, *end;
    struct arena *arena; /* owns the texts that are taken */
    struct error *error;
};

/* All return 0, ERROR_CORRUPT with `byte N: ...`, or ERROR_MEMORY. */
int canonical_refuse(const struct canonical_in *in, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int canonical_take(struct canonical_in *in, const char *piece);
int canonical_take_number(struct canonical_in *in, int64_t least, int64_t most, int64_t *number);
int canonical_take_bool(struct canonical_in *in, bool *is);
/* A text of at most `most` bytes. */
int canonical_take_text(struct canonical_in *in, enum canonical_letters letters, size_t most,
                        const char **text);
/* Whether that piece comes next; nothing is taken. */
bool canonical_next(const struct canonical_in *in, const char *piece);
/* Whether the list goes on: takes `,` and says so, or takes `]`. At its beginning, behind `[`,
 * `first` is true, and a `]` there is an empty list. */
int canonical_take_more(struct canonical_in *in, bool first, bool *more);

#endif
