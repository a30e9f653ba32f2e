/* The life of the range: opening, ready, running, closing. */
#include "live/daemon/daemon.h"

#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "live/daemon/inside.h"
#include "live/range/program.h"

#define TICK_NS INT64_C(1000000000)
/* From the spawning of the crew to range time 0: what that takes on a machine at leisure. Where it
 * takes longer the crew begins late, and says when. */
#define BEGIN_NS INT64_C(100000000)
#define BEGIN_NS_PER_AGENT INT64_C(200000)

static const unsigned states[DAEMON_STATE_COUNT] = {
#define X(state, next) [DAEMON_##state] = next,
    DAEMON_STATES(X)
#undef X
};

static void state_move(struct daemon *daemon, uint8_t state)
{
    assert((states[daemon->state] >> state & 1) != 0);
    assert(state != DAEMON_READY || daemon->opened_sessions == daemon->agents - daemon->barred);
    assert(state != DAEMON_RUNNING || daemon->now >= 0);
    daemon->state = state;
}

time_ns daemon_monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (time_ns)now.tv_sec * 1000000000 + now.tv_nsec;
}

time_ns daemon_range_time(const struct daemon *daemon)
{
    return daemon_monotonic() - daemon->opened - daemon->stood;
}

void daemon_clock(struct daemon *daemon)
{
    time_ns now = daemon->frozen > 0 ? daemon->now : daemon_range_time(daemon);

    if (now > daemon->now)
        daemon->now = now;
}

void daemon_end(struct daemon *daemon, uint8_t end)
{
    if (daemon->state != DAEMON_CLOSING) {
        daemon->end = end;
        daemon->ended = daemon->now > 0 ? daemon->now : 0;
        state_move(daemon, DAEMON_CLOSING);
    }
    uv_stop(&daemon->loop);
}

/* The first failure is the one that is told; it ends the run. */
int daemon_fail(struct daemon *daemon, int code, const char *format, ...)
{
    char words[sizeof daemon->error->message];
    va_list list;

    if (daemon->failed != 0)
        return daemon->failed;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    daemon->failed = error_set(daemon->error, code, "%s", words);
    if (daemon->loop_open)
        daemon_end(daemon, daemon->end);
    return daemon->failed;
}

void daemon_tell(struct daemon *daemon, const char *format, ...)
{
    char words[512];
    va_list list;

    if (daemon->options->failure == NULL)
        return;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    daemon->options->failure(daemon->options->context, words);
}

/* ---- what follows from what ---- */

static struct queued *queue_add(struct daemon *daemon)
{
    if (daemon->queue_first + daemon->queue_count == daemon->queue_max) {
        if (daemon->queue_first > daemon->queue_max / 2) {
            memmove(daemon->queue, daemon->queue + daemon->queue_first,
                    daemon->queue_count * sizeof *daemon->queue);
        } else {
            uint32_t room = daemon->queue_max == 0 ? 256 : 2 * daemon->queue_max;
            struct queued *queue = calloc(room, sizeof *queue);

            if (queue == NULL) {
                daemon_fail(daemon, ERROR_MEMORY, "out of memory for events");
                return NULL;
            }
            if (daemon->queue_count > 0)
                memcpy(queue, daemon->queue + daemon->queue_first,
                       daemon->queue_count * sizeof *queue);
            free(daemon->queue);
            daemon->queue = queue;
            daemon->queue_max = room;
        }
        daemon->queue_first = 0;
    }
    return &daemon->queue[daemon->queue_first + daemon->queue_count++];
}

void queue_platform(struct daemon *daemon, const struct platform_event *event,
                    const struct cause *cause)
{
    struct queued *queued = queue_add(daemon);

    if (queued != NULL)
        *queued = (struct queued){.cause = *cause, .platform = *event};
}

void queue_campaign(struct daemon *daemon, const struct campaign_event *event,
                    const struct cause *cause)
{
    struct queued *queued = queue_add(daemon);

    if (queued != NULL)
        *queued = (struct queued){
            .campaign = true, .only = OPERATION_COUNT, .cause = *cause, .event = *event};
}

void operation_hears(struct daemon *daemon, struct operation *operation,
                     const struct campaign_event *event)
{
    struct queued *queued = queue_add(daemon);

    if (queued != NULL)
        *queued = (struct queued){.campaign = true,
                                  .only = (uint32_t)(operation - daemon->operations),
                                  .cause = CAUSE_NONE,
                                  .event = *event};
}

