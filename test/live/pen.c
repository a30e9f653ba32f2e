#include "live/pen.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define MEMORY_V1 "/sys/fs/cgroup/memory"
#define MEMORY_BYTES "67108864"

int pidfd_of(pid_t pid)
{
    return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

bool pidfd_alive(int pidfd)
{
    struct pollfd look = {.fd = pidfd, .events = POLLIN};

    return pidfd >= 0 && poll(&look, 1, 0) == 0;
}

bool pidfd_signal(int pidfd, int number)
{
    return pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) == 0;
}

/* ---- small files ---- */

static bool put(const char *folder, const char *file, const char *text)
{
    char path[PATH_MAX + 64];
    int opened;
    bool done;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    opened = open(path, O_WRONLY | O_CLOEXEC);
    done = opened >= 0 && write(opened, text, strlen(text)) == (ssize_t)strlen(text);
    if (opened >= 0)
        close(opened);
    return done;
}

/* Whether it could be read. */
static bool get(const char *folder, const char *file, char *text, size_t size)
{
    char path[PATH_MAX + 64];
    ssize_t length = -1;
    int opened;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    opened = open(path, O_RDONLY | O_CLOEXEC);
    if (opened >= 0) {
        length = read(opened, text, size - 1);
        close(opened);
    }
    text[length > 0 ? length : 0] = '\0';
    return length >= 0;
}

/* The cgroup that this process is in, as a path; "" where it may not make any in it. */
static void own_cgroup(char path[PATH_MAX])
{
    char line[8192], mount[4096] = "", own[4096] = "";
    FILE *file = fopen("/proc/self/mountinfo", "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strstr(line, " - cgroup2 ") != NULL)
            sscanf(line, "%*s %*s %*s %*s %4095s", mount);
    if (file != NULL)
        fclose(file);
    file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "0::%4095s", own);
    if (file != NULL)
        fclose(file);
    if (mount[0] == '\0' || own[0] == '\0' ||
        snprintf(path, PATH_MAX, "%s%s", mount, strcmp(own, "/") == 0 ? "" : own) >= PATH_MAX)
        path[0] = '\0';
}

/* ---- opening and closing ---- */

/* Of the pen's own cgroup where version 2 has the controller, else one of version 1. */
static void memory_open(struct pen *pen, const char *name)
{
    if (pen->cgroup[0] != '\0' && put(pen->cgroup, "memory.max", "max")) {
        snprintf(pen->memory, sizeof pen->memory, "%s", pen->cgroup);
        return;
    }
    snprintf(pen->memory, sizeof pen->memory, MEMORY_V1 "/%s", name);
    if (mkdir(pen->memory, 0755) != 0)
        pen->memory[0] = '\0';
    else if (!put(pen->memory, "memory.limit_in_bytes", MEMORY_BYTES)) {
        rmdir(pen->memory);
        pen->memory[0] = '\0';
    }
}

void pen_open(struct pen *pen, unsigned number)
{
    static const char *const given[] = {"", "/cgroup.procs", "/cgroup.subtree_control"};
    char own[PATH_MAX], path[PATH_MAX + 64], name[48];

    memset(pen, 0, sizeof *pen);
    snprintf(name, sizeof name, "contain.%d.%u", getpid(), number);
    snprintf(pen->folder, sizeof pen->folder, "/tmp/%s", name);
    if (mkdir(pen->folder, 0755) != 0)
        exit(1);
    own_cgroup(own);
    if (own[0] != '\0') {
        snprintf(path, sizeof path, "%s/%s", own, name);
        if (strlen(path) < sizeof pen->cgroup && mkdir(path, 0755) == 0)
            memcpy(pen->cgroup, path, strlen(path) + 1);
    }
    memory_open(pen, name);
    if (geteuid() != 0)
        return;
    if (chown(pen->folder, NOBODY, NOBODY) != 0)
        exit(1);
    for (int i = 0; i < 3 && pen->cgroup[0] != '\0'; i++) {
        snprintf(path, sizeof path, "%s%s", pen->cgroup, given[i]);
        if (chown(path, NOBODY, NOBODY) != 0)
            exit(1);
    }
}

static void remove_tries(const char *path)
{
    for (int tries = 0; tries < 400 && rmdir(path) != 0 && access(path, F_OK) == 0; tries++)
        usleep(5000);
}

void pen_close(struct pen *pen)
{
    pen_kill(pen);
    if (pen->memory[0] != '\0' && strcmp(pen->memory, pen->cgroup) != 0)
        remove_tries(pen->memory);
    if (pen->cgroup[0] != '\0')
        remove_tries(pen->cgroup);
    rmdir(pen->folder);
}

bool pen_enter(const struct pen *pen, bool memory)
{
    char pid[16];

    snprintf(pid, sizeof pid, "%d", getpid());
    if (pen->cgroup[0] != '\0' && !put(pen->cgroup, "cgroup.procs", pid))
        return false;
    if (!memory)
        return true;
    return strcmp(pen->memory, pen->cgroup) == 0 ? put(pen->memory, "memory.max", MEMORY_BYTES)
                                                 : put(pen->memory, "cgroup.procs", pid);
}

unsigned long pen_kills(const struct pen *pen)
{
    char text[1024];
    const char *line;

    if (!get(pen->memory, "memory.events", text, sizeof text))
        get(pen->memory, "memory.oom_control", text, sizeof text);
    line = strstr(text, "oom_kill ");
    return line == NULL ? 0 : strtoul(line + 9, NULL, 10);
}

/* ---- what is left ---- */

