/*
 * A tiny world for the tests of the agent: up to sixteen agents, a network with one latency, a
 * platform that grants the first volunteer, and minds that the test supplies. It tells what happens
 * as a story, one line an act, which is compared with a file under test/golden/agent/; with
 * GOLDEN_REWRITE=1 in the environment the file is written anew instead.
 *
 *     [ 500] a > ping-req c about b #1     a sends
 *     [ 900] b gone, notices a (silence)   and so on; times are virtual milliseconds
 */
#ifndef IOLAUS_TEST_AGENT_WORLD_H
#define IOLAUS_TEST_AGENT_WORLD_H

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/agent/agent.h"
#include "trace/record.h"

#define WORLD_MS INT64_C(1000000)
#define WORLD_AGENTS 16
#define WORLD_QUEUE 65536

enum world_thing { THING_PERCEPT, THING_TIMER, THING_DEATH, THING_START, THING_LINK };

struct world_event {
    time_ns at;
    uint64_t sequence;
    enum world_thing thing;
    agent_id whom;
    incarnation_id incarnation; /* of a percept that another incarnation must not get */
    bool any;
    bool hangup; /* of a death */
    struct percept percept;
};

struct world {
    uint32_t agents;
    struct agent_rules rules[WORLD_AGENTS];
    agent_id peers[WORLD_AGENTS][WORLD_AGENTS];
    uint32_t degree[WORLD_AGENTS];
    uint8_t objects[WORLD_AGENTS];
    struct agent_peer links[WORLD_AGENTS][WORLD_AGENTS + AGENT_LINKS_EXTRA];
    struct agent_row rows[WORLD_AGENTS];
    incarnation_id incarnation[WORLD_AGENTS];
    bool alive[WORLD_AGENTS];
    bool linked[WORLD_AGENTS][WORLD_AGENTS];
    agent_id granted[WORLD_AGENTS];
    time_ns frozen[WORLD_AGENTS]; /* until when it stands still */
    uint64_t seed;
    time_ns now, latency, decision, start_time;
    bool tells;      /* a story */
    bool hide_pings; /* leave the probing out of it */
    bool (*lost)(const struct world *world, agent_id from, const struct act *act);
    uint32_t (*mind)(const struct world *world, agent_id who, const struct act *act);
    enum act_result (*tool)(const struct world *world, agent_id who, const struct act *act);
    void (*watch)(struct world *world, agent_id who, const struct act *act);
    void *context;
    uint64_t sequence;
    size_t waiting;
    struct world_event *queue;
    size_t story_length, story_room;
    char *story;
};

static inline struct agent_rules world_rules(void)
{
    struct agent_rules rules = {
        .watch = {.enabled = true,
                  .aligned = true,
                  .period = 1000 * WORLD_MS,
                  .timeout = 500 * WORLD_MS,
                  .indirect = 3,
                  .suspicion_mult = 4,
                  .suspicion_max = 6,
                  .awareness_max = 8,
                  .gossip_fanout = 3,
                  .hangup_is_death = true},
        .bond = {.gain = 328, .loss = 1638, .bad_below = -5461, .good_above = 5461},
        .tools = ACT_BIT(ACT_REPORT) | ACT_BIT(ACT_VOLUNTEER) | ACT_BIT(ACT_RELAUNCH) |
                 ACT_BIT(ACT_RELINK) | ACT_BIT(ACT_ALERT) | ACT_BIT(ACT_REQUEST) |
                 ACT_BIT(ACT_TAMPER) | ACT_BIT(ACT_MISREPORT) | ACT_BIT(ACT_COPY) |
                 ACT_BIT(ACT_STALL) | ACT_BIT(ACT_CHECKPOINT),
        .attempts_max = 3,
        .retry = 5000 * WORLD_MS,
        .stop_cleanup = 200 * WORLD_MS,
        .misreport_score = 100,
        .life_mean = TIME_NEVER,
        .revive_mean = TIME_NEVER};

    return rules;
}

