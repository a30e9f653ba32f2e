#include "crew.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/daemon/daemon.h"
#include "measure.h"
#include "orders.h"

#define BEGIN_MAX (60 * SECOND_NS)

static int record_share(void *context, const struct record *record)
{
    struct live_shared *shared = context;
    uint64_t place = atomic_load_explicit(&shared->count, memory_order_relaxed);

    if (place < LIVE_RECORDS_MAX)
        shared->records[place] = (struct timed_record){now_ns(), *record};
    atomic_store_explicit(&shared->count, place + 1, memory_order_release);
    return 0;
}

__attribute__((noreturn)) static void daemon_be(struct live_crew *crew, const char *name,
                                                const struct live_orders *orders)
{
    const struct record_sink sink = {record_share, crew->shared};
    struct daemon_options options = {.scenario = crew->scenario,
                                     .name = name,
                                     .seed = crew->scenario->seed,
                                     .duration = TIME_NEVER,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .control = crew->control_path};

    if (orders != NULL) {
        options.authority = &orders->authority;
        options.ledger = orders->ledger;
        options.ledger_key = orders->key;
    }
    struct daemon_outcome outcome = {0};

    crew->shared->failed = daemon_run(&options, &outcome, &crew->shared->error);
    memcpy(crew->shared->range, outcome.range, sizeof crew->shared->range);
    atomic_store(&crew->shared->ended, 1);
    _exit(crew->shared->failed == 0 ? 0 : 1);
}

static int control_place(struct live_crew *crew, const char *name, struct error *error)
{
    size_t room = sizeof crew->control_path, used;
    int failed = control_folder(crew->control_path, room, true, error);

    if (failed != 0)
        return failed;
    used = strlen(crew->control_path);
    if ((size_t)snprintf(crew->control_path + used, room - used, "/%s-%d.sock", name,
                         (int)getpid()) >= room - used)
        return error_set(error, ERROR_INPUT, "the control socket's name is too long");
    return 0;
}

int live_crew_open(struct live_crew *crew, const char *path, const char *name, struct error *error)
{
    return live_crew_open_with(crew, path, name, NULL, error);
}

