/* The control socket's methods for orders. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/daemon/docket.h"

struct asked {
    struct daemon *daemon;
    const json_t *params;
    uint64_t *follows;
    struct docket_order **begins;
    const char *wrong; /* why there is no answer */
};

static json_t *wrong(struct asked *asked, const char *words)
{
    asked->wrong = words;
    return NULL;
}

/* ---- order/submit ---- */

static bool signatures_take(const json_t *list, struct authority_signature *signatures,
                            uint32_t *count)
{
    size_t size = json_array_size(list);

    if (!json_is_array(list) || size > AUTHORITY_SIGNATURES_MAX + 1)
        return false;
    for (size_t i = 0; i < size; i++) {
        const json_t *text = json_array_get(list, i);

        if (!json_is_string(text))
            return false;
        signatures[i] = (struct authority_signature){json_string_value(text),
                                                     json_string_length(text), "signature"};
    }
    *count = (uint32_t)size;
    return true;
}

static json_t *submit(struct asked *asked)
{
    struct authority_signature signatures[AUTHORITY_SIGNATURES_MAX + 1];
    const json_t *order = json_object_get(asked->params, "order");
    struct docket_request request = {.order = json_string_value(order),
                                     .size = json_string_length(order),
                                     .signatures = signatures};
    struct docket_answer answer;
    char digest[ORDER_DIGEST_TEXT_BYTES];

    if (request.order == NULL || !signatures_take(json_object_get(asked->params, "signatures"),
                                                  signatures, &request.signature_count))
        return wrong(asked, "order/submit takes `order`, a text, and `signatures`, a list of at "
                            "most 16 texts");
    docket_submit(asked->daemon, &request, &answer);
    if (answer.order == NULL)
        return json_pack("{s:b, s:s, s:s, s:b, s:I, s:I}", "accepted", 0, "reason", answer.reason,
                         "message", answer.message, "recorded", answer.recorded, "needed",
                         (json_int_t)answer.needed, "counted", (json_int_t)answer.counted);
    *asked->begins = answer.order;
    if (json_is_true(json_object_get(asked->params, "follow")))
        *asked->follows = answer.order->epoch;
    order_digest_text(answer.order->digest, digest);
    return json_pack("{s:b, s:I, s:I, s:s, s:I, s:s, s:I, s:I}", "accepted", 1, "epoch",
                     (json_int_t)answer.order->epoch, "index", (json_int_t)answer.order->index,
                     "digest", digest, "targets", (json_int_t)answer.order->target_count, "ledger",
                     asked->daemon->options->ledger, "needed", (json_int_t)answer.needed, "counted",
                     (json_int_t)answer.counted);
}

/* ---- order/status, order/follow ---- */

static json_t *order_make(const struct docket_order *order)
{
    char digest[ORDER_DIGEST_TEXT_BYTES], target[ORDER_TARGET_BYTES];
    uint32_t found = 0, killed = 0, died = 0, holds = 0;

    for (uint32_t i = 0; i < order->target_count; i++) {
        found += order->targets[i].found;
        killed += order->targets[i].killed;
        died += order->targets[i].died;
        holds += docket_holds(order, &order->targets[i]);
    }
    order_digest_text(order->digest, digest);
    order_target_text(&order->order, target);
    return json_pack(
        "{s:I, s:I, s:s, s:s, s:s, s:s?, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
        "epoch", (json_int_t)order->epoch, "index", (json_int_t)order->index, "digest", digest,
        "verb", order_verb_word(order->order.verb), "target", target, "protocol",
        order->order.verb == ORDER_STOP ? order_protocol_word(order->order.protocol) : NULL,
        "state", docket_order_state(order), "campaign", order->campaign, "targets",
        (json_int_t)order->target_count, "ended", (json_int_t)order->ended, "unproven",
        (json_int_t)order->unproven, "holds", (json_int_t)holds, "found", (json_int_t)found,
        "killed", (json_int_t)killed, "died", (json_int_t)died, "steps", (json_int_t)order->steps);
}