__attribute__((format(printf, 2, 3))) static inline void tell(struct world *world,
                                                              const char *format, ...)
{
    va_list arguments;
    int length;

    if (!world->tells)
        return;
    if (world->story_length + 512 > world->story_room) {
        world->story_room = 2 * world->story_room + 65536;
        world->story = realloc(world->story, world->story_room);
        cr_assert(world->story != NULL);
    }
    world->story_length += (size_t)sprintf(world->story + world->story_length, "[%5lld] ",
                                           (long long)(world->now / WORLD_MS));
    va_start(arguments, format);
    length = vsnprintf(world->story + world->story_length, 256, format, arguments);
    va_end(arguments);
    world->story_length += (size_t)length;
    world->story[world->story_length++] = '\n';
    world->story[world->story_length] = 0;
}

static inline char name_of(agent_id agent)
{
    return agent < 26 ? (char)('a' + agent) : '-';
}

/* Earliest first, and among equals in the order of sending: a binary heap. */
static inline bool world_before(const struct world_event *a, const struct world_event *b)
{
    return a->at < b->at || (a->at == b->at && a->sequence < b->sequence);
}

static inline void world_push(struct world *world, struct world_event event)
{
    size_t at = world->waiting++;

    cr_assert(world->waiting < WORLD_QUEUE);
    event.sequence = world->sequence++;
    while (at > 0 && world_before(&event, &world->queue[(at - 1) / 2])) {
        world->queue[at] = world->queue[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->queue[at] = event;
}

static inline struct world_event world_pop(struct world *world)
{
    struct world_event first = world->queue[0], last = world->queue[--world->waiting];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= world->waiting)
            break;
        if (child + 1 < world->waiting &&
            world_before(&world->queue[child + 1], &world->queue[child]))
            child++;
        if (!world_before(&world->queue[child], &last))
            break;
        world->queue[at] = world->queue[child];
        at = child;
    }
    world->queue[at] = last;
    return first;
}

static inline void world_percept(struct world *world, time_ns at, agent_id whom,
                                 struct percept percept)
{
    world_push(world, (struct world_event){.at = at,
                                           .thing = THING_PERCEPT,
                                           .whom = whom,
                                           .incarnation = world->incarnation[whom],
                                           .percept = percept});
}

/* A percept that the test itself gives, at so many milliseconds, to whatever incarnation there is.
 */
static inline void world_at(struct world *world, int64_t ms, agent_id whom, struct percept percept)
{
    world_push(world, (struct world_event){.at = ms * WORLD_MS,
                                           .thing = THING_PERCEPT,
                                           .whom = whom,
                                           .any = true,
                                           .percept = percept});
}

static inline void world_kill_at(struct world *world, int64_t ms, agent_id whom, bool hangup)
{
    world_push(world,
               (struct world_event){
                   .at = ms * WORLD_MS, .thing = THING_DEATH, .whom = whom, .hangup = hangup});
}

/* From now on for so long an agent stands still: what is for it waits, and it is then told. */
static inline void world_freeze(struct world *world, agent_id whom, int64_t ms)
{
    world->frozen[whom] = world->now + ms * WORLD_MS;
    world_percept(world, world->frozen[whom], whom,
                  (struct percept){.kind = PERCEPT_PAUSED, .value = ms * WORLD_MS});
    tell(world, "%c stands still for %lld ms", name_of(whom), (long long)ms);
}

static inline struct agent world_agent(struct world *world, agent_id id)
{
    return (struct agent){.id = id,
                          .incarnation = world->incarnation[id],
                          .seed = world->seed,
                          .degree = world->degree[id],
                          .peers = world->peers[id],
                          .objects = world->objects,
                          .links = world->links[id],
                          .row = &world->rows[id]};
}