void daemon_work(struct daemon *daemon)
{
    if (daemon->working)
        return;
    daemon->working = true;
    while (daemon->queue_count > 0 && daemon->state == DAEMON_RUNNING && daemon->failed == 0) {
        struct queued queued = daemon->queue[daemon->queue_first++];

        daemon->queue_count--;
        if (queued.campaign)
            campaign_work(daemon, &queued.event, queued.only);
        else
            platform_work(daemon, &queued.platform, &queued.cause);
    }
    if (daemon->queue_count == 0)
        daemon->queue_first = 0;
    links_hand_out(daemon);
    daemon->working = false;
}

/* ---- what is due ---- */

static time_ns earliest(time_ns a, time_ns b)
{
    return a < b ? a : b;
}

static time_ns next_due(const struct daemon *daemon)
{
    time_ns due = witness_deadline(daemon->witness);

    if (daemon->frozen > 0)
        return due; /* all else waits for range time */
    due = earliest(due, earliest(crew_deadline(daemon), daemon->told_at));
    if (daemon->state != DAEMON_RUNNING)
        return due;
    due = earliest(due, daemon->options->duration);
    due = earliest(due, platform_deadline(daemon->platform));
    due = earliest(due, desk_wakes(daemon));
    due = earliest(due, docket_deadline(daemon));
    return earliest(due, faults_deadline(daemon));
}

static void tell_progress(struct daemon *daemon)
{
    struct daemon_progress progress = {.up = daemon->state == DAEMON_RUNNING,
                                       .now = daemon->now > 0 ? daemon->now : 0,
                                       .duration = daemon->options->duration,
                                       .agents = daemon->agents,
                                       .alive = daemon->alive,
                                       .stops = daemon->stops,
                                       .starts = daemon->starts_all,
                                       .deaths = daemon->deaths,
                                       .records = daemon->records};
    int failed;

    if (daemon->options->tick == NULL)
        return;
    for (agent_id a = 0; a < daemon->agents; a++)
        progress.shown_failed += platform_shows(daemon->platform, a) == HEALTH_FAILED;
    failed = daemon->options->tick(daemon->options->context, &progress);
    if (failed < 0)
        daemon_fail(daemon, failed, "what follows the run ended it");
}

static void begin(struct daemon *daemon)
{
    state_move(daemon, DAEMON_RUNNING);
    daemon->cpu = cpu_read(daemon);
    crew_begin(daemon);
    daemon->told_at = daemon->now; /* that it is up is told at once */
}

/* All have opened their sessions: they get their links, and then it is time. */
static void become_ready(struct daemon *daemon)
{
    struct error error = {0};

    state_move(daemon, DAEMON_READY);
    if (links_make_all(daemon, &error) != 0)
        daemon_fail(daemon, error.code, "%s", error.message);
}

static void timer_due(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    daemon_clock(daemon);
    /* Deaths first: whoever is dead is not stopped, asked or sent anything. */
    truth_take(daemon);
    if (daemon->frozen > 0) {
        daemon_work(daemon);
        return;
    }
    if (daemon->state == DAEMON_READY && daemon->now >= 0)
        begin(daemon);
    crew_due(daemon);
    if (daemon->state == DAEMON_RUNNING) {
        daemon_work(daemon);
        faults_due(daemon);
        daemon_work(daemon);
        platform_due(daemon);
        desk_due(daemon);
        daemon_work(daemon);
    }
    if (daemon->now >= daemon->told_at && daemon->failed == 0) {
        daemon->told_at = daemon->now + TICK_NS;
        tell_progress(daemon);
    }
    if (daemon->state == DAEMON_RUNNING && daemon->now >= daemon->options->duration)
        daemon_end(daemon, DAEMON_TIME);
}

/* Before the loop waits: whatever this turn has left to do, and when the next thing is due. */
static void before_waiting(uv_prepare_t *prepare)
{
    struct daemon *daemon = prepare->data;
    time_ns due, now;

    if (daemon->state == DAEMON_CLOSING)
        return;
    daemon_work(daemon);
    if (daemon->state == DAEMON_RUNNING) {
        stops_due(daemon);
        docket_due(daemon);
    }
    if (daemon->state == DAEMON_OPENING &&
        daemon->opened_sessions == daemon->agents - daemon->barred)
        become_ready(daemon);
    if (daemon->state == DAEMON_CLOSING)
        return;
    control_arm(daemon);
    due = next_due(daemon);
    now = daemon_range_time(daemon);
    if (due == TIME_NEVER) {
        uv_timer_stop(&daemon->timer);
        return;
    }
    uv_update_time(&daemon->loop);
    uv_timer_start(&daemon->timer, timer_due,
                   due > now ? (uint64_t)((due - now + 999999) / 1000000) : 0, 0);
}

static void range_ready(uv_poll_t *poll, int status, int events)
{
    struct daemon *daemon = poll->data;

    (void)status;
    (void)events;
    daemon_clock(daemon);
    life_take_range(daemon);
    daemon_work(daemon);
}

