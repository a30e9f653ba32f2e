#include "live/witness/events.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/witness/proc.h"

/* How long the kernel may take to answer that it will tell: it answers at once or never. */
#define ANSWER_MS 500

/* The parts of a packet: header, struct cn_msg, struct proc_event. */
#define MESSAGE_AT NLMSG_HDRLEN
#define EVENT_AT (NLMSG_HDRLEN + sizeof(struct cn_msg))

static int kernel_ask(int descriptor, uint32_t op, uint32_t mark)
{
    unsigned char packet[NLMSG_SPACE(sizeof(struct cn_msg) + sizeof(uint32_t))] = {0};
    struct nlmsghdr header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof op),
                              .nlmsg_type = NLMSG_DONE};
    struct cn_msg message = {
        .id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC}, .ack = mark, .len = sizeof op};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

    memcpy(packet, &header, sizeof header);
    memcpy(packet + MESSAGE_AT, &message, sizeof message);
    memcpy(packet + EVENT_AT, &op, sizeof op);
    return sendto(descriptor, packet, header.nlmsg_len, 0, (const struct sockaddr *)&kernel,
                  sizeof kernel) < 0
               ? -1
               : 0;
}

/* False for what is no event of the kernel's. */
static bool packet_read(const unsigned char *bytes, size_t length, const struct sockaddr_nl *sender,
                        struct cn_msg *message, struct proc_event *event)
{
    if (sender->nl_pid != 0 || length < EVENT_AT + 16)
        return false;
    memcpy(message, bytes + MESSAGE_AT, sizeof *message);
    if (message->id.idx != CN_IDX_PROC || message->id.val != CN_VAL_PROC)
        return false;
    memset(event, 0, sizeof *event);
    length -= EVENT_AT;
    memcpy(event, bytes + EVENT_AT, length < sizeof *event ? length : sizeof *event);
    return true;
}

/* Waits for the kernel's answer to kernel_ask, which bears the mark's successor. Outside the
 * machine's first namespaces it gives none. */
static bool answer_await(int descriptor, uint32_t mark)
{
    time_ns until = clock_read() + ANSWER_MS * INT64_C(1000000);

    for (;;) {
        struct pollfd readable = {.fd = descriptor, .events = POLLIN};
        unsigned char bytes[EVENT_BYTES];
        struct sockaddr_nl sender = {0};
        socklen_t sender_length = sizeof sender;
        time_ns left = until - clock_read();
        struct cn_msg message;
        struct proc_event event;
        ssize_t length;

        if (left <= 0 || poll(&readable, 1, (int)(left / 1000000) + 1) < 1)
            return false;
        length = recvfrom(descriptor, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&sender,
                          &sender_length);
        if (length > 0 && packet_read(bytes, (size_t)length, &sender, &message, &event) &&
            event.what == PROC_EVENT_NONE && message.ack == mark + 1)
            return event.event_data.ack.err == 0;
    }
}

