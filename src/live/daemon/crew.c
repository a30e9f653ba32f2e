/* Processes: asked for, born, open, gone. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/daemon/inside.h"
#include "world/faults.h"

static const struct {
    const char *words;
    unsigned next;
} states[LIFE_STATE_COUNT] = {
#define X(state, words, next) [LIFE_##state] = {words, next},
    LIFE_STATES(X)
#undef X
};

static bool is_starting(uint8_t state)
{
    return state == LIFE_LOADING || state == LIFE_ASKED || state == LIFE_BORN;
}

void life_move(struct daemon *daemon, uint32_t row, uint8_t state)
{
    struct life *life = &daemon->lives[row];

    assert((states[life->state].next >> state & 1) != 0);
    assert(state != LIFE_BORN || life->pidfd >= 0);
    assert(state != LIFE_OPEN || life->pid > 0);
    daemon->starting -= is_starting(life->state);
    daemon->starting += is_starting(state);
    life->state = state;
}

/* Rings are taken with a row's first life, and kept. */
static int rings_take(struct life *life, struct error *error)
{
    if (life->deliveries == NULL)
        life->deliveries = calloc(DELIVERIES_MAX, sizeof *life->deliveries);
    if (life->told == NULL)
        life->told = calloc(TOLD_MAX, sizeof *life->told);
    if (life->deliveries == NULL || life->told == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for an agent's channel");
    memset(life->deliveries, 0, DELIVERIES_MAX * sizeof *life->deliveries);
    memset(life->told, 0, TOLD_MAX * sizeof *life->told);
    return 0;
}

/* Nothing of the life that had this row before is left. */
static int life_clear(struct daemon *daemon, uint32_t row, struct error *error)
{
    struct life *life = &daemon->lives[row];
    struct life kept = {.deliveries = life->deliveries,
                        .told = life->told,
                        .out = life->out,
                        .concern = life->concern,
                        .masks = life->masks,
                        .pidfd = -1,
                        .channel = -1,
                        .far_end = -1,
                        .own = -1,
                        .noticed = AGENT_NONE,
                        .decided = AGENT_NONE,
                        .because_agent = AGENT_NONE,
                        .starting = CAUSE_NONE,
                        .stopped = CAUSE_NONE,
                        .departure = CAUSE_NONE,
                        .killing = CAUSE_NONE};

    assert(life->state == LIFE_NONE);
    *life = kept;
    for (uint32_t i = 0; i <= degree_of(daemon, row_agent(daemon, row)); i++) {
        life->concern[i] = CAUSE_NONE;
        life->masks[i] = false;
    }
    return rings_take(life, error);
}

/* What is the agent's own: its token, and its end of the channel. */
static int life_equip(struct daemon *daemon, uint32_t row, struct error *error)
{
    struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    int ends[2];
    int failed;

    if (getrandom(life->token, sizeof life->token, 0) != (ssize_t)sizeof life->token)
        return error_set(error, ERROR_IO, "no random bytes for a token: %s", strerror(errno));
    failed = channel_pair(ends, error);
    if (failed != 0)
        return failed;
    life->channel = ends[0];
    life->far_end = ends[1];
    failed = configure_life(daemon, row, &life->own, error);
    if (failed == 0)
        failed = witness_own(daemon->witness, agent, life->own, error);
    if (failed == 0)
        failed = witness_own(daemon->witness, agent, life->far_end, error);
    return failed;
}

static int life_spawn(struct daemon *daemon, uint32_t row, struct error *error)
{
    struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    const char *const argv[] = {"iolaus", "agent", daemon->names[agent], NULL};
    int failed = life_equip(daemon, row, error);
    const int descriptors[] = {life->far_end, life->own, daemon->crew};
    const struct range_spawn spawn = {.agent = agent,
                                      .cookie = (uint64_t)life->incarnation << 32 | row,
                                      .argv = argv,
                                      .program = -1,
                                      .descriptors = descriptors,
                                      .descriptor_count = 3,
                                      .output = -1};

    if (failed == 0)
        failed = range_spawn(daemon->range, &spawn, error);
    if (failed == 0)
        life_move(daemon, row, LIFE_ASKED);
    return failed;
}

int life_start(struct daemon *daemon, uint32_t row, incarnation_id incarnation, uint32_t checkpoint,
               uint8_t reason, agent_id by, const struct cause *cause, struct error *error)
{
    struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    int failed = life_clear(daemon, row, error);

    if (failed != 0)
        return failed;
    life->incarnation = incarnation;
    life->checkpoint = checkpoint;
    life->start_reason = reason;
    life->started_by = by;
    life->starting = *cause;
    life->since = daemon->now;
    life->spawn_at = daemon->now;
    /* What the scenario says that a kind takes to load; a process itself starts in well below a
     * millisecond. */
    if (incarnation > 0)
        life->spawn_at += start_takes(daemon->scenario, agent, checkpoint > 0);
    life->start_by = life->spawn_at + START_NS_MAX;
    if (life->spawn_at > daemon->now)
        life_move(daemon, row, LIFE_LOADING);
    else
        failed = life_spawn(daemon, row, error);
    if (failed != 0) {
        life_free(daemon, row);
        return failed;
    }
    daemon->starts[agent]++;
    return 0;
}

static void let_go(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static bool may_not_run(const struct daemon *daemon, agent_id agent)
{
    return daemon->platform != NULL && platform_bars(daemon->platform, agent);
}

void life_free(struct daemon *daemon, uint32_t row)
{
    struct life *life = &daemon->lives[row];

    find_life_ended(daemon, row);
    send_forget(daemon, row);
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        json_decref(life->requests[i].id);
        life->requests[i].id = NULL;
    }
    if (life->channel >= 0 && daemon->epoll >= 0)
        epoll_ctl(daemon->epoll, EPOLL_CTL_DEL, life->channel, NULL);
    /* Whoever holds what was a stopped agent's own is told of for as long as it may not run. */
    if (daemon->witness != NULL && !may_not_run(daemon, row_agent(daemon, row))) {
        if (life->own >= 0)
            witness_disown(daemon->witness, life->own);
        if (life->far_end >= 0)
            witness_disown(daemon->witness, life->far_end);
    }
    let_go(&life->channel);
    let_go(&life->far_end);
    let_go(&life->own);
    let_go(&life->pidfd);
    explicit_bzero(life->token, sizeof life->token);
    if (life->state != LIFE_NONE)
        life_move(daemon, row, LIFE_NONE);
    life->since = daemon->now;
}

void life_signal(struct daemon *daemon, uint32_t row, int signal)
{
    const struct life *life = &daemon->lives[row];

    /* It may be dead already, and its death not taken yet. */
    if (life->pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, life->pidfd, signal, NULL, 0);
}

/* What the witness can vouch for: a process of that incarnation runs. */
void life_started_record(struct daemon *daemon, uint32_t row)
{
    struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    struct cause cause = life->starting;
    struct record record =
        record_make(VERB_STARTED, daemon->now, &cause, life->started_by, agent, life->start_reason);
    struct campaign_event event = {.kind = CAMPAIGN_STARTED,
                                   .whom = agent,
                                   .incarnation = life->incarnation,
                                   .value = life->start_reason};

    record.whom_incarnation = life->incarnation;
    life->starting.id = record_write(daemon, &record, row);
    daemon->alive++;
    daemon->starts_all += life->start_reason != START_FIRST;
    control_socket_event(daemon, true, row);
    if (life->start_reason != START_FIRST)
        queue_campaign(daemon, &event, &life->starting);
}

void life_start_failed(struct daemon *daemon, uint32_t row, const struct cause *cause)
{
    const struct life *life = &daemon->lives[row];
    struct platform_event event = {.kind = PLATFORM_START_FAILED,
                                   .who = AGENT_NONE,
                                   .whom = row_agent(daemon, row),
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE,
                                   .incarnation = life->incarnation};

    queue_platform(daemon, &event, cause);
}

static void spawned(struct daemon *daemon, const struct range_event *event)
{
    uint32_t row = (uint32_t)event->cookie;
    struct life *life = &daemon->lives[row];
    struct sanctioned process = {.agent = event->agent,
                                 .incarnation = life->incarnation,
                                 .slot = (uint8_t)(row / daemon->agents),
                                 .pid = event->pid,
                                 .inside = event->inside,
                                 .pidfd = event->pidfd};
    struct epoll_event watch = {.events = EPOLLIN, .data.u32 = row};

    assert(row < daemon->rows && life->state == LIFE_ASKED &&
           life->incarnation == event->cookie >> 32);
    life->pid = event->pid;
    life->inside = event->inside;
    life->pidfd = event->pidfd;
    life_move(daemon, row, LIFE_BORN);
    if (witness_sanction(daemon->witness, &process, daemon->error) != 0) {
        daemon_fail(daemon, daemon->error->code, "%s", daemon->error->message);
        return;
    }
    if (epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, life->channel, &watch) != 0)
        daemon_fail(daemon, ERROR_IO, "an agent's channel cannot be waited for: %s",
                    strerror(errno));
    if (daemon->state == DAEMON_RUNNING)
        life_started_record(daemon, row);
    /* It was ordered to end before it was there. */
    if (life->killed || life->crashed)
        life_signal(daemon, row, SIGKILL);
}

