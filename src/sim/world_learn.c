/*
 * Adaptive minds in the simulated world. An agent's learner belongs to the agent, of which several
 * rows may be alive: so, like all that is published, it changes between windows alone. What happens
 * to it is kept as lessons, and told after the window in the order of time, row, and the row's own
 * order, whatever the order of the blocks was.
 */
#include "sim/world.h"

#include <assert.h>
#include <stdlib.h>

#define LESSONS_MAX ((size_t)1 << 20)

enum lesson_kind {
    LESSON_DECIDED, /* value: the situation, packed */
    LESSON_REWARD,  /* value: for all that is open */
    LESSON_CHARGE,  /* value: an act about a peer, or being caught */
    LESSON_MARKED,
    LESSON_RETURNED,
    LESSON_INTERRUPTED
};

struct lesson {
    time_ns at;
    int64_t value;
    uint32_t row;
    uint32_t order; /* among those of the window, as they were made */
    uint32_t place; /* of the peer's case */
    agent_id about;
    uint8_t kind; /* enum lesson_kind */
    uint8_t choice;
};

/* Reserved, and touched where something was learned. */
struct learning {
    uint32_t *first;              /* by group: the number of its first learner */
    struct adaptive_table *table; /* by learner */
    time_ns *next;                /* by learner: when an experience of it ends next */
    uint32_t *checks;             /* by learner: draws for its reports so far; the platform's own */
    uint32_t count;
    struct adaptive_case *cases; /* in the places of slot 0 */
    time_ns earliest;            /* no `next` is before it */
    struct lesson *lesson;
    size_t lessons;
};

static const struct scenario_group *group_of(const struct world *world, agent_id agent)
{
    return &world->scenario->groups[world->scenario->group_of[agent % world->one]];
}

static bool learns(const struct world *world, agent_id agent)
{
    return world->learning != NULL && group_of(world, agent)->adaptive;
}

int sim_learning_open(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct learning *learning;
    uint32_t count = 0;

    for (uint32_t g = 0; g < scenario->group_count && !world->contact; g++)
        count += scenario->groups[g].adaptive ? scenario->groups[g].count : 0;
    if (count == 0)
        return 0;
    learning = world_reserve(world, 1, sizeof *learning);
    if (learning == NULL)
        return world->failed;
    learning->first = world_reserve(world, scenario->group_count, sizeof *learning->first);
    learning->table = world_reserve(world, count, sizeof *learning->table);
    learning->next = world_reserve(world, count, sizeof *learning->next);
    learning->checks = world_reserve(world, count, sizeof *learning->checks);
    learning->cases = world_reserve(world, world->places, sizeof *learning->cases);
    learning->lesson = world_reserve(world, LESSONS_MAX, sizeof *learning->lesson);
    if (world->failed != 0)
        return world->failed;
    for (uint32_t g = 0; g < scenario->group_count; g++) {
        learning->first[g] = learning->count;
        learning->count += scenario->groups[g].adaptive ? scenario->groups[g].count : 0;
    }
    for (uint32_t i = 0; i < count; i++)
        learning->next[i] = TIME_NEVER;
    learning->earliest = TIME_NEVER;
    world->learning = learning;
    return 0;
}

static uint32_t number_of(const struct world *world, agent_id agent)
{
    const struct scenario_group *group = group_of(world, agent);

    return world->learning->first[group->number] + (agent - group->first);
}

static struct learner learner_of(const struct world *world, agent_id agent)
{
    const struct scenario_group *group = group_of(world, agent);
    uint64_t degree = world->links->offsets[agent + 1] - world->links->offsets[agent];

    return (struct learner){.rules = &group->learning,
                            .table = &world->learning->table[number_of(world, agent)],
                            .cases = world->learning->cases + agent_place(world, agent),
                            .count = (uint32_t)degree + AGENT_LINKS_EXTRA,
                            .allowed = choices_of_tools(group->rules.tools)};
}