static void interrupted(uv_signal_t *signal, int number)
{
    (void)number;
    daemon_end(signal->data, DAEMON_STOPPED);
}

/* ---- opening and closing ---- */

static void name_make(const struct daemon_options *options, char name[41])
{
    const char *from = options->name != NULL ? options->name : options->scenario->name;
    size_t used = 0;

    for (; *from != '\0' && used < 40; from++)
        if (isalnum((unsigned char)*from))
            name[used++] = (char)tolower((unsigned char)*from);
        else if (used > 0 && name[used - 1] != '-')
            name[used++] = '-';
    if (used == 0)
        name[used++] = 'r';
    name[used] = '\0';
}

static void files_raise(struct daemon *daemon)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    daemon->files_before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void files_restore(const struct daemon *daemon)
{
    struct rlimit limit;

    if (daemon->files_before == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = daemon->files_before;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int ground_open(struct daemon *daemon, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;
    struct range_options options = {.agents = daemon->agents,
                                    .nodes = scenario->nodes,
                                    .node_of = scenario->node_of,
                                    .socket = daemon->options->control,
                                    .without_cgroups = daemon->options->without_cgroups,
                                    .without_uids = daemon->options->without_uids};
    struct witness_options seeing = {
        .source = daemon->options->witness,
        .agents = daemon->agents,
        .processes_max = daemon->rows,
    };
    char name[41];
    int failed = program_open(&daemon->program, error);

    if (failed != 0)
        return failed;
    name_make(daemon->options, name);
    options.name = name;
    options.program = daemon->program;
    for (agent_id a = 0; a < daemon->agents; a++)
        if (degree_of(daemon, a) > options.descriptors)
            options.descriptors = degree_of(daemon, a);
    failed = range_open(&daemon->range, &options, error);
    if (failed == 0)
        failed = witness_open(&daemon->witness, daemon->range, &seeing, error);
    return failed;
}

static int world_open(struct daemon *daemon, struct error *error)
{
    int failed = links_open(daemon, error);

    if (failed == 0)
        failed = faults_plan(daemon, error);
    if (failed == 0)
        failed = checkpoints_open(daemon, error);
    if (failed == 0)
        failed = platform_begin(daemon, error);
    if (failed == 0)
        failed = desk_begin(daemon, error);
    if (failed == 0)
        failed = campaign_open(daemon, error);
    if (failed == 0)
        failed = configure_crew(daemon, &daemon->crew, error);
    return failed;
}

static int poll_open(struct daemon *daemon, uv_poll_t *poll, int descriptor, uv_poll_cb callback,
                     struct error *error)
{
    int failed = uv_poll_init(&daemon->loop, poll, descriptor);

    poll->data = daemon;
    if (failed == 0)
        failed = uv_poll_start(poll, UV_READABLE, callback);
    return failed == 0
               ? 0
               : error_set(error, ERROR_IO, "the daemon cannot wait: %s", uv_strerror(failed));
}

static int loop_open(struct daemon *daemon, uv_prepare_t *prepare, struct error *error)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    int failed = uv_loop_init(&daemon->loop);

    if (failed != 0)
        return error_set(error, ERROR_IO, "no loop: %s", uv_strerror(failed));
    daemon->loop_open = true;
    daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (daemon->epoll < 0)
        return error_set(error, ERROR_IO, "the daemon cannot wait for its agents");
    failed =
        poll_open(daemon, &daemon->range_poll, range_descriptor(daemon->range), range_ready, error);
    if (failed == 0)
        failed = poll_open(daemon, &daemon->witness_poll, witness_descriptor(daemon->witness),
                           truth_ready, error);
    if (failed == 0)
        failed = poll_open(daemon, &daemon->crew_poll, daemon->epoll, channel_ready, error);
    if (failed == 0)
        failed =
            poll_open(daemon, &daemon->control_poll, daemon->control_timer, control_ready, error);
    if (failed != 0)
        return failed;
    uv_timer_init(&daemon->loop, &daemon->timer);
    daemon->timer.data = daemon;
    uv_prepare_init(&daemon->loop, prepare);
    prepare->data = daemon;
    uv_prepare_start(prepare, before_waiting);
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&daemon->loop, &daemon->interrupts[i]);
        daemon->interrupts[i].data = daemon;
        uv_signal_start(&daemon->interrupts[i], interrupted, numbers[i]);
    }
    return 0;
}

