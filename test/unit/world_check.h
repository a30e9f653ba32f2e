/*
 * What must be true of every trace of the simulated world: order, numbers, causes, lives, links,
 * tasks. world_check looks at all records of a run, and fails the test with `name` first, which
 * says how to replay it.
 */
#ifndef IOLAUS_TEST_WORLD_CHECK_H
#define IOLAUS_TEST_WORLD_CHECK_H

#include "world_run.h"

struct life {
    bool alive, hung;
    time_ns hung_at;
    incarnation_id incarnation;
};

struct task_fate {
    uint32_t sent, done, lost;
};

#define TASKS_MAX (UINT32_C(1) << 20) /* of one source */
#define INCARNATIONS 65536

/* One run under scrutiny; record by record. */
struct check {
    const struct world_run *run;
    const char *name; /* how to replay it */
    uint32_t agents, slots;
    struct life *lives;      /* by row */
    unsigned char *begun;    /* by agent and incarnation: 1 begun, 2 ended */
    uint32_t *first, *count; /* by writer: where its records stand in `places` */
    uint32_t *places;
    struct task_fate *tasks; /* by source and number */
    bool *node_down;
    bool *missed; /* by row, and agent that it noticed to be gone */
    bool *sealed; /* by agent: its stop was sealed, and no permit has come */
    size_t at;
};

static inline uint32_t writer_number(const struct check *check, uint32_t writer)
{
    uint32_t rows = check->agents * check->slots;

    return writer < rows ? writer : rows + (writer - WRITER_PLATFORM);
}

static inline void fail(const struct check *check, const char *what)
{
    const struct record *record = &check->run->records[check->at];
    char words[RECORD_WORDS_BYTES];

    record_words(&check->run->header, record, words);
    cr_assert(false, "%s: %s\n  in record %zu (writer %u:%u), at %lld ns: %s", check->name, what,
              check->at, record->id.writer, record->id.sequence, (long long)record->time, words);
}

#define MUST(condition, what)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail(check, what);                                                                     \
    } while (0)

/* The record of that id, if it stands before the present one. */
static inline const struct record *earlier(const struct check *check, struct record_id id)
{
    uint32_t writer = writer_number(check, id.writer);

    if (id.sequence >= check->count[writer])
        return NULL;
    return &check->run->records[check->places[check->first[writer] + id.sequence]];
}

static inline void check_open(struct check *check, const struct world_run *run, const char *name)
{
    uint32_t writers, total = 0;

    *check = (struct check){.run = run,
                            .name = name,
                            .agents = run->scenario->agents,
                            .slots = run->scenario->platform.incarnations_max};
    writers = check->agents * check->slots + 3;
    check->lives = calloc(writers, sizeof *check->lives);
    check->begun = calloc(check->agents, INCARNATIONS);
    check->first = calloc(writers + 1, sizeof *check->first);
    check->count = calloc(writers, sizeof *check->count);
    check->tasks = calloc((size_t)run->scenario->work_count * TASKS_MAX + 1, sizeof *check->tasks);
    check->node_down = calloc(run->scenario->nodes, sizeof *check->node_down);
    check->missed = calloc((size_t)writers * check->agents, sizeof *check->missed);
    check->sealed = calloc(check->agents, sizeof *check->sealed);
    check->places = calloc(run->count + 1, sizeof *check->places);
    for (size_t i = 0; i < run->count; i++)
        check->first[writer_number(check, run->records[i].id.writer) + 1]++;
    for (uint32_t w = 0; w < writers; w++) {
        total += check->first[w + 1];
        check->first[w + 1] = total;
    }
}

static inline void check_close(struct check *check)
{
    free(check->lives);
    free(check->begun);
    free(check->first);
    free(check->count);
    free(check->places);
    free(check->tasks);
    free(check->node_down);
    free(check->missed);
    free(check->sealed);
}

/* Order, numbers, causes. */
static inline const struct record *check_id(struct check *check, const struct record *record)
{
    uint32_t writer = writer_number(check, record->id.writer);
    const struct record *cause = NULL;

    MUST(check->at == 0 || record[-1].time <= record->time, "times go back");
    MUST(record->time <= check->run->scenario->duration, "it stands behind the end");
    MUST(record->id.sequence == check->count[writer], "the writer's numbers have a gap");
    if (!record_id_is_none(record->cause)) {
        cause = earlier(check, record->cause);
        MUST(cause != NULL && cause->time <= record->time, "its cause does not stand before it");
    }
    MUST(!(record->flags & FLAG_INFERRED) || cause != NULL, "a guess without a cause");
    MUST(!(record->flags & FLAG_REQUESTED) || record->by != AGENT_NONE, "asked by nobody");
    check->places[check->first[writer] + check->count[writer]++] = (uint32_t)check->at;
    return cause;
}

