#include "live/agent/program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "live/agent/inside.h"
#include "world/clock.h"

#define EXIT_GONE 3

/* Percepts to itself that may wait: some decisions about each peer. */
#define PERCEPTS_OF_PEER 4

void program_watch(struct program *program, int descriptor, uint32_t what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = what};

    /* Fails only where there is no memory: then that link is silent, as a broken one is. */
    (void)epoll_ctl(program->epoll, EPOLL_CTL_ADD, descriptor, &event);
}

void program_unwatch(struct program *program, int descriptor)
{
    (void)epoll_ctl(program->epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

void program_deliver(struct program *program, struct percept *percept)
{
    percept->now = drift_local(program->now, program->own->drift_ppm);
    agent_step(&program->own->rules, &program->agent, percept, &program->acts);
    acts_carry_out(program);
}

void program_deliver_at(struct program *program, time_ns at, const struct percept *percept)
{
    if (!later_add_percept(&program->later, at, percept))
        program->lost++;
}

/* The signal to end is taken from a descriptor, so that it is one of the things that are waited
 * for. It stays pending from the first instruction on. */
static int signals_open(struct program *program, struct error *error)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_set(error, ERROR_IO, "sigprocmask: %s", strerror(errno));
    program->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (program->signals < 0)
        return error_set(error, ERROR_IO, "signalfd: %s", strerror(errno));
    return 0;
}

static int wait_open(struct program *program, struct error *error)
{
    int code = signals_open(program, error);

    if (code != 0)
        return code;
    program->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (program->epoll < 0)
        return error_set(error, ERROR_IO, "epoll_create1: %s", strerror(errno));
    if (fcntl(program->channel, F_SETFL, O_NONBLOCK) != 0)
        return error_set(error, ERROR_IO, "the channel is none: %s", strerror(errno));
    program_watch(program, program->channel, WATCH_CHANNEL);
    program_watch(program, program->signals, WATCH_SIGNALS);
    return 0;
}

static void agent_make(struct program *program)
{
    const struct agent_config *own = program->own;
    const unsigned char *bytes = (const unsigned char *)own;

    program->objects = (const uint8_t *)program->crew + program->crew->objects;
    program->agent = (struct agent){
        .id = own->id,
        .incarnation = own->incarnation,
        .seed = own->seed,
        .replicate = own->replicate,
        .degree = own->degree,
        .peers = (const agent_id *)(const void *)(bytes + own->peers),
        .objects = program->objects,
        .links = calloc(own->degree + AGENT_LINKS_EXTRA, sizeof *program->agent.links),
        .row = &program->row,
    };
}

int program_open(struct program *program, struct error *error)
{
    const struct agent_config *own;
    uint32_t degree;
    int code;

    *program =
        (struct program){.channel = AGENT_CHANNEL, .signals = -1, .epoll = -1, .status = EXIT_GONE};
    program->own = own = agent_config_map(AGENT_OWN, error);
    program->crew = crew_config_map(AGENT_CREW, error);
    if (own == NULL || program->crew == NULL)
        return ERROR_INPUT;
    degree = own->degree;
    agent_make(program);
    program->links = calloc(degree + 1, sizeof *program->links);
    program->concerned = calloc(degree + 1, sizeof *program->concerned);
    program->events_max = (int)degree + 2 + COVERT_HELD_MAX;
    program->events = calloc((size_t)program->events_max, sizeof *program->events);
    if (program->agent.links == NULL || program->links == NULL || program->concerned == NULL ||
        program->events == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for %u links", degree);
    memcpy(program->agent.links, (const char *)own + own->links,
           (degree + AGENT_LINKS_EXTRA) * sizeof *program->agent.links);
    for (uint32_t slot = 0; slot < degree; slot++)
        program->links[slot].descriptor = -1;
    worker_start(&program->worker, (enum work_kind)own->work, own->seed, own->id);
    program->checkpoint = own->checkpoint;
    code = later_open(&program->later, PACKETS_MAX, PERCEPTS_OF_PEER * (degree + 1) + 8, error);
    if (code == 0)
        code = wait_open(program, error);
    if (code == 0 && own->covert != 0)
        code = covert_open(program, error);
    return code;
}

void program_close(struct program *program)
{
    session_take_early(program);
    if (program->covert != NULL)
        covert_close(program);
    later_close(&program->later);
    free(program->agent.links);
    free(program->links);
    free(program->concerned);
    free(program->events);
    if (program->signals >= 0)
        close(program->signals);
    if (program->epoll >= 0)
        close(program->epoll);
}

/* The first incarnation begins with its links up, so those are made before it perceives anything;
 * later ones hear of each link that is made. */
void program_begin(struct program *program, bool restored)
{
    const struct agent_config *own = program->own;
    struct percept started = {.kind = PERCEPT_STARTED,
                              .peer = AGENT_NONE,
                              .subject = AGENT_NONE,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE,
                              .value = restored ? program->checkpoint : 0};

    program->now = clock_range(program);
    agent_start(&own->rules, &program->agent, drift_local(program->now, own->drift_ppm),
                own->incarnation == 0 || restored);
    assert(agent_check(&own->rules, &program->agent) == NULL);
    program_deliver(program, &started);
    session_take_early(program);
}

static void signals_take(struct program *program)
{
    struct signalfd_siginfo info;
    struct percept percept = {.kind = PERCEPT_STOP_ASKED,
                              .peer = program->own->id,
                              .subject = AGENT_NONE,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE};

    if (read(program->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    program->because = (struct because){.kind = BECAUSE_SIGNAL};
    program_deliver(program, &percept);
    program->because = (struct because){.kind = BECAUSE_NOTHING};
}

/* When the core wants to be woken, in range time. */
static time_ns core_deadline(const struct program *program)
{
    return drift_global(agent_deadline(&program->agent), program->own->drift_ppm);
}

static time_ns earliest(time_ns a, time_ns b)
{
    return a < b ? a : b;
}

static time_ns deadline(const struct program *program)
{
    time_ns first = earliest(core_deadline(program), later_deadline(&program->later));

    first = earliest(first, task_deadline(program));
    return program->covert == NULL ? first : earliest(first, covert_deadline(program));
}

static void take_later(struct program *program, struct later *later)
{
    if (later->is_packet)
        link_send_later(program, &later->packet);
    else if (later->percept.kind == PERCEPT_DECIDED)
        acts_decided(program, &later->percept);
    else
        program_deliver(program, &later->percept);
}

/* What is due. Of the core's timer one in a turn: what that brings about at once waits for what the
 * platform and the peers have sent meanwhile. */
static void take_due(struct program *program)
{
    struct percept timer = {.kind = PERCEPT_TIMER,
                            .peer = AGENT_NONE,
                            .subject = AGENT_NONE,
                            .by = AGENT_NONE,
                            .via = AGENT_NONE};
    struct later later;

    program->now = clock_range(program);
    while (!program->ended && later_take(&program->later, program->now, &later))
        take_later(program, &later);
    if (!program->ended && task_deadline(program) <= program->now)
        task_serve(program);
    if (!program->ended && core_deadline(program) <= program->now)
        program_deliver(program, &timer);
    if (!program->ended && program->covert != NULL && covert_deadline(program) <= program->now)
        covert_due(program);
}

/* Gives the number of events. */
static int wait_for(struct program *program)
{
    time_ns at = deadline(program), now = clock_range(program);
    time_ns left = at > now ? at - now : 0;
    struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    int count = epoll_pwait2(program->epoll, program->events, program->events_max,
                             at == TIME_NEVER ? NULL : &timeout, NULL);

    /* A kernel older than 5.11 counts in milliseconds. */
    if (count < 0 && errno == ENOSYS)
        count = epoll_wait(program->epoll, program->events, program->events_max,
                           at == TIME_NEVER             ? -1
                           : left / 1000000 < INT32_MAX ? (int)((left + 999999) / 1000000)
                                                        : INT32_MAX);
    if (count < 0 && errno != EINTR)
        program->ended = true;
    return count < 0 ? 0 : count;
}

static bool has(const struct program *program, int count, uint32_t what)
{
    for (int i = 0; i < count; i++)
        if (program->events[i].data.u32 == what)
            return true;
    return false;
}

void program_loop(struct program *program)
{
    while (!program->ended) {
        int count = wait_for(program);

        program->now = clock_range(program);
        if (has(program, count, WATCH_CHANNEL))
            platform_empty(program);
        if (!program->ended && has(program, count, WATCH_SIGNALS))
            signals_take(program);
        for (int i = 0; i < count && !program->ended; i++) {
            uint32_t what = program->events[i].data.u32;

            if (what < program->agent.degree)
                link_ready(program, what);
            else if (what >= WATCH_HELD)
                covert_ready(program, what - WATCH_HELD);
        }
        if (!program->ended)
            take_due(program);
    }
}

int role_agent(void)
{
    static struct program program;
    struct error error = {0};
    bool restored = false;
    int code;

    code = program_open(&program, &error);
    if (code == 0) {
        code = session_open(&program, &restored, &error);
    }
    if (code == 0) {
        program_begin(&program, restored);
        program_loop(&program);
    } else {
        fprintf(stderr, "iolaus agent: %s\n", error.message);
    }
    program_close(&program);
    return program.status;
}