static void spawn_failed(struct daemon *daemon, const struct range_event *event)
{
    uint32_t row = (uint32_t)event->cookie;
    const struct life *life = &daemon->lives[row];

    assert(row < daemon->rows && life->state == LIFE_ASKED);
    daemon_tell(daemon, "%s could not be started: %s", daemon->names[event->agent],
                strerror(event->status));
    if (daemon->state != DAEMON_RUNNING) {
        daemon_fail(daemon, ERROR_MACHINE, "%s could not be started: %s",
                    daemon->names[event->agent], strerror(event->status));
        return;
    }
    life_start_failed(daemon, row,
                      life->killed || life->crashed ? &life->killing : &life->starting);
    life_free(daemon, row);
}

void life_take_range(struct daemon *daemon)
{
    struct range_event event;
    int taken = 0;

    while (daemon->failed == 0 && daemon->state != DAEMON_CLOSING &&
           (taken = range_take(daemon->range, &event, daemon->error)) > 0) {
        switch ((enum range_event_kind)event.kind) {
        case RANGE_SPAWNED:
            spawned(daemon, &event);
            break;
        case RANGE_SPAWN_FAILED:
            spawn_failed(daemon, &event);
            break;
        case RANGE_EXITED: /* the witness tells of deaths */
            break;
        case RANGE_FIRST_GONE:
            daemon->end = DAEMON_LOST;
            daemon_fail(
                daemon, ERROR_MACHINE,
                "the range was lost: its first process was killed from outside, or has ended it "
                "since this daemon had not renewed its lease");
            break;
        case RANGE_REAPER_GONE:
            daemon->end = DAEMON_LOST;
            daemon_tell(daemon, "the reaper is gone: the range is closed");
            daemon_fail(daemon, ERROR_MACHINE, "the range was lost: its reaper was killed");
            break;
        }
    }
    if (taken < 0)
        daemon_fail(daemon, daemon->error->code, "%s", daemon->error->message);
}

