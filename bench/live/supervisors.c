#include "supervisors.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define BACK_MAX (20 * SECOND_NS)
#define FOLDER_BYTES 256

/* A supervisor under test: its files lie in a folder of their own. */
struct trial {
    char folder[FOLDER_BYTES];
    char log[FOLDER_BYTES + 16];
    pid_t supervisor;
    int pidfd;
};

static void file_write(const struct trial *trial, const char *name, mode_t mode, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));
static void file_write(const struct trial *trial, const char *name, mode_t mode, const char *format,
                       ...)
{
    char path[FOLDER_BYTES + 64];
    va_list list;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", trial->folder, name);
    file = fopen(path, "we");
    if (file == NULL)
        return;
    va_start(list, format);
    vfprintf(file, format, list);
    va_end(list);
    fclose(file);
    chmod(path, mode);
}

/* ---- what each is told ---- */

static void runit_write(const struct trial *trial, char *target)
{
    file_write(trial, "run", 0700, "#!/bin/sh\nexec '%s' serve '%s'\n", lean_path(), trial->log);
    snprintf(target, FOLDER_BYTES, "%s", trial->folder);
}

static void s6_write(const struct trial *trial, char *target)
{
    file_write(trial, "run", 0700, "#!/bin/sh\nexec '%s' serve '%s' 3\n", lean_path(), trial->log);
    file_write(trial, "notification-fd", 0600, "3\n");
    snprintf(target, FOLDER_BYTES, "%s", trial->folder);
}

static void supervisor_write(const struct trial *trial, char *target)
{
    file_write(trial, "conf", 0600,
               "[supervisord]\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=%s/pid\n"
               "[program:service]\ncommand=%s serve %s\n",
               trial->folder, lean_path(), trial->log);
    snprintf(target, FOLDER_BYTES, "%.200s/conf", trial->folder);
}

/* It starts nothing that it did not see die by its pid file, and looks once a second at the most.
 */
static void monit_write(const struct trial *trial, char *target)
{
    file_write(trial, "start", 0700,
               "#!/bin/sh\n'%s' serve '%s' </dev/null >/dev/null 2>&1 &\necho $! >'%s/pid'\n",
               lean_path(), trial->log, trial->folder);
    file_write(trial, "conf", 0600,
               "set daemon 1\nset log %s/monit.log\nset pidfile %s/monit.pid\n"
               "set idfile %s/monit.id\nset statefile %s/monit.state\n"
               "check process service with pidfile %s/pid\n  start program = \"%s/start\"\n",
               trial->folder, trial->folder, trial->folder, trial->folder, trial->folder,
               trial->folder);
    snprintf(target, FOLDER_BYTES, "%.200s/conf", trial->folder);
}

static const struct supervisor {
    const char *name, *package, *program, *option[3];
    void (*write)(const struct trial *trial, char *target);
    int64_t up; /* longer than its own spacing */
} SUPERVISORS[] = {
    {"s6-supervise, with readiness", "s6", "s6-supervise", {NULL}, s6_write, 1500 * MS_NS},
    {"runsv", "runit", "runsv", {NULL}, runit_write, 1500 * MS_NS},
    {"supervisord",
     "supervisor",
     "supervisord",
     {"-n", "-c", NULL},
     supervisor_write,
     2500 * MS_NS},
    {"monit, looking once a second",
     "monit",
     "monit",
     {"-I", "-c", NULL},
     monit_write,
     4000 * MS_NS},
};

/* ---- one trial ---- */

static bool installed(const char *program)
{
    const char *path = getenv("PATH");
    char copy[4096], file[PATH_MAX], *rest = copy;

    snprintf(copy, sizeof copy, "%s:/usr/sbin:/usr/local/sbin", path != NULL ? path : "/usr/bin");
    for (char *folder; (folder = strsep(&rest, ":")) != NULL;) {
        snprintf(file, sizeof file, "%s/%s", folder, program);
        if (access(file, X_OK) == 0)
            return true;
    }
    return false;
}

