#include "live/wire/channel.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_want_pid(int descriptor, struct error *error)
{
    const int yes = 1;

    if (setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0)
        return error_set(error, ERROR_IO, "the sender's pid cannot be had: %s", strerror(errno));
    return 0;
}

int channel_pair(int ends[2], struct error *error)
{
    int failed;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return error_set(error, errno == EMFILE || errno == ENFILE ? ERROR_LIMIT : ERROR_IO,
                         "no pair of sockets: %s", strerror(errno));
    failed = channel_want_pid(ends[0], error);
    if (failed == 0)
        failed = channel_want_pid(ends[1], error);
    if (failed != 0) {
        close(ends[0]);
        close(ends[1]);
    }
    return failed;
}

union control {
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof(int) * CHANNEL_DESCRIPTORS) + CMSG_SPACE(sizeof(struct ucred))];
};

enum channel_result channel_send(int descriptor, const struct packet *packet)
{
    struct iovec piece = {.iov_base = packet->bytes, .iov_len = packet->size};
    union control control;
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

    assert(packet->descriptor_count <= CHANNEL_DESCRIPTORS);
    if (packet->descriptor_count > 0) {
        size_t bytes = packet->descriptor_count * sizeof(int);
        struct cmsghdr *head;

        memset(&control, 0, CMSG_SPACE(bytes));
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(bytes);
        head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(head), packet->descriptors, bytes);
    }
    while (sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EINTR)
            continue;
        assert(errno != EMSGSIZE && errno != EBADF);
        /* Too many descriptors on their way count as a full socket. */
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS)
            return CHANNEL_FULL;
        return CHANNEL_CLOSED;
    }
    return CHANNEL_OK;
}

static void take_control(struct msghdr *message, struct packet *packet)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
         head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET)
            continue;
        if (head->cmsg_type == SCM_RIGHTS) {
            size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

            for (size_t i = 0; i < count; i++) {
                int descriptor;

                memcpy(&descriptor, CMSG_DATA(head) + i * sizeof(int), sizeof descriptor);
                if (packet->descriptor_count < CHANNEL_DESCRIPTORS)
                    packet->descriptors[packet->descriptor_count++] = descriptor;
                else
                    close(descriptor);
            }
        } else if (head->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;

            memcpy(&sender, CMSG_DATA(head), sizeof sender);
            packet->pid = sender.pid;
        }
    }
}

/* An end that closed before it had read all it was sent makes a reset, which the kernel tells
 * before what that end had sent: its last words are behind the reset. */
enum channel_result channel_receive(int descriptor, struct packet *packet)
{
    /* The caller has set these two, and nothing else of it. */
    /* cppcheck-suppress ctuuninitvar */
    struct iovec piece = {.iov_base = packet->bytes, .iov_len = packet->capacity};
    union control control;
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    ssize_t got;
    int resets = 0;

    packet->descriptor_count = 0;
    packet->size = 0;
    packet->pid = 0;
    do
        got = recvmsg(descriptor, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_TRUNC);
    while (got < 0 && (errno == EINTR || (errno == ECONNRESET && resets++ == 0)));
    if (got < 0)
        return errno == EAGAIN ? CHANNEL_EMPTY : CHANNEL_CLOSED;
    take_control(&message, packet);
    /* An empty packet reads as the end does; nobody here sends one, so it ends the channel. */
    if (got == 0) {
        packet_close(packet);
        return CHANNEL_CLOSED;
    }
    packet->size = (size_t)got;
    return CHANNEL_OK;
}

void packet_close(struct packet *packet)
{
    for (uint32_t i = 0; i < packet->descriptor_count; i++)
        close(packet->descriptors[i]);
    packet->descriptor_count = 0;
}
