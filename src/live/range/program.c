#include "live/range/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "iolaus-range"

/* A program that every uid may execute, since agents have uids of their own. */
static int program_try(const char *path, int *descriptor)
{
    struct stat info;
    int file = open(path, O_PATH | O_CLOEXEC);

    if (file < 0)
        return -errno;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & S_IXOTH) != 0) {
        *descriptor = file;
        return 0;
    }
    close(file);
    return -EACCES;
}

int program_open(int *descriptor, struct error *error)
{
    static const char *const places[] = {"", "../live/", "../libexec/iolaus/", NULL};
    char self[PATH_MAX];
    char path[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (length > 0) {
        self[length] = '\0';
        *(strrchr(self, '/') + 1) = '\0';
        for (size_t place = 0; places[place] != NULL; place++) {
            snprintf(path, sizeof path, "%s%s%s", self, places[place], PROGRAM);
            if (program_try(path, descriptor) == 0)
                return 0;
        }
    }
    if (program_try(PROGRAM_FOLDER "/" PROGRAM, descriptor) == 0)
        return 0;
    return error_set(error, ERROR_MACHINE,
                     "%s was not found beside iolaus nor in %s, or not every user may execute it; "
                     "install Iolaus whole",
                     PROGRAM, PROGRAM_FOLDER);
}
