#include "order/authority.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/duration.h"

/* Ten years: what a configuration may say of times. */
#define SECONDS_MAX INT64_C(315360000)

static const char *const reason_words[][2] = {{"accepted", "it is accepted"},
#define X(name, word, words) {word, words},
                                              AUTHORITY_REASONS(X)
#undef X
};

const char *authority_reason_word(enum authority_reason reason)
{
    return reason_words[reason][0];
}

const char *authority_reason_words(enum authority_reason reason)
{
    return reason_words[reason][1];
}

/* ---- the rules ---- */

static bool is_one_key(const struct roster *roster)
{
    const struct ssh_key *first = NULL;

    for (uint32_t i = 0; i < roster->count; i++) {
        const struct roster_entry *entry = &roster->entries[i];

        if (!roster_entry_allows(entry, ORDER_NAMESPACE))
            continue;
        if (first != NULL && !ssh_key_same(first, &entry->key))
            return false;
        first = &entry->key;
    }
    return first != NULL;
}

uint32_t authority_needed(const struct authority_rules *rules, const struct roster *roster,
                          enum order_verb verb)
{
    if (!order_revives(verb))
        return rules->stop_min;
    if (rules->permit_min > 0)
        return rules->permit_min;
    return is_one_key(roster) ? 1 : 2;
}

static int threshold_check(const char *name, uint32_t threshold, uint32_t keys, struct error *error)
{
    if (threshold > AUTHORITY_SIGNATURES_MAX)
        return error_set(error, ERROR_INPUT, "%s is at most %d, not %u", name,
                         AUTHORITY_SIGNATURES_MAX, threshold);
    if (threshold > keys)
        return error_set(error, ERROR_INPUT,
                         "%s is %u, and the roster has %u key%s that may sign orders: none could "
                         "ever be given",
                         name, threshold, keys, keys == 1 ? "" : "s");
    return 0;
}

static bool roster_has_name(const struct roster *roster, const char *name)
{
    for (uint32_t i = 0; i < roster->count; i++)
        for (uint32_t j = 0; j < roster->entries[i].name_count; j++)
            if (strcmp(roster->entries[i].names[j], name) == 0)
                return true;
    return false;
}

static const char *without(const char *prefix, const char *text)
{
    size_t length = strlen(prefix);

    return strncmp(text, prefix, length) == 0 ? text + length : text;
}

static bool is_target_pattern(const char *text)
{
    const char *name = without("group:", text);

    if (name == text)
        name = without("agent:", text);
    return name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                                                "WXYZ0123456789_-*?")] == '\0';
}

static int scope_check(const struct authority_scope *scope, const struct roster *roster,
                       struct error *error)
{
    if (!roster_has_name(roster, scope->name))
        return error_set(error, ERROR_INPUT,
                         "scope: `%.80s` is no principal of the roster, as it stands there",
                         scope->name);
    for (uint32_t i = 0; i < scope->target_count; i++)
        if (!is_target_pattern(scope->targets[i]))
            return error_set(error, ERROR_INPUT,
                             "scope: `%.80s` of `%.80s` is no target; write `any`, an agent's name "
                             "or `group:` and a group's name, with `*` and `?` where you like",
                             scope->targets[i], scope->name);
    return 0;
}

int authority_check(const struct authority_rules *rules, const struct roster *roster,
                    struct error *error)
{
    uint32_t keys = roster_keys(roster, ORDER_NAMESPACE);
    int failed;

    if (rules->stop_min == 0)
        return error_set(error, ERROR_INPUT, "stop_min is at least 1");
    failed = threshold_check("stop_min", rules->stop_min, keys, error);
    if (failed == 0)
        failed = threshold_check("permit_min", rules->permit_min, keys, error);
    if (failed == 0 && (rules->lifetime_s_max < 1 || rules->lifetime_s_max > SECONDS_MAX))
        failed = error_set(error, ERROR_INPUT, "orders may be valid for 1s to 3650d at most");
    if (failed == 0 && (rules->ahead_s_max < 0 || rules->ahead_s_max > SECONDS_MAX))
        failed = error_set(error, ERROR_INPUT, "a clock may be from 0s to 3650d ahead");
    for (uint32_t i = 0; failed == 0 && i < rules->scope_count; i++)
        failed = scope_check(&rules->scopes[i], roster, error);
    return failed;
}

