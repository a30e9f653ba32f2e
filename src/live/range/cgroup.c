#include "live/range/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "live/range/process.h"

#define DIRECTORY (O_PATH | O_DIRECTORY | O_CLOEXEC)
#define PREFIX "iolaus."
/* Of a range's directory: the path of its control socket. */
#define SOCKET_ATTRIBUTE "user.iolaus.socket"

/* A small file of a cgroup, ended by a NUL; its length or a negative errno. */
static ssize_t file_read(int directory, const char *name, char *text, size_t size)
{
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (file < 0)
        return -errno;
    length = read(file, text, size - 1);
    if (length < 0)
        length = -errno;
    text[length < 0 ? 0 : length] = '\0';
    close(file);
    return length;
}

static int file_write(int directory, const char *name, const char *text)
{
    int file = openat(directory, name, O_WRONLY | O_CLOEXEC);
    int status = 0;

    if (file < 0)
        return -errno;
    if (write(file, text, strlen(text)) < 0)
        status = -errno;
    close(file);
    return status;
}

/* Where the v2 hierarchy is mounted, and which of its cgroups lies at the mount's root. */
static bool mount_find(char place[PATH_MAX], char root[PATH_MAX])
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    if (file == NULL)
        return false;
    while (!found && getline(&line, &size, file) > 0) {
        const char *type = strstr(line, " - ");

        found = type != NULL && strncmp(type, " - cgroup2 ", 11) == 0 &&
                sscanf(line, "%*d %*d %*s %4095s %4095s", root, place) == 2;
    }
    free(line);
    fclose(file);
    return found;
}

/* The process's own cgroup in the v2 hierarchy: the line "0::PATH". */
static bool own_find(char own[PATH_MAX])
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    if (file == NULL)
        return false;
    while (!found && getline(&line, &size, file) > 0) {
        found = strncmp(line, "0::", 3) == 0 && strlen(line + 3) < PATH_MAX;
        if (found) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(own, PATH_MAX, "%s", line + 3);
        }
    }
    free(line);
    fclose(file);
    return found;
}

void cgroups_find(struct cgroups *cgroups)
{
    char root[PATH_MAX];
    char place[PATH_MAX];
    const char *below;
    size_t length;

    *cgroups = (struct cgroups){.parent = -1, .range = -1, .first = -1};
    if (!mount_find(place, root)) {
        snprintf(cgroups->words, sizeof cgroups->words, "no cgroup v2 hierarchy is mounted");
        return;
    }
    if (!own_find(cgroups->own)) {
        snprintf(cgroups->words, sizeof cgroups->words, "this process is in no cgroup v2");
        return;
    }
    length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    below = cgroups->own + length;
    if (strncmp(cgroups->own, root, length) != 0 || (*below != '/' && *below != '\0')) {
        snprintf(cgroups->words, sizeof cgroups->words,
                 "this process's cgroup lies outside what is mounted");
        return;
    }
    if (strcmp(below, "/") == 0)
        below = "";
    if (snprintf(cgroups->place, sizeof cgroups->place, "%s%s", place, below) >= PATH_MAX)
        return;
    cgroups->parent = open(cgroups->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Below a cgroup of which one may not write cgroup.procs no process can be moved either. */
    if (cgroups->parent < 0 || faccessat(cgroups->parent, ".", W_OK, AT_EACCESS) != 0 ||
        faccessat(cgroups->parent, "cgroup.procs", W_OK, AT_EACCESS) != 0) {
        snprintf(cgroups->words, sizeof cgroups->words, "%.150s may not be written",
                 cgroups->place);
        return;
    }
    cgroups->found = true;
}

int cgroup_kill(int directory)
{
    return file_write(directory, "cgroup.kill", "1");
}

int cgroup_freeze(int directory, bool still)
{
    return file_write(directory, "cgroup.freeze", still ? "1" : "0");
}

int64_t cgroup_cpu(int directory)
{
    char text[1024];
    ssize_t length = file_read(directory, "cpu.stat", text, sizeof text);
    const char *usage = length < 0 ? NULL : strstr(text, "usage_usec ");

    if (usage == NULL)
        return length < 0 ? length : -ENODATA;
    return 1000 * strtoll(usage + strlen("usage_usec "), NULL, 10);
}

/* Events that come meanwhile, and which are not awaited, do not make it longer. */
int cgroup_await(int directory, const char *event, int64_t left_ns)
{
    int64_t until = process_clock() + left_ns;
    struct pollfd wait = {.fd = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC),
                          .events = POLLPRI};
    int status = 0;

    if (wait.fd < 0)
        return -errno;
    for (;;) {
        char text[128];
        ssize_t length = pread(wait.fd, text, sizeof text - 1, 0);

        int64_t still = until - process_clock();
        struct timespec left = {.tv_sec = still > 0 ? still / 1000000000 : 0,
                                .tv_nsec = still > 0 ? still % 1000000000 : 0};

        text[length > 0 ? length : 0] = '\0';
        if (strstr(text, event) != NULL)
            break;
        if (ppoll(&wait, 1, &left, NULL) <= 0) {
            status = -ETIMEDOUT;
            break;
        }
    }
    close(wait.fd);
    return status;
}