static uint32_t case_of(const struct agent *agent, agent_id peer)
{
    uint32_t found = agent_find_peer(agent, peer);

    return found == UINT32_MAX ? agent->degree : found;
}

static struct lesson *lesson_add(struct world *world, uint8_t kind, uint32_t row, time_ns now)
{
    struct learning *learning = world->learning;
    struct lesson *lesson = &learning->lesson[learning->lessons];

    if (learning->lessons == LESSONS_MAX - 1) { /* the last place takes what no longer fits */
        if (world->failed == 0)
            world->failed = error_set(world->error, ERROR_LIMIT,
                                      "adaptive minds are told more than %zu things in one window",
                                      LESSONS_MAX - 1);
    } else {
        learning->lessons++;
    }
    *lesson = (struct lesson){.at = now,
                              .row = row,
                              .order = (uint32_t)learning->lessons,
                              .about = AGENT_NONE,
                              .kind = kind};
    return lesson;
}

uint32_t learn_choose(struct world *world, uint32_t row, const struct agent *agent,
                      const struct act *act, time_ns now, struct random *random)
{
    struct learner learner = learner_of(world, agent->id);
    uint32_t choice = mind_adaptive(&learner, &act->situation, now, random);
    struct lesson *lesson = lesson_add(world, LESSON_DECIDED, row, now);

    lesson->value = (int64_t)situation_pack(&act->situation);
    lesson->place = case_of(agent, act->peer);
    lesson->about = act->peer;
    lesson->choice = (uint8_t)choice;
    return choice;
}

static void charge(struct world *world, uint32_t row, const struct agent *agent, agent_id about,
                   fixed value, time_ns now)
{
    struct lesson *lesson = lesson_add(world, LESSON_CHARGE, row, now);

    lesson->value = value;
    lesson->place = case_of(agent, about);
    lesson->about = about;
}

/* To come forward is a word; what costs is the act. An honest report is everybody's duty. */
void learn_act(struct world *world, uint32_t row, const struct agent *agent, const struct act *act,
               time_ns now)
{
    bool costs = act->kind == ACT_RELAUNCH || act->kind == ACT_RELINK ||
                 (act->kind == ACT_REPORT && act->masking);

    if (costs && learns(world, agent->id))
        charge(world, row, agent, act->peer, group_of(world, agent->id)->learning.cost, now);
}

void learn_percept(struct world *world, uint32_t row, const struct agent *agent,
                   const struct percept *percept, time_ns now)
{
    uint32_t found;

    if (!learns(world, row_agent(world, row)))
        return;
    if (percept->kind == PERCEPT_REWARD && percept->peer == AGENT_NONE)
        lesson_add(world, LESSON_REWARD, row, now)->value = percept->value;
    else if (percept->kind == PERCEPT_REWARD)
        charge(world, row, agent, percept->peer, -percept->value, now);
    if (percept->kind != PERCEPT_DEPARTED && percept->kind != PERCEPT_RETURNED)
        return;
    found = agent_find_peer(agent, percept->peer);
    if (found != UINT32_MAX)
        lesson_add(world, percept->kind == PERCEPT_DEPARTED ? LESSON_MARKED : LESSON_RETURNED, row,
                   now)
            ->place = found;
}

/* A stop by the operator, where stops are marked, is a marked interruption of the agent itself. */
void learn_ended(struct world *world, uint32_t row, uint8_t reason, time_ns now)
{
    const struct scenario *scenario = world->scenario;

    if (learns(world, row_agent(world, row)) && scenario->has_campaign &&
        scenario->campaign.marked && reason != DEATH_CRASHED)
        lesson_add(world, LESSON_INTERRUPTED, row, now);
}

/* The reward of an agent's own, about a peer or AGENT_NONE; to the process that the platform takes
 * for it, and lost if that is gone. */
static void tell_reward(struct world *world, agent_id agent, agent_id about, fixed value,
                        time_ns now)
{
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->use = USE_PERCEPT;
    message->any = true;
    message->percept = (struct percept){.kind = PERCEPT_REWARD, .peer = about, .value = value};
    platform_to_row(world, (uint32_t)world->address[agent].slot * world->agents + agent, now, slot);
}