static int crew_spawn(struct daemon *daemon, struct error *error)
{
    time_ns left = BEGIN_NS + BEGIN_NS_PER_AGENT * daemon->agents;

    daemon->opened = daemon_monotonic() + left;
    daemon->opened_boot = daemon_boot_time() + left;
    daemon->now = -left;
    daemon->renewed = daemon_boot_time();
    lease_due(daemon);
    daemon->told_at = daemon->now + TICK_NS;
    daemon->start_by = daemon->now + START_NS_MAX;
    for (agent_id a = 0; a < daemon->agents; a++) {
        int failed;

        if (docket_bars(daemon, a, NULL) != 0)
            continue;
        failed = life_start(daemon, a, 0, checkpoint_find(daemon, a)->number, START_FIRST,
                            AGENT_NONE, &CAUSE_NONE, error);

        if (failed != 0)
            return error_context(error, "%s", daemon->names[a]);
    }
    return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* The agents' ends last: nothing of the range may be missed while it is still watched. */
static void daemon_close(struct daemon *daemon)
{
    docket_end(daemon);
    control_socket_close(daemon);
    if (daemon->loop_open) {
        uv_walk(&daemon->loop, close_handle, NULL);
        while (uv_run(&daemon->loop, UV_RUN_DEFAULT) != 0)
            continue;
        uv_loop_close(&daemon->loop);
    }
    witness_close(daemon->witness);
    daemon->witness = NULL;
    range_close(daemon->range);
    for (uint32_t row = 0; daemon->lives != NULL && row < daemon->rows; row++)
        life_free(daemon, row);
    links_close(daemon);
    checkpoints_close(daemon);
    docket_close(daemon);
    stop_queue_close(daemon);
    if (daemon->epoll >= 0)
        close(daemon->epoll);
    if (daemon->crew >= 0)
        close(daemon->crew);
    if (daemon->shared != NULL)
        munmap(daemon->shared, daemon->shared->size);
    if (daemon->control_timer >= 0)
        close(daemon->control_timer);
    find_close(daemon);
    if (daemon->program >= 0)
        close(daemon->program);
    memory_close(daemon);
    files_restore(daemon);
}

static int daemon_open(struct daemon *daemon, uv_prepare_t *prepare)
{
    struct error *error = daemon->error;
    int failed = daemon_refuses(daemon->scenario, error);

    if (failed == 0 && sodium_init() < 0)
        failed = error_set(error, ERROR_MACHINE, "libsodium does not start");
    if (failed != 0)
        return failed;
    files_raise(daemon);
    record_open(daemon);
    failed = memory_open(daemon, error);
    if (failed == 0)
        failed = find_open(daemon, error);
    if (failed == 0)
        failed = stop_queue_open(daemon, error);
    if (failed == 0)
        failed = docket_open(daemon, error);
    if (failed == 0)
        failed = ground_open(daemon, error);
    if (failed == 0)
        failed = world_open(daemon, error);
    if (failed == 0)
        failed = docket_begin(daemon, error);
    if (failed == 0)
        failed = loop_open(daemon, prepare, error);
    if (failed == 0)
        failed = control_socket_open(daemon, error);
    if (failed == 0)
        failed = crew_spawn(daemon, error);
    return failed;
}

/* What must hold at the end of a run, whatever happened in it. */
static void daemon_check(const struct daemon *daemon)
{
    assert(platform_check(daemon->platform) == NULL);
    for (uint32_t i = 0; i < OPERATION_COUNT; i++)
        assert(daemon->operations[i].campaign == NULL ||
               campaign_check(daemon->operations[i].campaign) == NULL);
}

int daemon_run(const struct daemon_options *options, struct daemon_outcome *outcome,
               struct error *error)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    uv_prepare_t prepare;
    struct error local = {0};
    void (*broken)(int) = signal(SIGPIPE, SIG_IGN);
    int failed;

    if (error == NULL)
        error = &local;
    if (daemon == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory");
    *error = (struct error){0};
    daemon->options = options;
    daemon->scenario = options->scenario;
    daemon->error = error;
    daemon->epoll = daemon->program = daemon->crew = daemon->control_timer = -1;
    daemon->end = DAEMON_LOST;
    daemon->cpu = CPU_UNKNOWN;
    failed = daemon_open(daemon, &prepare);
    if (failed == 0 && daemon->failed == 0)
        uv_run(&daemon->loop, UV_RUN_DEFAULT);
    if (failed == 0)
        failed = daemon->failed;
    if (failed == 0) {
        daemon_check(daemon);
        tell_progress(daemon);
        failed = daemon->failed;
    }
    if (outcome != NULL) {
        *outcome = (struct daemon_outcome){.end = failed == 0 ? daemon->end : DAEMON_LOST,
                                           .ended = daemon->ended,
                                           .cpu = cpu_since(daemon)};
        if (daemon->range != NULL)
            snprintf(outcome->range, sizeof outcome->range, "%s", range_words(daemon->range));
    }
    daemon_close(daemon);
    free(daemon);
    signal(SIGPIPE, broken);
    return failed;
}
