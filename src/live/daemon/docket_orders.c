/* An order comes in: it is decided, kept, and begun; or refused, and that is kept. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/daemon/docket.h"

/* ---- what authority_decide asks ---- */

bool docket_seen(void *context, const unsigned char nonce[ORDER_NONCE_BYTES],
                 const unsigned char digest[ORDER_DIGEST_BYTES])
{
    const struct docket *docket = context;

    for (const struct docket_order *order = docket->first; order != NULL; order = order->next)
        if (memcmp(order->order.nonce, nonce, ORDER_NONCE_BYTES) == 0 ||
            memcmp(order->digest, digest, ORDER_DIGEST_BYTES) == 0)
            return true;
    return false;
}

bool docket_accepted(void *context, const unsigned char digest[ORDER_DIGEST_BYTES],
                     struct order *order)
{
    const struct docket_order *found = docket_find_digest(context, digest);

    if (found != NULL)
        *order = found->order;
    return found != NULL;
}

/* ---- whom it names ---- */

uint32_t docket_reach(const struct daemon *daemon, const struct order *order, agent_id *list)
{
    const struct scenario *scenario = daemon->scenario;
    uint32_t count = 0;
    agent_id one =
        order->scope == ORDER_SCOPE_AGENT ? crew_named(daemon, order->target) : AGENT_NONE;

    for (agent_id a = 0; a < daemon->agents; a++)
        if (order->scope == ORDER_SCOPE_ALL || a == one ||
            (order->scope == ORDER_SCOPE_GROUP &&
             strcmp(scenario->groups[scenario->group_of[a]].name, order->target) == 0))
            list[count++] = a;
    return count;
}

/* A permit is for the targets of the order that it lifts, also for those that this crew no longer
 * has; every other order for agents of the crew. */
static struct docket_order *order_add(struct daemon *daemon, const struct order *order,
                                      const char *text)
{
    struct docket *docket = daemon->docket;
    const struct docket_order *lifts =
        order->verb == ORDER_PERMIT ? docket_find_digest(docket, order->lifts) : NULL;
    agent_id *list = calloc((size_t)daemon->agents + 1, sizeof *list);
    struct docket_order *added = NULL;
    uint32_t count = 0;

    if (list != NULL) {
        if (lifts == NULL)
            count = docket_reach(daemon, order, list);
        added = docket_add(docket, order, text, lifts != NULL ? lifts->target_count : count);
    }
    for (uint32_t i = 0; added != NULL && i < added->target_count; i++)
        added->targets[i] = lifts != NULL ? (struct docket_target){.name = lifts->targets[i].name,
                                                                   .agent = lifts->targets[i].agent}
                                          : (struct docket_target){.name = daemon->names[list[i]],
                                                                   .agent = list[i]};
    free(list);
    return added;
}

/* ---- refusals ---- */

/* One who floods the socket fills no disk: what is over the measure is counted. */
static bool refusal_allowed(struct daemon *daemon, bool rubbish)
{
    struct docket *docket = daemon->docket;

    while (daemon->now - docket->refusals_at >= DOCKET_REFUSAL_NS) {
        if (docket->refusals == DOCKET_REFUSALS && docket->rubbish == DOCKET_RUBBISH) {
            docket->refusals_at = daemon->now;
            break;
        }
        docket->refusals_at += DOCKET_REFUSAL_NS;
        docket->refusals += docket->refusals < DOCKET_REFUSALS;
        docket->rubbish += docket->rubbish < DOCKET_RUBBISH;
    }
    if (docket->refusals == 0 || (rubbish && docket->rubbish == 0))
        return false;
    docket->refusals--;
    docket->rubbish -= rubbish;
    return true;
}

