/* Opening a range and closing it, in whatever state. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/range/filter.h"
#include "live/range/held.h"
#include "live/range/layers.h"
#include "live/range/process.h"
#include "live/range/reaper.h"

#define ANSWER_MS                                                                                  \
    20000 /* of the first process and the reaper to their setup, on a busy machine                 \
           */

static int system_error(struct error *error, const char *what)
{
    int number = errno;

    return error_set(error, number == EMFILE || number == ENFILE ? ERROR_LIMIT : ERROR_MACHINE,
                     "%s: %s", what, strerror(number));
}

static int options_check(const struct range_options *options, struct error *error)
{
    size_t length = strspn(options->name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (length == 0 || length > 40 || options->name[length] != '\0')
        return error_set(error, ERROR_INPUT,
                         "\"%.60s\" cannot name a range: 1 to 40 of a-z, 0-9 and -", options->name);
    if (options->socket != NULL && options->socket[0] != '/')
        return error_set(error, ERROR_INPUT, "the control socket's path must be absolute");
    for (agent_id agent = 0; agent < options->agents; agent++)
        if (options->node_of[agent] >= options->nodes)
            return error_set(error, ERROR_INPUT, "agent %u is on node %u of %u", agent,
                             options->node_of[agent], options->nodes);
    return 0;
}

static void limits_choose(struct range *range)
{
    const struct range_limits *asked = &range->options.limits;
    uint32_t processes = asked->processes != 0 ? asked->processes : 64;
    bool one = range->identity.kind == IDENTITY_ONE || range->identity.count == 1;

    range->limits = (struct first_limits){
        .memory_bytes = asked->memory_bytes != 0 ? asked->memory_bytes : UINT64_C(1) << 30,
        /* With one uid for all, what one agent may have all may have together. */
        .processes = one ? (uint64_t)processes * (range->options.agents + 1) : processes,
        .files = (asked->files != 0 ? asked->files : 64) + range->options.descriptors,
        .file_bytes = asked->file_bytes != 0 ? asked->file_bytes : UINT64_C(64) << 20};
}

/* A sanitizer's shadow takes terabytes of address space. */
static uint64_t memory_bytes(const struct range *range)
{
#if defined(__SANITIZE_ADDRESS__)
    (void)range;
    return 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    (void)range;
    return 0;
#else
    return range->limits.memory_bytes;
#endif
#else
    return range->limits.memory_bytes;
#endif
}

static int cgroups_open(struct range *range, struct error *error)
{
    struct cgroup_plan plan = {
        .name = range->options.name,
        .socket = range->options.socket,
        .agents = range->options.agents,
        .nodes = range->options.nodes,
        .node_of = range->options.node_of,
        .owner = range->identity.uid,
        .give = geteuid() == 0,
        .memory_bytes = range->limits.memory_bytes,
        .processes = range->options.limits.processes != 0 ? range->options.limits.processes : 64};

    cgroups_find(&range->cgroups);
    cgroups_clear(&range->cgroups);
    if (range->options.without_cgroups) {
        snprintf(range->cgroups.words, sizeof range->cgroups.words, "not wanted");
        return 0;
    }
    return range->cgroups.found ? cgroups_make(&range->cgroups, &plan, error) : 0;
}

/* ---- the reaper ---- */

/* In the child. The daemon's memory is left with the exec. */
__attribute__((noreturn)) static void reaper_child(const struct range *range, int socket, int self)
{
    char name[] = "iolaus";
    char role[] = "reaper";
    char *argv[] = {name, role, NULL};
    int program = fcntl(range->options.program, F_DUPFD_CLOEXEC, 10);
    int moved = fcntl(socket, F_DUPFD_CLOEXEC, 10);
    int daemon = fcntl(self, F_DUPFD_CLOEXEC, 10);

    if (program < 0 || moved < 0 || daemon < 0 || dup2(moved, REAPER_SOCKET) < 0 ||
        dup2(daemon, REAPER_DAEMON) < 0 || process_null() != 0 ||
        close_range(REAPER_DAEMON + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        _exit(126);
    process_signals_reset();
    process_execute(program, argv, layers_environment());
    _exit(127);
}

/* Waits for an answer, or the sender's end. */
static ssize_t answer_await(int socket, int pidfd, struct packet *packet)
{
    struct pollfd look[2] = {{.fd = socket, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};

    while (poll(look, 2, ANSWER_MS) < 0)
        if (errno != EINTR)
            return -errno;
    if ((look[0].revents & POLLIN) != 0)
        return packet_receive(socket, packet, MSG_DONTWAIT);
    return look[1].revents != 0 ? 0 : -ETIMEDOUT;
}

static int reaper_setup(struct range *range, struct error *error)
{
    struct reaper_message message = {.kind = REAPER_SETUP, .cgroups = range->cgroups.made};
    struct packet packet = {.head = &message, .head_bytes = sizeof message};
    const char *socket = range->options.socket != NULL ? range->options.socket : "";
    ssize_t bytes;

    snprintf(message.name, sizeof message.name, "%s", range->cgroups.name);
    if (strlen(socket) >= sizeof message.socket)
        return error_set(error, ERROR_INPUT, "the control socket's path is too long");
    snprintf(message.socket, sizeof message.socket, "%s", socket);
    if (range->cgroups.made) {
        packet.descriptors[0] = range->cgroups.parent;
        packet.descriptors[1] = range->cgroups.range;
        packet.count = 2;
    }
    bytes = packet_send(range->reaper_socket, &packet, 0);
    if (bytes == 0)
        bytes = answer_await(range->reaper_socket, range->reaper, &packet);
    if (bytes != (ssize_t)sizeof message)
        return error_set(error, ERROR_MACHINE,
                         "the reaper did not begin: the program iolaus-range cannot be run: %s",
                         bytes < 0 ? strerror((int)-bytes) : "it ended");
    return 0;
}

static int reaper_start(struct range *range, struct error *error)
{
    struct clone_args arguments = {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD};
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int ends[2] = {-1, -1};
    int status = 0;

    arguments.pidfd = (uint64_t)(uintptr_t)&range->reaper;
    if (self < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        status = system_error(error, "the reaper");
        goto out;
    }
    range->reaper_socket = ends[0];
    range->reaper_pid = process_clone(&arguments);
    if (range->reaper_pid == 0)
        reaper_child(range, ends[1], self);
    if (range->reaper_pid < 0) {
        errno = -range->reaper_pid;
        range->reaper = -1;
        status = system_error(error, "starting the reaper");
    }
    layer_point("reaper");
out:
    if (self >= 0)
        close(self);
    if (ends[1] >= 0)
        close(ends[1]);
    return status != 0 ? status : reaper_setup(range, error);
}

/* ---- the first process ---- */

/* In the child, before it is what executes the lean program: waits for its ids, becomes uid 0 of
 * its own namespace (without that the exec would cost it its capabilities), and is bound to the
 * daemon before and after. */
__attribute__((noreturn)) static void first_child(const struct range *range, int socket, int pipe)
{
    struct first_answer answer = {.kind = FIRST_FAILED};
    struct packet packet = {.head = &answer, .head_bytes = sizeof answer};
    char name[] = "iolaus";
    char role[] = "first";
    char *argv[] = {name, role, NULL};
    int program;
    int moved;
    char go;

    close(range->pipe);
    close(range->socket);
    layer_point("unbound");
    process_bind(pipe);
    layer_point("bound");
    if (recv(socket, &go, 1, 0) != 1)
        _exit(1);
    if ((range->identity.groups && setgroups(0, NULL) != 0) || setresgid(0, 0, 0) != 0 ||
        setresuid(0, 0, 0) != 0)
        goto failed;
    layer_point("cleared");
    process_bind(pipe);
    program = fcntl(range->options.program, F_DUPFD_CLOEXEC, 10);
    moved = fcntl(pipe, F_DUPFD_CLOEXEC, 10);
    socket = fcntl(socket, F_DUPFD_CLOEXEC, 10);
    if (program < 0 || moved < 0 || socket < 0 || dup2(socket, FIRST_SOCKET) < 0 ||
        dup2(moved, FIRST_PIPE) < 0 || process_null() != 0 ||
        close_range(FIRST_PIPE + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        goto failed;
    setsid();
    process_signals_reset();
    errno = -process_execute(program, argv, layers_environment());
failed:
    answer.status = errno;
    packet_send(socket, &packet, 0);
    _exit(127);
}

static int first_clone(struct range *range, struct error *error)
{
    struct clone_args arguments = {.flags = CLONE_PIDFD | CLONE_NEWUSER | CLONE_NEWPID |
                                            CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                                            CLONE_NEWUTS,
                                   .exit_signal = SIGCHLD};
    int ends[2] = {-1, -1};
    int pipes[2] = {-1, -1};
    int status = 0;
    int on = 1;

    arguments.pidfd = (uint64_t)(uintptr_t)&range->first;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 ||
        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
        pipe2(pipes, O_CLOEXEC) != 0) {
        status = system_error(error, "the first process");
        goto out;
    }
    range->socket = ends[0];
    range->pipe = pipes[1];
    range->first_pid = process_clone(&arguments);
    if (range->first_pid == 0)
        first_child(range, ends[1], pipes[0]);
    if (range->first_pid < 0) {
        errno = -range->first_pid;
        range->first = -1;
        status = error_set(error, ERROR_MACHINE,
                           "the range's namespaces were refused: %s (iolaus doctor says what to "
                           "change)",
                           strerror(errno));
    }
out:
    if (ends[1] >= 0)
        close(ends[1]);
    if (pipes[0] >= 0)
        close(pipes[0]);
    if (ends[0] >= 0 && range->socket < 0)
        close(ends[0]);
    return status;
}

static int first_setup(struct range *range, struct error *error)
{
    struct first_setup setup = {.version = FIRST_VERSION,
                                .size = sizeof setup,
                                .uids = range->identity.count > 1,
                                .groups = range->identity.groups,
                                .limits = range->limits};
    struct packet packet = {.head = &setup, .head_bytes = sizeof setup, .count = 3};
    int status;

    setup.limits.memory_bytes = memory_bytes(range);
    packet.descriptors[0] = range->options.program;
    packet.descriptors[1] = packet.descriptors[2] = -1;
    status = filter_build(FILTER_ALL, !setup.uids, &packet.descriptors[1], error);
    if (status == 0)
        status = filter_build(FILTER_AGENT, !setup.uids, &packet.descriptors[2], error);
    if (status == 0) {
        errno = -packet_send(range->socket, &packet, 0);
        if (errno != 0)
            status = system_error(error, "telling the first process what to set up");
    }
    for (int filter = 1; filter <= 2; filter++)
        if (packet.descriptors[filter] >= 0)
            close(packet.descriptors[filter]);
    return status;
}

static int first_await(struct range *range, struct error *error)
{
    struct first_answer answer = {0};
    char step[128] = "";
    struct packet packet = {
        .head = &answer, .head_bytes = sizeof answer, .body = step, .body_bytes = sizeof step - 1};
    ssize_t bytes = answer_await(range->socket, range->first, &packet);

    if (bytes >= (ssize_t)sizeof answer && answer.kind == FIRST_READY) {
        range->proc = answer.status != 0;
        return 0;
    }
    if (bytes >= (ssize_t)sizeof answer && answer.kind == FIRST_FAILED)
        return error_set(error, ERROR_MACHINE, "the first process could not begin: %s: %s",
                         step[0] != '\0' ? step : "running iolaus-range", strerror(answer.status));
    return error_set(error, ERROR_MACHINE, "the first process could not begin: %s",
                     bytes == -ETIMEDOUT ? "it does not answer" : "it ended");
}

static int first_start(struct range *range, struct error *error)
{
    struct reaper_message message = {.kind = REAPER_FIRST};
    struct packet packet = {.head = &message, .head_bytes = sizeof message, .count = 1};
    int status = first_clone(range, error);

    if (status != 0)
        return status;
    layer_point("cloned");
    /* It waits, and is moved: Linux (6.18) kills what is cloned into another cgroup out of one that
     * was once killed, as the daemon's own may have been. */
    errno = range->cgroups.made ? -cgroup_move(range->cgroups.first, range->first_pid) : 0;
    if (errno != 0)
        return system_error(error, "moving the first process into its cgroup");
    packet.descriptors[0] = range->first;
    errno = -packet_send(range->reaper_socket, &packet, 0);
    if (errno != 0)
        return system_error(error, "telling the reaper of the first process");
    layer_point("told");
    status = identity_map(&range->identity, range->first_pid, error);
    if (status != 0)
        return status;
    layer_point("mapped");
    /* It waits for this byte, so that nothing runs without its ids. */
    if (send(range->socket, "", 1, MSG_NOSIGNAL) != 1)
        return system_error(error, "the first process");
    status = first_setup(range, error);
    layer_point("asked");
    return status != 0 ? status : first_await(range, error);
}

/* ---- the whole ---- */

static void words_make(struct range *range)
{
    static const char *const kinds[] = {[IDENTITY_BLOCK] = "a uid of its own for each agent",
                                        [IDENTITY_SUBORDINATE] = "a subordinate uid for each agent",
                                        [IDENTITY_ONE] = "one uid for all agents"};
    const char *uids =
        range->identity.count > 1 ? kinds[range->identity.kind] : kinds[IDENTITY_ONE];

    if (range->cgroups.made)
        snprintf(range->words, sizeof range->words,
                 "user, PID, mount, network and IPC namespaces, cgroups below %.100s%s%s, %s",
                 range->cgroups.place, range->cgroups.memory ? " with limits of memory" : "",
                 range->cgroups.pids ? " and processes" : "", uids);
    else
        snprintf(range->words, sizeof range->words,
                 "user, PID, mount, network and IPC namespaces, no cgroups (%.120s), %s",
                 range->cgroups.words, uids);
}

static int watch_open(struct range *range, struct error *error)
{
    int watched[] = {range->socket, range->first, range->reaper};

    range->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (range->epoll < 0)
        return system_error(error, "watching the range");
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = watched[i]};

        if (watched[i] == range->reaper && !layer_on(LAYER_WATCH))
            continue;
        if (epoll_ctl(range->epoll, EPOLL_CTL_ADD, watched[i], &event) != 0)
            return system_error(error, "watching the range");
    }
    return 0;
}

int range_open(struct range **result, const struct range_options *options, struct error *error)
{
    int status = options_check(options, error);
    struct range *range;

    *result = NULL;
    if (status != 0)
        return status;
    range = calloc(1, sizeof *range);
    if (range == NULL)
        return error_set(error, ERROR_MEMORY, "the range: out of memory");
    range->killed = calloc(options->agents + 1, sizeof *range->killed);
    if (range->killed == NULL) {
        free(range);
        return error_set(error, ERROR_MEMORY, "the range: out of memory");
    }
    range->options = *options;
    range->epoll = range->socket = range->pipe = -1;
    range->first = range->reaper = range->reaper_socket = -1;
    range->cgroups = (struct cgroups){.parent = -1, .range = -1, .first = -1};
    status = identity_choose(&range->identity, options->agents, options->without_uids, error);
    if (status != 0)
        goto out;
    limits_choose(range);
    status = cgroups_open(range, error);
    layer_point("grouped");
    if (status == 0)
        status = reaper_start(range, error);
    layer_point("guarded");
    if (status == 0)
        status = first_start(range, error);
    if (status == 0)
        status = watch_open(range, error);
    if (status == 0)
        words_make(range);
out:
    if (status != 0) {
        range_close(range);
        range = NULL;
    }
    *result = range;
    return status;
}

static void reaper_end(struct range *range)
{
    struct reaper_message message = {.kind = REAPER_GO};
    struct packet packet = {.head = &message, .head_bytes = sizeof message};
    struct pollfd look = {.fd = range->reaper, .events = POLLIN};

    packet_send(range->reaper_socket, &packet, MSG_DONTWAIT);
    if (poll(&look, 1, 5000) != 1)
        process_kill(range->reaper); /* stopped by somebody: all is cleared, it is not needed */
    process_wait(range->reaper);
}

void range_close(struct range *range)
{
    int owned[] = {-1, -1, -1, -1, -1, -1};
    int count = 0;

    if (range == NULL)
        return;
    if (range->first >= 0)
        process_kill(range->first);
    cgroups_close(&range->cgroups);
    if (range->first >= 0)
        process_wait(range->first);
    if (range->reaper >= 0)
        reaper_end(range);
    for (uint32_t event = range->event_next; event < range->event_count; event++)
        if (range->events[event].pidfd >= 0)
            close(range->events[event].pidfd);
    owned[count++] = range->epoll;
    owned[count++] = range->socket;
    owned[count++] = range->pipe;
    owned[count++] = range->first;
    owned[count++] = range->reaper;
    owned[count++] = range->reaper_socket;
    while (count-- > 0)
        if (owned[count] >= 0)
            close(owned[count]);
    free(range->born);
    free(range->killed);
    free(range->events);
    free(range);
}