/* How many signatures such an order needs; 0 where nobody is obeyed. */
static json_int_t needed(const struct authority_file *authority, enum order_verb verb)
{
    return authority != NULL
               ? (json_int_t)authority_needed(&authority->rules, &authority->roster, verb)
               : 0;
}

#define LISTED_MAX 1024

static json_t *docket_make(const struct daemon *daemon)
{
    const struct docket *docket = daemon->docket;
    const struct authority_file *authority = daemon->options->authority;
    char key[NOTE_KEY_TEXT] = "";
    json_t *orders = json_array();
    uint64_t skipped = 0, over = docket != NULL && docket->order_count > LISTED_MAX
                                     ? docket->order_count - LISTED_MAX
                                     : 0;

    for (const struct docket_order *order = docket != NULL ? docket->first : NULL; order != NULL;
         order = order->next)
        if (skipped++ >= over)
            json_array_append_new(orders, order_make(order));
    if (docket != NULL && docket->ledger != NULL)
        note_key_write(ledger_key(docket->ledger), key);
    return json_pack(
        "{s:b, s:s?, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "obeys",
        authority != NULL && docket != NULL, "ledger", daemon->options->ledger, "key",
        key[0] != '\0' ? key : NULL, "entries",
        docket != NULL && docket->ledger != NULL ? (json_int_t)ledger_size(docket->ledger) : 0,
        "stop_min", needed(authority, ORDER_STOP), "permit_min", needed(authority, ORDER_PERMIT),
        "accepted", docket != NULL ? (json_int_t)docket->accepted : 0, "refused",
        docket != NULL ? (json_int_t)docket->refused : 0, "refused_left_out",
        docket != NULL ? (json_int_t)docket->refused_left_out : 0, "orders_left_out",
        (json_int_t)over, "orders", orders);
}

static struct docket_order *order_asked(struct asked *asked)
{
    const json_t *epoch = json_object_get(asked->params, "epoch");

    if (!json_is_integer(epoch) || asked->daemon->docket == NULL)
        return NULL;
    return docket_find(asked->daemon->docket, (uint64_t)json_integer_value(epoch));
}

static json_t *status(struct asked *asked)
{
    const struct docket_order *order;

    if (json_object_get(asked->params, "epoch") == NULL)
        return docket_make(asked->daemon);
    order = order_asked(asked);
    return order != NULL ? order_make(order) : wrong(asked, "no order has this epoch");
}

static json_t *follow(struct asked *asked)
{
    const struct docket_order *order = order_asked(asked);

    if (order == NULL)
        return wrong(asked, "no order has this epoch");
    *asked->follows = order->epoch;
    return order_make(order);
}

/* ---- order/reach ---- */

struct listing {
    const struct daemon *daemon;
    agent_id agent;
    json_t *list;
};

/* Who runs as the agent, or in its place; a sanctioned process of another agent is none of it. */
static void list_process(void *context, const struct seen *process, bool sanctioned)
{
    const struct listing *listing = context;
    const struct daemon *daemon = listing->daemon;

    if (process->agent != listing->agent && (sanctioned || process->as != listing->agent))
        return;
    json_array_append_new(
        listing->list,
        json_pack("{s:i, s:i, s:b, s:s?}", "incarnation", (int)process->incarnation, "pid",
                  (int)process->pid, "sanctioned", sanctioned, "found_in",
                  process->agent < daemon->agents ? daemon->names[process->agent] : NULL));
}

static json_t *target_make(const struct daemon *daemon, agent_id agent)
{
    struct listing listing = {daemon, agent, json_array()};
    json_t *neighbours = json_array();
    const char *word = NULL;
    uint64_t epoch = docket_bars(daemon, agent, &word);

    witness_list(daemon->witness, list_process, &listing);
    for (uint32_t i = 0; i < degree_of(daemon, agent); i++)
        json_array_append_new(neighbours, json_string(daemon->names[peers_of(daemon, agent)[i]]));
    return json_pack("{s:s, s:o, s:o, s:s?, s:I}", "agent", daemon->names[agent], "incarnations",
                     listing.list, "neighbours", neighbours, "barred", word, "by",
                     (json_int_t)epoch);
}

