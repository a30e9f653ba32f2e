/*
 * Packets and what rides along with them, messages of links, and sealed configurations. Not
 * covered: what agents and platform do with them.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "live/agent/config.h"
#include "live/wire/channel.h"
#include "live/wire/link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(wire_channel, .timeout = 120);

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static struct packet packet_of(char *bytes, size_t size)
{
    return (struct packet){.bytes = bytes, .capacity = size, .size = size};
}

static void pair(int ends[2])
{
    struct error error = {0};

    cr_assert_eq(channel_pair(ends, &error), 0, "%s", error.message);
    for (int i = 0; i < 2; i++) {
        cr_assert(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
        cr_assert(fcntl(ends[i], F_GETFL) & O_NONBLOCK);
    }
}

static void unpair(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

Test(wire_channel, packets_are_whole_and_in_order)
{
    int ends[2], before = open_descriptors();
    char text[CHANNEL_BYTES], room[CHANNEL_BYTES];
    struct packet sent = packet_of(text, 1), got = packet_of(room, sizeof room);

    memset(text, 'x', sizeof text);
    pair(ends);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_EMPTY);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    sent.size = CHANNEL_BYTES;
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.size, 1);
    cr_assert_eq(got.pid, getpid());
    cr_assert_eq(got.descriptor_count, 0);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.size, CHANNEL_BYTES);
    cr_assert_eq(memcmp(room, text, sizeof text), 0);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_EMPTY);
    unpair(ends);
    cr_assert_eq(open_descriptors(), before);
}

Test(wire_channel, a_packet_that_is_cut_off_says_its_size)
{
    int ends[2];
    char text[300] = {'x'}, room[100];
    struct packet sent = packet_of(text, sizeof text), got = packet_of(room, sizeof room);

    pair(ends);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    sent.size = 7;
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.size, 300);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.size, 7, "the rest of it is not the next");
    unpair(ends);
}

Test(wire_channel, a_full_one_says_so_and_goes_on)
{
    int ends[2];
    char text[4096] = {'x'};
    struct packet sent = packet_of(text, sizeof text), got = packet_of(text, sizeof text);
    int count = 0, received = 0;

    pair(ends);
    while (channel_send(ends[0], &sent) == CHANNEL_OK && count < 100000)
        count++;
    cr_assert(count > 1 && count < 100000);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_FULL);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    while (channel_receive(ends[1], &got) == CHANNEL_OK)
        received++;
    cr_assert_eq(received, count);
    unpair(ends);
}

/* What was sent before the end is read before the end. */
Test(wire_channel, a_closed_end)
{
    int ends[2];
    char text[8] = "last";
    struct packet sent = packet_of(text, 5), got = packet_of(text, sizeof text);

    pair(ends);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    close(ends[0]);
    cr_assert_eq(channel_send(ends[1], &sent), CHANNEL_CLOSED);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_CLOSED);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_CLOSED);
    close(ends[1]);
}

/* One that ends without having read what it was sent has its last words heard all the same. */
Test(wire_channel, last_words_of_one_that_did_not_read)
{
    int ends[2];
    char text[8] = "last", room[8];
    struct packet sent = packet_of(text, 5), got = packet_of(room, sizeof room);

    pair(ends);
    cr_assert_eq(channel_send(ends[1], &sent), CHANNEL_OK);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    close(ends[0]);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_str_eq(room, "last");
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_CLOSED);
    close(ends[1]);
}

/* Severing is done by a third one, on a duplicate that it kept. */
Test(wire_channel, a_severed_link)
{
    int ends[2], kept;
    char text[8] = {0};
    struct packet sent = packet_of(text, 5), got = packet_of(text, sizeof text);

    pair(ends);
    kept = dup(ends[0]);
    cr_assert_eq(shutdown(kept, SHUT_RDWR), 0);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_CLOSED);
    cr_assert_eq(channel_receive(ends[0], &got), CHANNEL_CLOSED);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_CLOSED);
    cr_assert_eq(channel_send(ends[1], &sent), CHANNEL_CLOSED);
    close(kept);
    unpair(ends);
}

static bool same_file(int a, int b)
{
    struct stat left, right;

    return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_ino == right.st_ino &&
           left.st_dev == right.st_dev;
}

