#include "rounds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- in the lean program ---- */

struct spawner {
    struct rounds_plan plan;
    int program, pipe;
    struct sock_fprog filter; /* len 0: none */
};

static char *clock_words[] = {(char *)(uintptr_t) "iolaus-range", (char *)(uintptr_t) "clock",
                              NULL};
static char *no_environment[] = {NULL};

pid_t rounds_spawn(const char *role, const char *argument, int descriptor)
{
    char *words[] = {clock_words[0], (char *)(uintptr_t)role, (char *)(uintptr_t)argument, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, descriptor, 3);
    status = posix_spawn(&pid, lean_path(), &actions, NULL, words, no_environment);
    posix_spawn_file_actions_destroy(&actions);
    return status == 0 ? pid : -status;
}

/* As range/spawn.c has it, but for the score of the killer of processes, which needs a /proc. */
static void child_settle(void)
{
    for (int resource = 0; resource < 5; resource++) {
        struct rlimit limit;

        if (prlimit(0, (enum __rlimit_resource)resource, NULL, &limit) == 0)
            prlimit(0, (enum __rlimit_resource)resource, &limit, NULL);
    }
    setsid();
    if (setresgid((gid_t)-1, (gid_t)-1, (gid_t)-1) != 0 ||
        setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1) != 0)
        _exit(127);
}

static pid_t spawn_clone(const struct spawner *spawner)
{
    struct clone_args arguments = {.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
    long pid;

    if (spawner->plan.cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)spawner->plan.cgroup;
    }
    pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid != 0)
        return pid < 0 ? -errno : (pid_t)pid;
    if (dup2(spawner->pipe, 3) < 0)
        _exit(127);
    if (spawner->plan.settle)
        child_settle();
    if (spawner->filter.len > 0 &&
        (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &spawner->filter) != 0))
        _exit(127);
    syscall(SYS_execveat, spawner->program, "", clock_words, no_environment, AT_EMPTY_PATH);
    _exit(127);
}

static struct sock_fprog filter_of(int memfd)
{
    struct sock_fprog filter = {0};
    struct stat info;
    void *bytes;

    if (memfd < 0 || fstat(memfd, &info) != 0)
        return filter;
    bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, memfd, 0);
    if (bytes != MAP_FAILED)
        filter = (struct sock_fprog){
            (unsigned short)((size_t)info.st_size / sizeof(struct sock_filter)), bytes};
    return filter;
}

static bool first_read(int pipe, int64_t *first)
{
    struct pollfd look = {.fd = pipe, .events = POLLIN};

    return poll(&look, 1, 5000) == 1 && read(pipe, first, sizeof *first) == (ssize_t)sizeof *first;
}

static bool rounds_do(struct spawner *spawner, int results)
{
    int64_t killed = 0, first = 0;
    pid_t pid = 0;
    int ends[2];
    bool fine = pipe2(ends, O_CLOEXEC) == 0;

    spawner->pipe = fine ? fcntl(ends[1], F_DUPFD_CLOEXEC, 64) : -1;
    for (int round = 0; fine && round <= spawner->plan.count; round++) {
        if (pid > 0) {
            killed = now_ns();
            kill(pid, SIGKILL);
            fine = waitpid(pid, NULL, 0) == pid;
        }
        pid = !fine                               ? -1
              : spawner->plan.how == ROUNDS_POSIX ? rounds_spawn("clock", NULL, spawner->pipe)
                                                  : spawn_clone(spawner);
        fine = pid > 0 && first_read(ends[0], &first);
        first -= killed;
        if (fine && round > 0)
            fine = write(results, &first, sizeof first) == (ssize_t)sizeof first;
        sleep_ns(ROUNDS_REST_NS);
    }
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return fine;
}

static int descriptor_in(const char *word)
{
    int descriptor = atoi(word);

    if (descriptor >= 0)
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
}

void role_rounds(char **words)
{
    struct spawner spawner = {.plan = {.how = (uint8_t)atoi(words[0]),
                                       .settle = atoi(words[1]) != 0,
                                       .count = atoi(words[2]),
                                       .cgroup = descriptor_in(words[3])},
                              .program = lean_open()};
    struct sock_fprog all;

    spawner.filter = filter_of(descriptor_in(words[4]));
    all = filter_of(descriptor_in(words[5]));
    if (all.len > 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) != 0))
        _exit(1);
    _exit(rounds_do(&spawner, descriptor_in(words[6])) ? 0 : 1);
}

/* ---- in the benchmark ---- */

__attribute__((noreturn)) static void spawner_be(const struct rounds_plan *plan, int results)
{
    const int numbers[7] = {plan->how,    plan->settle,   plan->count, plan->cgroup,
                            plan->filter, plan->over_all, results};
    char text[7][16];
    char *words[10] = {(char *)(uintptr_t) "iolaus-range", (char *)(uintptr_t) "rounds"};

    for (int i = 0; i < 7; i++) {
        int number = numbers[i];

        /* Descriptors go out of the way of those that the spawned get. */
        if (i >= 3 && number >= 0)
            number = fcntl(number, F_DUPFD, 64);
        snprintf(text[i], sizeof text[i], "%d", number);
        words[2 + i] = text[i];
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(lean_path(), words);
    _exit(127);
}

/* As pid 1 of its namespace the one that spawns is killed with all that it started. */
bool rounds_run(const struct rounds_plan *plan, struct series *series)
{
    struct clone_args arguments = {.flags = plan->namespaces, .exit_signal = SIGCHLD};
    int64_t values[ROUNDS_MAX];
    int results = memfd_create("results", MFD_CLOEXEC);
    int status = 1;
    ssize_t bytes;
    long pid;

    if (results < 0 || plan->count > ROUNDS_MAX)
        return false;
    fflush(stdout);
    pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        spawner_be(plan, results);
    if (pid > 0)
        waitpid((pid_t)pid, &status, 0);
    bytes = status == 0 ? pread(results, values, sizeof values, 0) : 0;
    for (ssize_t i = 0; i < bytes / (ssize_t)sizeof *values; i++)
        series_add(series, values[i]);
    close(results);
    return status == 0 && bytes > 0;
}