int events_open(struct events *events, uint32_t buffer_bytes, struct error *error)
{
    struct sockaddr_nl self = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
    long processors = sysconf(_SC_NPROCESSORS_CONF);
    int size = buffer_bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)buffer_bytes;
    uint32_t mark = (uint32_t)getpid() ^ (uint32_t)clock_read();
    int code;

    memset(events, 0, sizeof *events);
    events->descriptor =
        socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
    if (events->descriptor < 0)
        return error_set(error, ERROR_MACHINE, "no process events from this kernel: %s",
                         strerror(errno));
    events->processors = processors > 0 ? (uint32_t)processors : 1;
    events->counters = calloc(events->processors, sizeof *events->counters);
    if (events->counters == NULL) {
        code = error_set(error, ERROR_MEMORY, "no memory for %u processors", events->processors);
        goto out;
    }
    /* Without the right to go beyond the machine's limit, as much as that allows. */
    if (setsockopt(events->descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        (void)setsockopt(events->descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(events->descriptor, (const struct sockaddr *)&self, sizeof self) < 0 ||
        kernel_ask(events->descriptor, PROC_CN_MCAST_LISTEN, mark) < 0) {
        code =
            error_set(error, ERROR_MACHINE, "no leave to read process events: %s", strerror(errno));
        goto out;
    }
    events->listening = true;
    if (!answer_await(events->descriptor, mark)) {
        code = error_set(error, ERROR_MACHINE,
                         "the kernel tells no process events here (in a container?)");
        goto out;
    }
    for (size_t i = 0; i < EVENTS_BATCH; i++) {
        events->pieces[i] = (struct iovec){events->bytes[i], EVENT_BYTES};
        events->headers[i].msg_hdr = (struct msghdr){.msg_iov = &events->pieces[i],
                                                     .msg_iovlen = 1,
                                                     .msg_name = &events->senders[i],
                                                     .msg_namelen = sizeof events->senders[i]};
    }
    events->latest = clock_read();
    return 0;
out:
    events_close(events);
    return code;
}

void events_close(struct events *events)
{
    /* The kernel counts those who listen and not their sockets: else it would tell on. */
    if (events->listening)
        (void)kernel_ask(events->descriptor, PROC_CN_MCAST_IGNORE, 0);
    events->listening = false;
    if (events->descriptor >= 0)
        close(events->descriptor);
    events->descriptor = -1;
    free(events->counters);
    events->counters = NULL;
}

static void gap_note(struct events *events, time_ns from)
{
    if (!events->gap || from < events->gap_from)
        events->gap_from = from;
    events->gap = true;
}

/* The numbers of a processor's events follow one another unless some were dropped. */
static void number_check(struct events *events, const struct cn_msg *message,
                         const struct proc_event *event)
{
    struct events_counter *counter;

    if (event->cpu >= events->processors)
        return;
    counter = &events->counters[event->cpu];
    if (counter->known && message->seq != counter->next)
        gap_note(events, counter->at);
    counter->known = true;
    counter->next = message->seq + 1;
    counter->at = (time_ns)event->timestamp_ns;
}

static bool event_of(const struct proc_event *from, struct kernel_event *event)
{
    *event = (struct kernel_event){.at = (time_ns)from->timestamp_ns};
    switch ((uint32_t)from->what) {
    case PROC_EVENT_FORK:
        event->kind = KERNEL_FORK;
        event->thread = from->event_data.fork.child_pid;
        event->process = from->event_data.fork.child_tgid;
        event->parent = from->event_data.fork.parent_tgid;
        return true;
    case PROC_EVENT_EXEC:
        event->kind = KERNEL_EXEC;
        event->thread = from->event_data.exec.process_pid;
        event->process = from->event_data.exec.process_tgid;
        return true;
    case PROC_EVENT_EXIT:
        event->kind = KERNEL_EXIT;
        event->thread = from->event_data.exit.process_pid;
        event->process = from->event_data.exit.process_tgid;
        return true;
    default:
        return false;
    }
}

/* Fills the batch. 1: there is one; 0: nothing to read; negative: error. */
static int batch_read(struct events *events, struct error *error)
{
    for (;;) {
        int count = recvmmsg(events->descriptor, events->headers, EVENTS_BATCH, MSG_DONTWAIT, NULL);

        if (count > 0) {
            events->batch_next = 0;
            events->batch_count = (unsigned)count;
            return 1;
        }
        if (count < 0 && errno == ENOBUFS) {
            /* What is still in the buffer came before the loss. From now on the kernel drops
             * everything until the buffer is empty. */
            events->overflow = true;
            continue;
        }
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return error_set(error, ERROR_IO, "process events cannot be read: %s", strerror(errno));
        if (events->overflow) {
            events->overflow = false;
            gap_note(events, events->latest);
            for (uint32_t i = 0; i < events->processors; i++)
                events->counters[i].known = false; /* so that the same loss is not told again */
        }
        return 0;
    }
}

int events_take(struct events *events, struct kernel_event *event, struct error *error)
{
    for (;;) {
        unsigned i;
        struct cn_msg message;
        struct proc_event from;

        if (events->batch_next == events->batch_count) {
            int code = batch_read(events, error);

            if (code <= 0)
                return code;
        }
        i = events->batch_next++;
        if (!packet_read(events->bytes[i], events->headers[i].msg_len, &events->senders[i],
                         &message, &from))
            continue;
        number_check(events, &message, &from);
        events->taken++;
        if ((time_ns)from.timestamp_ns > events->latest)
            events->latest = (time_ns)from.timestamp_ns;
        if (event_of(&from, event))
            return 1;
    }
}

bool events_settle(struct events *events, time_ns *from)
{
    if (!events->gap || events->overflow || events->batch_next != events->batch_count)
        return false;
    *from = events->gap_from;
    events->gap = false;
    return true;
}
