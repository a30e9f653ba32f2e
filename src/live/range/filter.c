#include "live/range/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define REFUSE SCMP_ACT_ERRNO(EPERM)

/* Refused whatever the arguments. Names, so that one that this machine's libseccomp does not know
 * is told apart from one that this architecture has not. */
static const char *const refused[] = {
    /* mounts, roots and namespaces */
    "mount", "umount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick",
    "open_tree", "move_mount", "mount_setattr", "unshare", "setns",
    /* other processes' memory and descriptors */
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise",
    "process_mrelease",
    /* large doors into the kernel */
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "fanotify_init", "keyctl", "add_key", "request_key", "open_by_handle_at",
    "name_to_handle_at",
    /* the machine */
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot",
    "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog", "iopl", "ioperm", "vhangup",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname",
    "lookup_dcookie", "uselib", "ustat", "sysfs", "_sysctl", "nfsservctl", NULL};

/* Newer than the libseccomp of Debian 12, and the same number on every architecture. */
static const int refused_numbers[] = {467 /* open_tree_attr */};

/* Refused where agents share a uid. */
static const char *const refused_shared[] = {"kill",
                                             "tkill",
                                             "tgkill",
                                             "pidfd_send_signal",
                                             "rt_sigqueueinfo",
                                             "rt_tgsigqueueinfo",
                                             "migrate_pages",
                                             "move_pages",
                                             NULL};

/* Where agents share a uid: refused unless argument `argument` is 0, the caller itself. */
static const struct {
    const char *name;
    unsigned argument;
} others[] = {{"setpriority", 0}, /* PRIO_PROCESS alone */
              {"setpriority", 1},        {"ioprio_set", 1},    {"sched_setparam", 0},
              {"sched_setscheduler", 0}, {"sched_setattr", 0}, {"sched_setaffinity", 0},
              {"prlimit64", 0},          {"setpgid", 0}};

static int refuse(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    /* A call that this libseccomp knows, but not this architecture, is a negative number, for which
     * a rule does nothing. */
    return number == __NR_SCMP_ERROR ? -ENOENT : seccomp_rule_add(filter, REFUSE, number, 0);
}

static struct scmp_arg_cmp when(unsigned argument, enum scmp_compare how, scmp_datum_t a,
                                scmp_datum_t b)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = how, .datum_a = a, .datum_b = b};
}

static int refuse_where(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp test)
{
    int number = seccomp_syscall_resolve_name(name);

    return number < 0 ? -ENOENT : seccomp_rule_add(filter, REFUSE, number, 1, test);
}

static int sockets_add(scmp_filter_ctx filter)
{
    int status = 0;

    /* Families are compared in all 64 bits, of which the kernel looks at 32: whatever is odd there
     * is above 10. Vsock, netlink and packet sockets are no part of a network namespace, or reach
     * too deep. */
    for (int family = 0; family <= AF_INET6 && status == 0; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
            status = refuse_where(filter, "socket", when(0, SCMP_CMP_EQ, (scmp_datum_t)family, 0));
    if (status == 0)
        status = refuse_where(filter, "socket", when(0, SCMP_CMP_GT, AF_INET6, 0));
    if (status == 0)
        status = refuse_where(filter, "socketpair", when(0, SCMP_CMP_NE, AF_UNIX, 0));
    return status;
}

static int arguments_add(scmp_filter_ctx filter)
{
    /* A sibling of its own parent's making would look like a process that first has spawned. */
    static const uint64_t flags[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                     CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET, CLONE_PARENT};
    int status = sockets_add(filter);

    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && status == 0; i++)
        status = refuse_where(filter, "clone", when(0, SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
    if (status == 0)
        status = refuse_where(filter, "ioctl", when(1, SCMP_CMP_MASKED_EQ, 0xffffffffU, TIOCSTI));
    if (status == 0)
        status = refuse_where(filter, "ioctl", when(1, SCMP_CMP_MASKED_EQ, 0xffffffffU, TIOCLINUX));
    /* All but asking. */
    if (status == 0)
        status = refuse_where(filter, "personality", when(0, SCMP_CMP_NE, 0xffffffffU, 0));
    return status;
}

/* What a signal may also be sent by. */
static int owners_add(scmp_filter_ctx filter)
{
    static const uint32_t commands[] = {F_SETOWN, F_SETOWN_EX, F_SETSIG};
    static const uint32_t requests[] = {FIOSETOWN, SIOCSPGRP};
    int status = 0;

    for (size_t i = 0; i < sizeof commands / sizeof commands[0] && status == 0; i++)
        status =
            refuse_where(filter, "fcntl", when(1, SCMP_CMP_MASKED_EQ, 0xffffffffU, commands[i]));
    for (size_t i = 0; i < sizeof requests / sizeof requests[0] && status == 0; i++)
        status =
            refuse_where(filter, "ioctl", when(1, SCMP_CMP_MASKED_EQ, 0xffffffffU, requests[i]));
    return status;
}

static int all_add(scmp_filter_ctx filter)
{
    int status = 0;

    for (size_t i = 0; refused[i] != NULL && status == 0; i++)
        status = refuse(filter, refused[i]);
    for (size_t i = 0; i < sizeof refused_numbers / sizeof refused_numbers[0] && status == 0; i++)
        status = seccomp_rule_add(filter, REFUSE, refused_numbers[i], 0);
    return status != 0 ? status : arguments_add(filter);
}

static int agent_add(scmp_filter_ctx filter, bool shared)
{
    /* Its arguments lie in memory, where no filter can look: the C library then uses clone. */
    int status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    if (!shared)
        return status;
    for (size_t i = 0; refused_shared[i] != NULL && status == 0; i++)
        status = refuse(filter, refused_shared[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0] && status == 0; i++)
        status = refuse_where(filter, others[i].name, when(others[i].argument, SCMP_CMP_NE, 0, 0));
    return status != 0 ? status : owners_add(filter);
}

int filter_build(enum filter_kind kind, bool shared, int *descriptor, struct error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int file = -1;
    int status = -ENOMEM;

    if (filter == NULL)
        goto out;
    /* Another architecture's numbers mean other calls, so that no rule would hold. */
    status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (status == 0 && kind == FILTER_ALL)
        status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (status == 0)
        status = kind == FILTER_ALL ? all_add(filter) : agent_add(filter, shared);
    if (status != 0)
        goto out;
    file = memfd_create("filter", MFD_CLOEXEC);
    status = file < 0 ? -errno : seccomp_export_bpf(filter, file);
out:
    if (filter != NULL)
        seccomp_release(filter);
    if (status == 0) {
        *descriptor = file;
        return 0;
    }
    if (file >= 0)
        close(file);
    return error_set(error, ERROR_MACHINE, "the filter of kernel calls could not be built: %s",
                     strerror(-status));
}
