/*
 * The private root file system: a small tmpfs, made read-only at the end, with the host's programs
 * and libraries bound read-only, three devices, a /proc of the range's own, and a /tmp of limited
 * size. The host's root is detached, so /sys, /run, /var, /home and all control sockets are out of
 * reach, and no cgroupfs is mounted anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/range/first.h"

#define PLACE "/tmp" /* covered by the new root until the old one is gone */
#define TMP_OPTIONS "size=64m,nr_inodes=16384,mode=1777"

/* Binds what is at `from` on the host to the same path below the working directory, with all that
 * is mounted below it, taking away what `attributes` says. */
static int bind_make(const char *from, uint64_t attributes)
{
    struct mount_attr change = {.attr_set = attributes};
    int tree = open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    int status = 0;

    if (tree < 0)
        return -errno;
    if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change) != 0 ||
        move_mount(tree, "", AT_FDCWD, from + 1, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        status = -errno;
    close(tree);
    return status;
}

/* A folder of the host's: a link (as /lib is on most machines) is made anew, a directory bound. */
static int folder_make(const char *path)
{
    char target[256];
    struct stat info;
    ssize_t length;

    if (lstat(path, &info) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISLNK(info.st_mode)) {
        length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            return -errno;
        target[length] = '\0';
        return symlink(target, path + 1) == 0 ? 0 : -errno;
    }
    if (mkdir(path + 1, 0755) != 0)
        return -errno;
    return bind_make(path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int device_make(const char *path)
{
    int file = open(path + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (file < 0)
        return -errno;
    close(file);
    return bind_make(path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

static const char *const proc_options[] = {"hidepid=invisible,subset=pid", "hidepid=2", NULL};

/* The kernel refuses a /proc where the machine's own is partly covered, as in many containers. */
static bool proc_make(void)
{
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

    if (mkdir("proc", 0555) != 0)
        return false;
    for (size_t option = 0; proc_options[option] != NULL; option++)
        if (mount("proc", "proc", "proc", flags, proc_options[option]) == 0)
            return true;
    return mount("proc", "proc", "proc", flags, NULL) == 0;
}

int root_proc(void)
{
    int context = fsopen("proc", FSOPEN_CLOEXEC);
    int proc;

    if (context < 0)
        return -1;
    proc = fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0
               ? -1
               : fsmount(context, FSMOUNT_CLOEXEC, 0);
    close(context);
    return proc;
}

static int folders_make(const char **step)
{
    static const char *const folders[] = {"/usr",   "/bin",   "/sbin",   "/lib",
                                          "/lib32", "/lib64", "/libx32", NULL};
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/urandom", NULL};

    for (size_t folder = 0; folders[folder] != NULL; folder++) {
        int status = folder_make(*step = folders[folder]);

        if (status != 0)
            return status;
    }
    if (mkdir("dev", 0755) != 0)
        return -errno;
    for (size_t device = 0; devices[device] != NULL; device++) {
        int status = device_make(*step = devices[device]);

        if (status != 0)
            return status;
    }
    return 0;
}

int root_make(bool with_proc, bool *mounted_proc, const char **step)
{
    int status;

    /* What is mounted from here on stays here, and what the host mounts does not come in. */
    *step = "making mounts private";
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return -errno;
    *step = "mounting the root";
    if (mount("range", PLACE, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=256,mode=755") !=
            0 ||
        chdir(PLACE) != 0)
        return -errno;
    status = folders_make(step);
    if (status != 0)
        return status;
    *step = "mounting /tmp";
    if (mkdir("tmp", 0755) != 0 ||
        mount("tmp", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, TMP_OPTIONS) != 0)
        return -errno;
    *mounted_proc = with_proc && proc_make();
    *step = "changing the root";
    /* The old root is put over the new one, and detached from there: pivot_root(2), notes. */
    if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return -errno;
    *step = "making the root read-only";
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
        return -errno;
    return 0;
}