bool pen_alive(const struct pen *pen)
{
    char text[256];
    pid_t child;

    while ((child = waitpid(-1, NULL, WNOHANG)) > 0)
        continue;
    if (child == 0)
        return true;
    return pen->cgroup[0] != '\0' && get(pen->cgroup, "cgroup.events", text, sizeof text) &&
           strstr(text, "populated 1") != NULL;
}

/* Entries of a folder that begin, or end, so; each is given to `take`, where there is one. */
static unsigned entries(const char *folder, const char *begin, const char *end,
                        void (*take)(const char *path))
{
    DIR *list = folder[0] != '\0' ? opendir(folder) : NULL;
    const struct dirent *entry;
    unsigned count = 0;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        char path[PATH_MAX + 300];
        size_t length = strlen(entry->d_name);

        if (entry->d_name[0] == '.' || strncmp(entry->d_name, begin, strlen(begin)) != 0 ||
            length < strlen(end) || strcmp(entry->d_name + length - strlen(end), end) != 0)
            continue;
        count++;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (take != NULL)
            take(path);
    }
    if (list != NULL)
        closedir(list);
    return count;
}

unsigned pen_ranges(const struct pen *pen)
{
    return entries(pen->cgroup, "iolaus.", "", NULL);
}

unsigned pen_sockets(const struct pen *pen)
{
    return entries(pen->folder, "", ".sock", NULL);
}

static void file_remove(const char *path)
{
    unlink(path);
}

static void tree_remove(const char *path)
{
    struct stat info;

    if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return;
    entries(path, "", "", tree_remove);
    remove_tries(path);
}

static void children_kill(void)
{
    char path[64], text[4096];
    char *rest = text;
    long pid;

    snprintf(path, sizeof path, "/proc/self/task/%d", getpid());
    if (!get(path, "children", text, sizeof text))
        return;
    while ((pid = strtol(rest, &rest, 10)) > 0)
        kill((pid_t)pid, SIGKILL); /* a child that was not reaped: nobody else has its number */
}

void pen_kill(const struct pen *pen)
{
    for (int tries = 0; tries < 2000 && (tries == 0 || pen_alive(pen)); tries++) {
        if (pen->cgroup[0] != '\0')
            put(pen->cgroup, "cgroup.kill", "1");
        children_kill();
        usleep(tries == 0 ? 0 : 2000);
    }
    entries(pen->cgroup, "iolaus.", "", tree_remove);
    entries(pen->folder, "", "", file_remove);
}

/* Kills who is in a cgroup; each is looked for again once it is held. */
static unsigned kill_in(const char *group, pid_t not )
{
    char text[8192], again[8192], word[24];
    char *rest = text;
    unsigned killed = 0;
    long pid;

    get(group, "cgroup.procs", text, sizeof text);
    while ((pid = strtol(rest, &rest, 10)) > 0) {
        int pidfd = pid == not ? -1 : pidfd_of((pid_t)pid);

        snprintf(word, sizeof word, "%ld\n", pid);
        if (pidfd >= 0 && get(group, "cgroup.procs", again, sizeof again) &&
            strstr(again, word) != NULL && pidfd_signal(pidfd, SIGKILL))
            killed++;
        if (pidfd >= 0)
            close(pidfd);
    }
    return killed;
}

unsigned pen_kill_beside(const struct pen *pen, pid_t not )
{
    return pen->cgroup[0] != '\0' ? kill_in(pen->cgroup, not ) : 0;
}

static unsigned killed_first;

static void kill_first(const char *path)
{
    char group[PATH_MAX + 400];

    snprintf(group, sizeof group, "%s/first", path);
    killed_first += kill_in(group, -1);
}

unsigned pen_kill_first(const struct pen *pen)
{
    killed_first = 0;
    entries(pen->cgroup, "iolaus.", "", kill_first);
    return killed_first;
}

/* ---- a PID namespace ---- */

static bool of_space(const struct stat *space, const char *pid)
{
    char path[300];
    struct stat info;

    snprintf(path, sizeof path, "/proc/%s/ns/pid", pid);
    return stat(path, &info) == 0 && info.st_ino == space->st_ino && info.st_dev == space->st_dev;
}

/* Processes of the band's namespace, but zombies; their pidfds, where wanted. */
static unsigned space_list(const struct band *band, int *pidfds, unsigned room)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    unsigned count = 0;
    struct stat space;

    if (fstat(band->space, &space) != 0)
        room = 0;
    while (proc != NULL && count < room && (entry = readdir(proc)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        int pidfd = pid > 0 ? pidfd_of(pid) : -1;

        if (pidfd_alive(pidfd) && of_space(&space, entry->d_name))
            pidfds[count++] = pidfd;
        else if (pidfd >= 0)
            close(pidfd);
    }
    if (proc != NULL)
        closedir(proc);
    return count;
}

void band_open(struct band *band, pid_t first)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/ns/pid", first);
    band->count = 0;
    band->space = first > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (band->space >= 0)
        band->count = space_list(band, band->pidfds, BAND_MAX);
}

bool band_alive(const struct band *band)
{
    int others[BAND_MAX];
    unsigned count;

    for (unsigned i = 0; i < band->count; i++)
        if (pidfd_alive(band->pidfds[i]))
            return true;
    if (band->space < 0)
        return false;
    count = space_list(band, others, BAND_MAX);
    for (unsigned i = 0; i < count; i++)
        close(others[i]);
    return count > 0;
}

void band_close(struct band *band)
{
    for (unsigned i = 0; i < band->count; i++)
        close(band->pidfds[i]);
    if (band->space >= 0)
        close(band->space);
    band->count = 0;
    band->space = -1;
}
