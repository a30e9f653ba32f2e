/*
 * What the agent program makes of faults: loss, duplicates, latency, partitions, drift, and
 * whatever a peer or the platform may send it, which never brings it down.
 */
#include "agent_ada.h"
#include "live/agent/later.h"

static void loses(struct agent_config *config)
{
    watches(config);
    config->loss = PROBABILITY_ONE;
}

Test(agent_faults, what_is_lost_does_not_arrive)
{
    struct link_message message = message_make(MESSAGE_PING, AGENT_NONE);
    int links[2];

    ada_begins(0, links, loses);
    put(links[0], &message);
    expect(&ada, METHOD_NOTE_NOTICED);
    cr_assert_eq(ada.call.how, HOW_SILENCE);
    cr_assert(!readable(links[0], now_ns()));
    cr_assert(!readable(links[1], now_ns()));
    ada_ends(links);
}

static void doubles(struct agent_config *config)
{
    config->duplicate = PROBABILITY_ONE;
}

Test(agent_faults, what_is_doubled_arrives_twice)
{
    struct link_message ack;
    int links[2];

    ada_begins(0, links, doubles);
    pings(links[0], 8);
    ack = heard(links[0], MESSAGE_ACK);
    cr_assert_eq(ack.sequence, 8);
    ada_ends(links);
}

static void delays(struct agent_config *config)
{
    config->latency = (struct spread){.shape = SPREAD_FIXED, .low = 40 * MS_NS};
}

static void delays_long(struct agent_config *config)
{
    config->latency = (struct spread){.shape = SPREAD_FIXED, .low = 300 * MS_NS};
}

static void delays_for_ever(struct agent_config *config)
{
    config->latency = (struct spread){.shape = SPREAD_FIXED, .low = 3600000 * MS_NS};
}

Test(agent_faults, what_is_delayed_takes_so_long)
{
    struct link_message ping = message_make(MESSAGE_PING, AGENT_NONE), message;
    int64_t before;
    int links[2];

    ada_begins(0, links, delays);
    before = now_ns();
    pings(links[0], 1);
    cr_assert(now_ns() - before >= 40 * MS_NS);
    ada_ends(links);
    ada_begins(0, links, delays_long);
    /* What is on its way over an earlier making of a link does not come over the next one. */
    put(links[0], &ping);
    usleep(100000);
    close(links[0]);
    links[0] = play(&ada, 1, false, true);
    cr_assert(!hears(links[0], MESSAGE_ACK, &message, 600));
    ada_ends(links);
    ada_begins(0, links, delays_for_ever);
    /* More than there is place for: the rest counts as lost. */
    for (int i = 0; i < 2000; i++) {
        put(links[0], &ping);
        if (i % 50 == 49)
            usleep(1000);
    }
    cr_assert(!hears(links[0], MESSAGE_ACK, &message, 300));
    give_task(1);
    expect(&ada, METHOD_WORK_SUBMIT);
    ada_ends(links);
}

Test(agent_faults, a_partition_cuts_both_ways_until_it_ends)
{
    struct link_message alert = message_make(MESSAGE_ALERT, 3), message;
    int links[2];

    ada_begins(CHOICE_ALERT, links, NULL);
    tell(&ada, NOTIFY_WORLD_FAULTS, json_pack("{s:[s]}", "cut", "bo"));
    pings(links[1], 1);
    put(links[0], &alert); /* not heard */
    cr_assert(!comes(&ada, METHOD_NOTE_NOTICED, 300));
    tell_about(&ada, NOTIFY_STOP_NOTICE, 2);
    expect(&ada, METHOD_NOTE_ALERTED);
    cr_assert_str_eq(ada.call.to, "bo");
    cr_assert(!hears(links[0], MESSAGE_ALERT, &message, 200));
    /* A hang-up behind the partition is seen when that ends. */
    close(links[0]);
    cr_assert(!comes(&ada, METHOD_NOTE_NOTICED, 300));
    tell(&ada, NOTIFY_WORLD_FAULTS, json_pack("{s:[]}", "cut"));
    expect(&ada, METHOD_NOTE_NOTICED);
    cr_assert_eq(ada.call.how, HOW_HANGUP);
    cr_assert_str_eq(ada.call.agent, "bo");
    links[0] = -1;
    ada_ends(links);
}