void life_opened(struct daemon *daemon, uint32_t row)
{
    struct life *life = &daemon->lives[row];
    struct platform_event event = {.kind = PLATFORM_STARTED,
                                   .who = life->started_by,
                                   .whom = row_agent(daemon, row),
                                   .by = life->starting.by,
                                   .via = life->starting.via,
                                   .incarnation = life->incarnation};

    life_move(daemon, row, LIFE_OPEN);
    if (life->incarnation >= daemon->published[event.whom].youngest)
        daemon->published[event.whom] = (struct published){RECORD_ID_NONE, life->incarnation};
    if (daemon->state == DAEMON_OPENING) {
        daemon->opened_sessions++;
        return;
    }
    faults_tell(daemon, row);
    daemon->address[event.whom] = row;
    queue_platform(daemon, &event, &life->starting);
}

time_ns crew_deadline(const struct daemon *daemon)
{
    time_ns earliest = TIME_NEVER;

    if (daemon->state == DAEMON_OPENING)
        return daemon->start_by;
    if (daemon->state == DAEMON_READY)
        return 0;
    for (uint32_t row = 0; row < daemon->rows && daemon->starting > 0; row++) {
        const struct life *life = &daemon->lives[row];
        time_ns at = life->held                      ? TIME_NEVER
                     : life->state != LIFE_LOADING   ? life->start_by
                     : life->killed || life->crashed ? daemon->now
                                                     : life->spawn_at;

        if (is_starting(life->state) && (life->state == LIFE_LOADING || !life->killed) &&
            at < earliest)
            earliest = at;
    }
    return earliest;
}

/* The first that has not opened its session, in words. */
static void opening_failed(struct daemon *daemon)
{
    for (agent_id a = 0; a < daemon->agents; a++) {
        if (daemon->lives[a].state == LIFE_OPEN || daemon->lives[a].state == LIFE_NONE)
            continue;
        daemon_fail(daemon, ERROR_MACHINE,
                    "%s did not open its session within %d s (%s); %u of %u agents did",
                    daemon->names[a], (int)(START_NS_MAX / 1000000000),
                    states[daemon->lives[a].state].words, daemon->opened_sessions, daemon->agents);
        return;
    }
}

