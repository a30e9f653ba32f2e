/*
 * What an agent says that it acted on, found again in what the platform itself delivered or
 * recorded: the percept, as far as a cause depends on it, and the cause. What is not known gives
 * none.
 */
#include "live/daemon/inside.h"

/* Packets of a sender that are read at once where its peer tells of a message first. */
#define SETTLE_PACKETS 64
/* An agent sends what it does in one step in one go. */
#define STEP_NS INT64_C(20000000)
/* A link that has stood this long did not close a moment ago. */
#define CLOSED_LONG_AGO_NS INT64_C(1000000000)

static const struct told *told_find(const struct life *sender, agent_id to, uint32_t number)
{
    for (uint32_t i = 0; i < TOLD_MAX; i++)
        if (sender->told[i].to == to && sender->told[i].number == number &&
            sender->told[i].message != 0)
            return &sender->told[i];
    return NULL;
}

void told_keep(struct daemon *daemon, uint32_t row, const struct call *call, uint8_t message,
               const struct cause *cause)
{
    struct life *life = &daemon->lives[row];

    life->told[life->told_next++ % TOLD_MAX] =
        (struct told){.number = call->number,
                      .to = crew_named(daemon, call->to),
                      .message = message,
                      .subject = crew_named(daemon, call->agent),
                      .by = crew_named(daemon, call->by),
                      .via = crew_named(daemon, call->via),
                      .cause = *cause};
}

static uint32_t place_of(const struct daemon *daemon, agent_id agent, agent_id peer)
{
    struct agent ends = {.degree = degree_of(daemon, agent), .peers = peers_of(daemon, agent)};
    uint32_t found = agent_find_peer(&ends, peer);

    return found == UINT32_MAX ? ends.degree : found;
}

/* The link to the peer was made again: what the agent was about for it is over. */
static void because_returned(struct daemon *daemon, uint32_t row, agent_id peer,
                             const struct cause *cause, struct percept *percept,
                             struct doing *doing)
{
    agent_id agent = row_agent(daemon, row);

    *percept = (struct percept){.kind = PERCEPT_RETURNED, .peer = peer};
    doing->cause = returned_cause(*cause);
    concern_forget(&daemon->lives[row].concern[place_of(daemon, agent, peer)]);
    daemon->lives[row].masks[place_of(daemon, agent, peer)] = false;
}

static void because_delivery(struct daemon *daemon, uint32_t row, const struct call *call,
                             struct percept *percept, struct doing *doing)
{
    const struct life *life = &daemon->lives[row];
    const struct delivery *delivery = &life->deliveries[call->because.number % DELIVERIES_MAX];
    agent_id agent = row_agent(daemon, row), peer = crew_named(daemon, call->agent);

    if (delivery->number != call->because.number || delivery->kind == 0)
        return;
    if (delivery->kind == PERCEPT_RETURNED) { /* links: whichever the call is about */
        const struct link_pair *pair =
            peer == AGENT_NONE ? NULL : link_between(daemon, agent, peer);
        int end = pair != NULL && pair->agent[1] == agent;

        if (pair != NULL && pair->row[end] == row && pair->opened_by[end] == delivery->number &&
            pair->nonce != 0)
            because_returned(daemon, row, peer, &pair->linked, percept, doing);
        return;
    }
    *percept =
        (struct percept){.kind = delivery->kind, .act = delivery->act, .peer = delivery->peer};
    doing->cause = delivery->cause;
}

static void because_hangup(struct daemon *daemon, uint32_t row, const struct call *call,
                           struct percept *percept, struct doing *doing)
{
    agent_id peer = crew_named(daemon, call->because.agent);
    const struct link_pair *pair =
        peer == AGENT_NONE ? NULL : link_between(daemon, row_agent(daemon, row), peer);

    if (pair == NULL)
        return;
    *percept = (struct percept){.kind = PERCEPT_HANGUP, .peer = peer};
    /* An agent can close a link of its own accord; then nothing recorded is behind it. */
    if (!pair->open || daemon->now - pair->at < CLOSED_LONG_AGO_NS)
        doing->cause = pair->closed;
}

