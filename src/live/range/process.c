#include "live/range/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/range/layers.h"

pid_t process_clone(struct clone_args *arguments)
{
    long pid = syscall(SYS_clone3, arguments, sizeof *arguments);

    return pid < 0 ? -errno : (pid_t)pid;
}

unsigned long long process_started(pid_t pid)
{
    char path[48];
    char text[1024];
    const char *field;
    ssize_t length;
    int file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    /* The name in parentheses may hold anything; field 3 stands behind the last one. */
    field = strrchr(text, ')');
    /* The dead whom nobody has reaped yet are no more. */
    if (field != NULL && (strncmp(field, ") Z", 3) == 0 || strncmp(field, ") X", 3) == 0))
        return 0;
    for (int number = 2; field != NULL && number < 22; number++)
        field = strchr(field + 1, ' ');
    return field == NULL ? 0 : strtoull(field + 1, NULL, 10);
}

void process_signals_reset(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        sigaction(number, &plain, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int process_null(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return -errno;
    for (int standard = 0; standard <= 2; standard++) {
        if (null == standard ? fcntl(null, F_SETFD, 0) != 0 : dup2(null, standard) < 0)
            return -errno;
    }
    if (null > 2)
        close(null);
    return 0;
}

void process_bind(int pipe)
{
    struct pollfd look = {.fd = pipe, .events = POLLIN};

    if (layer_on(LAYER_PDEATHSIG) && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        _exit(1);
    if (layer_on(LAYER_PIPE) && poll(&look, 1, 0) != 0)
        _exit(1);
}

int process_execute(int program, char *const *argv, char *const *environment)
{
    execveat(program, "", argv, environment, AT_EMPTY_PATH);
    return -errno;
}

int64_t process_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool process_gone(int pidfd)
{
    struct pollfd look = {.fd = pidfd, .events = POLLIN};

    return poll(&look, 1, 0) == 1;
}

void process_kill(int pidfd)
{
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

void process_wait(int pidfd)
{
    struct pollfd look = {.fd = pidfd, .events = POLLIN};
    siginfo_t info;

    while (poll(&look, 1, -1) != 1)
        ;
    waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
}

int packet_send(int socket, const struct packet *packet, int flags)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * PACKET_DESCRIPTORS)];
        struct cmsghdr align;
    } control;
    struct iovec parts[2] = {{packet->head, packet->head_bytes},
                             {packet->body, packet->body_bytes}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = packet->body_bytes > 0 ? 2 : 1};

    if (packet->count > 0) {
        struct cmsghdr *rights;

        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * packet->count);
        rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * packet->count);
        memcpy(CMSG_DATA(rights), packet->descriptors, sizeof(int) * packet->count);
    }
    while (sendmsg(socket, &message, flags | MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

ssize_t packet_receive(int socket, struct packet *packet, int flags)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * PACKET_DESCRIPTORS) + CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    struct iovec parts[2] = {{packet->head, packet->head_bytes},
                             {packet->body, packet->body_bytes}};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = packet->body_bytes > 0 ? 2 : 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t bytes;

    packet->count = 0;
    packet->sender = 0;
    do
        bytes = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (bytes < 0 && errno == EINTR);
    if (bytes < 0)
        return -errno;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET)
            continue;
        if (part->cmsg_type == SCM_RIGHTS) {
            packet->count = (uint32_t)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(packet->descriptors, CMSG_DATA(part), sizeof(int) * packet->count);
        } else if (part->cmsg_type == SCM_CREDENTIALS) {
            struct ucred who;

            memcpy(&who, CMSG_DATA(part), sizeof who);
            packet->sender = who.pid;
        }
    }
    return bytes;
}
