/*
 * Orders: what an operator signs, as text.
 *
 *     order_parse(&order, bytes, size, "stop.order", &error)     reads it, strictly
 *     order_print(&order, text)                                  the same bytes again
 *     order_digest(bytes, size, digest)                          its name: SHA-256 of the bytes
 *
 * An order is a few lines that a person can read before signing them:
 *
 *     iolaus-order/v1
 *     verb: stop
 *     scope: agent
 *     target: camera-3
 *     protocol: cauterize
 *     range: any
 *     issued: 2026-11-21T11:00:00Z
 *     expires: 2026-11-21T11:10:00Z
 *     nonce: 2f7d1c0a9be64a53b1de0c7f5a86e490
 *
 * There is exactly one byte string for each order: the lines of its verb, in this order, each once,
 * one space behind the colon, nothing behind the last line's newline. So two people who mean the
 * same sign the same bytes, and nothing can be hidden in what is not printed. Whatever else comes
 * is refused with file:line:column. docs/reference/order.md has the grammar.
 *
 * This room (src/order/) holds orders, the SSH signatures on them (sshsig.h), the roster of those
 * who may sign (roster.h) and the decision whether to obey (authority.h). It is a room of its own
 * below trace, and no part of core or evidence: the core's state machines get orders that have been
 * decided and link no cryptography for them, while evidence is what was done afterwards and needs
 * these files to read an order. The room reads no file and no clock, keeps no state, and
 * links libsodium and base alone, so that libiolaus can contain it. sodium_init() must have
 * succeeded before anything here that hashes or verifies.
 */
#ifndef IOLAUS_ORDER_ORDER_H
#define IOLAUS_ORDER_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A longer file is refused before it is looked at. */
#define ORDER_BYTES_MAX 8192

/* The longest order's text, with its end. */
#define ORDER_TEXT_BYTES 640

/* The longest name of an agent (a group's name of 63, `-` and a number) and of a range, with their
 * ends. */
#define ORDER_NAME_BYTES 80
#define ORDER_RANGE_BYTES 64

#define ORDER_NONCE_BYTES 16
#define ORDER_DIGEST_BYTES 32
#define ORDER_DIGEST_TEXT_BYTES 72 /* `sha256:`, 64 digits, and the end */

/* The namespace of its signatures: ssh-keygen -Y sign -n iolaus-order. */
#define ORDER_NAMESPACE "iolaus-order"

/* X(name, word, whether it lets something run again) */
#define ORDER_VERBS(X)                                                                             \
    X(STOP, "stop", false)                                                                         \
    X(PAUSE, "pause", false)                                                                       \
    X(RESUME, "resume", true)                                                                      \
    X(PERMIT, "permit", true)

#define ORDER_SCOPES(X)                                                                            \
    X(AGENT, "agent")                                                                              \
    X(GROUP, "group")                                                                              \
    X(ALL, "all")

/* The stop protocols of core/control, by their names. */
#define ORDER_PROTOCOLS(X)                                                                         \
    X(TERMINATE, "terminate")                                                                      \
    X(RECALL, "recall")                                                                            \
    X(SWEEP, "sweep")                                                                              \
    X(BLACKOUT, "blackout")                                                                        \
    X(TOMBSTONE, "tombstone")                                                                      \
    X(LEASE, "lease")                                                                              \
    X(CAUTERIZE, "cauterize")

enum order_verb {
#define X(name, word, revives) ORDER_##name,
    ORDER_VERBS(X)
#undef X
};

enum order_scope {
#define X(name, word) ORDER_SCOPE_##name,
    ORDER_SCOPES(X)
#undef X
};

enum order_protocol {
#define X(name, word) ORDER_PROTOCOL_##name,
    ORDER_PROTOCOLS(X)
#undef X
};

struct order {
    enum order_verb verb;
    enum order_scope scope;
    enum order_protocol protocol;  /* of a stop; else ORDER_PROTOCOL_TERMINATE */
    char target[ORDER_NAME_BYTES]; /* an agent or a group; `*` where the scope is all */
    char range[ORDER_RANGE_BYTES]; /* the range that may carry it out, or `any` */
    int64_t issued_s, expires_s;   /* seconds since 1970, UTC; issued < expires */
    unsigned char nonce[ORDER_NONCE_BYTES];
    unsigned char lifts[ORDER_DIGEST_BYTES]; /* of a permit: the order that it lifts; else zero */
};

/* `path` is for the messages. ERROR_INPUT; `order` is then zeroed. */
int order_parse(struct order *order, const char *bytes, size_t size, const char *path,
                struct error *error);

/* Writes the order's text and gives its length without the end. The order must be valid
 * (order_check). */
size_t order_print(const struct order *order, char text[ORDER_TEXT_BYTES]);

/* Whether an order that was put together by hand could be read back. ERROR_INPUT says what not. */
int order_check(const struct order *order, struct error *error);

void order_digest(const char *bytes, size_t size, unsigned char digest[ORDER_DIGEST_BYTES]);

/* `sha256:` and 64 hexadecimal digits. */
void order_digest_text(const unsigned char digest[ORDER_DIGEST_BYTES],
                       char text[ORDER_DIGEST_TEXT_BYTES]);

/* How a target is written on a command line and in a configuration: `NAME` for an agent,
 * `group:NAME` for a group, `all` for everybody; an agent that is called `all` is `agent:all`. */
#define ORDER_TARGET_BYTES (ORDER_NAME_BYTES + 8)
int order_target_read(struct order *order, const char *text, struct error *error);
void order_target_text(const struct order *order, char text[ORDER_TARGET_BYTES]);

/* A range's name, or `any`. ERROR_INPUT. */
int order_range_read(struct order *order, const char *text, struct error *error);

const char *order_verb_word(enum order_verb verb);
const char *order_scope_word(enum order_scope scope);
const char *order_protocol_word(enum order_protocol protocol);
/* False where no protocol is called so. */
bool order_protocol_find(const char *word, enum order_protocol *protocol);

/* Whether the verb lets something run again: a permit or a resume. */
bool order_revives(enum order_verb verb);

#endif
