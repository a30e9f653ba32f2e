/* How the first process makes a process of an agent. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/range/first.h"
#include "live/range/process.h"

/* What the child needs to become an agent; descriptors all at FIRST_OWN or above, but for those
 * that are already where the agent is to find them. */
struct child {
    const struct first *first;
    const struct first_request *request;
    char **argv;
    int descriptors[FIRST_DESCRIPTORS];
    int output, program, status;
    bool held;
};

/* When memory runs out the kernel is to take agents first. Costs nothing where it cannot be. */
static void score_raise(const struct first *first)
{
    int file =
        first->proc < 0 ? -1 : openat(first->proc, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (file < 0)
        return;
    if (write(file, "500", 3) < 0)
        errno = 0;
    close(file);
}

/* Tells the daemon, by the kernel's word, which process this is; waits where it is held. */
static int child_announce(const struct child *child)
{
    struct first_answer answer = {.kind = FIRST_BORN,
                                  .agent = child->request->agent,
                                  .cookie = child->request->cookie,
                                  .inside = getpid(),
                                  .status = child->held};
    struct packet packet = {.head = &answer, .head_bytes = sizeof answer};
    char go;
    int status;

    /* A full socket has the child wait, and nobody else. */
    status = packet_send(child->first->socket, &packet, 0);
    if (status == 0 && child->held && read(child->status, &go, 1) != 1)
        return -ECANCELED;
    return status;
}

static int child_descriptors(const struct child *child)
{
    uint32_t count = child->request->descriptors;

    for (uint32_t number = 0; number < count; number++) {
        int to = 3 + (int)number;
        int from = child->descriptors[number];

        if (from == to ? fcntl(to, F_SETFD, 0) != 0 : dup2(from, to) < 0)
            return -errno;
    }
    if (child->output >= 0 && (dup2(child->output, 1) < 0 || dup2(child->output, 2) < 0))
        return -errno;
    /* What the first process holds: the program must stay until it is executed. */
    return close_range(3 + count, ~0U, CLOSE_RANGE_CLOEXEC) == 0 ? 0 : -errno;
}

static int child_credentials(const struct first *first, agent_id agent)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    uid_t id = first->setup.uids ? 1 + agent : 0;

    if (first->setup.groups && setgroups(0, NULL) != 0)
        return -errno;
    if (setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0)
        return -errno;
    return syscall(SYS_capset, &header, none) == 0 ? 0 : -errno;
}

static int child_become(const struct child *child)
{
    const struct first *first = child->first;
    struct sock_fprog filter = {(unsigned short)first->filter_count, first->filter};
    char *environment[] = {NULL};
    sigset_t blocked;
    int status;

    score_raise(first);
    status = child_announce(child);
    if (status == 0)
        status = limits_set(&first->setup.limits);
    if (status == 0)
        status = child_descriptors(child);
    if (status != 0)
        return status;
    setsid();
    /* Of the first process's handlers CLONE_CLEAR_SIGHAND left none, and it ignores nothing. */
    sigemptyset(&blocked);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    status = child_credentials(first, child->request->agent);
    if (status != 0)
        return status;
    /* Last, so that nothing above need be allowed to an agent. */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        return -errno;
    return process_execute(child->program, child->argv, environment);
}

__attribute__((noreturn)) static void child_run(const struct child *child)
{
    int status = child_become(child);

    if (write(child->status, &status, sizeof status) < 0)
        _exit(126);
    _exit(127);
}

/* Moves a descriptor out of the way of those that agents get. */
static int descriptor_lift(int *descriptor)
{
    int lifted;

    if (*descriptor < 0 || *descriptor >= FIRST_OWN)
        return 0;
    lifted = fcntl(*descriptor, F_DUPFD_CLOEXEC, FIRST_OWN);
    if (lifted < 0)
        return -errno;
    close(*descriptor);
    *descriptor = lifted;
    return 0;
}

