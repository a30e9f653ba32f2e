/*
 * A drill's stops as orders. Whoever starts a drill stands at the machine, and its range is made
 * for it: so the daemon makes a key pair in memory, a roster of that one, signs each stop of the
 * campaign with it, and decides on it as on any other order. What is not accepted is not carried
 * out. The key is gone with the range; its public half stands in the ledger.
 *
 * Orders of one turn are kept together, before the first of them is carried out.
 */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "live/daemon/docket.h"
#include "order/sshsig_make.h"

#define GOOD_FOR_S 600

struct campaign_key {
    struct sshsig_secret secret;
    struct roster roster;
    struct authority_rules rules;
    char public[SSHSIG_KEY_TEXT];
    uint64_t *epoch; /* by agent: of its last stop, or 0 */
};

int docket_campaign_open(struct daemon *daemon, struct error *error)
{
    struct campaign_key *key;
    char line[SSHSIG_KEY_TEXT + 16];
    int failed;

    if (!daemon->options->campaign || !daemon->scenario->has_campaign)
        return 0;
    key = calloc(1, sizeof *key);
    daemon->docket->campaign_key = key;
    if (key == NULL || (key->epoch = calloc(daemon->agents, sizeof *key->epoch)) == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the campaign's key");
    sshsig_key_make(&key->secret);
    sshsig_key_text(&key->secret, key->public);
    snprintf(line, sizeof line, "campaign %s\n", key->public);
    key->rules = (struct authority_rules)AUTHORITY_DEFAULTS;
    failed = roster_parse(&key->roster, line, strlen(line), "the campaign's key", error);
    return failed != 0 ? failed : authority_check(&key->rules, &key->roster, error);
}

const char *docket_campaign_key(const struct daemon *daemon)
{
    return daemon->docket->campaign_key != NULL ? daemon->docket->campaign_key->public : "";
}

void docket_campaign_close(struct daemon *daemon)
{
    struct campaign_key *key = daemon->docket->campaign_key;

    if (key == NULL)
        return;
    sshsig_key_wipe(&key->secret);
    roster_close(&key->roster);
    free(key->epoch);
    free(key);
    daemon->docket->campaign_key = NULL;
}

/* The names of core/control and of orders are the same, and their numbers are not. */
static enum order_protocol protocol_of(uint8_t protocol)
{
    static const enum order_protocol protocols[PROTOCOL_COUNT] = {
        [PROTOCOL_TERMINATE] = ORDER_PROTOCOL_TERMINATE,
        [PROTOCOL_BLACKOUT] = ORDER_PROTOCOL_BLACKOUT,
        [PROTOCOL_SWEEP] = ORDER_PROTOCOL_SWEEP,
        [PROTOCOL_RECALL] = ORDER_PROTOCOL_RECALL,
        [PROTOCOL_TOMBSTONE] = ORDER_PROTOCOL_TOMBSTONE,
        [PROTOCOL_LEASE] = ORDER_PROTOCOL_LEASE,
        [PROTOCOL_CAUTERIZE] = ORDER_PROTOCOL_CAUTERIZE};

    return protocols[protocol];
}

static bool order_make(const struct daemon *daemon, const struct campaign_action *action,
                       struct order *order)
{
    const struct campaign_key *key = daemon->docket->campaign_key;
    const char *range =
        daemon->options->name != NULL ? daemon->options->name : daemon->scenario->name;

    bool keeps = daemon->scenario->campaign.protocol == PROTOCOL_QUARANTINE;

    *order =
        (struct order){.verb = action->kind == CONTROL_LIFT ? keeps ? ORDER_RESUME : ORDER_PERMIT
                               : keeps                      ? ORDER_PAUSE
                                                            : ORDER_STOP,
                       .scope = ORDER_SCOPE_AGENT,
                       .issued_s = docket_wall_ms() / 1000};
    order->expires_s = order->issued_s + GOOD_FOR_S;
    if (order->verb == ORDER_STOP) {
        order->protocol = protocol_of(daemon->scenario->campaign.protocol);
    } else if (order->verb == ORDER_PERMIT) {
        const struct docket_order *lifts = docket_find(daemon->docket, key->epoch[action->whom]);

        if (lifts == NULL)
            return false;
        memcpy(order->lifts, lifts->digest, sizeof order->lifts);
    }
    snprintf(order->target, sizeof order->target, "%s", daemon->names[action->whom]);
    /* A scenario's name may be longer than a range's can be. */
    snprintf(order->range, sizeof order->range, "%s",
             strlen(range) < ORDER_RANGE_BYTES ? range : "any");
    return getrandom(order->nonce, sizeof order->nonce, 0) == (ssize_t)sizeof order->nonce &&
           order_check(order, NULL) == 0;
}

/* Signed, decided and put among what waits to be written. */
static bool order_give(struct daemon *daemon, const struct campaign_action *action)
{
    static struct authority_decision decision;
    struct campaign_key *key = daemon->docket->campaign_key;
    char text[ORDER_TEXT_BYTES], signed_text[SSHSIG_MADE_TEXT];
    struct order order;
    struct error error = {0};
    struct docket_order *kept = NULL;
    struct authority_signature signature = {.text = signed_text, .name = "campaign"};
    struct authority_request asked = {.order = text,
                                      .name = "campaign",
                                      .signatures = &signature,
                                      .signature_count = 1,
                                      .seen = docket_seen,
                                      .accepted = docket_accepted,
                                      .context = daemon->docket};
    struct docket_request request = {.order = text, .signatures = &signature, .signature_count = 1};

    if (!order_make(daemon, action, &order)) {
        daemon_fail(daemon, ERROR_INPUT, "the campaign's stop of %s cannot be written as an order",
                    daemon->names[action->whom]);
        return false;
    }
    asked.size = request.size = order_print(&order, text);
    signature.size = sshsig_make(&key->secret, ORDER_NAMESPACE, text, asked.size, signed_text);
    asked.range = order.range;
    asked.now_s = order.issued_s;
    authority_decide(&key->rules, &key->roster, &asked, &decision);
    if (decision.reason != AUTHORITY_ACCEPTED)
        error_set(&error, ERROR_INPUT, "%s", decision.message);
    else
        kept = docket_accept(daemon, &request, &decision, true, &error);
    if (kept == NULL) {
        daemon_fail(daemon, ERROR_INPUT, "the campaign's order about %s was refused: %s",
                    daemon->names[action->whom], error.message);
        return false;
    }
    if (!order_revives(order.verb))
        key->epoch[action->whom] = kept->epoch;
    else
        docket_carry_lift(daemon, kept);
    return true;
}

bool docket_campaign_order(struct daemon *daemon, const struct campaign_action *action)
{
    struct docket *docket = daemon->docket;
    struct error error = {0};

    if (docket == NULL || docket->campaign_key == NULL)
        return true;
    if (action->kind == CONTROL_STOPPING || action->kind == CONTROL_LIFT)
        return order_give(daemon, action);
    /* Nothing is done for an order that is not on the disk. */
    if (!docket->unkept || docket_write(daemon, NULL, NULL, &error) == 0)
        return true;
    daemon_fail(daemon, error.code, "%s", error.message);
    return false;
}

uint64_t docket_campaign_epoch(const struct daemon *daemon, agent_id agent)
{
    const struct campaign_key *key = daemon->docket != NULL ? daemon->docket->campaign_key : NULL;
    struct docket_order *order =
        key != NULL ? docket_find(daemon->docket, key->epoch[agent]) : NULL;
    const struct docket_target *target =
        order != NULL ? docket_target(order, agent, daemon->names[agent]) : NULL;

    return target == NULL || (target->marks & TARGET_ENDED) != 0 ? 0 : order->epoch;
}