static inline void world_link(struct world *world, agent_id a, agent_id b)
{
    for (int side = 0; side < 2; side++) {
        agent_id from = side == 0 ? a : b, to = side == 0 ? b : a;
        uint32_t at = world->degree[from]++;

        for (; at > 0 && world->peers[from][at - 1] > to; at--)
            world->peers[from][at] = world->peers[from][at - 1];
        world->peers[from][at] = to;
        world->linked[from][to] = true;
    }
}

static inline struct world *world_open(uint32_t agents, bool complete)
{
    struct world *world = calloc(1, sizeof *world);

    cr_assert(world != NULL && agents <= WORLD_AGENTS);
    world->queue = calloc(WORLD_QUEUE, sizeof *world->queue);
    cr_assert(world->queue != NULL);
    world->agents = agents;
    world->seed = 1;
    world->latency = 10 * WORLD_MS;
    world->decision = 400 * WORLD_MS;
    world->start_time = 800 * WORLD_MS;
    world->tells = true;
    for (agent_id a = 0; a < agents; a++) {
        world->rules[a] = world_rules();
        world->granted[a] = AGENT_NONE;
        for (agent_id b = 0; complete && b < a; b++)
            world_link(world, b, a);
    }
    return world;
}

static inline void world_close(struct world *world)
{
    free(world->queue);
    free(world->story);
    free(world);
}

static const char *const world_hows[] = {"hang-up", "silence", "gossip",   "alert",
                                         "request", "notice",  "departed", "stop asked"};

static inline const char *choice_words(uint32_t choice)
{
    static const char *const words[CHOICE_COUNT] = {
        "relaunch", "relink", "mask", "alert", "request", "tamper", "misreport", "copy", "stall"};
    static char text[128];
    size_t length = 0;

    text[0] = 0;
    for (int i = 0; i < CHOICE_COUNT; i++) {
        if (choice & (1u << i))
            length += (size_t)snprintf(text + length, sizeof text - length, " %s", words[i]);
    }
    return choice == 0 ? " nothing" : text;
}

static inline void world_message(struct world *world, agent_id from, const struct act *act,
                                 enum message_kind kind)
{
    static const char *const states[] = {"alive", "suspect", "dead", "left"};
    agent_id to = act->peer;
    bool lost = (world->lost != NULL && world->lost(world, from, act)) || !world->linked[from][to];
    const char *end = lost ? " (lost)" : "";
    char a = name_of(from), b = name_of(to), s = name_of(act->subject);

    switch (kind) {
    case MESSAGE_PING:
        if (act->by != AGENT_NONE)
            tell(world, "%c > ping %c #%u for %c%s", a, b, act->sequence, name_of(act->by), end);
        else if (!world->hide_pings)
            tell(world, "%c > ping %c #%u%s", a, b, act->sequence, end);
        break;
    case MESSAGE_PING_REQ:
        tell(world, "%c > ping-req %c about %c #%u%s", a, b, s, act->sequence, end);
        break;
    case MESSAGE_ACK:
        if (act->subject != from || act->by != AGENT_NONE)
            tell(world, "%c > ack %c #%u: %c is alive%s", a, b, act->sequence, s, end);
        else if (!world->hide_pings)
            tell(world, "%c > ack %c #%u%s", a, b, act->sequence, end);
        break;
    case MESSAGE_NACK:
        tell(world, "%c > nack %c #%u%s", a, b, act->sequence, end);
        break;
    case MESSAGE_GOSSIP:
        if (act->by == AGENT_NONE)
            tell(world, "%c > gossip %c: %c %s %u%s", a, b, s, states[act->state], act->refutation,
                 end);
        else
            tell(world, "%c > gossip %c: %c %s %u, says %c%s", a, b, s, states[act->state],
                 act->refutation, name_of(act->by), end);
        break;
    case MESSAGE_ALERT:
        tell(world, "%c > alert %c: %c is in danger%s", a, b, s, end);
        break;
    case MESSAGE_REQUEST:
        if (act->via == AGENT_NONE)
            tell(world, "%c > request %c: defend %c, asks %c%s", a, b, s, name_of(act->by), end);
        else
            tell(world, "%c > request %c: defend %c, asks %c through %c%s", a, b, s,
                 name_of(act->by), name_of(act->via), end);
        break;
    case MESSAGE_WORK:
    case MESSAGE_REVIVE:
    default:
        tell(world, "%c > message %d to %c%s", a, (int)kind, b, end);
        break;
    }
    if (lost)
        return;
    world_percept(world, world->now + world->latency, to,
                  (struct percept){.kind = PERCEPT_MESSAGE,
                                   .message = (uint8_t)kind,
                                   .state = act->state,
                                   .refutation = act->refutation,
                                   .sequence = act->sequence,
                                   .peer = from,
                                   .subject = act->subject,
                                   .by = act->by,
                                   .via = act->via,
                                   .value = act->value});
}

