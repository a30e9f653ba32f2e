/* The keys of an entry as tables: entry.c has what each kind holds, entry_field.c reads and writes
 * one key. So the order of the keys stands in one place. */
#ifndef IOLAUS_EVIDENCE_ENTRY_INSIDE_H
#define IOLAUS_EVIDENCE_ENTRY_INSIDE_H

#include "evidence/canonical.h"
#include "evidence/entry.h"

enum entry_field_type {
    FIELD_U32,
    FIELD_U64,
    FIELD_I64,
    FIELD_BOOL,
    FIELD_WORD,         /* an enum, by its words */
    FIELD_HEX,          /* `most` bytes */
    FIELD_DIGEST,       /* the same, behind `sha256:` */
    FIELD_ORDER_DIGEST, /* of the text at `at`, which has been read before */
    FIELD_TEXT,
    FIELD_TEXTS,
    FIELD_GROUPS,
    FIELD_GAPS
};

struct entry_field {
    const char *key;
    enum entry_field_type type;
    enum canonical_letters letters;
    size_t at, count_at; /* in the struct entry; of a list, its pointer and its uint32_t count */
    int64_t least, most; /* the number, or the length of a text */
    uint32_t list_most;
    const char *const *words; /* `most` of them */
};

/* With `,"key":` in front. ERROR_INPUT says what cannot be written. */
int entry_field_write(const struct entry_field *field, const struct entry *entry,
                      struct canonical_out *out, struct error *error);
int entry_field_read(const struct entry_field *field, struct entry *entry, struct canonical_in *in);

#endif
