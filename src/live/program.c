/*
 * The lean program `iolaus-range`: whatever runs on the range, and the reaper beside it. Linked
 * with no more than that takes, statically where it can be, so that a process is small and starts
 * quickly. It is started by the daemon alone, with descriptors in place of arguments.
 */
#include <stdio.h>
#include <string.h>

#include "live/agent/program.h"
#include "live/range/program.h"

static const struct role {
    const char *name;
    int (*run)(void);
} roles[] = {{"first", role_first}, {"reaper", role_reaper}, {"agent", role_agent}};

#ifdef LEAN_SANITIZED
/* A leak check at the end needs what is refused on a range. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

int main(int argc, char **argv)
{
    for (size_t role = 0; argc >= 2 && role < sizeof roles / sizeof roles[0]; role++)
        if (strcmp(argv[1], roles[role].name) == 0)
            return roles[role].run();
    fputs("iolaus-range is started by iolaus; there is nothing to do with it by hand\n", stderr);
    return 2;
}