static inline void world_die(struct world *world, agent_id whom, bool hangup)
{
    if (!world->alive[whom])
        return;
    world->alive[whom] = false;
    world->granted[whom] = AGENT_NONE;
    tell(world, "%c dies%s", name_of(whom), hangup ? "" : " in silence");
    for (uint32_t i = 0; i < world->degree[whom]; i++) {
        agent_id peer = world->peers[whom][i];

        if (!world->linked[whom][peer])
            continue;
        world->linked[whom][peer] = world->linked[peer][whom] = false;
        if (hangup)
            world_percept(world, world->now + world->latency, peer,
                          (struct percept){.kind = PERCEPT_HANGUP, .peer = whom});
    }
}

/* What the platform answers: the first volunteer is granted, whatever else is allowed, but for what
 * the test's own rule refuses. */
static inline enum act_result world_tool(struct world *world, agent_id who, const struct act *act)
{
    if (world->tool != NULL && world->tool(world, who, act) != RESULT_OK)
        return world->tool(world, who, act);
    if (act->kind == ACT_VOLUNTEER) {
        if (world->alive[act->peer] || world->granted[act->peer] != AGENT_NONE)
            return RESULT_REFUSED;
        world->granted[act->peer] = who;
    } else if (act->kind == ACT_RELAUNCH) {
        if (world->granted[act->peer] != who)
            return RESULT_REFUSED;
        world_push(world, (struct world_event){.at = world->now + world->start_time,
                                               .thing = THING_START,
                                               .whom = act->peer});
    } else if (act->kind == ACT_RELINK) {
        world_push(world,
                   (struct world_event){.at = world->now + world->start_time + world->latency,
                                        .thing = THING_LINK,
                                        .whom = act->peer});
    }
    return RESULT_OK;
}

static inline void world_use(struct world *world, agent_id who, const struct act *act)
{
    static const char *const verbs[ACT_KIND_COUNT] = {[ACT_VOLUNTEER] = "volunteers for",
                                                      [ACT_RELAUNCH] = "relaunches",
                                                      [ACT_RELINK] = "relinks",
                                                      [ACT_COPY] = "copies",
                                                      [ACT_TAMPER] = "tampers with",
                                                      [ACT_MISREPORT] = "misreports",
                                                      [ACT_STALL] = "stalls"};
    enum act_result result = world_tool(world, who, act);

    tell(world, "%c %s %c%s", name_of(who), verbs[act->kind], name_of(act->peer),
         result == RESULT_OK        ? ""
         : result == RESULT_REFUSED ? " (refused)"
                                    : " (failed)");
    world_percept(world, world->now + 2 * world->latency, who,
                  (struct percept){.kind = PERCEPT_RESULT,
                                   .act = act->kind,
                                   .result = (uint8_t)result,
                                   .peer = act->peer,
                                   .value = 0});
}