int cgroup_move(int directory, pid_t pid)
{
    char text[32];

    snprintf(text, sizeof text, "%d", (int)pid);
    return file_write(directory, "cgroup.procs", text);
}

static bool cgroup_populated(int events)
{
    char text[256];
    ssize_t length = pread(events, text, sizeof text - 1, 0);

    if (length < 0)
        return false; /* removed */
    text[length] = '\0';
    return strstr(text, "populated 0") == NULL;
}

/* Removes a directory and all below it. */
static void tree_remove(int parent, const char *name)
{
    int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *list = directory < 0 ? NULL : fdopendir(directory);
    const struct dirent *entry;

    if (list != NULL) {
        while ((entry = readdir(list)) != NULL)
            if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
                tree_remove(directory, entry->d_name);
        closedir(list);
    } else if (directory >= 0) {
        close(directory);
    }
    unlinkat(parent, name, AT_REMOVEDIR);
}

void cgroup_end(int parent, int range, const char *name)
{
    int events = openat(range, "cgroup.events", O_RDONLY | O_CLOEXEC);

    /* A process that was just being cloned into a cgroup is killed with it by the kernel; killing
     * again costs nothing where a kernel should have missed one. */
    while (cgroup_kill(range) == 0 && events >= 0 && cgroup_populated(events)) {
        struct pollfd wait = {.fd = events, .events = POLLPRI};

        poll(&wait, 1, 100);
    }
    if (events >= 0)
        close(events);
    /* The kernel lets go of a cgroup a moment after its last process has. */
    for (int attempt = 0; attempt < 1000; attempt++) {
        tree_remove(parent, name);
        if (faccessat(parent, name, F_OK, 0) != 0)
            return;
        poll(NULL, 0, 1 + attempt / 10);
    }
}

/* "iolaus.NAME.PID.STARTTIME" whose process does not live, and which nobody holds. */
static bool left_behind(int directory, const char *name)
{
    const char *start = strrchr(name, '.');
    const char *pid = start;
    unsigned long long started;

    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return false;
    while (pid > name && (pid == start || *pid != '.'))
        pid--;
    if (pid < name + strlen(PREFIX))
        return false;
    started = process_started((pid_t)atoi(pid + 1));
    if (started != 0 && started == strtoull(start + 1, NULL, 10))
        return false;
    return flock(directory, LOCK_EX | LOCK_NB) == 0;
}

/* The control socket of a daemon that is dead, unless somebody else answers there by now. */
static void socket_clear(int directory)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    ssize_t length =
        fgetxattr(directory, SOCKET_ATTRIBUTE, address.sun_path, sizeof address.sun_path - 1);
    struct stat info;
    int handle;

    if (length <= 0 || lstat(address.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode))
        return;
    handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handle < 0)
        return;
    if (connect(handle, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED)
        unlink(address.sun_path);
    close(handle);
}

