#include "cli/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void hook_reap(struct hooks *hooks)
{
    for (int i = 0; i < HOOKS_MAX; i++)
        if (hooks->running[i] > 0 && waitpid(hooks->running[i], NULL, WNOHANG) != 0)
            hooks->running[i] = 0;
}

static pid_t *place_free(struct hooks *hooks)
{
    for (int i = 0; i < HOOKS_MAX; i++)
        if (hooks->running[i] == 0)
            return &hooks->running[i];
    return NULL;
}

static int spawn(pid_t *process, const char *command)
{
    char shell[] = "/bin/sh", option[] = "-c";
    char *argv[] = {shell, option, (char *)(uintptr_t)command, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none, all;
    int failed;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    failed = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                       POSIX_SPAWN_SETSID);
    if (failed == 0)
        failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failed == 0)
        failed = posix_spawn(process, shell, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

int hook_run(struct hooks *hooks, const char *range, const char *failure, struct error *error)
{
    pid_t *place;
    int failed;

    if (hooks->command == NULL)
        return 0;
    hook_reap(hooks);
    place = place_free(hooks);
    if (place == NULL)
        return error_set(error, ERROR_LIMIT,
                         "the command of --on-failure was not run: %d of them still run",
                         HOOKS_MAX);
    setenv("IOLAUS_RANGE", range, 1);
    setenv("IOLAUS_FAILURE", failure, 1);
    failed = spawn(place, hooks->command);
    unsetenv("IOLAUS_FAILURE");
    unsetenv("IOLAUS_RANGE");
    if (failed == 0)
        return 0;
    *place = 0;
    return error_set(error, ERROR_IO, "the command of --on-failure could not be run: %s",
                     strerror(failed));
}
