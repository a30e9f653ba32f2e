#include "live/actor.h"

#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t clone_into(uint64_t flags, int cgroup, pid_t inside, pid_t pid)
{
    pid_t wanted[2] = {inside, pid};
    pid_t child;
    struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};

    if (flags & CLONE_PARENT)
        args.exit_signal = 0;
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup;
    }
    if (pid != 0) {
        args.set_tid = (uint64_t)(uintptr_t)(inside != 0 ? &wanted[0] : &wanted[1]);
        args.set_tid_size = inside != 0 ? 2 : 1;
    }
    child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    /* A range refuses what its filter cannot look into. */
    if (child < 0 && errno == ENOSYS && pid == 0 && cgroup < 0)
        child = (pid_t)syscall(SYS_clone, flags | args.exit_signal, 0, 0, 0, 0);
    return child;
}

int order_take(int socket, struct stage_order *order, int *descriptor)
{
    struct iovec piece = {order, sizeof *order};
    char room[256] __attribute__((aligned(8)));
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};

    *descriptor = -1;
    if (recvmsg(socket, &message, 0) != (ssize_t)sizeof *order)
        return -1;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_type == SCM_RIGHTS)
            memcpy(descriptor, CMSG_DATA(part), sizeof *descriptor);
    }
    return 0;
}

void hello_say(int socket)
{
    char hello = 'h';

    if (send(socket, &hello, 1, MSG_NOSIGNAL) < 0)
        _exit(1);
}

void hold_only(int descriptor)
{
    if (descriptor < 0) {
        close_range(0, ~0U, 0);
        return;
    }
    if (descriptor > 0)
        close_range(0, (unsigned)descriptor - 1, 0);
    close_range((unsigned)descriptor + 1, ~0U, 0);
}

static void stay(void)
{
    for (;;)
        pause();
}

static void *thread_stay(void *unused)
{
    (void)unused;
    stay();
    return NULL;
}

static void child_act(int socket, const struct stage_order *order, int descriptor)
{
    pthread_t thread;

    prctl(PR_SET_PDEATHSIG, 0);
    switch (order->act) {
    case STAGE_ORPHAN:
        setsid();
        if (clone_into(0, -1, 0, 0) != 0)
            _exit(0);
        hello_say(socket);
        stay();
        break;
    case STAGE_HEADLESS:
        if (pthread_create(&thread, NULL, thread_stay, NULL) != 0)
            _exit(1);
        hello_say(socket);
        syscall(SYS_exit, 0);
        break;
    case STAGE_BRIEF:
        _exit(0);
    case STAGE_BARE:
    case STAGE_SIBLING:
        hello_say(socket);
        hold_only(-1);
        break;
    case STAGE_HOLDER:
    case STAGE_ACTOR:
        hello_say(socket);
        hold_only(descriptor);
        if (order->act == STAGE_ACTOR)
            act(descriptor);
        break;
    case STAGE_CHILD:
    case STAGE_BOTH:
    case STAGE_THREAD:
    case STAGE_KEEP:
    case STAGE_SPAWN:
    case STAGE_EXIT:
        hello_say(socket);
        break;
    }
    stay();
}

void act(int socket)
{
    struct stage_order order;
    int descriptor;
    pthread_t thread;

    while (order_take(socket, &order, &descriptor) == 0) {
        unsigned times = order.act == STAGE_BRIEF ? order.count : 1;

        if (order.act == STAGE_EXIT)
            _exit(0);
        if (order.act == STAGE_KEEP) {
            hello_say(socket);
            continue;
        }
        if (order.act == STAGE_THREAD) {
            if (pthread_create(&thread, NULL, thread_stay, NULL) == 0)
                hello_say(socket);
            continue;
        }
        for (unsigned i = 0; i < times; i++) {
            uint64_t flags = order.act == STAGE_SIBLING ? CLONE_PARENT : 0;
            pid_t child = clone_into(flags, -1, order.inside, order.pid);

            /* The dead free their number a moment after they are gone. */
            for (int tries = 0; tries < 1000 && child < 0 && errno == EEXIST; tries++) {
                usleep(1000);
                child = clone_into(flags, -1, order.inside, order.pid);
            }
            if (child == 0)
                child_act(socket, &order, descriptor);
            while (order.act == STAGE_BRIEF && waitpid(child, NULL, 0) < 0 && errno == EINTR)
                continue;
        }
        if (order.act == STAGE_BRIEF)
            hello_say(socket);
        if (descriptor >= 0)
            close(descriptor);
    }
    _exit(0);
}