int live_crew_open_with(struct live_crew *crew, const char *path, const char *name,
                        const struct live_orders *orders, struct error *error)
{
    pid_t self = getpid();
    int failed;

    *crew = (struct live_crew){.control = -1, .daemon_pidfd = -1};
    failed = scenario_open(&crew->file, path, NULL, 0, error);
    if (failed == 0)
        failed = scenario_arm(crew->file, 0, &crew->scenario, error);
    if (failed == 0)
        failed = daemon_refuses(crew->scenario, error);
    if (failed == 0)
        failed = control_place(crew, name, error);
    if (failed != 0)
        return failed;
    crew->processes = calloc(crew->scenario->agents, sizeof *crew->processes);
    for (uint32_t agent = 0; crew->processes != NULL && agent < crew->scenario->agents; agent++)
        crew->processes[agent].pidfd = -1;
    crew->shared = mmap(NULL, sizeof *crew->shared + LIVE_RECORDS_MAX * sizeof(struct timed_record),
                        PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (crew->processes == NULL || crew->shared == MAP_FAILED)
        return error_set(error, ERROR_MEMORY, "no memory for the records");
    fflush(stdout);
    crew->began = now_ns();
    crew->daemon = fork();
    if (crew->daemon < 0)
        return error_set(error, ERROR_MACHINE, "fork: %s", strerror(errno));
    if (crew->daemon == 0) {
        /* It ends in good order when this process ends, and with it the range. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != self)
            _exit(1);
        daemon_be(crew, name, orders);
    }
    crew->daemon_pidfd = pidfd_of(crew->daemon);
    return 0;
}

uint64_t live_crew_records(const struct live_crew *crew)
{
    uint64_t count = atomic_load_explicit(&crew->shared->count, memory_order_acquire);

    return count < LIVE_RECORDS_MAX ? count : LIVE_RECORDS_MAX;
}

/* ---- the control socket ---- */

static int control_open(struct live_crew *crew)
{
    static const char asks[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events/follow\",\"params\":{}}\n"
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"agents/ps\",\"params\":{}}\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int room = 8 << 20;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", crew->control_path);
    crew->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (crew->control < 0)
        return -1;
    setsockopt(crew->control, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (connect(crew->control, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(crew->control, asks, sizeof asks - 1, MSG_NOSIGNAL) != (ssize_t)sizeof asks - 1) {
        close(crew->control);
        crew->control = -1;
        return -1;
    }
    return 0;
}

static bool process_take(struct live_crew *crew, const json_t *told)
{
    const char *name = json_string_value(json_object_get(told, "agent"));
    const char *kind = json_string_value(json_object_get(told, "kind"));
    const json_t *pid = json_object_get(told, "pid");
    uint32_t incarnation = (uint32_t)json_integer_value(json_object_get(told, "incarnation"));
    agent_id agent = name == NULL ? AGENT_NONE : scenario_agent_find(crew->scenario, name);
    struct live_process *process;

    if (agent == AGENT_NONE || !json_is_integer(pid))
        return false;
    process = &crew->processes[agent];
    if (kind != NULL && strcmp(kind, "died") == 0) {
        if (process->pid == (pid_t)json_integer_value(pid)) {
            close(process->pidfd);
            *process = (struct live_process){.pidfd = -1};
        }
        return false;
    }
    if (process->pid != 0 && process->incarnation >= incarnation)
        return false;
    if (process->pidfd >= 0)
        close(process->pidfd);
    process->pid = (pid_t)json_integer_value(pid);
    process->incarnation = incarnation;
    process->told = now_ns();
    process->pidfd = pidfd_of(process->pid);
    return true;
}

static int line_take(struct live_crew *crew, const char *line, size_t size)
{
    json_t *json = json_loadb(line, size, 0, NULL);
    const json_t *list = json_object_get(json_object_get(json, "result"), "agents");
    const json_t *params = json_object_get(json, "params");
    int told = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        told += process_take(crew, json_array_get(list, i));
    if (params != NULL)
        told += process_take(crew, params);
    json_decref(json);
    return told;
}

static int lines_take(struct live_crew *crew)
{
    size_t taken = 0;
    int told = 0;
    char *end;

    while ((end = memchr(crew->text + taken, '\n', crew->used - taken)) != NULL) {
        told += line_take(crew, crew->text + taken, (size_t)(end - crew->text) - taken);
        taken = (size_t)(end - crew->text) + 1;
    }
    crew->used -= taken;
    memmove(crew->text, crew->text + taken, crew->used);
    return told;
}

int live_crew_follow(struct live_crew *crew, int64_t timeout)
{
    struct pollfd look = {.fd = crew->control, .events = POLLIN};
    struct timespec wait = {.tv_sec = timeout / SECOND_NS, .tv_nsec = timeout % SECOND_NS};
    ssize_t bytes;

    if (atomic_load(&crew->shared->ended) != 0)
        return -1;
    if (ppoll(&look, 1, &wait, NULL) != 1)
        return 0;
    if (crew->room - crew->used < 65536) {
        char *text = realloc(crew->text, crew->room + (1 << 20));

        if (text == NULL)
            return -1;
        crew->text = text;
        crew->room += 1 << 20;
    }
    bytes = recv(crew->control, crew->text + crew->used, crew->room - crew->used, MSG_DONTWAIT);
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR))
        return -1;
    crew->used += bytes > 0 ? (size_t)bytes : 0;
    return lines_take(crew);
}

static bool all_known(const struct live_crew *crew)
{
    for (uint32_t agent = 0; agent < crew->scenario->agents; agent++)
        if (crew->processes[agent].pidfd < 0)
            return false;
    return true;
}

/* The crew has begun when its first records are there. */
int live_crew_wait(struct live_crew *crew, struct error *error)
{
    int64_t until = now_ns() + BEGIN_MAX;

    while (live_crew_records(crew) < crew->scenario->agents && now_ns() < until &&
           atomic_load(&crew->shared->ended) == 0)
        sleep_ns(2 * MS_NS);
    while (crew->control < 0 && now_ns() < until && atomic_load(&crew->shared->ended) == 0)
        if (control_open(crew) != 0)
            sleep_ns(2 * MS_NS);
    while (!all_known(crew) && now_ns() < until && live_crew_follow(crew, 100 * MS_NS) >= 0)
        ;
    if (all_known(crew))
        return 0;
    if (atomic_load(&crew->shared->ended) != 0 && crew->shared->failed != 0) {
        *error = crew->shared->error;
        return crew->shared->failed;
    }
    return error_set(error, ERROR_MACHINE, "the crew did not begin in time");
}

int live_crew_close(struct live_crew *crew, struct error *error)
{
    int failed = 0;

    if (crew->daemon > 0) {
        if (atomic_load(&crew->shared->ended) == 0)
            pidfd_kill(crew->daemon_pidfd, SIGTERM);
        while (waitpid(crew->daemon, NULL, 0) < 0 && errno == EINTR)
            ;
        failed = atomic_load(&crew->shared->ended) != 0
                     ? crew->shared->failed
                     : error_set(error, ERROR_MACHINE, "the daemon was killed");
        if (failed != 0 && crew->shared->failed != 0)
            *error = crew->shared->error;
        close(crew->daemon_pidfd);
    }
    for (uint32_t agent = 0; crew->processes != NULL && agent < crew->scenario->agents; agent++)
        if (crew->processes[agent].pidfd >= 0)
            close(crew->processes[agent].pidfd);
    if (crew->control >= 0)
        close(crew->control);
    if (crew->shared != NULL && crew->shared != MAP_FAILED)
        munmap(crew->shared, sizeof *crew->shared + LIVE_RECORDS_MAX * sizeof(struct timed_record));
    free(crew->processes);
    free(crew->text);
    scenario_close(crew->file);
    return failed;
}