Test(wire_channel, descriptors_ride_along_in_order)
{
    int ends[2], before = open_descriptors(), files[CHANNEL_DESCRIPTORS];
    char text[4] = "abc";
    struct packet sent = packet_of(text, 3), got = packet_of(text, sizeof text);

    pair(ends);
    for (int i = 0; i < CHANNEL_DESCRIPTORS; i++) {
        files[i] = memfd_create("test", 0);
        sent.descriptors[i] = files[i];
    }
    sent.descriptor_count = CHANNEL_DESCRIPTORS;
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.descriptor_count, CHANNEL_DESCRIPTORS);
    cr_assert_eq(got.pid, getpid());
    for (int i = 0; i < CHANNEL_DESCRIPTORS; i++) {
        cr_assert(same_file(files[i], got.descriptors[i]), "%d", i);
        cr_assert(fcntl(got.descriptors[i], F_GETFD) & FD_CLOEXEC);
        cr_assert(!(fcntl(files[i], F_GETFD) & FD_CLOEXEC), "the sender's are as they were");
        close(files[i]);
    }
    packet_close(&got);
    packet_close(&got);
    unpair(ends);
    cr_assert_eq(open_descriptors(), before);
}

/* More than the room that there is: the rest is closed, by the kernel or, where the sender's pid
 * does not take its part of the room, by the receiver. */
static void send_too_many(const int ends[2], pid_t pid)
{
    enum { MANY = 253 };
    int before = open_descriptors(), files[MANY];
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof files)];
    } control = {0};
    char text[4] = "abc";
    struct iovec piece = {text, 3};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    struct packet got = packet_of(text, sizeof text);

    for (int i = 0; i < MANY; i++)
        files[i] = ends[0];
    control.head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof files), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.head), files, sizeof files);
    cr_assert_eq(sendmsg(ends[0], &message, 0), 3);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.descriptor_count, CHANNEL_DESCRIPTORS);
    cr_assert_eq(got.pid, pid, "the sender is known all the same");
    packet_close(&got);
    cr_assert_eq(open_descriptors(), before);
}

Test(wire_channel, too_many_descriptors)
{
    int ends[2];

    pair(ends);
    send_too_many(ends, getpid());
    unpair(ends);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    send_too_many(ends, 0);
    unpair(ends);
}

/* An empty packet ends the channel as its end would, and what rode along with it is closed. */
Test(wire_channel, an_empty_packet)
{
    int ends[2], before = open_descriptors();
    char text[4];
    struct packet sent = packet_of(text, 0), got = packet_of(text, sizeof text);

    pair(ends);
    sent.descriptors[sent.descriptor_count++] = ends[0];
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_CLOSED);
    cr_assert_eq(got.descriptor_count, 0);
    unpair(ends);
    cr_assert_eq(open_descriptors(), before);
}

/* The same end in other hands is told by the pid. */
Test(wire_channel, the_pid_is_that_of_who_sent_it)
{
    int ends[2], status;
    char text[4] = "abc";
    struct packet sent = packet_of(text, 3), got = packet_of(text, sizeof text);
    pid_t child;

    pair(ends);
    child = fork();
    if (child == 0)
        _exit(channel_send(ends[0], &sent) == CHANNEL_OK ? 0 : 1);
    cr_assert(child > 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.pid, child);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.pid, getpid());
    unpair(ends);
}

/* One descriptor is free, and a pair needs two. */
Test(wire_channel, no_descriptors_left)
{
    struct rlimit limit;
    struct error error = {0};
    int ends[2], next = dup(0), before;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    before = open_descriptors();
    limit.rlim_cur = (rlim_t)next + 1;
    close(next);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(channel_pair(ends, &error), ERROR_LIMIT, "%s", error.message);
    limit.rlim_cur = limit.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(open_descriptors(), before - 1);
    cr_assert_eq(channel_want_pid(-1, &error), ERROR_IO);
}

static struct link_message message_draw(struct random *random)
{
    struct link_message message = {.kind = (uint8_t)(1 + random_below(random, 4)),
                                   .message = MESSAGE_PING,
                                   .state = (uint8_t)random_below(random, 4),
                                   .refutation = (uint16_t)random_u64(random),
                                   .sequence = (uint32_t)random_u64(random),
                                   .number = (uint32_t)random_u64(random),
                                   .subject = (agent_id)random_u64(random),
                                   .by = (agent_id)random_u64(random),
                                   .via = (agent_id)random_u64(random),
                                   .value = (int64_t)random_u64(random)};