Test(agent_faults, after_a_partition_the_link_carries_again)
{
    struct link_message ping = message_make(MESSAGE_PING, AGENT_NONE), message;
    int links[2];

    ada_begins(0, links, watches);
    tell(&ada, NOTIFY_WORLD_FAULTS, json_pack("{s:[s, s]}", "cut", "bo", "cy"));
    expect(&ada, METHOD_NOTE_NOTICED); /* by silence */
    cr_assert_eq(ada.call.how, HOW_SILENCE);
    while (readable(links[0], now_ns())) /* of before */
        cr_assert(get(links[0], &message, now_ns()));
    put(links[0], &ping);
    cr_assert(!readable(links[0], now_ns() + 300 * MS_NS));
    tell(&ada, NOTIFY_WORLD_FAULTS, json_object());
    give_task(1);
    expect(&ada, METHOD_WORK_SUBMIT);
    pings(links[0], 4);
    ada_ends(links);
}

static void runs_slow(struct agent_config *config)
{
    config->drift_ppm = -999990;
    config->rules.checkpoint_every = 200 * MS_NS;
}

static void runs_fast(struct agent_config *config)
{
    config->drift_ppm = 999000000;
    config->rules.checkpoint_every = 600000 * MS_NS;
}

Test(agent_faults, its_clock_drifts)
{
    int links[2];

    ada_begins(0, links, runs_slow);
    cr_assert(!comes(&ada, METHOD_CHECKPOINT_SAVE, 1500));
    ada_ends(links);
    ada_begins(0, links, runs_fast);
    expect(&ada, METHOD_CHECKPOINT_SAVE);
    ada_ends(links);
}

static uint32_t dice(void);

Test(agent_faults, what_is_later_comes_in_its_order)
{
#define ADDED 500
    struct later_queue queue;
    struct percept percept = {.kind = PERCEPT_DECIDED};
    struct later_packet packet = {.size = 1};
    struct later last = {.at = -1}, taken;
    int count = 0;

    cr_assert_eq(later_open(&queue, 100, ADDED - 100, NULL), 0);
    for (int i = 0; i < ADDED; i++) {
        percept.sequence = (uint32_t)i;
        if (i % 5 == 0)
            cr_assert(later_add_packet(&queue, dice() % 40, &packet));
        else
            cr_assert(later_add_percept(&queue, dice() % 40, &percept));
    }
    cr_assert(!later_add_packet(&queue, 1, &packet) && !later_add_percept(&queue, 1, &percept));
    cr_assert(!later_take(&queue, -1, &taken));
    for (; later_take(&queue, 39, &taken); count++) {
        cr_assert(taken.at > last.at || (taken.at == last.at && taken.order > last.order));
        last = taken;
    }
    cr_assert_eq(count, ADDED);
    cr_assert_eq(later_deadline(&queue), TIME_NEVER);
    cr_assert(later_add_packet(&queue, 1, &packet));
    later_close(&queue);
}

