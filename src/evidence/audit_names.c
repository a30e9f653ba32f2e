#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "evidence/audit_inside.h"

/* tile/LEVEL/x000/x000/000.p/255 and no deeper. */
#define DEPTH_MAX 8

static int name_check(struct audit *audit, const char *name)
{
    struct tile tile;

    if (strcmp(name, "checkpoint") == 0 || strcmp(name, "verifier-key") == 0 ||
        strcmp(name, "journal") == 0)
        return 0;
    if (strncmp(name, "part/", 5) == 0) {
        audit->report->unfinished++;
        return 0;
    }
    if (tile_path_read(&tile, name) != 0)
        return audit_found(audit, name, 0, "is no file of a ledger");
    if (tile_width(audit->report->entries, tile.level, tile.index) < tile.width)
        return audit_found(audit, name, 0, "is a tile of a larger ledger than this");
    return 0;
}

static int folder_walk(struct audit *audit, const char *name, int depth);

static int one_look(struct audit *audit, const char *folder, const char *entry, int depth)
{
    char name[DISK_NAME_TEXT], path[DISK_PATH_TEXT];
    struct stat about;
    int length = snprintf(name, sizeof name, "%s%s%s", folder, *folder != '\0' ? "/" : "", entry);

    if (length >= (int)sizeof name)
        return audit_found(audit, name, 0, "is no file of a ledger");
    disk_path(audit->request->path, name, path);
    if (lstat(path, &about) < 0)
        return errno == ENOENT ? 0
                               : error_set(audit->error, ERROR_IO, "%s: cannot be looked at: %s",
                                           path, strerror(errno));
    if (S_ISDIR(about.st_mode) && depth < DEPTH_MAX)
        return folder_walk(audit, name, depth + 1);
    if (!S_ISREG(about.st_mode))
        return audit_found(audit, name, 0, "is no file of a ledger");
    return name_check(audit, name);
}

static int folder_walk(struct audit *audit, const char *name, int depth)
{
    char path[DISK_PATH_TEXT];
    struct dirent **entries;
    int count, code = 0;

    disk_path(audit->request->path, name, path);
    /* In order, so that what is found first does not depend on the file system. */
    count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return error_set(audit->error, ERROR_IO, "%s: cannot be listed: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *entry = entries[i]->d_name;

        if (code == 0 && strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0)
            code = one_look(audit, name, entry, depth);
        free(entries[i]);
    }
    free(entries);
    return code;
}

int audit_names(struct audit *audit)
{
    return folder_walk(audit, "", 0);
}
