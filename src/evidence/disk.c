#include "evidence/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beyond so many files one syncfs is cheaper than to sync each. */
#define SYNCED_SINGLY 6

void disk_path(const char *root, const char *name, char path[DISK_PATH_TEXT])
{
    snprintf(path, DISK_PATH_TEXT, "%.*s/%.*s", DISK_ROOT_MAX, root, 256, name);
}

int disk_read_all(int file, void *all, size_t size)
{
    unsigned char *bytes = all;

    while (size > 0) {
        ssize_t got = read(file, bytes, size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            /* The file became shorter while it was read. */
            errno = got == 0 ? ESTALE : errno;
            return -1;
        }
        bytes += got;
        size -= (size_t)got;
    }
    return 0;
}

static int opened_read(int file, const char *name, size_t limit, unsigned char **bytes,
                       size_t *size, struct error *error)
{
    struct stat about;

    if (fstat(file, &about) < 0)
        return error_set(error, ERROR_IO, "%s: cannot be looked at: %s", name, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return error_set(error, ERROR_CORRUPT, "%s: is not a regular file", name);
    if ((size_t)about.st_size > limit)
        return error_set(error, ERROR_CORRUPT, "%s: has %lld bytes, more than it can have", name,
                         (long long)about.st_size);
    *size = (size_t)about.st_size;
    *bytes = malloc(*size + 1);
    if (*bytes == NULL)
        return error_set(error, ERROR_MEMORY, "no memory to read %s", name);
    (*bytes)[*size] = '\0';
    if (disk_read_all(file, *bytes, *size) == 0)
        return 0;
    free(*bytes);
    *bytes = NULL;
    return error_set(error, ERROR_IO, "%s: cannot be read: %s", name, strerror(errno));
}

int disk_read(const char *root, const char *name, size_t limit, unsigned char **bytes, size_t *size,
              struct error *error)
{
    char path[DISK_PATH_TEXT];
    int file, code;

    *bytes = NULL;
    *size = 0;
    disk_path(root, name, path);
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 1;
    if (file < 0)
        return error_set(error, errno == ELOOP ? ERROR_CORRUPT : ERROR_IO,
                         "%s: cannot be opened: %s", name, strerror(errno));
    code = opened_read(file, name, limit, bytes, size, error);
    close(file);
    return code;
}

int disk_write_all(int file, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    while (size > 0) {
        ssize_t written = write(file, at, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

int disk_folder_sync(const char *root, const char *name, struct error *error)
{
    char path[DISK_PATH_TEXT];
    int folder, failed;

    disk_path(root, name, path);
    folder = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    failed = folder < 0 || fsync(folder) < 0;
    if (failed)
        error_set(error, ERROR_IO, "%s: cannot be brought to the disk: %s", path, strerror(errno));
    if (folder >= 0)
        close(folder);
    return failed ? ERROR_IO : 0;
}

void disk_batch_begin(struct disk_batch *batch, const char *root)
{
    batch->root = root;
    batch->count = 0;
    batch->failed = false;
}

static void part_path(const struct disk_batch *batch, unsigned number, char path[DISK_PATH_TEXT])
{
    char name[32];

    snprintf(name, sizeof name, "part/%u", number);
    disk_path(batch->root, name, path);
}

int disk_batch_add(struct disk_batch *batch, const char *name, const void *bytes, size_t size,
                   struct error *error)
{
    char path[DISK_PATH_TEXT];
    int file, failed;

    if (batch->failed || batch->count == DISK_BATCH_MAX)
        return error_set(error, ERROR_LIMIT, "too many files at once");
    part_path(batch, batch->count, path);
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    failed = file < 0 || disk_write_all(file, bytes, size) < 0;
    if (failed) {
        error_set(error, ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
        batch->failed = true;
    }
    if (file >= 0)
        close(file);
    snprintf(batch->names[batch->count++], DISK_NAME_TEXT, "%s", name);
    return failed ? ERROR_IO : 0;
}

static int path_sync(const char *path, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC), failed = file < 0 || fsync(file) < 0;

    if (failed)
        error_set(error, ERROR_IO, "%s: cannot be brought to the disk: %s", path, strerror(errno));
    if (file >= 0)
        close(file);
    return failed ? ERROR_IO : 0;
}

/* Everything of the file system that the root is on. */
static int system_sync(const char *root, struct error *error)
{
    int folder = open(root, O_RDONLY | O_CLOEXEC | O_DIRECTORY),
        failed = folder < 0 || syncfs(folder) < 0;

    if (failed)
        error_set(error, ERROR_IO, "%s: cannot be brought to the disk: %s", root, strerror(errno));
    if (folder >= 0)
        close(folder);
    return failed ? ERROR_IO : 0;
}

static int parts_sync(const struct disk_batch *batch, struct error *error)
{
    char path[DISK_PATH_TEXT];
    int code = 0;

    if (batch->count > SYNCED_SINGLY)
        return system_sync(batch->root, error);
    for (unsigned i = 0; code == 0 && i < batch->count; i++) {
        part_path(batch, i, path);
        code = path_sync(path, error);
    }
    return code;
}

/* Makes the folders on the way to a file. */
static int folders_make(const char *root, const char *name, struct error *error)
{
    char path[DISK_PATH_TEXT];
    size_t begin = strlen(root) + 1;

    disk_path(root, name, path);
    for (char *slash = path + begin; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return error_set(error, ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
        *slash = '/';
    }
    return 0;
}

/* Every folder on the way to a file, from the deepest up: any of them may be new. */
static int folders_sync(const struct disk_batch *batch, struct error *error)
{
    char done[SYNCED_SINGLY * 8][DISK_NAME_TEXT];
    unsigned count = 0, d;

    for (unsigned i = 0; i < batch->count; i++) {
        char name[DISK_NAME_TEXT];

        snprintf(name, sizeof name, "%s", batch->names[i]);
        for (char *slash; (slash = strrchr(name, '/')) != NULL;) {
            *slash = '\0';
            for (d = 0; d < count && strcmp(done[d], name) != 0; d++)
                ;
            if (d < count)
                break; /* and so is all that is above it */
            if (disk_folder_sync(batch->root, name, error) < 0)
                return ERROR_IO;
            if (count < SYNCED_SINGLY * 8)
                snprintf(done[count++], DISK_NAME_TEXT, "%s", name);
        }
    }
    return disk_folder_sync(batch->root, ".", error);
}

int disk_batch_finish(struct disk_batch *batch, struct error *error)
{
    char part[DISK_PATH_TEXT], path[DISK_PATH_TEXT];
    int code = parts_sync(batch, error);

    for (unsigned i = 0; code == 0 && i < batch->count; i++) {
        code = folders_make(batch->root, batch->names[i], error);
        part_path(batch, i, part);
        disk_path(batch->root, batch->names[i], path);
        if (code == 0 && rename(part, path) < 0)
            code = error_set(error, ERROR_IO, "%s: cannot be put in its place: %s", path,
                             strerror(errno));
    }
    if (code < 0)
        return code;
    return batch->count > SYNCED_SINGLY ? system_sync(batch->root, error)
                                        : folders_sync(batch, error);
}

void disk_parts_remove(const char *root)
{
    char path[DISK_PATH_TEXT];
    DIR *folder;

    disk_path(root, "part", path);
    folder = opendir(path);
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}