static inline void check_started(struct check *check, const struct record *record,
                                 const struct record *cause)
{
    struct life *life = &check->lives[record->id.writer];
    unsigned char *begun =
        &check->begun[(size_t)record->whom * INCARNATIONS + record->whom_incarnation];

    MUST(record->id.writer < check->agents * check->slots &&
             record->id.writer % check->agents == record->whom,
         "somebody else's row");
    MUST(!life->alive, "two incarnations in one row");
    MUST(*begun == 0, "the same incarnation begins twice");
    MUST(!check->sealed[record->whom], "a ghost: its stop was sealed, and no permit came");
    MUST(!check->node_down[check->run->scenario->node_of[record->whom]],
         "it begins where the node is down");
    if (record->value == START_FIRST) {
        MUST(cause == NULL && record->time == 0, "a first life with a cause");
    } else {
        MUST(cause != NULL && cause->verb == VERB_STARTS && cause->whom == record->whom &&
                 cause->whom_incarnation == record->whom_incarnation &&
                 cause->value == record->value,
             "nobody started it");
    }
    *begun = 1;
    *life = (struct life){.alive = true, .incarnation = record->whom_incarnation};
}

static inline void check_died(struct check *check, const struct record *record,
                              const struct record *cause)
{
    struct life *life = &check->lives[record->id.writer];
    unsigned char *begun =
        &check->begun[(size_t)record->whom * INCARNATIONS + record->whom_incarnation];

    MUST(life->alive && life->incarnation == record->whom_incarnation, "it did not run there");
    MUST(*begun == 1, "it dies twice, or never began");
    switch (record->value) {
    case DEATH_KILLED:
        MUST(cause != NULL && cause->verb == VERB_KILLED && cause->whom == record->whom,
             "nobody killed it");
        break;
    case DEATH_DEPARTED:
        MUST(cause != NULL && cause->verb == VERB_DEPARTS && cause->who == record->whom,
             "it did not depart");
        break;
    default:
        MUST(cause == NULL || cause->verb == VERB_CRASHED, "a crash without a crash");
        break;
    }
    *begun = 2;
    *life = (struct life){0};
}

/* What an agent does and says it does while it runs and does not hang, in its own row. What it did
 * at the instant at which it hung stands behind that. */
static inline void check_act(struct check *check, const struct record *record)
{
    const struct life *life;

    MUST(record->id.writer < check->agents * check->slots &&
             record->id.writer % check->agents == record->who,
         "somebody else's act");
    life = &check->lives[record->id.writer];
    MUST(life->alive, "the dead act");
    MUST(life->incarnation == record->who_incarnation, "another incarnation acts");
    MUST(!life->hung || life->hung_at == record->time, "it acts while it hangs");
}

static inline void check_task(struct check *check, const struct record *record,
                              const struct record *cause)
{
    uint64_t source = (uint64_t)record->value >> 40;
    uint64_t number = (uint64_t)record->value & ((UINT64_C(1) << 40) - 1);
    struct task_fate *task;

    MUST(source < check->run->scenario->work_count && number < TASKS_MAX, "there is no such task");
    task = &check->tasks[source * TASKS_MAX + number];
    if (record->verb == VERB_TASK_SENT) {
        MUST(task->sent == 0, "a task is sent twice");
        task->sent++;
    } else if (record->verb == VERB_TASK_HELD) {
        MUST(task->sent == 0, "a task is held that was sent");
    } else {
        MUST(task->sent == 1, "nobody sent that task");
        MUST(task->done + task->lost == 0, "a task is done or lost twice");
        MUST(cause != NULL && cause->verb == VERB_TASK_SENT && cause->value == record->value,
             "it follows from another task");
        task->done += record->verb == VERB_TASK_DONE;
        task->lost += record->verb == VERB_TASK_LOST;
    }
}

static inline bool same_pair(const struct record *a, const struct record *b)
{
    return (a->who == b->who && a->whom == b->whom) || (a->who == b->whom && a->whom == b->who);
}