    do
        message.message = (uint8_t)(MESSAGE_PING + random_below(random, MESSAGE_REVIVE));
    while (message.message == MESSAGE_WORK);
    if (message.kind != LINK_WORK)
        return message;
    message.deadline = (time_ns)(random_u64(random) >> 1);
    message.hops = (uint8_t)(1 + random_below(random, LINK_HOPS_MAX));
    message.hop = (uint8_t)random_below(random, message.hops);
    for (int i = 0; i < message.hops; i++)
        message.route[i] = (agent_id)random_u64(random);
    message.piece_size = (uint16_t)random_below(random, LINK_PIECE_MAX + 1);
    for (int i = 0; i < message.piece_size; i++)
        message.piece[i] = (unsigned char)random_u64(random);
    return message;
}

static bool same(const struct link_message *a, const struct link_message *b)
{
    return a->kind == b->kind && a->message == b->message && a->state == b->state &&
           a->refutation == b->refutation && a->sequence == b->sequence && a->number == b->number &&
           a->subject == b->subject && a->by == b->by && a->via == b->via && a->value == b->value &&
           a->deadline == b->deadline && a->hop == b->hop && a->hops == b->hops &&
           memcmp(a->route, b->route, sizeof a->route) == 0 && a->piece_size == b->piece_size &&
           memcmp(a->piece, b->piece, sizeof a->piece) == 0;
}

static bool unpacks(const unsigned char *bytes, size_t size)
{
    unsigned char *exact = malloc(size > 0 ? size : 1);
    struct link_message message;
    bool read;

    memcpy(exact, bytes, size);
    read = link_unpack(&message, exact, size);
    free(exact);
    return read;
}

/* There and back; no other length and no other version. */
Test(wire_channel, messages_of_links)
{
    for (uint32_t round = 0; round < 3000; round++) {
        struct random random = random_make(1, round, 0, 0, STREAM_TEST, 0);
        struct link_message message = message_draw(&random), back;
        unsigned char bytes[LINK_PACKET_MAX + 1] = {0};
        size_t size = link_pack(&message, bytes);

        cr_assert(size <= LINK_PACKET_MAX);
        cr_assert(link_unpack(&back, bytes, size), "seed 1, round %u", round);
        cr_assert(same(&message, &back), "seed 1, round %u", round);
        for (size_t other = 0; other <= size + 1 && round < 300; other++)
            cr_assert_eq(unpacks(bytes, other), other == size, "seed 1, round %u: %zu of %zu",
                         round, other, size);
        for (unsigned version = 0; version < 256 && round < 20; version++) {
            bytes[0] = (unsigned char)version;
            cr_assert_eq(unpacks(bytes, size), version == LINK_VERSION);
        }
    }
}

/* The offsets of docs/reference/wire.md, by hand. */
Test(wire_channel, where_the_fields_of_a_message_are)
{
    static const unsigned char expected[] = {
        1, 3,  5,    2,    0x34, 0x12, 1,    2,    4,    3,    2,    1,   8,   7,  6,
        5, 12, 11,   10,   9,    16,   15,   14,   13,   20,   19,   18,  17,  3,  0,
        0, 0,  0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 8,    7,   6,   5,  4,
        3, 2,  1,    0xa4, 0xa3, 0xa2, 0xa1, 0xb4, 0xb3, 0xb2, 0xb1, 'a', 'b', 'c'};
    const struct link_message message = {.kind = LINK_WORK,
                                         .message = MESSAGE_GOSSIP,
                                         .state = 2,
                                         .refutation = 0x1234,
                                         .sequence = 0x01020304,
                                         .number = 0x05060708,
                                         .subject = 0x090a0b0c,
                                         .by = 0x0d0e0f10,
                                         .via = 0x11121314,
                                         .value = -2,
                                         .deadline = 0x0102030405060708,
                                         .hop = 1,
                                         .hops = 2,
                                         .route = {0xa1a2a3a4, 0xb1b2b3b4},
                                         .piece_size = 3,
                                         .piece = {'a', 'b', 'c'}};
    unsigned char bytes[LINK_PACKET_MAX];

    cr_assert_eq(link_pack(&message, bytes), sizeof expected);
    for (size_t i = 0; i < sizeof expected; i++)
        cr_assert_eq(bytes[i], expected[i], "byte %zu", i);
}