static uint32_t dice(void)
{
    static uint64_t state = 88172645463325252u; /* Marsaglia's xorshift */

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static void give_up_pending(int links[2])
{
    struct link_message message;

    while (call_next(&ada, now_ns()))
        if (ada.id != NULL)
            answer(&ada, NULL);
    for (int i = 0; i < 2; i++)
        while (readable(links[i], now_ns()) && get(links[i], &message, now_ns()))
            continue;
}

static bool answers(int link, uint32_t sequence)
{
    struct link_message message = message_make(MESSAGE_PING, AGENT_NONE);

    message.sequence = sequence;
    put(link, &message);
    return hears(link, MESSAGE_ACK, &message, 100) && message.sequence == sequence;
}

Test(agent_faults, no_peer_brings_it_down)
{
    int64_t until = now_ns() + WAIT_MS * MS_NS;
    int links[2];

    ada_begins(CHOICE_RELAUNCH | CHOICE_MASK | CHOICE_ALERT | CHOICE_REQUEST, links, watches);
    for (int i = 0; i < 6000; i++) {
        unsigned char bytes[2 * LINK_PACKET_MAX];
        struct link_message message = {.kind = (uint8_t)(1 + dice() % 4),
                                       .message = (uint8_t)(dice() % 11),
                                       .state = (uint8_t)(dice() % 4),
                                       .refutation = (uint16_t)dice(),
                                       .sequence = dice(),
                                       .number = dice(),
                                       .subject = dice() % 8 - 2,
                                       .by = dice() % 8 - 2,
                                       .via = dice() % 3 ? AGENT_NONE : dice(),
                                       .value = (int64_t)((uint64_t)dice() << 32 | dice()),
                                       .deadline = dice(),
                                       .hop = (uint8_t)(dice() % 2),
                                       .hops = 2,
                                       .route = {1 + dice() % 2, dice() % 5},
                                       .piece_size = (uint16_t)(dice() % (LINK_PIECE_MAX + 1))};
        size_t size = link_pack(&message, bytes);

        if (dice() % 4 == 0) /* no message at all */
            for (size = 1 + dice() % sizeof bytes, bytes[0] = LINK_VERSION; size > 1; size--)
                bytes[size - 1] = (unsigned char)dice();
        if (dice() % 16 == 0)
            size = 1 + dice() % sizeof bytes;
        put_bytes(links[dice() % 2], bytes, size);
        if (i % 20 == 0)
            give_up_pending(links);
    }
    /* It works off what has gathered, and then answers. */
    do
        give_up_pending(links);
    while (!answers(links[0], 4242) && now_ns() < until);
    cr_assert(now_ns() < until);
    ada_ends(links);
}

Test(agent_faults, nothing_of_the_platforms_brings_it_down)
{
    static const char *const packets[] = {
        "{",
        "null",
        "[]",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"method\":\"links/opened\",\"params\":[]}",
        "{\"method\":\"links/opened\",\"params\":{\"links\":[7,{},null]}}",
        "{\"method\":\"links/opened\",\"params\":{\"links\":\"bo\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"board/ask\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"board/ask\",\"params\":{\"agent\":3}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"board/ask\",\"params\":{\"agent\":\"ada\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"board/ask\",\"params\":{\"agent\":\"di\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"stop/notice\",\"params\":{\"agent\":\"ada\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"stop/departed\",\"params\":{\"agent\":\"di\"}}",
        "{\"method\":\"world/faults\",\"params\":{\"cut\":[1],\"slow\":\"-x\"}}",
        "{\"method\":\"world/faults\",\"params\":{\"cut\":{},\"slow\":1e300}}",
        "{\"method\":\"work/do\",\"params\":{}}",
        "{\"method\":\"work/do\",\"params\":{\"route\":[\"ada\"],\"hop\":255}}",
        "{\"method\":\"work/do\",\"params\":{\"task\":-1,\"route\":[\"ada\"]}}",
        "{\"method\":\"work/do\",\"params\":{\"task\":2,\"deadline_ns\":-5}}",
        "{\"method\":\"work/do\",\"params\":{\"task\":3,\"route\":[\"di\",2]}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"crew/begin\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":4000000000,\"error\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1}}",
    };
    int links[2], spare[2];
    char byte;

    ada_begins(CHOICE_RELAUNCH, links, NULL);
    cr_assert(channel_pair(spare, NULL) == 0);
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        memcpy(ada.bytes, packets[i], strlen(packets[i]));
        fake_send(&ada, strlen(packets[i]), &spare[1], i % 2);
    }
    /* Longer than any packet may be. */
    memset(ada.bytes, '[', sizeof ada.bytes);
    fake_send(&ada, sizeof ada.bytes, NULL, 0);
    pings(links[0], 1);
    expect(&ada, METHOD_HEALTH_REPORT);
    /* The descriptors that came with it were closed. */
    close(spare[1]);
    cr_assert(readable(spare[0], now_ns() + WAIT_MS * MS_NS));
    cr_assert_eq(read(spare[0], &byte, 1), 0);
    close(spare[0]);
    give_task(9);
    expect(&ada, METHOD_WORK_SUBMIT);
    ada_ends(links);
}