static bool refusal_keep(struct daemon *daemon, const struct docket_request *request,
                         const struct authority_decision *decision, const char *reason)
{
    struct docket *docket = daemon->docket;
    char persons[ENTRY_SIGNATURES_MAX][ENTRY_PERSON_BYTES];
    const char *signers[ENTRY_SIGNATURES_MAX];
    struct entry entry = {.kind = ENTRY_REFUSED, .wall_ms = docket_wall_ms()};
    struct error error = {0};
    uint32_t count = 0;

    docket->refused++;
    if (!refusal_allowed(daemon, decision == NULL || decision->reason == REFUSED_MALFORMED)) {
        if (docket->refused_left_out++ == 0)
            daemon_tell(daemon, "more orders are refused than are recorded; `order/status` of the "
                                "control socket says how many were left out");
        return false;
    }
    memcpy(entry.range_id, docket->range_id, sizeof entry.range_id);
    crypto_hash_sha256(entry.refused.given, (const unsigned char *)request->order, request->size);
    entry.refused.reason = reason;
    /* Whoever wrote the bytes: named is only whose signature they bear. */
    for (uint32_t i = 0; decision != NULL && i < decision->signer_count; i++) {
        const struct authority_signer *signer = &decision->signers[i];
        bool again = false;

        if (signer->entry == NULL ||
            (signer->reason != AUTHORITY_ACCEPTED && signer->reason != REFUSED_SAME_SIGNER))
            continue;
        entry_person(signer->entry->names[0], persons[count]);
        for (uint32_t j = 0; j < count; j++)
            again = again || strcmp(persons[j], persons[count]) == 0;
        signers[count] = persons[count];
        count += !again;
    }
    entry.refused.signers = signers;
    entry.refused.signer_count = count;
    if (docket_write(daemon, &entry, NULL, &error) == 0)
        return true;
    daemon_tell(daemon, "a refused order could not be recorded: %s", error.message);
    return false;
}

static void refuse(struct daemon *daemon, const struct docket_request *request,
                   const struct authority_decision *decision, const char *reason,
                   const char *message, struct docket_answer *answer)
{
    answer->order = NULL;
    answer->reason = reason;
    snprintf(answer->message, sizeof answer->message, "%s", message);
    answer->recorded = daemon->docket != NULL && refusal_keep(daemon, request, decision, reason);
}

/* ---- acceptance ---- */

static int order_keep(struct daemon *daemon, const struct entry *entry, struct docket_order *order,
                      struct error *error)
{
    struct docket *docket = daemon->docket;
    const struct docket_waiting waiting = {.order = order};
    size_t size = 0;
    int failed;

    if (!order->campaign)
        return docket_write(daemon, entry, &order->index, error);
    failed = entry_write(entry, docket->entry_text, sizeof docket->entry_text, &size, error);
    if (failed == 0 && docket_wait(daemon, size, &waiting) != 0)
        failed = error_set(error, ERROR_MEMORY, "out of memory for the order");
    docket->unkept = true;
    return failed;
}

struct docket_order *docket_accept(struct daemon *daemon, const struct docket_request *request,
                                   const struct authority_decision *decision, bool campaign,
                                   struct error *error)
{
    struct docket *docket = daemon->docket;
    char persons[ENTRY_SIGNATURES_MAX][ENTRY_PERSON_BYTES];
    const char *signers[ENTRY_SIGNATURES_MAX], *signatures[ENTRY_SIGNATURES_MAX];
    struct entry entry = {.kind = ENTRY_ACCEPTED, .wall_ms = docket_wall_ms()};
    struct docket_order *order, *before = docket->last;
    uint32_t count = 0, persons_count = 0;

