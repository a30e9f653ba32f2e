/*
 * A hostile agent, which the tests run on a range: it tries to get out, prints one line for each
 * attempt ("NAME 0" where it succeeded, else "NAME ERRNO"), and does no harm where it succeeds. The
 * tests also run it outside, to see that the attempts are real.
 *
 *     hostile try VICTIM HOST PATH ABSTRACT PORT   VICTIM: another agent's pid, HOST: one of the
 *                                                  host's; PATH, ABSTRACT, PORT: where the host
 *                                                  listens
 *     hostile wait                                 stays until it is killed
 *     hostile bomb                                 forks until that is refused; prints how often
 *     hostile orphan                               leaves a child behind, which then ends
 *     hostile descriptors                          prints which are open
 *     hostile foreign x32|i386                     calls the kernel as another architecture
 *     hostile first                                ends at once: for measuring
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t victim, host;
static const char *host_path, *host_abstract;
static int host_port;

static int tell(long status)
{
    return status < 0 ? errno : 0;
}

/* ---- mounts and roots ---- */

static int mount_of(const char *type)
{
    mkdir("/tmp/hostile-mount", 0700);
    if (mount("none", "/tmp/hostile-mount", type, 0, NULL) != 0)
        return errno;
    umount("/tmp/hostile-mount");
    return 0;
}

static int try_mount_cgroup(void)
{
    return mount_of("cgroup2");
}

static int try_mount_tmpfs(void)
{
    return mount_of("tmpfs");
}

static int try_mount_proc(void)
{
    return mount_of("proc");
}

static int try_fsopen(void)
{
    return tell(syscall(SYS_fsopen, "cgroup2", 0));
}

static int try_open_tree(void)
{
    return tell(syscall(SYS_open_tree, AT_FDCWD, "/usr", 1 /* OPEN_TREE_CLONE */));
}

static int try_chroot(void)
{
    return tell(chroot("/"));
}

static int try_etc(void)
{
    return tell(open("/etc/passwd", O_RDONLY));
}

/* Where an old root would lie on top of the new one. */
static int try_above(void)
{
    return tell(open("/../etc/passwd", O_RDONLY));
}

static int try_run(void)
{
    return tell(open("/run", O_RDONLY | O_DIRECTORY));
}

static int try_sys(void)
{
    return tell(open("/sys/kernel", O_RDONLY | O_DIRECTORY));
}

static int try_first_root(void)
{
    return tell(open("/proc/1/root", O_RDONLY | O_DIRECTORY));
}

static int try_first_descriptors(void)
{
    return tell(open("/proc/1/fd", O_RDONLY | O_DIRECTORY));
}

static int try_usr(void)
{
    return access("/usr", W_OK) != 0 ? errno : 0;
}

/* ---- cgroups ---- */

static const char *wanted;
static int found;

static int visit(const char *path, const struct stat *info, int type, struct FTW *place)
{
    int file;

    (void)info;
    if (type != FTW_F || strcmp(path + place->base, wanted) != 0)
        return 0;
    file = open(path, O_WRONLY);
    found = file < 0 ? errno : 0;
    if (file >= 0 && strcmp(wanted, "cgroup.procs") == 0 && write(file, "0", 1) < 0)
        found = errno;
    if (file >= 0)
        close(file);
    return found == 0;
}

/* Any such file anywhere; of cgroup.kill the opening alone is tried. */
static int cgroup_file(const char *name)
{
    wanted = name;
    found = ENOENT;
    nftw("/sys", visit, 16, FTW_PHYS);
    if (found != 0)
        nftw("/tmp", visit, 16, FTW_PHYS);
    if (found != 0 && getppid() <= 1)
        nftw("/", visit, 16, FTW_PHYS);
    return found;
}

static int try_cgroup_procs(void)
{
    return cgroup_file("cgroup.procs");
}

static int try_cgroup_kill(void)
{
    return cgroup_file("cgroup.kill");
}

/* ---- other processes ---- */

static int trace(pid_t pid)
{
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
        return errno;
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return 0;
}

static int try_trace_agent(void)
{
    return trace(victim);
}

static int try_trace_first(void)
{
    return trace(1);
}

static int try_read_agent(void)
{
    char byte;
    struct iovec here = {&byte, 1};
    struct iovec there = {(void *)(uintptr_t)0x400000, 1};

    return tell(process_vm_readv(victim, &here, 1, &there, 1, 0));
}

static int try_memory_agent(void)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/mem", (int)victim);
    return tell(open(path, O_RDWR));
}

static int try_signal_agent(void)
{
    return tell(kill(victim, SIGURG));
}

static int try_signal_first(void)
{
    return tell(kill(1, 0));
}

static int try_signal_host(void)
{
    return tell(kill(host, 0));
}

static int try_signal_pidfd(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, victim, 0);

    return pidfd < 0 ? errno : tell(syscall(SYS_pidfd_send_signal, pidfd, SIGURG, NULL, 0));
}

static int try_signal_queue(void)
{
    union sigval value = {0};

    return tell(sigqueue(victim, SIGURG, value));
}