/* ---- scope ---- */

static bool target_fits(const char *pattern, const struct order *order)
{
    const char *of_group = without("group:", pattern);

    if (strcmp(pattern, "any") == 0)
        return true;
    if (order->scope == ORDER_SCOPE_GROUP)
        return of_group != pattern && roster_pattern_matches(of_group, order->target);
    /* A group's pattern holds a colon, which no agent's name does. */
    return order->scope == ORDER_SCOPE_AGENT &&
           roster_pattern_matches(without("agent:", pattern), order->target);
}

static bool name_may(const struct authority_rules *rules, const char *name,
                     const struct order *order)
{
    for (uint32_t i = 0; i < rules->scope_count; i++) {
        const struct authority_scope *scope = &rules->scopes[i];

        if (strcmp(scope->name, name) != 0)
            continue;
        for (uint32_t j = 0; j < scope->target_count; j++)
            if (target_fits(scope->targets[j], order))
                return true;
    }
    return rules->scope_count == 0;
}

/* Each name of the line: the signer may be any of them. */
static bool entry_may(const struct authority_rules *rules, const struct roster_entry *entry,
                      const struct order *order)
{
    for (uint32_t i = 0; i < entry->name_count; i++)
        if (!name_may(rules, entry->names[i], order))
            return false;
    return true;
}

/* ---- one signature ---- */

struct matter {
    const struct authority_rules *rules;
    const struct roster *roster;
    const struct authority_request *request;
    const struct order *order;
};