void learn_task_done(struct world *world, const struct task *task, time_ns now)
{
    if (world->learning == NULL || now > task->deadline)
        return;
    for (uint32_t h = 0; h <= task->hop; h++) {
        agent_id agent = task->hops[h];
        bool before = false;

        for (uint32_t i = 0; i < h; i++)
            before = before || task->hops[i] == agent;
        if (!before && learns(world, agent))
            tell_reward(world, agent, AGENT_NONE, group_of(world, agent)->learning.task, now);
    }
}

/* The platform compares what is said with what is so; one draw for each report that masks. */
void learn_report(struct world *world, const struct message *message, time_ns now)
{
    const struct platform_event *event = &message->platform;
    const struct adaptive_rules *rules;
    struct random random;
    uint32_t *checks;
    bool checked;

    if (event->kind != PLATFORM_ACT || event->act != ACT_REPORT || message->reason == 0 ||
        !learns(world, event->who))
        return;
    rules = &group_of(world, event->who)->learning;
    checks = &world->learning->checks[number_of(world, event->who)];
    random = random_make(world->options->seed, world->options->replicate, event->who, 0,
                         STREAM_CHECK, *checks);
    checked = random_chance(&random, rules->check);
    *checks = random.draw;
    if (checked && published_is_gone(world, event->whom))
        tell_reward(world, event->who, event->whom, -rules->penalty, now);
}

static int compare_lessons(const void *a, const void *b)
{
    const struct lesson *left = a, *right = b;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

static void take_lesson(struct world *world, const struct lesson *lesson)
{
    agent_id agent = row_agent(world, lesson->row);
    struct learner learner = learner_of(world, agent);
    time_ns *next = &world->learning->next[number_of(world, agent)];
    struct situation situation;

    if (*next <= lesson->at)
        learner_due(&learner, lesson->at);
    switch ((enum lesson_kind)lesson->kind) {
    case LESSON_DECIDED:
        situation = situation_unpack((uint64_t)lesson->value);
        learner_decided(&learner, lesson->place, lesson->about, &situation, lesson->choice,
                        lesson->at);
        break;
    case LESSON_REWARD:
        learner_reward(&learner, lesson->value);
        break;
    case LESSON_CHARGE:
        learner_charge(&learner, lesson->place, lesson->about, lesson->value);
        break;
    case LESSON_MARKED:
        learner_marked(&learner, lesson->place);
        break;
    case LESSON_RETURNED:
        learner_returned(&learner, lesson->place);
        break;
    case LESSON_INTERRUPTED:
        learner_interrupted(&learner);
        break;
    }
    *next = learner_due(&learner, lesson->at);
    if (*next < world->learning->earliest)
        world->learning->earliest = *next;
}

/* All whose next end has come; agents in their order, of which no one sees another's table. */
static void end_due(struct world *world, time_ns end)
{
    struct learning *learning = world->learning;

    learning->earliest = TIME_NEVER;
    for (uint32_t g = 0; g < world->scenario->group_count; g++) {
        const struct scenario_group *group = &world->scenario->groups[g];

        for (uint32_t i = 0; i < group->count && group->adaptive; i++) {
            time_ns *next = &learning->next[learning->first[g] + i];

            if (*next <= end) {
                struct learner learner = learner_of(world, group->first + i);

                *next = learner_due(&learner, end);
            }
            if (*next < learning->earliest)
                learning->earliest = *next;
        }
    }
}

void learn_window(struct world *world, time_ns end)
{
    struct learning *learning = world->learning;

    if (learning == NULL)
        return;
    if (learning->lessons > 1)
        qsort(learning->lesson, learning->lessons, sizeof *learning->lesson, compare_lessons);
    for (size_t i = 0; i < learning->lessons; i++)
        take_lesson(world, &learning->lesson[i]);
    learning->lessons = 0;
    if (learning->earliest <= end)
        end_due(world, end);
}