/* It has loaded, or was ordered to end before it had. */
static void loaded(struct daemon *daemon, uint32_t row)
{
    struct life *life = &daemon->lives[row];
    struct error error = {0};

    if (life->killed || life->crashed) {
        life_start_failed(daemon, row, &life->killing);
        life_free(daemon, row);
        return;
    }
    if (life->spawn_at > daemon->now || life_spawn(daemon, row, &error) == 0)
        return;
    daemon_tell(daemon, "%s could not be started: %s", daemon->names[row_agent(daemon, row)],
                error.message);
    life_start_failed(daemon, row, &life->starting);
    life_free(daemon, row);
}

void crew_due(struct daemon *daemon)
{
    if (daemon->state == DAEMON_OPENING) {
        if (daemon->now >= daemon->start_by)
            opening_failed(daemon);
        return;
    }
    if (daemon->state != DAEMON_RUNNING)
        return;
    for (uint32_t row = 0; row < daemon->rows && daemon->starting > 0; row++) {
        struct life *life = &daemon->lives[row];

        if (life->state == LIFE_LOADING) {
            loaded(daemon, row);
            continue;
        }
        /* Whoever stands still cannot open it. */
        if (!is_starting(life->state) || life->killed || life->held || life->start_by > daemon->now)
            continue;
        daemon_tell(daemon, "%s did not open its session in time and is killed",
                    daemon->names[row_agent(daemon, row)]);
        life->killed = true;
        life->killing = life->starting;
        life_signal(daemon, row, SIGKILL);
    }
}

/* The platform hears of a checkpoint that an earlier daemon left, as if it was saved now. */
static void tell_checkpoint(struct daemon *daemon, agent_id agent)
{
    const struct platform_event event = {.kind = PLATFORM_ACT,
                                         .act = ACT_CHECKPOINT,
                                         .who = agent,
                                         .whom = agent,
                                         .by = AGENT_NONE,
                                         .via = AGENT_NONE,
                                         .value = daemon->lives[agent].checkpoint};

    if (event.value > 0)
        queue_platform(daemon, &event, &daemon->lives[agent].starting);
}

/* An order of the ledger keeps it from running. The platform takes every agent to run at first: it
 * hears of the mark, and then that nobody is there, so that nobody brings it back. Its peers hear
 * that it departed, so that none of them misses it. */
static void begin_without(struct daemon *daemon, agent_id agent)
{
    struct platform_event event = {.who = AGENT_NONE,
                                   .whom = agent,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE,
                                   .value = DEATH_DEPARTED};
    const struct delivery delivery = {.kind = PERCEPT_DEPARTED, .peer = agent, .cause = CAUSE_NONE};
    const char *word = "";

    docket_bars(daemon, agent, &word);
    event.kind = strcmp(word, "quarantine") == 0 ? PLATFORM_FENCE : PLATFORM_TOMBSTONE;
    queue_platform(daemon, &event, &CAUSE_NONE);
    event.kind = PLATFORM_DIED;
    queue_platform(daemon, &event, &CAUSE_NONE);
    for (uint32_t i = 0; i < degree_of(daemon, agent); i++)
        if (daemon->lives[peers_of(daemon, agent)[i]].state == LIFE_OPEN)
            send_notification(daemon, peers_of(daemon, agent)[i], NOTIFY_STOP_DEPARTED,
                              json_pack("{s:s}", "agent", daemon->names[agent]), &delivery);
}

void crew_begin(struct daemon *daemon)
{
    for (agent_id a = 0; a < daemon->agents && daemon->failed == 0; a++) {
        if (daemon->lives[a].state == LIFE_NONE)
            continue;
        life_started_record(daemon, a);
        daemon->lives[a].since = daemon->now;
        tell_checkpoint(daemon, a);
    }
    for (agent_id a = 0; a < daemon->agents && daemon->failed == 0; a++)
        if (daemon->lives[a].state != LIFE_NONE)
            send_notification(daemon, a, NOTIFY_CREW_BEGIN,
                              json_pack("{s:I}", "time_ns", (json_int_t)daemon->now), NULL);
    for (agent_id a = 0; a < daemon->agents && daemon->failed == 0; a++)
        if (daemon->lives[a].state == LIFE_NONE)
            begin_without(daemon, a);
}
