/*
 * Linked into the benchmarks' own build of the lean program: before main, each process writes its
 * first clock reading into its name (`@` and hexadecimal nanoseconds of CLOCK_MONOTONIC), where
 * whoever knows its pid can read it in /proc. So the agents of a range and the processes of the
 * floor tell their first instruction in the same way, and neither needs a descriptor for it.
 *
 * Four roles beside those of the range, for the floors:
 *   clock          writes the reading to descriptor 3, and waits to be killed
 *   beat PHASE     descriptor 3 is one end of a socket pair: once a second, PHASE ns after the
 *                  start, sends a message, and answers each that it is sent
 *   rounds ...     spawns again and again (rounds.h)
 *   serve LOG [N]  a supervised service: appends its pid and reading to LOG, writes a line to
 *                  descriptor N where one is given (readiness as s6 has it), and waits
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rounds.h"

__attribute__((noreturn)) static void role_clock(int64_t first)
{
    if (write(3, &first, sizeof first) != (ssize_t)sizeof first)
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it is not to outlive the benchmark */
    for (;;)
        pause();
}

__attribute__((noreturn)) static void role_beat(int64_t first, const char *phase)
{
    int64_t due = first + strtoll(phase, NULL, 10);
    char kind;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it is not to outlive the benchmark */
    for (;;) {
        int64_t left = due - now_ns();
        struct timespec wait = {.tv_nsec = left > 0 ? left % SECOND_NS : 0,
                                .tv_sec = left > 0 ? left / SECOND_NS : 0};
        struct pollfd look = {.fd = 3, .events = POLLIN};

        if (left <= 0) {
            due += SECOND_NS;
            if (send(3, "p", 1, MSG_NOSIGNAL) != 1)
                _exit(0);
            continue;
        }
        if (ppoll(&look, 1, &wait, NULL) != 1)
            continue;
        if (recv(3, &kind, 1, 0) != 1 || (kind == 'p' && send(3, "a", 1, MSG_NOSIGNAL) != 1))
            _exit(0);
    }
}

__attribute__((noreturn)) static void role_serve(int64_t first, const char *log, const char *ready)
{
    char line[64];
    int size = snprintf(line, sizeof line, "%d %lld\n", (int)getpid(), (long long)first);
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (file < 0 || write(file, line, (size_t)size) != size)
        _exit(1);
    if (ready != NULL && write(atoi(ready), "\n", 1) != 1)
        _exit(1);
    /* Its parent may be the supervisor, or, after that or a script has ended, the benchmark. */
    while (getppid() != 1)
        sleep(1);
    _exit(0);
}

/* The C library gives constructors what main gets. */
__attribute__((constructor)) static void first_instruction(int argc, char **argv)
{
    int64_t first = now_ns();
    char name[16];

    snprintf(name, sizeof name, "@%llx", (unsigned long long)first);
    prctl(PR_SET_NAME, name);
    if (argc >= 2 && strcmp(argv[1], "clock") == 0)
        role_clock(first);
    if (argc >= 3 && strcmp(argv[1], "beat") == 0)
        role_beat(first, argv[2]);
    if (argc >= 9 && strcmp(argv[1], "rounds") == 0)
        role_rounds(argv + 2);
    if (argc >= 3 && strcmp(argv[1], "serve") == 0)
        role_serve(first, argv[2], argc >= 4 ? argv[3] : NULL);
}
