#include "live/range/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "live/range/cgroup.h"
#include "live/range/filter.h"
#include "live/range/identity.h"
#include "live/range/process.h"
#include "live/range/range.h"

#define NAMESPACES                                                                                 \
    (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
#define CREW 1000 /* how large a crew the figures are measured against */

__attribute__((format(printf, 5, 6))) static void fact_put(struct facts *facts, const char *name,
                                                           enum fact_level level,
                                                           const char *remedy, const char *format,
                                                           ...)
{
    struct fact *fact;
    va_list arguments;

    if (facts->count == FACTS_MAX)
        return;
    fact = &facts->list[facts->count++];
    *fact = (struct fact){.name = name, .level = level};
    va_start(arguments, format);
    vsnprintf(fact->words, sizeof fact->words, format, arguments);
    va_end(arguments);
    if (level != FACT_FINE)
        snprintf(fact->remedy, sizeof fact->remedy, "%s", remedy);
    if (level == FACT_NEEDED)
        facts->range = false;
}

/* A number in a file, or `otherwise`. */
static long long number_read(const char *path, long long otherwise)
{
    FILE *file = fopen(path, "re");
    long long number = otherwise;

    if (file == NULL)
        return otherwise;
    if (fscanf(file, "%lld", &number) != 1)
        number = otherwise;
    fclose(file);
    return number;
}

static void kernel_gather(struct facts *facts)
{
    struct utsname name;
    int major = 0;
    int minor = 0;
    bool tested;

    uname(&name);
    sscanf(name.release, "%d.%d", &major, &minor);
    tested = major > 6 || (major == 6 && minor >= 1);
    fact_put(facts, "kernel", tested ? FACT_FINE : FACT_LESS, "use Linux 6.1 or later",
             "Linux %s%s", name.release, tested ? "" : ", older than what Iolaus is tested on");
}

/* Whether a child can be made in all namespaces at once; errno where not. */
static int namespaces_try(uint64_t flags)
{
    int pidfd = -1;
    struct clone_args arguments = {
        .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    pid_t pid = process_clone(&arguments);

    if (pid == 0)
        _exit(0);
    if (pid < 0)
        return -pid;
    process_wait(pidfd);
    close(pidfd);
    return 0;
}

static void namespaces_gather(struct facts *facts)
{
    long long most = number_read("/proc/sys/user/max_user_namespaces", -1);
    bool armoured = number_read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 0;
    bool refused = number_read("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0;
    int number = namespaces_try(CLONE_NEWUSER);
    const char *remedy = "run as root, or in a container that allows user namespaces";

    if (most == 0)
        remedy = "sysctl user.max_user_namespaces=10000";
    else if (refused)
        remedy = "sysctl kernel.unprivileged_userns_clone=1, or run as root";
    else if (armoured)
        remedy = "run as root, or sysctl kernel.apparmor_restrict_unprivileged_userns=0";
    if (number != 0)
        fact_put(facts, "user namespaces", FACT_NEEDED, remedy, "refused: %s", strerror(number));
    else
        fact_put(facts, "user namespaces", FACT_FINE, "", "can be made%s",
                 armoured && geteuid() != 0 ? ", though AppArmor takes their capabilities" : "");
    number = namespaces_try(NAMESPACES);
    fact_put(facts, "namespaces", number != 0 ? FACT_NEEDED : FACT_FINE, remedy,
             "PID, mount, network, IPC and UTS: %s", number != 0 ? strerror(number) : "tried");
}

/* ---- cgroups ---- */

static bool frozen_wait(int directory)
{
    int events = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
    struct pollfd look = {.fd = events, .events = POLLPRI};
    bool frozen = false;

    for (int attempt = 0; events >= 0 && !frozen && attempt < 20; attempt++) {
        char text[256];
        ssize_t length = pread(events, text, sizeof text - 1, 0);

        text[length > 0 ? length : 0] = '\0';
        frozen = strstr(text, "frozen 1") != NULL;
        if (!frozen)
            poll(&look, 1, 10);
    }
    if (events >= 0)
        close(events);
    return frozen;
}

static bool freeze_try(int directory)
{
    int file = openat(directory, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
    bool frozen = file >= 0 && write(file, "1", 1) == 1 && frozen_wait(directory);

    if (file >= 0)
        close(file);
    return frozen;
}

/* A child that waits is cloned into a cgroup, frozen there, and killed with it. */
static void cgroup_try(struct facts *facts, int directory)
{
    int pidfd = -1;
    struct clone_args arguments = {.flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
                                   .pidfd = (uint64_t)(uintptr_t)&pidfd,
                                   .exit_signal = SIGCHLD,
                                   .cgroup = (uint64_t)directory};
    pid_t pid = process_clone(&arguments);
    struct pollfd look = {.events = POLLIN};
    bool frozen;
    int killed;

    if (pid == 0)
        for (;;)
            pause();
    if (pid < 0) {
        fact_put(facts, "clone into a cgroup", FACT_LESS, "use Linux 5.7 or later",
                 "refused (%s): processes are moved instead", strerror(-pid));
        return;
    }
    fact_put(facts, "clone into a cgroup", FACT_FINE, "", "tried");
    frozen = freeze_try(directory);
    fact_put(facts, "freezing", frozen ? FACT_FINE : FACT_LESS, "use Linux 5.2 or later",
             frozen ? "cgroup.freeze: tried" : "cgroup.freeze does not stop a process");
    killed = cgroup_kill(directory);
    look.fd = pidfd;
    if (killed == 0 && poll(&look, 1, 2000) != 1)
        killed = -ETIMEDOUT;
    fact_put(facts, "cgroup.kill", killed == 0 ? FACT_FINE : FACT_LESS, "use Linux 5.14 or later",
             "%s", killed == 0 ? "tried, on a frozen process" : strerror(-killed));
    process_kill(pidfd);
    process_wait(pidfd);
    close(pidfd);
}

static void controllers_gather(struct facts *facts, const struct cgroups *cgroups)
{
    char text[256] = "";
    int file = openat(cgroups->range, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    bool both;

    if (file >= 0)
        close(file);
    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    both = strstr(text, "memory") != NULL && strstr(text, "pids") != NULL;
    fact_put(facts, "controllers", both ? FACT_FINE : FACT_LESS,
             "start Iolaus in a cgroup whose cgroup.subtree_control lists memory and pids", "%s%s",
             text[0] != '\0' ? text : "none",
             both ? "" : ": memory and processes are limited for each process, not each agent");
}

static void cgroups_gather(struct facts *facts)
{
    static const node_id nowhere[1];
    struct cgroup_plan plan = {.name = "probe", .node_of = nowhere};
    struct cgroups cgroups;
    struct error error = {0};
    const char *remedy = "run as root, or below a cgroup of your own: "
                         "systemd-run --user --scope -p Delegate=yes iolaus ...";

    cgroups_find(&cgroups);
    if (!cgroups.found) {
        fact_put(facts, "cgroup v2", FACT_LESS, remedy, "%s: the range stands on its PID namespace",
                 cgroups.words);
    } else if (cgroups_make(&cgroups, &plan, &error) != 0) {
        fact_put(facts, "cgroup v2", FACT_LESS, remedy, "%.200s", error.message);
    } else {
        fact_put(facts, "cgroup v2", FACT_FINE, "", "can be made below %.200s", cgroups.place);
        cgroup_try(facts, cgroups.first);
        controllers_gather(facts, &cgroups);
    }
    cgroups_close(&cgroups);
}

/* ---- ids, filters, events ---- */

static void identity_gather(struct facts *facts)
{
    struct identity identity;
    struct error error = {0};

    if (identity_choose(&identity, CREW, false, &error) != 0)
        fact_put(facts, "user ids", FACT_LESS, "run where the user namespace has more ids",
                 "%.200s", error.message);
    else if (identity.kind == IDENTITY_ONE)
        fact_put(facts, "user ids", FACT_LESS,
                 "install uidmap, and grant ids: usermod --add-subuids 100000-165535 "
                 "--add-subgids 100000-165535 USER",
                 "one for all agents: signals to each other are refused by seccomp, and agents "
                 "have no /proc");
    else
        fact_put(facts, "user ids", FACT_FINE, "", "one for each of %d agents, from %u on (%s)",
                 CREW, identity.uid,
                 identity.kind == IDENTITY_BLOCK ? "unused ones" : "subordinate ones");
}

static void seccomp_gather(struct facts *facts)
{
    struct sock_filter program[4096];
    struct sock_fprog filter = {0, program};
    struct error error = {0};
    ssize_t bytes;
    int file = -1;
    int status = 1;
    pid_t pid;

    if (filter_build(FILTER_ALL, true, &file, &error) != 0) {
        fact_put(facts, "seccomp", FACT_NEEDED, "install libseccomp 2.5 or later", "%.200s",
                 error.message);
        return;
    }
    bytes = pread(file, program, sizeof program, 0);
    close(file);
    filter.len = (unsigned short)((size_t)(bytes > 0 ? bytes : 0) / sizeof program[0]);
    pid = fork();
    if (pid == 0)
        _exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
              prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0);
    if (pid > 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    fact_put(facts, "seccomp", status == 0 ? FACT_FINE : FACT_NEEDED,
             "use a kernel with CONFIG_SECCOMP_FILTER", "%s",
             status == 0 ? "a filter was loaded" : "a filter cannot be loaded");
}

static int events_listen(int handle)
{
    enum proc_cn_mcast_op operation = PROC_CN_MCAST_LISTEN;
    struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof operation};
    unsigned char bytes[NLMSG_HDRLEN + sizeof message + sizeof operation];
    struct nlmsghdr head = {.nlmsg_len = sizeof bytes, .nlmsg_type = NLMSG_DONE};

    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + NLMSG_HDRLEN, &message, sizeof message);
    memcpy(bytes + NLMSG_HDRLEN + sizeof message, &operation, sizeof operation);
    return send(handle, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes ? 0 : -errno;
}

/* Listens, makes a child, and looks whether the kernel tells of it; a negative errno. */
static int events_try(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
    int handle = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
    struct pollfd look = {.fd = handle, .events = POLLIN};
    int status = 0;

    if (handle < 0)
        return -errno;
    if (bind(handle, (struct sockaddr *)&address, sizeof address) != 0)
        status = -errno;
    if (status == 0)
        status = events_listen(handle);
    for (int packet = 0; status == 0; packet++) {
        char bytes[512];

        /* The first packet is the kernel's answer to the request; the second tells of the child. */
        if (packet == 1 && namespaces_try(0) != 0)
            status = -EAGAIN;
        else if (poll(&look, 1, 200) != 1)
            status = -ENODATA;
        else if (recv(handle, bytes, sizeof bytes, 0) < 0)
            status = -errno;
        else if (packet == 1)
            break;
    }
    close(handle);
    return status;
}

static void events_gather(struct facts *facts)
{
    int status = events_try();

    fact_put(facts, "process events", status == 0 ? FACT_FINE : FACT_LESS,
             "run as root outside of containers, on a kernel with CONFIG_PROC_EVENTS",
             status == 0 ? "the kernel tells of them%.0s"
                         : "not told (%s): /proc is scanned, and what lives between two scans is "
                           "not observed",
             strerror(-status));
}

/* ---- how much ---- */

static void amounts_gather(struct facts *facts)
{
    long long pids = number_read("/proc/sys/kernel/pid_max", 32768);
    struct rlimit files = {0};
    struct rlimit processes = {0};
    struct sysinfo info = {0};
    unsigned long long megabytes;

    getrlimit(RLIMIT_NOFILE, &files);
    /* A crew of degree 8: two ends of four links, a channel, a pidfd and a cgroup for each. */
    fact_put(facts, "open files", files.rlim_max >= 12 * CREW ? FACT_FINE : FACT_LESS,
             "ulimit -Hn 65536, or LimitNOFILE= of the service",
             "%llu, enough for about %llu agents of degree 8", (unsigned long long)files.rlim_max,
             (unsigned long long)files.rlim_max / 12);
    if (getrlimit(RLIMIT_NPROC, &processes) == 0 && (long long)processes.rlim_max < pids &&
        geteuid() != 0)
        pids = (long long)processes.rlim_max;
    fact_put(facts, "processes", pids >= 4LL * CREW ? FACT_FINE : FACT_LESS,
             "sysctl kernel.pid_max=4194304, and ulimit -u", "%lld", pids);
    sysinfo(&info);
    megabytes = (unsigned long long)info.totalram * info.mem_unit >> 20;
    fact_put(facts, "memory", megabytes >= 1024 ? FACT_FINE : FACT_LESS,
             "1 GiB for a crew of a thousand", "%llu MiB", megabytes);
}

/* ---- a range ---- */

/* The lean program without a role ends with status 2. */
static int range_try(struct range *range, struct error *error)
{
    static const char *const argv[] = {"iolaus", NULL};
    struct range_spawn spawn = {.argv = argv, .program = -1, .output = -1};
    int status = range_spawn(range, &spawn, error);

    while (status >= 0) {
        struct pollfd look = {.fd = range_descriptor(range), .events = POLLIN};
        struct range_event event;

        if (poll(&look, 1, 5000) != 1)
            return error_set(error, ERROR_MACHINE, "a process on the range did not end");
        status = range_take(range, &event, error);
        if (status != 1)
            continue;
        if (event.kind == RANGE_SPAWNED)
            close(event.pidfd);
        else if (event.kind == RANGE_EXITED && event.status == 2 << 8)
            return 0;
        else
            return error_set(error, ERROR_MACHINE, "a process on the range could not run: %s",
                             event.kind == RANGE_SPAWN_FAILED ? strerror(event.status)
                                                              : "it was ended");
    }
    return status;
}

static void range_gather(struct facts *facts, int program)
{
    static const node_id node_of[1];
    struct range_options options = {
        .name = "probe", .agents = 1, .nodes = 1, .node_of = node_of, .program = program};
    struct error error = {0};
    struct range *range = NULL;

    if (program < 0) {
        fact_put(facts, "iolaus-range", FACT_NEEDED, "install Iolaus whole",
                 "the program that runs on a range was not found");
        return;
    }
    if (range_open(&range, &options, &error) != 0 || range_try(range, &error) != 0)
        fact_put(facts, "range", FACT_NEEDED, "see the other facts", "%.250s", error.message);
    else
        fact_put(facts, "range", FACT_FINE, "", "opened and closed: %.220s", range_words(range));
    range_close(range);
}

void facts_gather(struct facts *facts, int program)
{
    *facts = (struct facts){.range = true};
    kernel_gather(facts);
    namespaces_gather(facts);
    cgroups_gather(facts);
    identity_gather(facts);
    seccomp_gather(facts);
    events_gather(facts);
    amounts_gather(facts);
    range_gather(facts, program);
}

int facts_check(const struct facts *facts, struct error *error)
{
    if (facts->range)
        return 0;
    for (uint32_t i = 0; i < facts->count; i++)
        if (facts->list[i].level == FACT_NEEDED)
            return error_set(error, ERROR_MACHINE, "no range can be held: %s: %s; %s",
                             facts->list[i].name, facts->list[i].words, facts->list[i].remedy);
    return error_set(error, ERROR_MACHINE, "no range can be held");
}