/* Each byte that may not be: of a message, and of a task. */
Test(wire_channel, messages_that_are_none)
{
    static const struct {
        uint8_t kind, at, value;
    } wrong[] = {
        {LINK_MESSAGE, 1, 0},
        {LINK_MESSAGE, 1, 5},
        {LINK_MESSAGE, 1, 255},
        {LINK_MESSAGE, 2, 0},
        {LINK_MESSAGE, 2, MESSAGE_WORK},
        {LINK_MESSAGE, 2, 10},
        {LINK_MESSAGE, 3, 4},
        {LINK_MESSAGE, 6, 1},
        {LINK_MESSAGE, 7, 1},
        {LINK_MESSAGE, 28, 1},
        {LINK_MESSAGE, 29, 1},
        {LINK_MESSAGE, 30, 1},
        {LINK_MESSAGE, 31, 1},
        {LINK_HELLO, 7, 1},
        {LINK_DEPUTY, 3, 255},
        {LINK_WORK, 6, 2},
        {LINK_WORK, 7, 0},
        {LINK_WORK, 7, 9},
        {LINK_WORK, 7, 3},
        {LINK_WORK, 28, 4},
        {LINK_WORK, 29, 1},
        {LINK_WORK, 30, 1},
        {LINK_WORK, 47, 0x80},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct link_message message = {.kind = wrong[i].kind, .message = MESSAGE_PING};
        unsigned char bytes[LINK_PACKET_MAX];
        size_t size;

        if (message.kind == LINK_WORK) {
            message.hops = 2;
            message.piece_size = 3;
        }
        size = link_pack(&message, bytes);
        cr_assert(unpacks(bytes, size));
        bytes[wrong[i].at] = wrong[i].value;
        cr_assert(!unpacks(bytes, size), "kind %u, byte %u", wrong[i].kind, wrong[i].at);
    }
}

/* As long as it says that it is, and longer than a piece may be. */
Test(wire_channel, a_piece_that_is_too_long)
{
    const struct link_message message = {
        .kind = LINK_WORK, .hops = 1, .piece_size = LINK_PIECE_MAX};
    unsigned char bytes[LINK_PACKET_MAX] = {0};
    size_t size = link_pack(&message, bytes);

    cr_assert(unpacks(bytes, size));
    bytes[28] = LINK_PIECE_MAX + 1;
    cr_assert(!unpacks(bytes, size + 1));
}

struct own {
    struct agent_config config;
    agent_id peers[2];
    struct agent_peer links[2 + AGENT_LINKS_EXTRA];
};

static struct own own_make(void)
{
    struct own own = {.config = {.version = AGENT_CONFIG_VERSION,
                                 .size = sizeof own,
                                 .degree = 2,
                                 .peers = offsetof(struct own, peers),
                                 .links = offsetof(struct own, links)},
                      .peers = {3, 8}};

    return own;
}

static const struct agent_config *own_map(const void *bytes, size_t size)
{
    const struct agent_config *config;
    struct error error = {0};
    int descriptor;

    cr_assert_eq(config_seal("own", bytes, size, &descriptor, &error), 0, "%s", error.message);
    config = agent_config_map(descriptor, &error);
    cr_assert_eq(config == NULL, error.message[0] != '\0');
    close(descriptor);
    return config;
}

