/* An agent that will not go: it ignores and blocks what it can, forks, double-forks, makes sessions
 * of its own; two of its processes relaunch each other, and one is never the same for long. With
 * `eat` its processes take memory until they are stopped. For the tests of containment; without
 * a range it does nothing.
 *
 * usage: clinger cling|eat */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE (256 << 10)
#define EATERS 8

static void refuse_signals(void)
{
    sigset_t all;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
}

__attribute__((noreturn)) static void stay(void)
{
    for (;;)
        sleep(1000);
}

static void leave_alone(void)
{
    if (fork() == 0) {
        setsid();
        stay();
    }
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            stay();
        _exit(0);
    }
}

/* Two processes, each of which waits for the other's end and then makes it anew; whoever was made
 * soon ends, so that it goes on. */
__attribute__((noreturn)) static void relaunch_each_other(void)
{
    for (;;) {
        int mine[2], other[2];
        char byte;
        pid_t child;

        if (pipe(mine) != 0 || pipe(other) != 0)
            stay();
        child = fork();
        if (child < 0)
            stay();
        /* Each keeps the end for writing of one pipe, and reads the other. */
        close(child == 0 ? mine[0] : mine[1]);
        close(child == 0 ? other[1] : other[0]);
        if (child > 0 && child % 2 == 0) {
            usleep(20000);
            _exit(0);
        }
        while (read(child == 0 ? other[0] : mine[0], &byte, 1) > 0)
            continue;
        close(child == 0 ? mine[1] : mine[0]);
        close(child == 0 ? other[0] : other[1]);
        usleep(1000);
    }
}

/* Always another process, in a session of its own: whoever kills by a list comes too late. */
__attribute__((noreturn)) static void hop(void)
{
    for (;;) {
        if (fork() > 0)
            _exit(0);
        setsid();
        usleep(10000);
    }
}

/* All alike, so that none is by far the largest. */
__attribute__((noreturn)) static void eat(void)
{
    for (int other = 1; other < EATERS; other++)
        if (fork() == 0)
            break;
    for (;;) {
        char *piece = malloc(PIECE);

        if (piece != NULL)
            memset(piece, 1, PIECE);
        usleep(1000);
    }
}

int main(int argc, char **argv)
{
    /* On the host it would be a nuisance. The first process is its parent, or has taken it over. */
    if (argc != 2 || getppid() != 1)
        return 2;
    refuse_signals();
    if (strcmp(argv[1], "eat") == 0)
        eat();
    leave_alone();
    if (fork() == 0)
        relaunch_each_other();
    if (fork() == 0)
        hop();
    stay();
}