uint32_t cgroups_clear(const struct cgroups *cgroups)
{
    uint32_t cleared = 0;
    const struct dirent *entry;
    DIR *list;

    if (!cgroups->found)
        return 0;
    list = opendir(cgroups->place);
    if (list == NULL)
        return 0;
    while ((entry = readdir(list)) != NULL) {
        int directory;

        if (entry->d_type != DT_DIR || strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        directory = openat(cgroups->parent, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
            continue;
        if (left_behind(directory, entry->d_name)) {
            socket_clear(directory);
            cgroup_end(cgroups->parent, directory, entry->d_name);
            cleared++;
        }
        close(directory);
    }
    closedir(list);
    return cleared;
}

/* Makes a directory and opens it; -1 with errno. */
static int cgroup_make(int parent, const char *name)
{
    if (mkdirat(parent, name, 0755) != 0)
        return -1;
    return openat(parent, name, DIRECTORY);
}

/* A controller for the cgroups below; whether they have it. The kernel refuses it where there are
 * processes in this one, as in most cgroups that a daemon runs in. */
static bool controller_enable(int directory, const char *name)
{
    char text[512];
    char word[32];

    snprintf(word, sizeof word, "+%s", name);
    if (file_read(directory, "cgroup.controllers", text, sizeof text) <= 0 ||
        strstr(text, name) == NULL)
        return false;
    return file_write(directory, "cgroup.subtree_control", word) == 0;
}

static void limit_write(int directory, const char *name, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    file_write(directory, name, text);
}

static int nodes_make(struct cgroups *cgroups, const struct cgroup_plan *plan)
{
    char name[32];

    for (uint32_t node = 0; node < plan->nodes; node++) {
        snprintf(name, sizeof name, "node-%u", node);
        cgroups->nodes[node] = cgroup_make(cgroups->range, name);
        if (cgroups->nodes[node] < 0)
            return -1;
        cgroups->node_count++;
        if (cgroups->memory)
            controller_enable(cgroups->nodes[node], "memory");
        if (cgroups->pids)
            controller_enable(cgroups->nodes[node], "pids");
    }
    return 0;
}

static int agents_make(struct cgroups *cgroups, const struct cgroup_plan *plan)
{
    char name[32];

    for (agent_id agent = 0; agent < plan->agents; agent++) {
        int directory;

        snprintf(name, sizeof name, "agent-%u", agent);
        directory = cgroup_make(cgroups->nodes[plan->node_of[agent]], name);
        if (directory < 0)
            return -1;
        cgroups->agents[cgroups->agent_count++] = directory;
        if (plan->give && fchownat(directory, "cgroup.procs", plan->owner, (gid_t)-1, 0) != 0)
            return -1;
        if (cgroups->memory) {
            limit_write(directory, "memory.max", plan->memory_bytes);
            limit_write(directory, "memory.swap.max", 0);
        }
        if (cgroups->pids)
            limit_write(directory, "pids.max", plan->processes);
    }
    return 0;
}

static int tables_make(struct cgroups *cgroups, const struct cgroup_plan *plan)
{
    node_id *node_of = malloc(sizeof *node_of * (plan->agents + 1));

    cgroups->nodes = malloc(sizeof *cgroups->nodes * (plan->nodes + 1));
    cgroups->agents = malloc(sizeof *cgroups->agents * (plan->agents + 1));
    cgroups->node_of = node_of;
    if (node_of == NULL || cgroups->nodes == NULL || cgroups->agents == NULL)
        return ERROR_MEMORY;
    memcpy(node_of, plan->node_of, sizeof *node_of * plan->agents);
    return 0;
}

int cgroups_make(struct cgroups *cgroups, const struct cgroup_plan *plan, struct error *error)
{
    if (tables_make(cgroups, plan) != 0)
        return error_set(error, ERROR_MEMORY, "the range's cgroups: out of memory");
    snprintf(cgroups->name, sizeof cgroups->name, PREFIX "%s.%d.%llu", plan->name, (int)getpid(),
             process_started(getpid()));
    cgroups->memory = controller_enable(cgroups->parent, "memory");
    cgroups->pids = controller_enable(cgroups->parent, "pids");
    if (mkdirat(cgroups->parent, cgroups->name, 0755) != 0)
        goto failed;
    cgroups->made = true;
    cgroups->range = openat(cgroups->parent, cgroups->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cgroups->range < 0 || flock(cgroups->range, LOCK_SH | LOCK_NB) != 0)
        goto failed;
    /* Where the kernel has no such attributes, the next daemon of this name removes the socket. */
    if (plan->socket != NULL &&
        fsetxattr(cgroups->range, SOCKET_ATTRIBUTE, plan->socket, strlen(plan->socket), 0) != 0)
        errno = 0;
    cgroups->memory = cgroups->memory && controller_enable(cgroups->range, "memory");
    cgroups->pids = cgroups->pids && controller_enable(cgroups->range, "pids");
    cgroups->first = cgroup_make(cgroups->range, "first");
    if (cgroups->first < 0)
        goto failed;
    /* The kernel asks for write permission on the common ancestor of where a process comes from
     * and where it goes to, and on the latter. */
    if (plan->give && fchownat(cgroups->range, "cgroup.procs", plan->owner, (gid_t)-1, 0) != 0)
        goto failed;
    if (nodes_make(cgroups, plan) == 0 && agents_make(cgroups, plan) == 0)
        return 0;
failed:
    return error_set(error, errno == EMFILE ? ERROR_LIMIT : ERROR_MACHINE,
                     "the range's cgroup %.200s/%.100s could not be made: %s", cgroups->place,
                     cgroups->name, strerror(errno));
}

void cgroups_close(struct cgroups *cgroups)
{
    if (cgroups->made && cgroups->range >= 0)
        cgroup_end(cgroups->parent, cgroups->range, cgroups->name);
    else if (cgroups->made)
        unlinkat(cgroups->parent, cgroups->name, AT_REMOVEDIR);
    for (uint32_t agent = 0; agent < cgroups->agent_count; agent++)
        close(cgroups->agents[agent]);
    for (uint32_t node = 0; node < cgroups->node_count; node++)
        close(cgroups->nodes[node]);
    if (cgroups->first >= 0)
        close(cgroups->first);
    if (cgroups->range >= 0)
        close(cgroups->range);
    if (cgroups->parent >= 0)
        close(cgroups->parent);
    free(cgroups->agents);
    free(cgroups->nodes);
    free((void *)(uintptr_t)cgroups->node_of);
    *cgroups = (struct cgroups){.parent = -1, .range = -1, .first = -1};
}