/* The stops that a permit of this target would lift: those of the same scope and target. */
static json_t *held_by(const struct daemon *daemon, const struct order *wanted)
{
    json_t *list = json_array();

    for (const struct docket_order *order = daemon->docket != NULL ? daemon->docket->first : NULL;
         order != NULL; order = order->next) {
        bool holds = false;

        for (uint32_t i = 0; i < order->target_count && !holds; i++)
            holds = docket_holds(order, &order->targets[i]);
        if (holds && order->order.verb == ORDER_STOP && order->order.scope == wanted->scope &&
            strcmp(order->order.target, wanted->target) == 0)
            json_array_append_new(list, json_pack("{s:I, s:s}", "epoch", (json_int_t)order->epoch,
                                                  "text", order->text));
    }
    return list;
}

static json_t *reach(struct asked *asked)
{
    struct daemon *daemon = asked->daemon;
    const char *target = json_string_value(json_object_get(asked->params, "target"));
    const struct authority_file *authority = daemon->options->authority;
    struct order order = {0};
    struct error error = {0};
    json_t *targets;
    agent_id *list;
    uint32_t count;

    if (target == NULL || order_target_read(&order, target, &error) != 0)
        return wrong(asked, "order/reach takes `target`: a name, group:NAME or all");
    if (daemon->state != DAEMON_RUNNING)
        return wrong(asked, "the crew is not up yet; ask again");
    list = calloc((size_t)daemon->agents + 1, sizeof *list);
    if (list == NULL)
        return wrong(asked, "out of memory");
    truth_take(daemon);
    count = docket_reach(daemon, &order, list);
    targets = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(targets, target_make(daemon, list[i]));
    free(list);
    return json_pack("{s:b, s:I, s:I, s:o, s:o}", "obeys",
                     authority != NULL && daemon->docket != NULL, "stop_min",
                     needed(authority, ORDER_STOP), "permit_min", needed(authority, ORDER_PERMIT),
                     "targets", targets, "held_by", held_by(daemon, &order));
}

/* ---- order/watch ---- */

/* What the witness can say until now of all that is sealed, so that a certificate can have it. */
static json_t *watch(struct asked *asked)
{
    struct daemon *daemon = asked->daemon;
    struct error error = {0};

    if (daemon->docket == NULL || daemon->docket->ledger == NULL)
        return wrong(asked, "this daemon keeps no ledger");
    truth_take(daemon);
    if (docket_watch(daemon, &error) != 0) {
        daemon_tell(daemon, "what the witness saw is not recorded: %s", error.message);
        return wrong(asked, "it could not be written to the ledger");
    }
    return json_pack("{s:s, s:I, s:I}", "ledger", daemon->options->ledger, "entries",
                     (json_int_t)ledger_size(daemon->docket->ledger), "time_ns",
                     (json_int_t)daemon->now);
}

static const struct {
    const char *name;
    json_t *(*answer)(struct asked *asked);
} methods[] = {{"order/submit", submit},
               {"order/status", status},
               {"order/follow", follow},
               {"order/reach", reach},
               {"order/watch", watch}};

bool control_orders_has(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, method) == 0)
            return true;
    return false;
}

json_t *control_orders_call(struct daemon *daemon, const char *method, const json_t *params,
                            uint64_t *follows, struct docket_order **begins, int *code,
                            const char **words)
{
    struct asked asked = {daemon, params, follows, begins, NULL};

    *code = RPC_PARAMS;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, method) == 0) {
            json_t *answer = methods[i].answer(&asked);

            *words = asked.wrong != NULL ? asked.wrong : "out of memory";
            /* cppcheck-suppress returnDanglingLifetime */
            return answer;
        }
    *words = "there is no such method";
    return NULL;
}
