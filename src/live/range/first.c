#include "live/range/first.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/range/layers.h"
#include "live/range/process.h"
#include "live/range/program.h"

/* ---- what it says ---- */

static void first_answer(const struct first *first, const struct first_answer *answer,
                         int descriptor)
{
    struct packet packet = {.head = (void *)(uintptr_t)answer, .head_bytes = sizeof *answer};
    int status;

    if (descriptor >= 0) {
        packet.descriptors[0] = descriptor;
        packet.count = 1;
    }
    /* The daemon reads whenever it waits. Until it does this waits too, but for the end of the
     * pipe; too many descriptors under way are fewer a moment later. */
    while ((status = packet_send(first->socket, &packet, MSG_DONTWAIT)) == -EAGAIN ||
           status == -ETOOMANYREFS) {
        struct pollfd look[2] = {{first->socket, status == -EAGAIN ? POLLOUT : 0, 0},
                                 {first->pipe, POLLIN, 0}};

        poll(look, 2, 1);
        if (layer_on(LAYER_PIPE) && look[1].revents != 0)
            _exit(0);
    }
}

/* Tells the daemon why there is no range, and ends. */
__attribute__((noreturn)) static void first_fail(const struct first *first, int status,
                                                 const char *step)
{
    struct first_answer answer = {.kind = FIRST_FAILED, .status = -status};
    struct packet packet = {.head = &answer,
                            .head_bytes = sizeof answer,
                            .body = (void *)(uintptr_t)step,
                            .body_bytes = strlen(step)};

    packet_send(first->socket, &packet, 0);
    _exit(1);
}

/* ---- how it begins ---- */

static int loopback_up(void)
{
    struct ifreq loopback = {.ifr_name = "lo"};
    int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int status = 0;

    if (handle < 0)
        return -errno;
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(handle, SIOCSIFFLAGS, &loopback) != 0)
        status = -errno;
    close(handle);
    return status;
}

/* Drops everything but what it takes to become an agent's uid. That what is executed from here on
 * never gains a capability is inherited: an empty bounding set, root without meaning, and
 * no_new_privs. */
static int privileges_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct keep[2] = {{0}};

    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
                                     SECBIT_NO_CAP_AMBIENT_RAISE |
                                     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED) != 0)
        return -errno;
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability) != 0)
            return -errno;
    keep[0].effective = keep[0].permitted = 1U << CAP_SETUID | 1U << CAP_SETGID;
    if (syscall(SYS_capset, &header, keep) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    return 0;
}

/* Maps a filter that came by descriptor. */
static int filter_map(int descriptor, struct sock_filter **filter, uint32_t *count)
{
    struct stat info;

    if (fstat(descriptor, &info) != 0)
        return -errno;
    if (info.st_size <= 0 || info.st_size > BPF_MAXINSNS * (off_t)sizeof **filter)
        return -EINVAL;
    *filter = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (*filter == MAP_FAILED)
        return -errno;
    *count = (uint32_t)((size_t)info.st_size / sizeof **filter);
    return 0;
}

static int filters_load(struct first *first, const int descriptors[2])
{
    struct sock_filter *all = NULL;
    uint32_t count = 0;
    struct sock_fprog program;
    int status = filter_map(descriptors[0], &all, &count);

    if (status == 0)
        status = filter_map(descriptors[1], &first->filter, &first->filter_count);
    if (status != 0)
        return status;
    program = (struct sock_fprog){(unsigned short)count, all};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : -errno;
}

static int descriptor_move(int *descriptor)
{
    int moved = fcntl(*descriptor, F_DUPFD_CLOEXEC, FIRST_OWN);

    if (moved < 0)
        return -errno;
    close(*descriptor);
    *descriptor = moved;
    return 0;
}

static int signals_open(struct first *first)
{
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &child, NULL) != 0)
        return -errno;
    first->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    return first->signals < 0 ? -errno : descriptor_move(&first->signals);
}

static void first_begin(struct first *first)
{
    struct packet packet = {.head = &first->setup, .head_bytes = sizeof first->setup};
    struct rlimit files;
    const char *step = "reading what to set up";
    bool mounted_proc = false;
    int status;

    if (descriptor_move(&first->socket) != 0 || descriptor_move(&first->pipe) != 0)
        _exit(1);
    process_bind(first->pipe);
    if (packet_receive(first->socket, &packet, 0) != (ssize_t)sizeof first->setup ||
        packet.count != 3 || first->setup.version != FIRST_VERSION ||
        first->setup.size != sizeof first->setup)
        first_fail(first, -EPROTO, step);
    first->program = packet.descriptors[0];
    first->lease = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
    status = first->lease < 0 ? -errno : descriptor_move(&first->lease);
    if (status != 0 || (status = descriptor_move(&first->program)) != 0 ||
        (status = signals_open(first)) != 0)
        first_fail(first, status, step);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    first->proc = root_proc();
    if (first->proc >= 0 && (status = descriptor_move(&first->proc)) != 0)
        first_fail(first, status, step);
    /* Agents of one uid could open each other's memory there. */
    status = root_make(first->setup.uids, &mounted_proc, &step);
    if (status != 0)
        first_fail(first, status, step);
    if ((status = loopback_up()) != 0)
        first_fail(first, status, "bringing up the loopback");
    if (sethostname("range", 5) != 0)
        first_fail(first, -errno, "naming the range");
    if ((status = privileges_drop()) != 0)
        first_fail(first, status, "dropping privileges");
    if ((status = filters_load(first, packet.descriptors + 1)) != 0)
        first_fail(first, status, "loading the filter of kernel calls");
    close(packet.descriptors[1]);
    close(packet.descriptors[2]);
    process_bind(first->pipe);
    first_answer(first, &(struct first_answer){.kind = FIRST_READY, .status = mounted_proc}, -1);
}