static inline void world_decide(struct world *world, agent_id who, const struct act *act)
{
    static const char *const bonds[] = {"no", "a bad", "a neutral", "a good"};
    static const char *const asked[] = {"", ", asked", ", asked through another"};
    const struct situation *situation = &act->situation;

    tell(world, "%c considers %c (%s, %s bond%s%s%s)", name_of(who), name_of(act->peer),
         world_hows[situation->how], bonds[situation->bond], asked[situation->asked],
         situation->attempts > 0 ? ", tried before" : "", situation->object ? ", an object" : "");
    world_percept(world, world->now + world->decision, who,
                  (struct percept){.kind = PERCEPT_DECIDED,
                                   .peer = act->peer,
                                   .how = act->how,
                                   .by = act->by,
                                   .via = act->via,
                                   .choice = world->mind ? world->mind(world, who, act) : 0});
}

static inline void world_act(struct world *world, agent_id who, const struct act *act)
{
    if (world->watch != NULL)
        world->watch(world, who, act);
    /* Random percepts name agents that there are not; what is for them goes nowhere. */
    if (act->peer >= world->agents ||
        (act->subject >= world->agents && act->kind != ACT_SEND && act->subject != AGENT_NONE))
        return;
    switch ((enum act_kind)act->kind) {
    case ACT_SEND:
        world_message(world, who, act, (enum message_kind)act->message);
        break;
    case ACT_ALERT:
        world_message(world, who, act, MESSAGE_ALERT);
        break;
    case ACT_REQUEST:
        world_message(world, who, act, MESSAGE_REQUEST);
        break;
    case ACT_NOTICED:
        tell(world, "%c notices %c (%s)", name_of(who), name_of(act->peer), world_hows[act->how]);
        break;
    case ACT_RETRACTED:
        tell(world, "%c takes back that %c was gone", name_of(who), name_of(act->peer));
        break;
    case ACT_DECIDE:
        world_decide(world, who, act);
        break;
    case ACT_REPORT:
        tell(world, "%c reports %c %s%s", name_of(who), name_of(act->peer),
             act->health == HEALTH_FAILED ? "failed" : "healthy", act->masking ? " (masking)" : "");
        break;
    case ACT_REFUSE:
        tell(world, "%c refuses %c what it asked for %c", name_of(who), name_of(act->by),
             name_of(act->peer));
        break;
    case ACT_CHECKPOINT:
        tell(world, "%c saves a checkpoint", name_of(who));
        break;
    case ACT_DEPART:
        tell(world, "%c departs", name_of(who));
        world_die(world, who, true);
        break;
    case ACT_VOLUNTEER:
    case ACT_RELAUNCH:
    case ACT_RELINK:
    case ACT_COPY:
    case ACT_TAMPER:
    case ACT_MISREPORT:
    case ACT_STALL:
        world_use(world, who, act);
        break;
    case ACT_TASK_DONE:
    case ACT_KIND_COUNT:
    default:
        cr_assert(false, "an act of kind %d", act->kind);
    }
}

static inline void world_step(struct world *world, agent_id whom, struct percept percept)
{
    struct agent agent = world_agent(world, whom);
    struct acts acts;
    const char *wrong;
    time_ns deadline;

    percept.now = world->now;
    agent_step(&world->rules[whom], &agent, &percept, &acts);
    cr_assert(acts.count >= 0 && acts.count <= ACTS_MAX);
    wrong = agent_check(&world->rules[whom], &agent);
    cr_assert(wrong == NULL, "seed %llu, %c: %s", (unsigned long long)world->seed, name_of(whom),
              wrong);
    for (int i = 0; i < acts.count; i++)
        world_act(world, whom, &acts.list[i]);
    deadline = agent_deadline(&agent);
    if (deadline != TIME_NEVER)
        world_push(world, (struct world_event){.at = deadline > world->now ? deadline : world->now,
                                               .thing = THING_TIMER,
                                               .whom = whom,
                                               .incarnation = world->incarnation[whom]});
}