/* A process of the agent that stands still, or goes on. */
static inline void check_hang(struct check *check, const struct record *record)
{
    for (uint32_t slot = 0; slot < check->slots; slot++) {
        struct life *life = &check->lives[slot * check->agents + record->whom];

        if (!life->alive || life->incarnation != record->whom_incarnation)
            continue;
        MUST(life->hung == (record->verb == VERB_RESUMED), "it hangs twice, or not at all");
        life->hung = record->verb == VERB_HUNG;
        life->hung_at = record->time;
        return;
    }
    MUST(false, "nobody hangs");
}

/* Whether the record's doer has noticed that its target is gone. */
static inline bool *missed_by(const struct check *check, const struct record *record)
{
    return &check->missed[(size_t)record->id.writer * check->agents + record->whom];
}

/* Where word of a danger came from. */
static inline void check_noticed(struct check *check, const struct record *record,
                                 const struct record *cause)
{
    uint8_t verb = cause == NULL ? VERB_COUNT : cause->verb;

    MUST(((record->flags & FLAG_INFERRED) != 0) == (record->value == HOW_SILENCE && cause != NULL),
         "silence alone is a guess");
    switch ((enum notice_how)record->value) {
    case HOW_HANGUP:
        MUST((verb == VERB_DIED && cause->whom == record->whom) ||
                 (verb == VERB_SEVERED &&
                  (cause->who == record->whom || cause->whom == record->whom)) ||
                 (verb == VERB_CONNECTED &&
                  (cause->who == record->whom || cause->whom == record->whom)),
             "no link to it closed");
        break;
    case HOW_SILENCE:
        MUST(cause == NULL || verb == VERB_PARTITIONED ||
                 ((verb == VERB_DIED || verb == VERB_HUNG) && cause->whom == record->whom),
             "a guess at something else");
        break;
    case HOW_GOSSIP:
        MUST(cause == NULL || cause->whom == record->whom, "gossip about somebody else");
        break;
    case HOW_ALERT:
        MUST(verb == VERB_ALERTS && cause->via == record->who && cause->whom == record->whom,
             "nobody alerted it");
        break;
    case HOW_REQUEST:
        MUST(verb == VERB_REQUESTS && cause->via == record->who && cause->whom == record->whom,
             "nobody asked it");
        break;
    case HOW_NOTICE:
        MUST(verb == VERB_ANNOUNCED && cause->via == record->who && cause->whom == record->whom,
             "nobody announced it");
        break;
    case HOW_DEPARTED:
        MUST(verb == VERB_MARKED && cause->via == record->who && cause->whom == record->whom,
             "nobody marked it");
        break;
    case HOW_STOP_ASKED:
        MUST(false, "that is no notice");
    }
}

/* Whether it dies at this very instant: what the witness writes of an instant stands first. */
static inline bool dies_now(const struct check *check, agent_id whom, incarnation_id incarnation)
{
    const struct record *records = check->run->records;

    for (size_t i = check->at; i < check->run->count && records[i].time == records[check->at].time;
         i++)
        if (records[i].verb == VERB_DIED && records[i].whom == whom &&
            records[i].whom_incarnation == incarnation)
            return true;
    return false;
}