__attribute__((format(printf, 4, 5))) static void signer_refuse(struct authority_signer *signer,
                                                                const char *name,
                                                                enum authority_reason reason,
                                                                const char *format, ...)
{
    char words[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    signer->reason = reason;
    snprintf(signer->message, sizeof signer->message, "%.60s: %s", name, words);
}

/* The reasons come in the order of AUTHORITY_REASONS: the later, the nearer. */
static enum authority_reason entry_judge(const struct matter *matter,
                                         const struct roster_entry *entry)
{
    if (!roster_entry_allows(entry, ORDER_NAMESPACE))
        return REFUSED_NAMESPACE;
    if (matter->request->now_s < entry->valid_after_s)
        return REFUSED_KEY_NOT_YET;
    if (matter->request->now_s > entry->valid_before_s)
        return REFUSED_KEY_EXPIRED;
    return entry_may(matter->rules, entry, matter->order) ? AUTHORITY_ACCEPTED : REFUSED_SCOPE;
}

static const char *time_text(int64_t seconds, char text[CALENDAR_TEXT_BYTES])
{
    calendar_format(seconds, text);
    return text;
}

static void entry_refuse(struct authority_signer *signer, const char *name,
                         const struct matter *matter)
{
    char fingerprint[SSH_FINGERPRINT_BYTES], time[CALENDAR_TEXT_BYTES], target[ORDER_TARGET_BYTES];
    const struct roster_entry *entry = signer->entry;

    ssh_key_fingerprint(&signer->key, fingerprint);
    if (entry == NULL) {
        signer_refuse(signer, name, REFUSED_UNKNOWN_KEY, "the key %s is not on the roster",
                      fingerprint);
        return;
    }
    if (signer->reason == REFUSED_NAMESPACE)
        signer_refuse(signer, name, REFUSED_NAMESPACE,
                      "the key of %.80s (line %u of the roster) may not sign in the namespace "
                      "`" ORDER_NAMESPACE "`",
                      entry->names[0], entry->line);
    else if (signer->reason == REFUSED_KEY_NOT_YET)
        signer_refuse(signer, name, REFUSED_KEY_NOT_YET,
                      "the key of %.80s (line %u of the roster) is not valid before %s",
                      entry->names[0], entry->line, time_text(entry->valid_after_s, time));
    else if (signer->reason == REFUSED_KEY_EXPIRED)
        signer_refuse(signer, name, REFUSED_KEY_EXPIRED,
                      "the key of %.80s (line %u of the roster) was valid up to %s",
                      entry->names[0], entry->line, time_text(entry->valid_before_s, time));
    else {
        order_target_text(matter->order, target);
        signer_refuse(signer, name, REFUSED_SCOPE, "%s is not in the scope of %.80s", target,
                      entry->names[0]);
    }
}

/* The line of the roster that speaks for the key: one that lets it, else the one that comes
 * nearest. */
static bool entry_find(struct authority_signer *signer, const struct matter *matter)
{
    for (uint32_t i = 0; i < matter->roster->count; i++) {
        const struct roster_entry *entry = &matter->roster->entries[i];
        enum authority_reason reason;

        if (!ssh_key_same(&entry->key, &signer->key))
            continue;
        reason = entry_judge(matter, entry);
        if (signer->entry == NULL || reason == AUTHORITY_ACCEPTED || reason > signer->reason) {
            signer->entry = entry;
            signer->reason = reason;
        }
        if (reason == AUTHORITY_ACCEPTED)
            return true;
    }
    return false;
}

static void signer_judge(struct authority_signer *signer, const struct authority_signature *given,
                         const struct matter *matter)
{
    struct sshsig signature;
    struct error error = {0};
    uint8_t wanted = SSHSIG_USER_PRESENT | (matter->rules->pin_required ? SSHSIG_USER_VERIFIED : 0);

    if (sshsig_parse(&signature, given->text, given->size, given->name, &error) != 0) {
        signer->reason = REFUSED_SIGNATURE;
        snprintf(signer->message, sizeof signer->message, "%.300s", error.message);
        return;
    }
    signer->key = signature.key;
    if (strcmp(signature.namespace, ORDER_NAMESPACE) != 0)
        signer_refuse(signer, given->name, REFUSED_NAMESPACE,
                      "it is signed in the namespace `%.80s`; sign with `ssh-keygen -Y sign "
                      "-n " ORDER_NAMESPACE "`",
                      signature.namespace);
    else if (!entry_find(signer, matter))
        entry_refuse(signer, given->name, matter);
    else if (signature.key.type == SSH_ED25519 && matter->rules->pin_required)
        signer_refuse(signer, given->name, REFUSED_PRESENCE,
                      "the key of %.80s is no security key, and a PIN is required",
                      signer->entry->names[0]);
    else if (!sshsig_verify(&signature, matter->request->order, matter->request->size))
        signer_refuse(signer, given->name, REFUSED_ALTERED,
                      "%.80s did not sign these bytes: the order or the signature was altered, or "
                      "they belong to others",
                      signer->entry->names[0]);
    else if (signature.key.type == SSH_SK_ED25519 && (signature.flags & wanted) != wanted)
        signer_refuse(signer, given->name, REFUSED_PRESENCE,
                      "the security key of %.80s signed without %s", signer->entry->names[0],
                      (signature.flags & SSHSIG_USER_PRESENT) == 0 ? "being touched"
                                                                   : "a PIN or fingerprint");
}

/* ---- persons ---- */

/* Whether both keys may be one person's, by any line that they stand on: one whose time is over
 * still says whose key it is. */
static bool keys_meet(const struct roster *roster, const struct ssh_key *a, const struct ssh_key *b)
{
    if (ssh_key_same(a, b))
        return true;
    for (uint32_t i = 0; i < roster->count; i++) {
        const struct roster_entry *left = &roster->entries[i];

        if (!ssh_key_same(&left->key, a))
            continue;
        for (uint32_t j = 0; j < roster->count; j++) {
            const struct roster_entry *right = &roster->entries[j];

            if (!ssh_key_same(&right->key, b))
                continue;
            for (uint32_t k = 0; k < left->name_count * right->name_count; k++)
                if (roster_names_meet(left->names[k / right->name_count],
                                      right->names[k % right->name_count]))
                    return true;
        }
    }
    return false;
}

/* The greatest set within `open` no two of which meet: at most 2^16 steps. */
static uint32_t persons_pick(uint32_t open, const uint32_t *meets)
{
    uint32_t first, with, alone;

    if (open == 0)
        return 0;
    first = (uint32_t)__builtin_ctz(open);
    open &= open - 1;
    with = 1U << first | persons_pick(open & ~meets[first], meets);
    if ((open & meets[first]) == 0)
        return with;
    alone = persons_pick(open, meets);
    return __builtin_popcount(alone) > __builtin_popcount(with) ? alone : with;
}

static void persons_count(struct authority_decision *decision, const struct matter *matter)
{
    uint32_t meets[AUTHORITY_SIGNATURES_MAX] = {0}, open = 0, picked;

    for (uint32_t i = 0; i < decision->signer_count; i++) {
        if (decision->signers[i].reason != AUTHORITY_ACCEPTED)
            continue;
        open |= 1U << i;
        for (uint32_t j = 0; j < i; j++)
            if ((open & 1U << j) != 0 &&
                keys_meet(matter->roster, &decision->signers[i].key, &decision->signers[j].key)) {
                meets[i] |= 1U << j;
                meets[j] |= 1U << i;
            }
    }
    picked = persons_pick(open, meets);
    decision->counted = (uint32_t)__builtin_popcount(picked);
    for (uint32_t i = 0; i < decision->signer_count; i++)
        if ((open & ~picked & 1U << i) != 0) {
            /* There is one, or the set would be greater with this signer. */
            uint32_t other = (uint32_t)__builtin_ctz(meets[i] & picked);
            struct authority_signer *signer = &decision->signers[i];
            bool same = ssh_key_same(&signer->key, &decision->signers[other].key);

            signer_refuse(signer, matter->request->signatures[i].name, REFUSED_SAME_SIGNER,
                          "%.80s signed already, in %.60s, with %s key",
                          decision->signers[other].entry->names[0],
                          matter->request->signatures[other].name, same ? "the same" : "another");
        }
}

/* ---- the order itself ---- */

__attribute__((format(printf, 3, 4))) static void
refuse(struct authority_decision *decision, enum authority_reason reason, const char *format, ...)
{
    va_list arguments;

    decision->reason = reason;
    va_start(arguments, format);
    vsnprintf(decision->message, sizeof decision->message, format, arguments);
    va_end(arguments);
}

/* Too few count: says why of the first that does not, of those signed twice last. */
static void refuse_persons(struct authority_decision *decision, const char *name)
{
    const struct authority_signer *why = NULL;

    for (uint32_t i = 0; i < decision->signer_count; i++) {
        const struct authority_signer *signer = &decision->signers[i];

        if (signer->reason != AUTHORITY_ACCEPTED &&
            (why == NULL ||
             (why->reason == REFUSED_SAME_SIGNER && signer->reason != REFUSED_SAME_SIGNER)))
            why = signer;
    }
    if (why == NULL)
        refuse(decision, REFUSED_UNDERSIGNED, "%.80s: %u of %u persons who are needed have signed",
               name, decision->counted, decision->needed);
    else
        refuse(decision, why->reason, "%s (%u of %u persons who are needed have signed)",
               why->message, decision->counted, decision->needed);
}

static bool times_judge(const struct authority_rules *rules,
                        const struct authority_request *request,
                        struct authority_decision *decision)
{
    const struct order *order = &decision->order;
    char then[CALENDAR_TEXT_BYTES], now[CALENDAR_TEXT_BYTES], most[DURATION_TEXT_BYTES];
    int64_t longest = rules->lifetime_s_max;

    if (order->issued_s - rules->ahead_s_max > request->now_s)
        refuse(decision, REFUSED_NOT_YET, "%.80s: issued at %s, and it is %s; is a clock wrong?",
               request->name, time_text(order->issued_s, then), time_text(request->now_s, now));
    else if (request->now_s >= order->expires_s)
        refuse(decision, REFUSED_EXPIRED, "%.80s: expired at %s, and it is %s", request->name,
               time_text(order->expires_s, then), time_text(request->now_s, now));
    else if (order->expires_s - order->issued_s > longest) {
        duration_format(longest * 1000000000, most);
        refuse(decision, REFUSED_LIFETIME,
               "%.80s: valid until %s; an order is valid for %s at most", request->name,
               time_text(order->expires_s, then), most);
    }
    return decision->reason == AUTHORITY_ACCEPTED;
}

static bool lifts_judge(const struct authority_request *request,
                        struct authority_decision *decision)
{
    const struct order *permit = &decision->order;
    char digest[ORDER_DIGEST_TEXT_BYTES];
    struct order lifted = {0};

    if (permit->verb != ORDER_PERMIT)
        return true;
    order_digest_text(permit->lifts, digest);
    if (!request->accepted(request->context, permit->lifts, &lifted))
        refuse(decision, REFUSED_LIFTS, "%.80s: no order %s was accepted here", request->name,
               digest);
    else if (lifted.verb != ORDER_STOP || lifted.scope != permit->scope ||
             strcmp(lifted.target, permit->target) != 0)
        refuse(decision, REFUSED_LIFTS, "%.80s: the order %s is no stop of the permit's target",
               request->name, digest);
    return decision->reason == AUTHORITY_ACCEPTED;
}

static void order_judge(const struct authority_rules *rules,
                        const struct authority_request *request,
                        struct authority_decision *decision)
{
    const struct order *order = &decision->order;

    if (strcmp(order->range, "any") != 0 && strcmp(order->range, request->range) != 0)
        refuse(decision, REFUSED_RANGE, "%.80s: it is for the range %s, and this is %.63s",
               request->name, order->range, request->range);
    else if (!times_judge(rules, request, decision))
        return;
    else if (request->seen(request->context, order->nonce, decision->digest))
        refuse(decision, REFUSED_REPLAYED, "%.80s: an order with its nonce was accepted before",
               request->name);
    else
        lifts_judge(request, decision);
}

void authority_decide(const struct authority_rules *rules, const struct roster *roster,
                      const struct authority_request *request, struct authority_decision *decision)
{
    const struct matter matter = {rules, roster, request, &decision->order};
    struct error error = {0};

    assert(rules->stop_min > 0 && request->seen != NULL && request->accepted != NULL);
    assert(request->now_s >= 0 && request->now_s <= CALENDAR_SECONDS_MAX);
    *decision = (struct authority_decision){0};
    order_digest(request->order, request->size, decision->digest);
    if (order_parse(&decision->order, request->order, request->size, request->name, &error) != 0) {
        refuse(decision, REFUSED_MALFORMED, "%.600s", error.message);
        return;
    }
    decision->needed = authority_needed(rules, roster, decision->order.verb);
    if (request->signature_count > AUTHORITY_SIGNATURES_MAX) {
        refuse(decision, REFUSED_TOO_MANY, "%.80s: %u signatures; at most %d are looked at",
               request->name, request->signature_count, AUTHORITY_SIGNATURES_MAX);
        return;
    }
    decision->signer_count = request->signature_count;
    for (uint32_t i = 0; i < decision->signer_count; i++)
        signer_judge(&decision->signers[i], &request->signatures[i], &matter);
    persons_count(decision, &matter);
    if (decision->counted < decision->needed)
        refuse_persons(decision, request->name);
    else
        order_judge(rules, request, decision);
}