static int try_signal_thread(void)
{
    return tell(syscall(SYS_tgkill, victim, victim, SIGURG));
}

static int try_slow_agent(void)
{
    return tell(setpriority(PRIO_PROCESS, (id_t)victim, 1));
}

static int try_limit_agent(void)
{
    struct rlimit limit = {100, 100};

    return tell(prlimit(victim, RLIMIT_NOFILE, &limit, NULL));
}

static int try_pidfd_getfd(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, victim, 0);

    return pidfd < 0 ? errno : tell(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

/* ---- the host's sockets ---- */

static int connect_unix(const char *name, int abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (abstract ? 1 : 0));

    if (handle < 0)
        return errno;
    snprintf(address.sun_path + (abstract ? 1 : 0), sizeof address.sun_path - 1, "%s", name);
    return tell(connect(handle, (struct sockaddr *)&address, abstract ? length : length + 1));
}

static int try_path(void)
{
    return connect_unix(host_path, 0);
}

static int try_abstract(void)
{
    return connect_unix(host_abstract, 1);
}

static int try_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)host_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int handle = socket(AF_INET, SOCK_STREAM, 0);

    if (handle < 0)
        return errno;
    return tell(connect(handle, (struct sockaddr *)&address, sizeof address));
}

static int try_vsock(void)
{
    return tell(socket(AF_VSOCK, SOCK_STREAM, 0));
}

/* The kernel takes 32 bits of what the filter compares in 64. */
static int try_vsock_wide(void)
{
    return tell(syscall(SYS_socket, 0x100000000L + AF_VSOCK, SOCK_STREAM, 0));
}

static int try_netlink(void)
{
    return tell(socket(AF_NETLINK, SOCK_DGRAM, 0));
}

static int try_packet(void)
{
    return tell(socket(AF_PACKET, SOCK_RAW, 0));
}

/* ---- namespaces, ids, limits ---- */

static int in_child(int (*what)(void))
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0)
        _exit(what());
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static int unshare_user(void)
{
    return tell(unshare(CLONE_NEWUSER));
}

static int unshare_mount(void)
{
    return tell(unshare(CLONE_NEWNS));
}

static int try_unshare_user(void)
{
    return in_child(unshare_user);
}

static int try_unshare_mount(void)
{
    return in_child(unshare_mount);
}

static int try_clone(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        _exit(0);
    return tell(pid);
}

static int try_clone_parent(void)
{
    long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        _exit(0);
    return tell(pid);
}

static int try_clone3(void)
{
    struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);

    if (pid == 0)
        _exit(0);
    return tell(pid);
}

static int setns_agent(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, victim, 0);

    return pidfd < 0 ? errno : tell(setns(pidfd, CLONE_NEWNET));
}

static int try_setns(void)
{
    return in_child(setns_agent);
}

static int become_root(void)
{
    return getuid() == 0 ? tell(setgroups(1, &(gid_t){0})) : tell(setuid(0));
}

static int become_other(void)
{
    return tell(setresuid(40, 40, 40));
}

static int become_group(void)
{
    return tell(setresgid(40, 40, 40));
}

static int try_root(void)
{
    return in_child(become_root);
}

static int try_other(void)
{
    return in_child(become_other);
}

static int try_group(void)
{
    return in_child(become_group);
}

static int try_capability(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    data[0].effective = data[0].permitted = 1U << CAP_KILL;
    return tell(syscall(SYS_capset, &header, data));
}

static int try_limits(void)
{
    static const __rlimit_resource_t which[] = {RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_FSIZE,
                                                RLIMIT_CORE};

    for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
        struct rlimit limit;

        getrlimit(which[i], &limit);
        if (limit.rlim_max == RLIM_INFINITY)
            return 0; /* there is none */
        limit.rlim_max++;
        if (setrlimit(which[i], &limit) == 0)
            return 0;
    }
    return errno;
}

static int try_score(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY);

    return file < 0 ? errno : tell(write(file, "-1", 2));
}

/* ---- the kernel's doors ---- */

static int try_bpf(void)
{
    char attributes[64] = {0};

    return tell(syscall(SYS_bpf, 0, attributes, sizeof attributes)) == EPERM ? EPERM : 0;
}

static int try_perf(void)
{
    struct perf_event_attr event = {.size = sizeof event,
                                    .type = PERF_TYPE_SOFTWARE,
                                    .config = PERF_COUNT_SW_TASK_CLOCK,
                                    .exclude_kernel = 1};

    return tell(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
}

static int try_ring(void)
{
    char parameters[120] = {0};

    return tell(syscall(SYS_io_uring_setup, 4, parameters));
}

static int try_keys(void)
{
    return tell(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 1));
}

static int try_fault(void)
{
    return tell(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */));
}

static int try_compare(void)
{
    return tell(syscall(SYS_kcmp, getpid(), getpid(), 2 /* KCMP_FILES */, 0, 0));
}