/* What a verb asks of its cause. */
static inline void check_verb(struct check *check, const struct record *record,
                              const struct record *cause)
{
    uint8_t verb = cause == NULL ? VERB_COUNT : cause->verb;

    switch (record->verb) {
    case VERB_STARTED:
        check_started(check, record, cause);
        break;
    case VERB_DIED:
        check_died(check, record, cause);
        break;
    case VERB_HUNG:
    case VERB_RESUMED:
        check_hang(check, record);
        break;
    case VERB_CRASHED:
    case VERB_RESTORED:
        check->node_down[record->value] = record->verb == VERB_CRASHED;
        break;
    case VERB_LINK_UP:
        MUST(verb == VERB_CONNECTED && same_pair(record, cause), "no such link was made");
        MUST(check->lives[record->id.writer].incarnation == record->who_incarnation,
             "a link of another incarnation");
        break;
    case VERB_NOTICED:
        check_noticed(check, record, cause);
        *missed_by(check, record) = true;
        break;
    case VERB_RETRACTED:
        MUST(*missed_by(check, record), "it had not believed it gone");
        *missed_by(check, record) = false;
        break;
    case VERB_SWITCHED:
        MUST(verb == (record->value == 0 ? VERB_TAMPERS : VERB_STOPS), "nobody touched the switch");
        break;
    case VERB_SCORED:
        MUST(verb == VERB_MISREPORTS || (record->value == 0 && verb == VERB_STOPS),
             "nobody gave that score");
        break;
    case VERB_CONNECTED:
        MUST(record->by == AGENT_NONE || (verb == VERB_RELINKS && cause->who == record->by),
             "nobody asked for the relinking");
        break;
    case VERB_SHOWS:
        MUST(verb == VERB_REPORTS && cause->who == record->who && cause->whom == record->whom &&
                 cause->value == record->value,
             "nobody reported so");
        break;
    case VERB_GRANTED:
        MUST(verb == VERB_VOLUNTEERS && cause->who == record->who, "it did not come forward");
        break;
    case VERB_RELAUNCHES:
        MUST(verb == VERB_GRANTED || verb == VERB_VOLUNTEERS, "nobody let it relaunch");
        break;
    case VERB_STARTS:
        MUST(record->value != START_PEER || (verb == VERB_RELAUNCHES && cause->who == record->who),
             "nobody relaunched it");
        MUST(record->value != START_PLATFORM || verb == VERB_DIED || verb == VERB_STARTED ||
                 verb == VERB_CRASHED,
             "a restart without a death");
        break;
    case VERB_DECIDED:
        MUST(verb == VERB_DECIDES && cause->id.writer == record->id.writer &&
                 cause->whom == record->whom,
             "it did not consider it");
        break;
    case VERB_COPIED:
        MUST(verb == VERB_COPIES && cause->who == record->who, "it did not copy");
        break;
    case VERB_STALLED:
        MUST(verb == VERB_STALLS && cause->who == record->who, "it did not stall");
        break;
    case VERB_FOUND:
        MUST(verb == VERB_STOPS && cause->whom == record->whom, "no stop was begun");
        break;
    case VERB_FENCED:
    case VERB_TOMBSTONED:
        MUST(verb == VERB_STOPS && cause->whom == record->whom, "no stop was begun");
        break;
    case VERB_SEALED:
        MUST(verb == VERB_STOPS && cause->whom == record->whom, "no stop was begun");
        for (uint32_t slot = 0; slot < check->slots; slot++) {
            const struct life *life = &check->lives[slot * check->agents + record->whom];

            MUST(!life->alive || (life->hung && cause->value == PROTOCOL_QUARANTINE) ||
                     dies_now(check, record->whom, life->incarnation),
                 "sealed while an incarnation runs");
        }
        check->sealed[record->whom] = true;
        break;
    case VERB_LIFTED:
        check->sealed[record->whom] = false;
        break;
    case VERB_KILLED:
        MUST((verb == VERB_STOPS || verb == VERB_FOUND) && cause->whom == record->whom,
             "no stop was begun");
        break;
    case VERB_SIGNALLED:
    case VERB_THWARTED:
        MUST(verb == VERB_STOPS && cause->whom == record->whom, "no stop was begun");
        break;
    case VERB_DEPARTS:
        MUST(verb == VERB_SIGNALLED && cause->whom == record->who, "nobody asked it to end");
        break;
    case VERB_SEVERED:
        MUST(verb == VERB_STARTED || verb == VERB_STOPS,
             "no other incarnation took its place, and no stop fenced it");
        break;
    case VERB_TASK_SENT:
    case VERB_TASK_HELD:
    case VERB_TASK_LOST:
    case VERB_TASK_DONE:
        check_task(check, record, cause);
        break;
    default:
        break;
    }
}

static inline void world_check(const struct world_run *run, const char *name)
{
    struct check check;
    uint32_t alive = 0;

    check_open(&check, run, name);
    for (; check.at < run->count; check.at++) {
        const struct record *record = &run->records[check.at];
        enum record_class class = record_verb_class(record->verb);
        const struct record *cause = check_id(&check, record);

        if (class == CLASS_ACT || class == CLASS_CLAIM)
            check_act(&check, record);
        check_verb(&check, record, cause);
    }
    for (uint32_t row = 0; row < check.agents * check.slots; row++)
        alive += check.lives[row].alive;
    cr_assert_eq(alive, run->result.alive, "%s: %u alive by the trace, not %u", name, alive,
                 run->result.alive);
    check_close(&check);
}

#endif
