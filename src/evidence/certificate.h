/*
 * A certificate of death (or of a quarantine): one file from which a stranger sees what became of
 * the targets of an order, with the roster and the log's public key and nothing else.
 *
 *     certificate_make(&view, &wanted, &text, &size, &error)             from a ledger on disk
 *
 *     certificate_check(&certificate, text, size, &key, &error)          offline
 *     certificate_authority(&certificate, roster, roster_size, "roster", &authority, &error)
 *     certificate.verdict ...
 *     certificate_close(&certificate)
 *
 * The file is canonical JSON (evidence/canonical.h), one line:
 *
 *     {"certificate":"iolaus-certificate/v1",
 *      "checkpoint":"ZXhhbXBsZS5vcmcvbGVkZ2Vy...",                     the signed note, base64
 *      "entries":[{"entry":{...},"index":7,"proof":["...",...]},...], in the ledger's order
 *      "says":{...}}                                                  the verdict, for people
 *
 * Each entry stands in it byte for byte, with its index and its RFC 6962 proof of inclusion in the
 * checkpoint's tree. What `says` says follows from the entries; a reader derives it anew and
 * compares. So no byte can be changed: those of the checkpoint are signed, those of the entries are
 * in its tree, all else follows from them.
 */
#ifndef IOLAUS_EVIDENCE_CERTIFICATE_H
#define IOLAUS_EVIDENCE_CERTIFICATE_H

#include "evidence/checkpoint.h"
#include "evidence/verdict.h"
#include "evidence/view.h"
#include "order/authority.h"

#define CERTIFICATE_BYTES_MAX ((size_t)256 << 20)
#define CERTIFICATE_FORMAT "iolaus-certificate/v1"

/* Which order it is to be about. */
struct certificate_wanted {
    bool last;                                /* the last accepted stop or pause */
    uint64_t epoch;                           /* or that of this epoch; or if it is 0 */
    unsigned char digest[ORDER_DIGEST_BYTES]; /* the order of this digest */
};

/* Reads the ledger's published entries, and gives the text, which the caller frees, with a newline
 * behind it. ERROR_INPUT if there is no such order, or it is a permit or resume; ERROR_CORRUPT if
 * the ledger is not what was signed, or an entry is none; ERROR_LIMIT, ERROR_IO, ERROR_MEMORY. */
int certificate_make(struct ledger_view *view, const struct certificate_wanted *wanted, char **text,
                     size_t *size, struct error *error);

/* What is checked, in this order. X(name, word) */
#define CERTIFICATE_CHECKS(X)                                                                      \
    X(FORM, "form")             /* the bytes are canonical, each entry is one */                   \
    X(CHECKPOINT, "checkpoint") /* the log's key signed it, and nobody else */                     \
    X(INCLUSION, "inclusion")   /* each entry is in the signed tree */                             \
    X(ENTRIES, "entries")       /* they are those of one order, and do not contradict another */   \
    X(SAYS, "says")             /* it says what follows from them */                               \
    X(AUTHORITY, "authority")   /* who signed the order could */

enum certificate_part {
#define X(name, word) CHECK_##name,
    CERTIFICATE_CHECKS(X)
#undef X
};
const char *certificate_check_word(enum certificate_part part);

struct certificate {
    enum certificate_part failed; /* after ERROR_AUDIT */
    struct arena arena;
    struct ledger_checkpoint checkpoint;
    struct entry *entries;
    uint64_t *indexes;
    uint32_t count;
    struct verdict verdict;
};

/* Checks all that the file says but who signed the order. ERROR_AUDIT with the first thing that is
 * wrong, as `byte N: ...` where it has a place; ERROR_LIMIT, ERROR_MEMORY. After an error there is
 * nothing to close. */
int certificate_check(struct certificate *certificate, const char *text, size_t size,
                      const struct note_key *key, struct error *error);
void certificate_close(struct certificate *certificate);

/* Who signed the order, by the roster that the reader trusts. */
struct certificate_authority {
    bool roster_same; /* it is byte for byte the one that the range decided by */
    /* Whose each signature is, by the roster; "" where it does not count. */
    char names[ENTRY_SIGNATURES_MAX][ENTRY_PERSON_BYTES];
    struct authority_decision decision;
};

/* Whether those who signed could, when the order was accepted, by the thresholds that the range
 * had: scope, lifetime and replay were the daemon's to look at. An order of a drill's campaign is
 * compared with the key that the range made for it, and with no roster (which may then be NULL).
 * ERROR_AUDIT with the reason if not; ERROR_INPUT if the roster is none; ERROR_MEMORY. */
int certificate_authority(const struct certificate *certificate, const char *roster, size_t size,
                          const char *name, struct certificate_authority *authority,
                          struct error *error);

/* The object `says`, as a text of the arena's. ERROR_MEMORY. */
int certificate_says(const struct verdict *verdict, struct arena *arena, const char **text,
                     size_t *size, struct error *error);

#endif