    for (uint32_t i = 0; i < decision->signer_count; i++) {
        const struct authority_signer *signer = &decision->signers[i];

        if (signer->reason != AUTHORITY_ACCEPTED)
            continue;
        signatures[count++] = request->signatures[i].text;
        entry_person(signer->entry->names[0], persons[persons_count]);
        signers[persons_count] = persons[persons_count];
        persons_count++;
    }
    order = order_add(daemon, &decision->order, request->order);
    if (order == NULL) {
        error_set(error, ERROR_MEMORY, "out of memory for the order");
        return NULL;
    }
    order->epoch = docket->epoch + 1;
    order->campaign = campaign;
    memcpy(entry.range_id, docket->range_id, sizeof entry.range_id);
    entry.accepted = (struct entry_accepted){
        .epoch = order->epoch,
        .made_by = campaign ? ENTRY_CAMPAIGN : ENTRY_OPERATORS,
        .order = request->order,
        .signatures = signatures,
        .signature_count = count,
        .signers = signers,
        .signer_count = persons_count,
    };
    crash_point("accept");
    if (order_keep(daemon, &entry, order, error) != 0) {
        /* It is not there. Should the disk hold it all the same, the next opening finds it. */
        docket->last = before;
        if (before != NULL)
            before->next = NULL;
        else
            docket->first = NULL;
        docket->order_count--;
        return NULL;
    }
    docket->epoch = order->epoch;
    docket->accepted++;
    crash_point("accepted");
    return order;
}

/* What the order names that this crew does not have, or NULL. */
static const char *nobody(const struct daemon *daemon, const struct order *order)
{
    if (order->scope == ORDER_SCOPE_GROUP) {
        for (uint32_t g = 0; g < daemon->scenario->group_count; g++)
            if (strcmp(daemon->scenario->groups[g].name, order->target) == 0)
                return NULL;
        return "group";
    }
    return order->scope == ORDER_SCOPE_AGENT && crew_named(daemon, order->target) == AGENT_NONE
               ? "agent"
               : NULL;
}

void docket_submit(struct daemon *daemon, const struct docket_request *request,
                   struct docket_answer *answer)
{
    static struct authority_decision decision;
    const struct authority_file *authority = daemon->options->authority;
    char words[256];
    struct error error = {0};
    const char *missing;
    const struct authority_request asked = {
        .order = request->order,
        .size = request->size,
        .name = "order",
        .signatures = request->signatures,
        .signature_count = request->signature_count,
        .range = daemon->options->name != NULL ? daemon->options->name : daemon->scenario->name,
        .now_s = docket_wall_ms() / 1000,
        .seen = docket_seen,
        .accepted = docket_accepted,
        .context = daemon->docket,
    };

    *answer = (struct docket_answer){0};
    if (authority == NULL || daemon->docket == NULL) {
        refuse(daemon, request, NULL, authority == NULL ? "no-roster" : "no-ledger",
               authority == NULL ? "this daemon obeys nobody: it was started without --roster"
                                 : "this daemon can keep no order: it was started without --state",
               answer);
        return;
    }
    if (daemon->state != DAEMON_RUNNING) {
        refuse(daemon, request, NULL, "not-up", "the crew is not up yet; give the order again",
               answer);
        return;
    }
    authority_decide(&authority->rules, &authority->roster, &asked, &decision);
    answer->needed = decision.needed;
    answer->counted = decision.counted;
    if (decision.reason != AUTHORITY_ACCEPTED) {
        refuse(daemon, request, &decision, authority_reason_word(decision.reason), decision.message,
               answer);
        return;
    }
    missing = decision.order.verb == ORDER_PERMIT ? NULL : nobody(daemon, &decision.order);
    if (missing != NULL) {
        snprintf(words, sizeof words, "this crew has no %s called %s", missing,
                 decision.order.target);
        refuse(daemon, request, &decision, "target", words, answer);
        return;
    }
    answer->order = docket_accept(daemon, request, &decision, false, &error);
    if (answer->order == NULL)
        refuse(daemon, request, &decision, "not-kept", error.message, answer);
    else
        answer->reason = "accepted";
}

/* ---- and then ---- */