static void because_message(struct daemon *daemon, uint32_t row, const struct call *call,
                            struct percept *percept, struct doing *doing)
{
    agent_id agent = row_agent(daemon, row);
    agent_id peer = crew_named(daemon, call->because.agent);
    struct link_pair *pair = peer == AGENT_NONE ? NULL : link_between(daemon, agent, peer);
    const struct told *told;
    uint32_t from;
    int end;

    if (pair == NULL)
        return;
    *percept = (struct percept){.kind = PERCEPT_MESSAGE, .peer = peer, .subject = peer};
    end = pair->agent[1] == agent;
    from = pair->row[1 - end];
    if (daemon->lives[from].told == NULL)
        return;
    told = told_find(&daemon->lives[from], agent, call->because.number);
    if (told == NULL && !daemon->settling) {
        /* It may have been told already, and not been read yet. */
        daemon->settling = true;
        channel_read(daemon, from, SETTLE_PACKETS);
        daemon->settling = false;
        told = told_find(&daemon->lives[from], agent, call->because.number);
    }
    if (told != NULL) {
        *percept = (struct percept){.kind = PERCEPT_MESSAGE,
                                    .message = told->message,
                                    .peer = peer,
                                    .subject = told->subject,
                                    .by = told->by,
                                    .via = told->via};
        doing->cause = told->cause;
        return;
    }
    if (pair->proven && pair->returns == end && pair->hello_awaited) {
        pair->hello = call->because.number;
        pair->hello_awaited = false;
    }
    if (pair->proven && pair->returns == end && pair->hello == call->because.number)
        because_returned(daemon, row, peer, &pair->carried, percept, doing);
}

/* Whether the last call was about the same: then this one belongs to the same step. */
static bool same_step(struct daemon *daemon, struct life *life, const struct call *call)
{
    agent_id agent = crew_named(daemon, call->because.agent);
    bool same = life->because.kind == call->because.kind &&
                life->because.number == call->because.number && life->because_agent == agent;

    life->because = call->because;
    life->because.agent = NULL;
    life->because_agent = agent;
    return same;
}

/* What follows a decision at once, and follows from nothing else, follows from it. */
static void because_decided(const struct daemon *daemon, struct life *life, struct percept *percept,
                            struct doing *doing)
{
    if (life->decided == AGENT_NONE)
        return;
    if (daemon->now - life->decided_at > STEP_NS) {
        life->decided = AGENT_NONE;
        return;
    }
    *percept = (struct percept){.kind = PERCEPT_DECIDED, .peer = life->decided};
    doing->cause = life->decision;
}

struct doing because_doing(struct daemon *daemon, uint32_t row, const struct call *call,
                           struct percept *percept)
{
    struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    struct doing doing = {.id = agent,
                          .incarnation = life->incarnation,
                          .writer = row,
                          .degree = degree_of(daemon, agent),
                          .peers = peers_of(daemon, agent),
                          .concern = life->concern,
                          .percept = percept,
                          .cause = CAUSE_NONE,
                          .now = daemon->now,
                          .told = FLAG_TOLD,
                          .recorder = daemon->recorder};

    if (!same_step(daemon, life, call))
        life->noticed = life->decided = AGENT_NONE;
    doing.noticed = life->noticed;
    *percept = (struct percept){.kind = PERCEPT_TIMER, .peer = AGENT_NONE};
    switch ((enum because_kind)call->because.kind) {
    case BECAUSE_DELIVERY:
        because_delivery(daemon, row, call, percept, &doing);
        break;
    case BECAUSE_HANGUP:
        because_hangup(daemon, row, call, percept, &doing);
        break;
    case BECAUSE_MESSAGE:
        because_message(daemon, row, call, percept, &doing);
        break;
    case BECAUSE_SIGNAL:
        if (life->asked) {
            *percept = (struct percept){.kind = PERCEPT_STOP_ASKED, .peer = agent};
            doing.cause = life->stopped;
        }
        break;
    case BECAUSE_NOTHING:
    default:
        because_decided(daemon, life, percept, &doing);
        break;
    }
    doing.now = daemon->now;
    return doing;
}
