/* An agent that will not go: it ignores and blocks what it can, forks, double-forks, makes sessions
 * of its own, and a pair of its processes relaunches each other. With `eat` it takes memory until
 * it is stopped. For the tests of containment; runs on a range, or nowhere.
 *
 * usage: clinger MARK cling|eat          MARK is in the command line, for the test to find it by */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PIECE (1 << 20)

static void refuse_signals(void)
{
    sigset_t all;

    for (int signal_ = 1; signal_ < NSIG; signal_++)
        signal(signal_, SIG_IGN);
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

/* Two processes, each of which waits for the other's end and then makes it anew. */
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
        while (read(child == 0 ? other[0] : mine[0], &byte, 1) > 0)
            continue;
        close(child == 0 ? mine[1] : mine[0]);
        close(child == 0 ? other[0] : other[1]);
        usleep(1000);
    }
}

__attribute__((noreturn)) static void eat(void)
{
    for (;;) {
        char *piece = malloc(PIECE);

        if (piece != NULL)
            memset(piece, 1, PIECE);
        else
            usleep(1000);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    refuse_signals();
    if (strcmp(argv[2], "eat") == 0)
        eat();
    leave_alone();
    if (fork() == 0)
        relaunch_each_other();
    stay();
}