/* ---- what it does ---- */

/* A child that was pending has exec'd, failed, or died before: tells the daemon. */
static void pending_settle(struct first *first, uint32_t place)
{
    struct pending *pending = &first->pending[place];
    struct first_answer answer = {.kind = FIRST_SPAWNED,
                                  .agent = pending->agent,
                                  .cookie = pending->cookie,
                                  .inside = pending->inside};
    int failure = 0;

    if (read(pending->status, &failure, sizeof failure) == (ssize_t)sizeof failure) {
        answer.kind = FIRST_SPAWN_FAILED;
        answer.status = -failure;
    }
    first_answer(first, &answer, answer.kind == FIRST_SPAWNED ? pending->pidfd : -1);
    close(pending->status);
    close(pending->pidfd);
    *pending = first->pending[--first->pending_count];
}

static void first_reap(struct first *first)
{
    struct signalfd_siginfo ignored[8];
    int status;
    pid_t pid;

    while (read(first->signals, ignored, sizeof ignored) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        struct first_answer answer = {
            .kind = FIRST_EXITED, .agent = AGENT_NONE, .inside = pid, .status = status};

        for (uint32_t place = 0; place < first->pending_count; place++)
            if (first->pending[place].inside == pid) {
                pending_settle(first, place);
                break;
            }
        first_answer(first, &answer, -1);
    }
}

static void child_release(const struct first *first, uint32_t inside)
{
    for (uint32_t place = 0; place < first->pending_count; place++)
        if ((uint32_t)first->pending[place].inside == inside &&
            send(first->pending[place].status, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            errno = 0; /* it died; its end is read like any other's */
}

static void lease_renew(const struct first *first, uint64_t until)
{
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(until / 1000000000),
                                           .tv_nsec = (long)(until % 1000000000)}};

    (void)timerfd_settime(first->lease, TFD_TIMER_ABSTIME, &when, NULL);
}

static void first_request(struct first *first)
{
    static char words[FIRST_WORDS_BYTES];
    struct first_request request = {0};
    struct packet packet = {
        .head = &request, .head_bytes = sizeof request, .body = words, .body_bytes = sizeof words};
    ssize_t bytes = packet_receive(first->socket, &packet, MSG_DONTWAIT);
    int status = -EPROTO;

    if (bytes == -EAGAIN)
        return;
    if (bytes <= 0) {
        if (layer_on(LAYER_PIPE))
            _exit(0);
        poll(NULL, 0, 100);
        return;
    }
    if (bytes >= (ssize_t)sizeof request) {
        if (request.kind == FIRST_LEASE) {
            lease_renew(first, request.cookie);
            return;
        }
        if (request.kind == FIRST_GO) {
            child_release(first, request.inside);
            return;
        }
        if ((size_t)bytes == sizeof request + request.bytes)
            status = spawn_begin(first, &request, words, &packet);
    }
    for (uint32_t i = 0; i < packet.count; i++)
        close(packet.descriptors[i]);
    if (status != 0)
        first_answer(first,
                     &(struct first_answer){.kind = FIRST_SPAWN_FAILED,
                                            .agent = request.agent,
                                            .cookie = request.cookie,
                                            .status = -status},
                     -1);
}

/* What it waits for beside the children that are pending. */
#define FIRST_LOOKS 4

static void first_turn(struct first *first)
{
    struct pollfd look[FIRST_LOOKS + FIRST_PENDING];
    uint32_t pending = first->pending_count;

    look[0] = (struct pollfd){.fd = first->pipe, .events = POLLIN};
    look[1] = (struct pollfd){.fd = first->signals, .events = POLLIN};
    look[2] = (struct pollfd){.fd = first->socket, .events = pending < FIRST_PENDING ? POLLIN : 0};
    look[3] = (struct pollfd){.fd = first->lease, .events = POLLIN};
    for (uint32_t place = 0; place < pending; place++)
        look[FIRST_LOOKS + place] =
            (struct pollfd){.fd = first->pending[place].status, .events = POLLIN};
    if (!layer_on(LAYER_PIPE))
        look[0].fd = -1;
    if (!layer_on(LAYER_LEASE))
        look[3].fd = -1;
    if (poll(look, FIRST_LOOKS + pending, -1) < 0)
        return;
    if (look[0].revents != 0 || look[3].revents != 0)
        _exit(0);
    /* From the last to the first, since the last takes the place of one that is settled. */
    for (uint32_t place = pending; place-- > 0;)
        if (look[FIRST_LOOKS + place].revents != 0)
            pending_settle(first, place);
    if (look[1].revents != 0)
        first_reap(first);
    if (look[2].revents != 0 && first->pending_count < FIRST_PENDING)
        first_request(first);
}

int role_first(void)
{
    static struct first first = {.socket = FIRST_SOCKET, .pipe = FIRST_PIPE};

    /* As pid 1 it is what no signal from inside can end, unless it asks for it. */
    first_begin(&first);
    for (;;)
        first_turn(&first);
}