static bool trial_start(struct trial *trial, const struct supervisor *supervisor)
{
    char target[FOLDER_BYTES];
    const char *words[5] = {supervisor->program};
    int used = 1;

    supervisor->write(trial, target);
    for (int i = 0; supervisor->option[i] != NULL; i++)
        words[used++] = supervisor->option[i];
    words[used] = target;
    fflush(stdout);
    trial->supervisor = fork();
    if (trial->supervisor == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        prctl(PR_SET_PDEATHSIG, SIGTERM);
        setsid();
        for (int standard = 0; standard <= 2; standard++)
            dup2(null, standard);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    trial->pidfd = trial->supervisor > 0 ? pidfd_of(trial->supervisor) : -1;
    return trial->pidfd >= 0;
}

/* The n-th line of the log: which process, and its first instruction. */
static bool log_read(const struct trial *trial, int number, pid_t *pid, int64_t *first)
{
    FILE *file = fopen(trial->log, "re");
    char line[80], *end;
    int at = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (at++ == number && strchr(line, '\n') != NULL) {
            fclose(file);
            *pid = (pid_t)strtol(line, &end, 10);
            *first = strtoll(end, NULL, 10);
            return true;
        }
    if (file != NULL)
        fclose(file);
    return false;
}

/* Orphans that died are waited for meanwhile: to monit one that nobody has waited for runs. */
static bool log_wait(const struct trial *trial, int number, pid_t *pid, int64_t *first)
{
    int64_t until = now_ns() + BACK_MAX;

    while (!log_read(trial, number, pid, first)) {
        if (now_ns() > until)
            return false;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        sleep_ns(2 * MS_NS);
    }
    return true;
}

/* The supervisor goes first, so that it starts nothing more; what it had started becomes this
 * process's child, whose number is its own until it is waited for. */
static void trial_end(struct trial *trial, int started)
{
    pid_t pid;
    int64_t first;

    if (trial->pidfd >= 0) {
        pidfd_kill(trial->pidfd, SIGKILL);
        waitpid(trial->supervisor, NULL, 0);
        close(trial->pidfd);
    }
    sleep_ns(50 * MS_NS); /* a script under way has come to its service */
    for (int number = 0; number < started + 2; number++)
        if (log_read(trial, number, &pid, &first) && parent_of(pid) == getpid()) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void trial_run(const struct supervisor *supervisor, int64_t floor, int kills)
{
    struct trial trial = {.pidfd = -1};
    struct series series = {0};
    const char *where = getenv("TMPDIR");
    int64_t first = 0;
    int number = 0;
    pid_t pid = 0;

    snprintf(trial.folder, sizeof trial.folder, "%.180s/iolaus-bench-XXXXXX",
             where != NULL ? where : "/tmp");
    if (mkdtemp(trial.folder) == NULL)
        return;
    snprintf(trial.log, sizeof trial.log, "%s/log", trial.folder);
    if (trial_start(&trial, supervisor) && log_wait(&trial, 0, &pid, &first))
        for (number = 0; number < kills; number++) {
            int pidfd = pidfd_of(pid);
            int64_t killed;

            sleep_ns(supervisor->up);
            killed = now_ns();
            if (pidfd < 0 || pidfd_kill(pidfd, SIGKILL) != 0)
                break;
            close(pidfd);
            if (!log_wait(&trial, number + 1, &pid, &first))
                break;
            series_add(&series, first - killed);
        }
    trial_end(&trial, number + 1);
    nftw(trial.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (series.count == 0)
        printf("  %-58s did not bring its service back\n", supervisor->name);
    else
        printf("  %-58s %9.1f us   99%% %9.1f us   n %zu   %.1f times the floor\n",
               supervisor->name, (double)series_median(&series) / 1e3,
               (double)series_at(&series, 0.99) / 1e3, series.count,
               (double)series_median(&series) / (double)floor);
    fflush(stdout);
    series_free(&series);
}

void supervisors_measure(int64_t floor, int kills)
{
    puts("\n  beside supervisors of Debian's packages (a parent each; the service had been up for "
         "longer than their spacing)");
    /* Services outlive a supervisor that is killed; they are then children of this process. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (size_t i = 0; i < sizeof SUPERVISORS / sizeof SUPERVISORS[0]; i++) {
        if (installed(SUPERVISORS[i].program))
            trial_run(&SUPERVISORS[i], floor, kills);
        else
            printf("  %-58s skipped: the package %s is not installed\n", SUPERVISORS[i].name,
                   SUPERVISORS[i].package);
    }
}