static inline void world_begin(struct world *world, agent_id whom)
{
    struct agent agent = world_agent(world, whom);

    world->alive[whom] = true;
    agent_start(&world->rules[whom], &agent, world->now, true);
    world_step(world, whom, (struct percept){.kind = PERCEPT_STARTED});
}

/* All links of an agent that runs again. */
static inline void world_relink(struct world *world, agent_id whom)
{
    if (!world->alive[whom])
        return;
    tell(world, "%c is linked again", name_of(whom));
    for (uint32_t i = 0; i < world->degree[whom]; i++) {
        agent_id peer = world->peers[whom][i];

        if (!world->alive[peer] || world->linked[whom][peer])
            continue;
        world->linked[whom][peer] = world->linked[peer][whom] = true;
        world_step(world, peer, (struct percept){.kind = PERCEPT_RETURNED, .peer = whom});
        world_step(world, whom, (struct percept){.kind = PERCEPT_RETURNED, .peer = peer});
    }
}

static inline void world_work(struct world *world, const struct world_event *event)
{
    const struct agent agent = world_agent(world, event->whom);

    switch (event->thing) {
    case THING_PERCEPT:
        if (world->alive[event->whom] &&
            (event->any || event->incarnation == world->incarnation[event->whom])) {
            if (event->percept.kind == PERCEPT_DECIDED)
                tell(world, "%c decides on %c:%s", name_of(event->whom),
                     name_of(event->percept.peer), choice_words(event->percept.choice));
            world_step(world, event->whom, event->percept);
        }
        break;
    case THING_TIMER:
        /* A timer that is no longer wanted is left out, so that the queue stays short. */
        if (world->alive[event->whom] && event->incarnation == world->incarnation[event->whom] &&
            agent_deadline(&agent) <= world->now)
            world_step(world, event->whom, (struct percept){.kind = PERCEPT_TIMER});
        break;
    case THING_DEATH:
        world_die(world, event->whom, event->hangup);
        break;
    case THING_START:
        world->incarnation[event->whom]++;
        tell(world, "%c runs again", name_of(event->whom));
        world_begin(world, event->whom);
        break;
    case THING_LINK:
        world_relink(world, event->whom);
        break;
    }
}

static inline void world_run(struct world *world, int64_t until_ms)
{
    if (world->now == 0 && !world->alive[0]) {
        for (agent_id a = 0; a < world->agents; a++)
            world_begin(world, a);
    }
    while (world->waiting > 0 && world->queue[0].at < until_ms * WORLD_MS) {
        struct world_event event = world_pop(world);

        cr_assert(event.at >= world->now);
        world->now = event.at;
        if (event.at < world->frozen[event.whom] && event.thing != THING_DEATH) {
            event.at = world->frozen[event.whom];
            world_push(world, event);
            continue;
        }
        world_work(world, &event);
    }
    world->now = until_ms * WORLD_MS;
}

/* Compares the story with test/golden/agent/NAME.txt and closes the world. */
static inline void world_golden(struct world *world, const char *name)
{
    char path[512];
    char *want;
    long size;
    FILE *file;

    snprintf(path, sizeof path, "%s/test/golden/agent/%s.txt", SOURCE_ROOT, name);
    if (getenv("GOLDEN_REWRITE") != NULL) {
        file = fopen(path, "w");
        cr_assert(file != NULL, "%s cannot be written", path);
        fputs(world->story, file);
        fclose(file);
    }
    file = fopen(path, "r");
    cr_assert(file != NULL, "%s is missing: run with GOLDEN_REWRITE=1 and read it", path);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    want = calloc((size_t)size + 1, 1);
    cr_assert(fread(want, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    cr_assert(strcmp(want, world->story) == 0, "%s: the story went otherwise:\n%s", path,
              world->story);
    free(want);
    world_close(world);
}

#endif
