#include "live/stage.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/witness/proc.h"

#define UNIFIED_HYBRID "/sys/fs/cgroup/unified"

void stage_order(int socket, struct stage_order order, int descriptor)
{
    struct iovec piece = {&order, sizeof order};
    char room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

    if (descriptor >= 0) {
        struct cmsghdr *part;

        message.msg_control = room;
        message.msg_controllen = sizeof room;
        part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        abort();
}

/* The first process: spawns, and leaves the dead to the kernel. */
static void first_act(const struct stage *stage, int control)
{
    struct stage_order order;
    int descriptor;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    while (order_take(control, &order, &descriptor) == 0) {
        pid_t child = clone_into(0, stage->whole < 0 ? -1 : stage->agents[order.count], 0, 0);

        if (child == 0) {
            hold_only(descriptor);
            hello_say(descriptor);
            act(descriptor);
        }
        close(descriptor);
    }
    _exit(0);
}

static int stage_cgroup(const void *context, agent_id agent)
{
    const struct stage *stage = context;

    if (stage->whole < 0)
        return -1;
    return agent == AGENT_NONE ? stage->whole : stage->agents[agent];
}

static const char *stage_path(const void *context, agent_id agent, char *path, size_t size)
{
    const struct stage *stage = context;

    if (stage->whole < 0)
        path[0] = 0;
    else if (agent == AGENT_NONE)
        snprintf(path, size, "%s", stage->path);
    else
        snprintf(path, size, "%s/agent-%u", stage->path, agent);
    return path;
}

static agent_id stage_agent(const void *context, const char *path)
{
    const struct stage *stage = context;
    size_t length = strlen(stage->path);
    unsigned agent;

    if (stage->whole < 0 || strncmp(path, stage->path, length) != 0 ||
        sscanf(path + length, "/agent-%u", &agent) != 1)
        return AGENT_NONE;
    return agent;
}

/* Where the v2 hierarchy is mounted. */
static const char *unified(void)
{
    return access(UNIFIED_HYBRID "/cgroup.procs", F_OK) == 0 ? UNIFIED_HYBRID : "/sys/fs/cgroup";
}

static bool cgroups_open(struct stage *stage)
{
    char path[512];

    snprintf(stage->path, sizeof stage->path, "/iolaus-test-witness.%d", getpid());
    snprintf(path, sizeof path, "%s%s", unified(), stage->path);
    if (mkdir(path, 0755) < 0)
        return false;
    stage->whole = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; i < STAGE_AGENTS; i++) {
        char name[32];

        snprintf(name, sizeof name, "agent-%u", i);
        if (mkdirat(stage->whole, name, 0755) < 0)
            return false;
        stage->agents[i] = openat(stage->whole, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    return true;
}

bool stage_open(struct stage *stage, bool cgroups, const char **why)
{
    int pair[2];

    memset(stage, 0, sizeof *stage);
    stage->whole = stage->control = -1;
    stage->ground = (struct ground){.context = stage,
                                    .cgroup = stage_cgroup,
                                    .cgroup_path = stage_path,
                                    .agent_of_path = stage_agent};
    *why = "not root: no PID namespace of its own can be made";
    if (geteuid() != 0)
        return false;
    *why = "no cgroup v2 can be written";
    if (cgroups && !cgroups_open(stage)) {
        stage_close(stage);
        return false;
    }
    *why = "no PID namespace of its own can be made";
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    stage->control = pair[0];
    stage->ground.first = clone_into(CLONE_NEWPID, -1, 0, 0);
    if (stage->ground.first == 0) {
        close(pair[0]);
        first_act(stage, pair[1]);
    }
    close(pair[1]);
    if (stage->ground.first < 0) {
        stage->ground.first = 0;
        stage_close(stage);
        return false;
    }
    return true;
}

void stage_close(struct stage *stage)
{
    char path[512];

    if (stage->ground.first > 0) {
        kill(stage->ground.first, SIGKILL);
        waitpid(stage->ground.first, NULL, 0);
    }
    if (stage->control >= 0)
        close(stage->control);
    if (stage->whole < 0)
        return;
    for (unsigned i = 0; i < STAGE_AGENTS; i++) {
        snprintf(path, sizeof path, "agent-%u", i);
        close(stage->agents[i]);
        for (int tries = 0; tries < 1000 && unlinkat(stage->whole, path, AT_REMOVEDIR) < 0; tries++)
            usleep(1000);
    }
    close(stage->whole);
    snprintf(path, sizeof path, "%s%s", unified(), stage->path);
    rmdir(path);
}

pid_t stage_hello(int socket)
{
    char hello, room[CMSG_SPACE(sizeof(struct ucred))] __attribute__((aligned(8)));
    struct iovec piece = {&hello, 1};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct ucred who = {0};
    const struct cmsghdr *part;

    cr_assert_eq(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1, "no hello: %s", strerror(errno));
    part = CMSG_FIRSTHDR(&message);
    cr_assert_not_null(part);
    memcpy(&who, CMSG_DATA(part), sizeof who);
    return who.pid;
}

pid_t stage_spawn(struct stage *stage, agent_id agent, int *socket, int *end)
{
    int pair[2], yes = 1;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes), 0);
    stage_order(stage->control, (struct stage_order){.act = STAGE_SPAWN, .count = agent}, pair[1]);
    *socket = pair[0];
    if (end != NULL)
        *end = pair[1];
    else
        close(pair[1]);
    return stage_hello(pair[0]);
}

int stage_pidfd(pid_t pid)
{
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);

    cr_assert_geq(descriptor, 0, "no pidfd of %d: %s", pid, strerror(errno));
    return descriptor;
}

void stage_stranger(pid_t pid)
{
    pid_t child = -1;

    /* The dead free their number a moment after they are gone. */
    for (int tries = 0; tries < 1000 && child < 0; tries++) {
        child = clone_into(0, -1, 0, pid);
        if (child < 0)
            usleep(1000);
    }
    cr_assert_geq(child, 0, "pid %d cannot be had: %s", pid, strerror(errno));
    if (child == 0) {
        pid_t grandchild = fork();

        if (grandchild == 0)
            _exit(0);
        waitpid(grandchild, NULL, 0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}
