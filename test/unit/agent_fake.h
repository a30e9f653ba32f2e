/*
 * A platform played by a test, for agent programs run in forked children: their configuration, the
 * channel's other end, and the other ends of links. No range is needed: the minds are honest.
 *
 * What is waited for may take WAIT_MS; no time is asserted but least ones.
 */
#ifndef IOLAUS_TEST_AGENT_FAKE_H
#define IOLAUS_TEST_AGENT_FAKE_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/agent/config.h"
#include "live/agent/program.h"
#include "live/wire/channel.h"
#include "live/wire/link.h"
#include "live/wire/tools.h"
#include "live/wire/values.h"
#include "live/work/work.h"
#include "trace/record.h"

#define WAIT_MS 20000
#define MS_NS INT64_C(1000000)
#define CREW 4
#define NONCE INT64_C(0x7edcba9876543210)

/* One program under test, and the platform's side of it. */
struct fake {
    struct agent_config config;
    agent_id peers[CREW];
    struct agent_peer links[CREW + AGENT_LINKS_EXTRA];
    uint8_t covert[CREW]; /* as all agents are told */
    int channel;          /* the platform's end */
    pid_t pid;
    uint32_t delivery;
    struct call call; /* the last one that was expected */
    json_t *id;       /* of it */
    char bytes[CHANNEL_BYTES];
};

static inline int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline const char *name_fake(agent_id agent)
{
    static const char *const names[CREW] = {"ada", "bo", "cy", "di"};

    return names[agent];
}

/* Agent `id` with links to the given peers, ascending; all its tools, and a mind that does what
 * `choice` says, always. */
static inline void fake_make(struct fake *fake, agent_id id, uint32_t degree, const agent_id *peers,
                             uint32_t choice)
{
    struct agent_config *config = &fake->config;

    *fake = (struct fake){.channel = -1, .pid = -1};
    *config = (struct agent_config){
        .version = AGENT_CONFIG_VERSION,
        .id = id,
        .work = WORK_LANGUAGE,
        .seed = 7,
        .opened = now_ns(),
        .degree = degree,
        .rules = {.tools = ACT_BIT(ACT_KIND_COUNT) - 1,
                  .watch = {.enabled = true,
                            .period = 200 * MS_NS,
                            .timeout = 100 * MS_NS,
                            .indirect = 1,
                            .suspicion_mult = 1,
                            .suspicion_max = 1,
                            .awareness_max = 0,
                            .gossip_fanout = 2,
                            .hangup_is_death = true},
                  .bond = {.gain = 1638, .loss = 1638, .bad_below = -5461, .good_above = 5461},
                  .attempts_max = 3,
                  .retry = 60000 * MS_NS,
                  .stop_cleanup = 20 * MS_NS},
    };
    for (int bit = 0; bit < CHOICE_COUNT; bit++)
        config->rules.mind.coefficient[bit][FACTOR_INTERCEPT] =
            choice >> bit & 1 ? FIXED_LOGIT_MAX : -FIXED_LOGIT_MAX;
    for (unsigned i = 0; i < AGENT_TOKEN_BYTES; i++)
        config->token[i] = (unsigned char)(0xa0 + i);
    for (uint32_t i = 0; i < degree; i++) {
        fake->peers[i] = peers[i];
        fake->links[i].bond = BOND_UNKNOWN;
    }
}

static inline int own_seal(struct fake *fake)
{
    struct {
        struct agent_config config;
        agent_id peers[CREW];
        struct agent_peer links[CREW + AGENT_LINKS_EXTRA];
    } whole;
    int descriptor;

    memset(&whole, 0, sizeof whole);
    whole.config = fake->config;
    whole.config.size = sizeof whole;
    whole.config.peers = (uint32_t)((char *)whole.peers - (char *)&whole);
    whole.config.links = (uint32_t)((char *)whole.links - (char *)&whole);
    memcpy(whole.peers, fake->peers, sizeof whole.peers);
    memcpy(whole.links, fake->links, sizeof whole.links);
    cr_assert(config_seal("own", &whole, sizeof whole, &descriptor, NULL) == 0);
    return descriptor;
}

