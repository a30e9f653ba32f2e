/*
 * The roster: who may sign orders, with which keys. It is a file as `ssh-keygen -Y verify` takes
 * (ssh-keygen(1), ALLOWED SIGNERS), so that both can be asked about the same signature:
 *
 *     # principals  options                        key
 *     alice         valid-before="20270101Z"       ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA...
 *     bob           namespaces="iolaus-*,git"      sk-ssh-ed25519@openssh.com AAAAGnNrLXNza...
 *
 *     roster_parse(&roster, text, size, "roster", &error)
 *     ... entries; the roster owns all that they point to, and keeps nothing of `text` ...
 *     roster_close(&roster)
 *
 * What ssh-keygen takes and is refused here, by name:
 * - other types of keys, and `cert-authority`: who holds a certificate does not stand in this file;
 * - negated principals (`!bob`): a line must say whose key it is;
 * - times without `Z`: they would mean another instant on another machine;
 * - a backslash or a quotation mark within a quoted value, and bytes that do not show.
 * `no-touch-required` and `verify-required` are options of authorized_keys and of no roster:
 * ssh-keygen refuses them, and so does this. A touch is always required (authority.h).
 *
 * Principals may be patterns (`*`, `?`). A signature has no name of its own, so a pattern stands
 * for a person unknown who could be any whose name it matches: see roster_names_meet. One key may
 * stand on several lines.
 */
#ifndef IOLAUS_ORDER_ROSTER_H
#define IOLAUS_ORDER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "order/ssh_key.h"

#define ROSTER_BYTES_MAX (256 * 1024)
#define ROSTER_ENTRIES_MAX 1024
#define ROSTER_NAMES_MAX 16    /* principals of one line */
#define ROSTER_PATTERN_MAX 255 /* characters of one principal, or of a list of namespaces */

/* One line. */
struct roster_entry {
    const char *const *names; /* its principals, patterns */
    uint32_t name_count;      /* at least 1 */
    const char *namespaces;   /* a list of patterns; NULL: any */
    int64_t valid_after_s;    /* from this second on */
    int64_t valid_before_s;   /* up to this second, which counts; INT64_MAX: no end */
    struct ssh_key key;
    uint32_t line;
};

struct roster {
    struct arena arena;
    struct roster_entry *entries; /* in the order of the file */
    uint32_t count;               /* at least 1 */
};

/* ERROR_INPUT with file:line:column; ERROR_MEMORY. After an error there is nothing to close. */
int roster_parse(struct roster *roster, const char *text, size_t size, const char *path,
                 struct error *error);
void roster_close(struct roster *roster);

/* Whether the line's key may be used in this namespace. */
bool roster_entry_allows(const struct roster_entry *entry, const char *namespace);

/* How many different keys may sign in this namespace, at whatever time. */
uint32_t roster_keys(const struct roster *roster, const char *namespace);

/* As in ssh_config(5), PATTERNS: `*` is any run of characters, `?` any one. */
bool roster_pattern_matches(const char *pattern, const char *text);

/* Whether one name could match both patterns: then they may be the same person. */
bool roster_names_meet(const char *a, const char *b);

#endif