/* Whether it will keep its targets from running once it is carried out. */
static bool leaves_a_mark(const struct docket_order *order)
{
    return order->order.verb == ORDER_PAUSE || order->order.protocol == ORDER_PROTOCOL_TOMBSTONE ||
           order->order.protocol == ORDER_PROTOCOL_LEASE ||
           order->order.protocol == ORDER_PROTOCOL_CAUTERIZE;
}

/* Pauses are ended by a resume together. An order whose turn has not come, and which leaves no
 * mark, would keep nobody from running afterwards. */
bool docket_held_besides(const struct daemon *daemon, uint64_t epoch, agent_id agent)
{
    const struct docket_order *by = docket_find(daemon->docket, epoch);

    for (struct docket_order *order = daemon->docket->first; order != NULL; order = order->next) {
        const struct docket_target *held;

        if (order_revives(order->order.verb) ||
            (by->order.verb == ORDER_RESUME && order->order.verb == ORDER_PAUSE) ||
            (by->order.verb == ORDER_PERMIT &&
             memcmp(order->digest, by->order.lifts, ORDER_DIGEST_BYTES) == 0))
            continue;
        held = docket_target(order, agent, daemon->names[agent]);
        if (held != NULL && docket_holds(order, held) &&
            ((held->marks & TARGET_ENDED) != 0 || leaves_a_mark(order)))
            return true;
    }
    return false;
}

/* Of one who is not in this crew the order is lifted, and nothing follows. */
static bool ends_here(struct daemon *daemon, const struct docket_order *order,
                      const struct docket_target *target)
{
    struct entry_step step = {.step = ENTRY_LIFTED, .target = target->name, .time_ns = daemon->now};

    if (!order_revives(order->order.verb) || target->agent != AGENT_NONE)
        return false;
    docket_step(daemon, order->epoch, &step);
    step.step = ENTRY_SEALED;
    docket_step(daemon, order->epoch, &step);
    return true;
}

void docket_carry_lift(struct daemon *daemon, struct docket_order *order)
{
    for (uint32_t i = 0; i < order->target_count; i++) {
        struct entry_step step = {
            .step = ENTRY_LIFTED, .target = order->targets[i].name, .time_ns = daemon->now};

        docket_step(daemon, order->epoch, &step);
        step.step = ENTRY_SEALED;
        docket_step(daemon, order->epoch, &step);
    }
}

void docket_carry_out(struct daemon *daemon, struct docket_order *order)
{
    struct stop_plan plan = {.epoch = order->epoch,
                             .verb = (uint8_t)order->order.verb,
                             .protocol = (uint8_t)order->order.protocol,
                             .all = order->order.scope == ORDER_SCOPE_ALL};
    agent_id *targets = calloc((size_t)order->target_count + 1, sizeof *targets);
    struct error error = {0};
    int failed;

    if (targets == NULL) {
        daemon_fail(daemon, ERROR_MEMORY, "out of memory for an order");
        return;
    }
    if (order_revives(order->order.verb)) {
        truth_take(daemon);
        if (docket_watch(daemon, &error) != 0)
            daemon_tell(daemon, "what the witness saw until the permit is not recorded: %s",
                        error.message);
    }
    for (uint32_t i = 0; i < order->target_count; i++)
        if (!ends_here(daemon, order, &order->targets[i]))
            targets[plan.target_count++] = order->targets[i].agent;
    plan.targets = targets;
    failed = plan.target_count > 0 ? stop_begin(daemon, &plan, &error) : 0;
    for (uint32_t i = 0; failed != 0 && i < plan.target_count; i++) {
        const struct entry_step step = {
            .step = ENTRY_UNPROVEN, .target = daemon->names[targets[i]], .time_ns = daemon->now};

        docket_step(daemon, order->epoch, &step);
    }
    if (failed != 0)
        daemon_tell(daemon, "order %llu cannot be carried out: %s",
                    (unsigned long long)order->epoch, error.message);
    free(targets);
    daemon_work(daemon);
}