Test(wire_channel, a_configuration_is_sealed)
{
    struct own own = own_make();
    const struct agent_config *config;
    struct error error = {0};
    int descriptor, before = open_descriptors();

    cr_assert_eq(config_seal("own", &own, sizeof own, &descriptor, &error), 0);
    cr_assert(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
    cr_assert(write(descriptor, "x", 1) < 0 && errno == EPERM);
    cr_assert(ftruncate(descriptor, 1) < 0 && errno == EPERM);
    cr_assert(fcntl(descriptor, F_ADD_SEALS, F_SEAL_GROW) < 0 && errno == EPERM);
    cr_assert_eq(mmap(NULL, 1, PROT_WRITE, MAP_SHARED, descriptor, 0), MAP_FAILED);
    config = agent_config_map(descriptor, &error);
    cr_assert_not_null(config, "%s", error.message);
    cr_assert_eq(config->degree, 2);
    cr_assert_eq(memcmp((const char *)config + config->peers, own.peers, sizeof own.peers), 0);
    munmap((void *)(uintptr_t)config, sizeof own);
    close(descriptor);
    cr_assert_eq(open_descriptors(), before);
}

/* What its writer, or another, could still change is not believed. */
Test(wire_channel, what_is_not_sealed_is_refused)
{
    struct own own = own_make();
    struct error error = {0};
    FILE *file = tmpfile();
    int open_one = memfd_create("own", MFD_ALLOW_SEALING), ends[2];

    cr_assert_eq(fwrite(&own, sizeof own, 1, file), 1);
    fflush(file);
    cr_assert_null(agent_config_map(fileno(file), &error), "a plain file");
    cr_assert_eq(write(open_one, &own, sizeof own), (ssize_t)sizeof own);
    cr_assert_null(agent_config_map(open_one, &error), "a memfd without seals");
    cr_assert_eq(fcntl(open_one, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    cr_assert_null(agent_config_map(open_one, &error), "one that can be written");
    cr_assert_eq(pipe(ends), 0);
    cr_assert_null(agent_config_map(ends[0], &error));
    cr_assert_null(crew_config_map(-1, &error));
    fclose(file);
    close(open_one);
    unpair(ends);
}

Test(wire_channel, a_configuration_that_does_not_fit_itself)
{
    const struct own right = own_make();
    struct own own;

#define WRONG(field, value)                                                                        \
    own = right;                                                                                   \
    own.config.field = value;                                                                      \
    cr_assert_null(own_map(&own, sizeof own), #field " " #value)
    WRONG(version, AGENT_CONFIG_VERSION + 1);
    WRONG(version, 0);
    WRONG(size, sizeof own - 1);
    WRONG(size, sizeof own + 1);
    WRONG(degree, 3);
    WRONG(degree, UINT32_MAX);
    WRONG(peers, right.config.peers + 1);
    WRONG(peers, sizeof own);
    WRONG(peers, sizeof own + 4);
    WRONG(peers, UINT32_MAX - 3);
    WRONG(links, right.config.links + 1);
    WRONG(links, (uint32_t)(right.config.links + sizeof(struct agent_peer)));
    WRONG(links, UINT32_MAX - 7);
#undef WRONG
    for (size_t size = 0; size < sizeof own; size += 1 + size / 8)
        cr_assert_null(own_map(&right, size), "%zu bytes", size);
    cr_assert_not_null(own_map(&right, sizeof right));
}

struct crew {
    struct crew_config config;
    uint32_t names[2];
    uint8_t objects[2], covert[2];
    char text[12]; /* to the end of the whole */
};
_Static_assert(sizeof(struct crew) == offsetof(struct crew, text) + 12, "text ends it");

static struct crew crew_make(void)
{
    struct crew crew = {.config = {.version = AGENT_CONFIG_VERSION,
                                   .size = sizeof crew,
                                   .agents = 2,
                                   .objects = offsetof(struct crew, objects),
                                   .covert = offsetof(struct crew, covert),
                                   .names = offsetof(struct crew, names)},
                        .names = {offsetof(struct crew, text), offsetof(struct crew, text) + 4},
                        .text = "ada\0bob"};

    return crew;
}

static const struct crew_config *crew_map(const struct crew *crew)
{
    const struct crew_config *config;
    int descriptor;

    cr_assert_eq(config_seal("crew", crew, sizeof *crew, &descriptor, NULL), 0);
    config = crew_config_map(descriptor, NULL);
    close(descriptor);
    return config;
}

Test(wire_channel, the_crew)
{
    const struct crew right = crew_make();
    const struct crew_config *config = crew_map(&right);
    struct crew crew;

    cr_assert_not_null(config);
    cr_assert_str_eq(crew_name(config, 0), "ada");
    cr_assert_str_eq(crew_name(config, 1), "bob");
    cr_assert_str_eq(crew_name(config, 2), "");
    cr_assert_str_eq(crew_name(config, AGENT_NONE), "");
#define WRONG(field, value)                                                                        \
    crew = right;                                                                                  \
    crew.field = value;                                                                            \
    cr_assert_null(crew_map(&crew), #field " " #value)
    WRONG(config.version, 1);
    WRONG(config.size, sizeof crew + 8);
    WRONG(config.agents, 100);
    WRONG(config.agents, UINT32_MAX);
    WRONG(config.objects, sizeof crew - 1);
    WRONG(config.covert, UINT32_MAX);
    WRONG(config.names, right.config.names + 2);
    WRONG(names[1], sizeof crew);
    WRONG(names[0], UINT32_MAX);
    WRONG(text[11], 'x');
#undef WRONG
}