static bool request_sound(const struct first_request *request, const char *words,
                          const struct packet *packet)
{
    uint32_t ends = 0;

    for (uint32_t byte = 0; byte < request->bytes; byte++)
        ends += words[byte] == '\0';
    return request->descriptors <= FIRST_DESCRIPTORS && request->words >= 1 &&
           request->words <= FIRST_WORDS && request->bytes >= 1 &&
           words[request->bytes - 1] == '\0' && ends >= request->words &&
           packet->count == (uint32_t)request->descriptors + request->output + request->program +
                                request->cgroup;
}

static pid_t child_clone(const struct child *child, int cgroup, int *pidfd)
{
    struct clone_args arguments = {.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                                   .pidfd = (uint64_t)(uintptr_t)pidfd,
                                   .exit_signal = SIGCHLD};

    if (cgroup >= 0 && !child->held) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    return process_clone(&arguments);
}

/* Both ends of what a child tells its failure on: a pipe, or, where it is held, a socket pair. */
static int status_open(bool held, int ends[2])
{
    if (held ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0
             : pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    for (int end = 0; end < 2; end++)
        if (descriptor_lift(&ends[end]) != 0) {
            close(ends[0]);
            close(ends[1]);
            return -EMFILE;
        }
    return 0;
}

static int child_make(struct first *first, struct child *child, int cgroup)
{
    struct pending *pending = &first->pending[first->pending_count];
    int ends[2];
    int pidfd = -1;
    int status;
    pid_t pid;

    child->held = cgroup >= 0 && (first->hold || child->request->hold != 0);
    status = status_open(child->held, ends);
    if (status != 0)
        return status;
    child->status = ends[1];
    pid = child_clone(child, cgroup, &pidfd);
    if (pid == 0)
        child_run(child);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return pid;
    }
    descriptor_lift(&pidfd);
    *pending = (struct pending){.inside = pid,
                                .pidfd = pidfd,
                                .status = ends[0],
                                .agent = child->request->agent,
                                .cookie = child->request->cookie};
    first->pending_count++;
    return 0;
}

static void words_split(const struct first_request *request, char *words, char **argv)
{
    for (uint32_t word = 0; word < request->words; word++) {
        argv[word] = words;
        words += strlen(words) + 1;
    }
    argv[request->words] = NULL;
}

static uint32_t agent_pending(const struct first *first, agent_id agent)
{
    uint32_t count = 0;

    for (uint32_t place = 0; place < first->pending_count; place++)
        count += first->pending[place].agent == agent;
    return count;
}

int spawn_begin(struct first *first, const struct first_request *request, char *words,
                struct packet *packet)
{
    struct child child = {.first = first, .request = request, .output = -1};
    char *argv[FIRST_WORDS + 1];
    int received[PACKET_DESCRIPTORS];
    uint32_t next = request->descriptors;
    bool in_place = true;
    int cgroup = -1;
    int status;

    if (!request_sound(request, words, packet))
        return -EINVAL;
    if (agent_pending(first, request->agent) >= FIRST_PENDING_AGENT)
        return -EAGAIN;
    words_split(request, words, argv);
    child.argv = argv;
    memcpy(received, packet->descriptors, sizeof received);
    for (uint32_t number = 0; number < request->descriptors; number++)
        in_place = in_place && received[number] == 3 + (int)number;
    for (uint32_t number = in_place ? next : 0; number < packet->count; number++)
        descriptor_lift(&received[number]); /* where it cannot be moved it may do where it is */
    memcpy(child.descriptors, received, sizeof(int) * request->descriptors);
    if (request->output)
        child.output = received[next++];
    child.program = request->program ? received[next++] : first->program;
    if (request->cgroup)
        cgroup = received[next++];
    status = child_make(first, &child, cgroup);
    if ((status == -EACCES || status == -EPERM) && cgroup >= 0 && !first->hold) {
        /* Not allowed to put a process there: from now on the daemon does. */
        first->hold = true;
        status = child_make(first, &child, cgroup);
    }
    memcpy(packet->descriptors, received, sizeof received);
    return status;
}