static inline int crew_seal(const uint8_t covert[CREW])
{
    struct {
        struct crew_config config;
        uint32_t names[CREW];
        uint8_t objects[CREW], covert[CREW];
        char text[CREW][8];
    } whole;
    int descriptor;

    memset(&whole, 0, sizeof whole);
    whole.config = (struct crew_config){
        .version = AGENT_CONFIG_VERSION,
        .size = sizeof whole,
        .agents = CREW,
        .objects = (uint32_t)((char *)whole.objects - (char *)&whole),
        .covert = (uint32_t)((char *)whole.covert - (char *)&whole),
        .names = (uint32_t)((char *)whole.names - (char *)&whole),
    };
    for (uint32_t i = 0; i < CREW; i++) {
        snprintf(whole.text[i], sizeof whole.text[i], "%s", name_fake(i));
        whole.covert[i] = covert[i];
        whole.names[i] = (uint32_t)(whole.text[i] - (char *)&whole);
    }
    cr_assert(config_seal("crew", &whole, sizeof whole, &descriptor, NULL) == 0);
    return descriptor;
}

/* Runs the program in a child, with the descriptors that an agent begins with. */
static inline void fake_run(struct fake *fake)
{
    int ends[2], own = own_seal(fake), crew = crew_seal(fake->covert);

    cr_assert(channel_pair(ends, NULL) == 0);
    fflush(NULL);
    fake->pid = fork();
    cr_assert(fake->pid >= 0);
    if (fake->pid == 0) {
        int high[3] = {fcntl(ends[1], F_DUPFD, 100), fcntl(own, F_DUPFD, 100),
                       fcntl(crew, F_DUPFD, 100)};

        /* Also one that stands still ends with a test that failed. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 0; i < 3; i++)
            dup2(high[i], AGENT_CHANNEL + i);
        close_range(AGENT_CREW + 1, ~0u, 0);
        _exit(role_agent());
    }
    close(ends[1]);
    close(own);
    close(crew);
    fake->channel = ends[0];
}

static inline void call_done(struct fake *fake)
{
    if (fake->call.json != NULL)
        call_close(&fake->call);
    json_decref(fake->id);
    fake->call = (struct call){0};
    fake->id = NULL;
}

/* The status it ended with, by itself or by the signal. */
static inline int fake_end(struct fake *fake, int signal)
{
    int status = 0;

    if (signal != 0)
        kill(fake->pid, signal);
    cr_assert(waitpid(fake->pid, &status, 0) == fake->pid);
    call_done(fake);
    close(fake->channel);
    return status;
}

static inline bool readable(int descriptor, int64_t until)
{
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    int64_t left = (until - now_ns()) / MS_NS;

    return poll(&ready, 1, left < 0 ? 0 : (int)left) > 0;
}

/* The next call, whichever; false where there is none until then. */
static inline bool call_next(struct fake *fake, int64_t until)
{
    struct packet packet = {.bytes = fake->bytes, .capacity = sizeof fake->bytes};
    char words[256];

    call_done(fake);
    if (!readable(fake->channel, until) || channel_receive(fake->channel, &packet) != CHANNEL_OK)
        return false;
    cr_assert(call_read(&fake->call, packet.bytes, packet.size, &fake->id, words) == 0, "%s: %.*s",
              words, (int)packet.size, packet.bytes);
    cr_assert(fake->call.method != METHOD_SESSION_OPEN || packet.pid == fake->pid);
    return true;
}

/* Reads until this call comes. */
static inline const struct call *expect(struct fake *fake, enum tool_method method)
{
    int64_t until = now_ns() + WAIT_MS * MS_NS;

    while (call_next(fake, until))
        if (fake->call.method == method)
            return &fake->call;
    cr_assert(false, "%s did not come", tool_method_name(method));
    return NULL;
}

/* Whether this call comes within so many ms. */
static inline bool comes(struct fake *fake, enum tool_method method, int64_t ms)
{
    int64_t until = now_ns() + ms * MS_NS;

    while (call_next(fake, until))
        if (fake->call.method == method)
            return true;
    return false;
}

static inline void fake_send(struct fake *fake, size_t size, const int *descriptors, uint32_t count)
{
    struct packet packet = {.bytes = fake->bytes, .size = size, .descriptor_count = count};

    for (uint32_t i = 0; i < count; i++)
        packet.descriptors[i] = descriptors[i];
    cr_assert(size > 0 && channel_send(fake->channel, &packet) == CHANNEL_OK);
}

/* Answers the last call. */
static inline void answer(struct fake *fake, json_t *result)
{
    fake_send(fake,
              answer_result(fake->bytes, sizeof fake->bytes, fake->id, ++fake->delivery, result),
              NULL, 0);
}

static inline void refuse(struct fake *fake, int code)
{
    fake_send(
        fake,
        answer_error(fake->bytes, sizeof fake->bytes, fake->id, ++fake->delivery, code, "no", NULL),
        NULL, 0);
}

static inline void tell(struct fake *fake, enum platform_notification what, json_t *params)
{
    fake_send(fake,
              notification_make(fake->bytes, sizeof fake->bytes, what, ++fake->delivery, params),
              NULL, 0);
}

static inline void tell_about(struct fake *fake, enum platform_notification what, agent_id agent)
{
    tell(fake, what, json_pack("{s:s}", "agent", name_fake(agent)));
}

/* Hands over one end of a link. */
static inline void hand(struct fake *fake, agent_id peer, int descriptor, pid_t pid, bool nonce,
                        bool first)
{
    json_t *entry = json_pack("{s:s, s:I, s:b}", "agent", name_fake(peer), "pid", (json_int_t)pid,
                              "first", first);

    if (nonce)
        json_object_set_new(entry, "nonce", integer_text_json(NONCE));
    fake_send(fake,
              notification_make(fake->bytes, sizeof fake->bytes, NOTIFY_LINKS_OPENED,
                                ++fake->delivery, json_pack("{s:[o]}", "links", entry)),
              &descriptor, 1);
}

/* A link of which the test plays the other end, which is returned; the process of the peer is said
 * to be this one. */
static inline int play(struct fake *fake, agent_id peer, bool nonce, bool first)
{
    int ends[2];

    cr_assert(channel_pair(ends, NULL) == 0);
    hand(fake, peer, ends[1], getpid(), nonce, first);
    close(ends[1]);
    return ends[0];
}

/* A link between two programs. */
static inline void join(struct fake *a, struct fake *b, bool first)
{
    int ends[2];

    cr_assert(channel_pair(ends, NULL) == 0);
    hand(a, b->config.id, ends[0], b->pid, !first, first);
    hand(b, a->config.id, ends[1], a->pid, false, first);
    close(ends[0]);
    close(ends[1]);
}

static inline void session(struct fake *fake)
{
    expect(fake, METHOD_SESSION_OPEN);
    answer(fake,
           json_pack("{s:s, s:i, s:i}", "agent", name_fake(fake->config.id), "incarnation",
                     (int)fake->config.incarnation, "checkpoint", (int)fake->config.checkpoint));
}

static inline void begin(struct fake *fake)
{
    tell(fake, NOTIFY_CREW_BEGIN, json_pack("{s:i}", "time_ns", 0));
}

static inline void put_bytes(int link, const void *bytes, size_t size)
{
    struct packet packet = {.bytes = (char *)(uintptr_t)bytes, .size = size};

    (void)channel_send(link, &packet);
}

static inline void put(int link, const struct link_message *message)
{
    unsigned char bytes[LINK_PACKET_MAX];

    put_bytes(link, bytes, link_pack(message, bytes));
}

static inline struct link_message message_make(enum message_kind kind, agent_id subject)
{
    return (struct link_message){.kind = LINK_MESSAGE,
                                 .message = (uint8_t)kind,
                                 .number = 1,
                                 .subject = subject,
                                 .by = AGENT_NONE,
                                 .via = AGENT_NONE};
}

static inline bool get(int link, struct link_message *message, int64_t until)
{
    unsigned char bytes[LINK_PACKET_MAX];
    struct packet packet = {.bytes = (char *)bytes, .capacity = sizeof bytes};

    if (!readable(link, until) || channel_receive(link, &packet) != CHANNEL_OK)
        return false;
    cr_assert(link_unpack(message, bytes, packet.size));
    return true;
}

/* Reads until this message of the core comes. */
static inline bool hears(int link, enum message_kind kind, struct link_message *message, int64_t ms)
{
    int64_t until = now_ns() + ms * MS_NS;

    while (get(link, message, until))
        if (message->kind == LINK_MESSAGE && message->message == kind)
            return true;
    return false;
}

static inline struct link_message heard(int link, enum message_kind kind)
{
    struct link_message message;

    cr_assert(hears(link, kind, &message, WAIT_MS), "message %d did not come", kind);
    return message;
}

static inline struct link_message heard_kind(int link, enum link_kind kind)
{
    int64_t until = now_ns() + WAIT_MS * MS_NS;
    struct link_message message;

    while (get(link, &message, until))
        if (message.kind == kind)
            return message;
    cr_assert(false, "link message %d did not come", kind);
    return message;
}

/* It lives, and answers. */
static inline void pings(int link, uint32_t sequence)
{
    struct link_message ping = message_make(MESSAGE_PING, AGENT_NONE), ack;

    ping.sequence = sequence;
    put(link, &ping);
    do
        ack = heard(link, MESSAGE_ACK);
    while (ack.sequence != sequence);
}

#endif