static int try_handle(void)
{
    int here = 0;
    char handle[sizeof(struct file_handle) + 128] = {0};

    ((struct file_handle *)(void *)handle)->handle_bytes = 128;
    return tell(
        name_to_handle_at(AT_FDCWD, "/usr", (struct file_handle *)(void *)handle, &here, 0));
}

static int try_personality(void)
{
    return tell(personality(ADDR_NO_RANDOMIZE));
}

static int try_input(void)
{
    return ioctl(0, TIOCSTI, "x") != 0 && errno == EPERM ? EPERM : 0;
}

static int try_log(void)
{
    return tell(syscall(SYS_syslog, 10 /* the buffer's size */, NULL, 0));
}

static const struct {
    const char *name;
    int (*run)(void);
} attempts[] = {{"mount-cgroup", try_mount_cgroup},
                {"mount-tmpfs", try_mount_tmpfs},
                {"mount-proc", try_mount_proc},
                {"fsopen", try_fsopen},
                {"open-tree", try_open_tree},
                {"chroot", try_chroot},
                {"etc", try_etc},
                {"above", try_above},
                {"run", try_run},
                {"sys", try_sys},
                {"first-root", try_first_root},
                {"first-descriptors", try_first_descriptors},
                {"usr", try_usr},
                {"cgroup-procs", try_cgroup_procs},
                {"cgroup-kill", try_cgroup_kill},
                {"trace-agent", try_trace_agent},
                {"trace-first", try_trace_first},
                {"read-agent", try_read_agent},
                {"memory-agent", try_memory_agent},
                {"signal-agent", try_signal_agent},
                {"signal-first", try_signal_first},
                {"signal-host", try_signal_host},
                {"signal-pidfd", try_signal_pidfd},
                {"signal-queue", try_signal_queue},
                {"signal-thread", try_signal_thread},
                {"slow-agent", try_slow_agent},
                {"limit-agent", try_limit_agent},
                {"pidfd-getfd", try_pidfd_getfd},
                {"path", try_path},
                {"abstract", try_abstract},
                {"port", try_port},
                {"vsock", try_vsock},
                {"vsock-wide", try_vsock_wide},
                {"netlink", try_netlink},
                {"packet", try_packet},
                {"clone-parent", try_clone_parent},
                {"unshare-user", try_unshare_user},
                {"unshare-mount", try_unshare_mount},
                {"clone", try_clone},
                {"clone3", try_clone3},
                {"setns", try_setns},
                {"root", try_root},
                {"other", try_other},
                {"group", try_group},
                {"capability", try_capability},
                {"limits", try_limits},
                {"score", try_score},
                {"bpf", try_bpf},
                {"perf", try_perf},
                {"ring", try_ring},
                {"keys", try_keys},
                {"fault", try_fault},
                {"compare", try_compare},
                {"handle", try_handle},
                {"personality", try_personality},
                {"input", try_input},
                {"log", try_log}};

static int run_attempts(char **words)
{
    victim = atoi(words[0]);
    host = atoi(words[1]);
    host_path = words[2];
    host_abstract = words[3];
    host_port = atoi(words[4]);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        dprintf(1, "%s %d\n", attempts[i].name, attempts[i].run());
    }
    return 0;
}

/* ---- the rest ---- */

__attribute__((noreturn)) static void run_bomb(void)
{
    int count = 0;

    for (;; count++) {
        pid_t pid = fork();

        if (pid == 0)
            for (;;)
                pause();
        if (pid < 0 || count == 5000)
            break;
    }
    dprintf(1, "bomb %d\n", count);
    for (;;)
        pause();
}

static int run_orphan(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        setsid();
        pid = fork();
        if (pid == 0)
            usleep(20000);
        _exit(pid == 0 ? 7 : 0);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

static int run_descriptors(void)
{
    char text[4096] = "";
    size_t length = 0;

    for (int number = 0; number < 512; number++)
        if (fcntl(number, F_GETFD) >= 0)
            length += (size_t)snprintf(text + length, sizeof text - length, "%d ", number);
    dprintf(1, "%s\n", text);
    return 0;
}

static int run_foreign(const char *which)
{
#if defined(__x86_64__)
    long result;

    if (strcmp(which, "x32") == 0)
        return syscall(0x40000000 + SYS_getpid) > 0 ? 0 : 1;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); /* getpid of i386 */
    return result > 0 ? 0 : 1;
#else
    (void)which;
    raise(SIGSYS);
    return 1;
#endif
}

int main(int argc, char **argv)
{
    const char *mode = argc >= 2 ? argv[1] : "";

    if (strcmp(mode, "try") == 0 && argc == 7)
        return run_attempts(argv + 2);
    if (strcmp(mode, "bomb") == 0)
        run_bomb();
    if (strcmp(mode, "orphan") == 0)
        return run_orphan();
    if (strcmp(mode, "descriptors") == 0)
        return run_descriptors();
    if (strcmp(mode, "foreign") == 0 && argc == 3)
        return run_foreign(argv[2]);
    if (strcmp(mode, "wait") == 0)
        for (;;)
            pause();
    return strcmp(mode, "first") == 0 ? 0 : 2;
}
