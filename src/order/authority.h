/*
 * The decision whether an order is obeyed. "No order is carried out and no tombstone lifted without
 * k valid signatures in scope, unexpired, not replayed."
 *
 *     struct authority_rules rules = AUTHORITY_DEFAULTS;    the configuration of the daemon
 *     authority_check(&rules, &roster, &error)              once, at its start
 *     authority_decide(&rules, &roster, &request, &decision)
 *     decision.reason == AUTHORITY_ACCEPTED, or why not; decision.message says it to a person
 *
 * It is a pure function of its arguments: no clock, no file, no allocation, no state. The caller
 * gives the time, remembers the nonces of what it accepted, records every decision, and assigns the
 * epoch. Thresholds are the daemon's; nothing in an order, a signature or a caller's flag can lower
 * them.
 *
 * What counts:
 * - A signature counts if it is over these bytes, in the namespace iolaus-order, by a key that
 *   stands on a line of the roster that allows it now, and each name of that line has the target in
 *   its scope. A security key must have been touched.
 * - **Persons are counted, not signatures.** Two that share a key count once; so do two whose
 *   lines have a name in common, or patterns that one name could match. Where this can be counted
 * in several ways, the greatest number holds, so that one more signature never makes less.
 * - What does not count is reported and ignored, so that nobody can spoil an order by adding to it.
 * - To end or to pause needs `stop_min` persons; to let something run again (permit, resume)
 *   `permit_min`.
 *
 * Of several reasons the first in the order of AUTHORITY_REASONS is given, with one exception:
 * where too few signatures count, the first signature's that does not.
 */
#ifndef IOLAUS_ORDER_AUTHORITY_H
#define IOLAUS_ORDER_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "order/order.h"
#include "order/roster.h"
#include "order/sshsig.h"

/* X(name, word, words for a person) */
#define AUTHORITY_REASONS(X)                                                                       \
    X(MALFORMED, "malformed", "it is no order")                                                    \
    X(TOO_MANY, "too-many", "it has more signatures than are looked at")                           \
    X(SIGNATURE, "signature", "a signature cannot be read")                                        \
    X(NAMESPACE, "namespace", "a signature is for something else than orders")                     \
    X(UNKNOWN_KEY, "unknown-key", "a key is not on the roster")                                    \
    X(KEY_NOT_YET, "key-not-yet", "a key is not valid yet")                                        \
    X(KEY_EXPIRED, "key-expired", "a key is no longer valid")                                      \
    X(SCOPE, "scope", "the target is out of a signer's scope")                                     \
    X(PRESENCE, "presence", "a security key signed without the touch or PIN that is required")     \
    X(ALTERED, "altered", "a signature is not over this order")                                    \
    X(SAME_SIGNER, "same-signer", "one person signed more than once")                              \
    X(UNDERSIGNED, "undersigned", "too few have signed")                                           \
    X(RANGE, "range", "it is for another range")                                                   \
    X(NOT_YET, "not-yet", "it is issued in the future")                                            \
    X(EXPIRED, "expired", "it has expired")                                                        \
    X(LIFETIME, "lifetime", "it would be valid for too long")                                      \
    X(REPLAYED, "replayed", "it was given before")                                                 \
    X(LIFTS, "lifts", "what it lifts is no stop of this target that was carried out here")

enum authority_reason {
    AUTHORITY_ACCEPTED,
#define X(name, word, words) REFUSED_##name,
    AUTHORITY_REASONS(X)
#undef X
};

/* `accepted`, or the reason's word; and in words. */
const char *authority_reason_word(enum authority_reason reason);
const char *authority_reason_words(enum authority_reason reason);

/* What the holder of a name may stop. In the daemon's configuration:
 *
 *     scope: {alice: [camera-*, group:cameras], bob: any}
 *
 * `camera-*` is agents of such names (`*`, `?`), `group:cameras` orders to that group, `any`
 * everything, orders to all included. The name is as the roster writes it, a pattern as the same
 * pattern. */
struct authority_scope {
    const char *name;
    const char *const *targets;
    uint32_t target_count;
};

struct authority_rules {
    uint32_t stop_min;      /* 1 to AUTHORITY_SIGNATURES_MAX */
    uint32_t permit_min;    /* the same, or 0: 2, and 1 where one key alone may sign orders */
    int64_t lifetime_s_max; /* from issued to expires */
    int64_t ahead_s_max;    /* how far a signer's clock may be ahead of ours */
    bool pin_required;      /* security keys must have seen a PIN or a fingerprint; others may not
                               sign at all */
    const struct authority_scope *scopes; /* none: everybody may stop everything; else only what
                                             is named here */
    uint32_t scope_count;
};

#define AUTHORITY_LIFETIME_S 86400
#define AUTHORITY_AHEAD_S 60
#define AUTHORITY_DEFAULTS                                                                         \
    {                                                                                              \
        .stop_min = 1, .lifetime_s_max = AUTHORITY_LIFETIME_S, .ahead_s_max = AUTHORITY_AHEAD_S    \
    }

#define AUTHORITY_SIGNATURES_MAX 16

struct authority_signature {
    const char *text; /* the armoured signature */
    size_t size;
    const char *name; /* of its file, for the messages */
};

struct authority_request {
    const char *order; /* its bytes */
    size_t size;
    const char *name; /* of its file, for the messages */
    const struct authority_signature *signatures;
    uint32_t signature_count;
    const char *range; /* the range that decides */
    int64_t now_s;     /* seconds since 1970, UTC; from 0 to CALENDAR_SECONDS_MAX */
    /* Whether an order with this nonce, or this digest, was accepted before. Must remember them
     * until the order expires, over restarts too. */
    bool (*seen)(void *context, const unsigned char nonce[ORDER_NONCE_BYTES],
                 const unsigned char digest[ORDER_DIGEST_BYTES]);
    /* Gives the order of this digest if it was accepted on this range; false otherwise. */
    bool (*accepted)(void *context, const unsigned char digest[ORDER_DIGEST_BYTES],
                     struct order *order);
    void *context;
};

/* What became of one signature. */
struct authority_signer {
    enum authority_reason reason;     /* AUTHORITY_ACCEPTED: it counts */
    const struct roster_entry *entry; /* the line that speaks for it; NULL: none */
    struct ssh_key key;               /* not filled in after REFUSED_SIGNATURE */
    char message[320];                /* why it does not count, or empty */
};

struct authority_decision {
    enum authority_reason reason;
    char message[640];  /* one line for a person; empty where it was accepted */
    struct order order; /* zeroed after REFUSED_MALFORMED */
    unsigned char digest[ORDER_DIGEST_BYTES];
    uint32_t needed, counted; /* persons */
    uint32_t signer_count;    /* as many as signatures; 0 where they were not looked at */
    struct authority_signer signers[AUTHORITY_SIGNATURES_MAX];
};

/* Whether the rules fit together and can be met with this roster: ERROR_INPUT says what not. */
int authority_check(const struct authority_rules *rules, const struct roster *roster,
                    struct error *error);

/* Fills in the decision. The rules have been checked with this roster, which the decision points
 * into. */
void authority_decide(const struct authority_rules *rules, const struct roster *roster,
                      const struct authority_request *request, struct authority_decision *decision);

/* How many persons an order of this verb needs. */
uint32_t authority_needed(const struct authority_rules *rules, const struct roster *roster,
                          enum order_verb verb);

#endif
