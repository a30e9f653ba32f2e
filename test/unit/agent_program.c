/*
 * The agent program against a platform that the test plays: what it asks, notes, sends and answers,
 * and that nothing that it is sent brings it down.
 */
#include "agent_fake.h"
#include "live/agent/checkpoint.h"
#include "live/agent/later.h"

#include <sys/socket.h>

static const agent_id BOTH[] = {1, 2};
static struct fake ada, bo;

/* Ada with links to bo (1) and cy (2), whom the test plays; without a watch of her own unless it is
 * wanted, so that only what the test does brings something about. */
static void ada_begins(uint32_t choice, int links[2], void (*change)(struct agent_config *config))
{
    fake_make(&ada, 0, 2, BOTH, choice);
    ada.config.rules.watch.enabled = false;
    if (change != NULL)
        change(&ada.config);
    fake_run(&ada);
    session(&ada);
    links[0] = play(&ada, 1, false, true);
    links[1] = play(&ada, 2, false, true);
    begin(&ada);
}

static void ada_ends(int links[2])
{
    int status = fake_end(&ada, SIGKILL);

    cr_assert(WIFSIGNALED(status), "it had ended before, with %d", status);
    close(links[0]);
    close(links[1]);
}

static void watches(struct agent_config *config)
{
    config->rules.watch.enabled = true;
}

Test(agent_program, opens_its_session_and_waits_for_the_crew)
{
    struct link_message message;
    int links[2];

    fake_make(&ada, 0, 2, BOTH, 0);
    ada.config.start_time = 30 * MS_NS;
    int64_t before = now_ns();
    fake_run(&ada);
    cr_assert(call_next(&ada, before + WAIT_MS * MS_NS));
    cr_assert_eq(ada.call.method, METHOD_SESSION_OPEN);
    cr_assert(now_ns() - before >= 30 * MS_NS);
    cr_assert_str_eq(ada.call.token,
                     "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
    answer(&ada, json_pack("{s:s, s:i, s:i}", "agent", "ada", "incarnation", 0, "checkpoint", 0));
    links[0] = play(&ada, 1, false, true);
    links[1] = play(&ada, 2, false, true);
    cr_assert(!hears(links[0], MESSAGE_PING, &message, 500));
    begin(&ada);
    heard(links[0], MESSAGE_PING);
    heard(links[1], MESSAGE_PING);
    ada_ends(links);
}

Test(agent_program, ends_when_the_platform_does_not_take_it_or_goes)
{
    int links[2], status;

    fake_make(&ada, 0, 2, BOTH, 0);
    fake_run(&ada);
    expect(&ada, METHOD_SESSION_OPEN);
    refuse(&ada, RPC_UNAUTHENTICATED);
    status = fake_end(&ada, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);

    ada_begins(0, links, NULL);
    pings(links[0], 1);
    shutdown(ada.channel, SHUT_RDWR);
    status = fake_end(&ada, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    close(links[0]);
    close(links[1]);
}

/* Between two programs, with the test in the middle of their link. */
Test(agent_program, pings_are_answered_by_the_other_program)
{
    static const agent_id to_bo[] = {1}, to_ada[] = {0};
    struct link_message ping, ack;
    int at_ada, at_bo;

    fake_make(&ada, 0, 1, to_bo, 0);
    fake_make(&bo, 1, 1, to_ada, 0);
    fake_run(&ada);
    fake_run(&bo);
    session(&ada);
    session(&bo);
    at_ada = play(&ada, 1, false, true);
    at_bo = play(&bo, 0, false, true);
    begin(&ada);
    begin(&bo);
    ping = heard(at_ada, MESSAGE_PING);
    put(at_bo, &ping);
    do
        ack = heard(at_bo, MESSAGE_ACK);
    while (ack.sequence != ping.sequence);
    cr_assert_eq(ack.subject, 1);
    cr_assert_eq(ack.by, AGENT_NONE);
    fake_end(&ada, SIGKILL);
    fake_end(&bo, SIGKILL);
    close(at_ada);
    close(at_bo);
}

static void two_begin(void)
{
    static const agent_id to_bo[] = {1}, to_ada[] = {0};

    fake_make(&ada, 0, 1, to_bo, 0);
    fake_make(&bo, 1, 1, to_ada, 0);
    fake_run(&ada);
    fake_run(&bo);
    session(&ada);
    session(&bo);
    join(&ada, &bo, true);
    begin(&ada);
    begin(&bo);
}

Test(agent_program, a_stopped_process_is_found_by_its_silence)
{
    two_begin();
    /* Both run for a few periods first. */
    (void)comes(&ada, METHOD_NOTE_NOTICED, 600);
    kill(bo.pid, SIGSTOP);
    do
        expect(&ada, METHOD_NOTE_NOTICED);
    while (ada.call.how != HOW_SILENCE);
    cr_assert_str_eq(ada.call.agent, "bo");
    cr_assert_eq(ada.call.because.kind, BECAUSE_NOTHING);
    fake_end(&bo, SIGKILL);
    fake_end(&ada, SIGKILL);
}

Test(agent_program, a_killed_process_hangs_up)
{
    two_begin();
    (void)comes(&ada, METHOD_NOTE_NOTICED, 300);
    fake_end(&bo, SIGKILL);
    do
        expect(&ada, METHOD_NOTE_NOTICED);
    while (ada.call.how != HOW_HANGUP);
    cr_assert_eq(ada.call.because.kind, BECAUSE_HANGUP);
    cr_assert_str_eq(ada.call.because.agent, "bo");
    fake_end(&ada, SIGKILL);
}

Test(agent_program, defends_through_the_tools)
{
    uint32_t delivery;
    int links[2];

    ada_begins(CHOICE_RELAUNCH | CHOICE_RELINK, links, NULL);
    close(links[0]);
    expect(&ada, METHOD_NOTE_NOTICED);
    cr_assert_eq(ada.call.how, HOW_HANGUP);
    expect(&ada, METHOD_NOTE_DECIDING);
    cr_assert_eq(ada.call.situation.how, HOW_HANGUP);
    cr_assert_eq(ada.call.situation.group_size, 3);
    cr_assert_eq(ada.call.because.kind, BECAUSE_HANGUP);
    expect(&ada, METHOD_NOTE_DECIDED);
    cr_assert_eq(ada.call.choice, CHOICE_RELAUNCH | CHOICE_RELINK);
    cr_assert_eq(ada.call.because.kind, BECAUSE_NOTHING);
    expect(&ada, METHOD_HEALTH_REPORT);
    cr_assert_eq(ada.call.health, HEALTH_FAILED);
    expect(&ada, METHOD_AGENTS_VOLUNTEER);
    cr_assert_str_eq(ada.call.agent, "bo");
    answer(&ada, NULL);
    delivery = ada.delivery;
    expect(&ada, METHOD_AGENTS_RELAUNCH);
    cr_assert_eq(ada.call.because.kind, BECAUSE_DELIVERY);
    cr_assert_eq(ada.call.because.number, delivery);
    answer(&ada, NULL);
    expect(&ada, METHOD_LINKS_CONNECT);
    answer(&ada, NULL);
    /* The platform makes the link again: the end with the nonce says hello. */
    links[0] = play(&ada, 1, true, false);
    cr_assert_eq(heard_kind(links[0], LINK_HELLO).value, NONCE);
    expect(&ada, METHOD_HEALTH_REPORT);
    cr_assert_eq(ada.call.health, HEALTH_HEALTHY);
    pings(links[0], 5);
    ada_ends(links);
}

Test(agent_program, gives_up_what_is_refused)
{
    int links[2];

    ada_begins(CHOICE_RELAUNCH, links, NULL);
    close(links[0]);
    expect(&ada, METHOD_AGENTS_VOLUNTEER);
    refuse(&ada, RPC_REFUSED);
    cr_assert(!comes(&ada, METHOD_AGENTS_RELAUNCH, 400));
    close(links[1]);
    expect(&ada, METHOD_AGENTS_VOLUNTEER);
    answer(&ada, NULL);
    expect(&ada, METHOD_AGENTS_RELAUNCH);
    refuse(&ada, RPC_FAILED);
    cr_assert(!comes(&ada, METHOD_LINKS_CONNECT, 400));
    links[0] = links[1] = -1;
    ada_ends(links);
}

Test(agent_program, a_mind_takes_its_time)
{
    int links[2];

    ada_begins(CHOICE_RELAUNCH, links, NULL);
    ada_ends(links);
    fake_make(&ada, 0, 2, BOTH, CHOICE_RELAUNCH);
    ada.config.rules.watch.enabled = false;
    ada.config.decision = (struct spread){.shape = SPREAD_FIXED, .low = 50 * MS_NS};
    fake_run(&ada);
    session(&ada);
    links[0] = play(&ada, 1, false, true);
    links[1] = play(&ada, 2, false, true);
    begin(&ada);
    pings(links[0], 1);
    int64_t before = now_ns();
    close(links[0]);
    expect(&ada, METHOD_NOTE_DECIDED);
    cr_assert(now_ns() - before >= 50 * MS_NS);
    /* Slow enough, it does not come to a decision while the test lasts. */
    tell(&ada, NOTIFY_WORLD_FAULTS, json_pack("{s:[], s:s}", "cut", "slow", "100000.5"));
    pings(links[1], 2);
    close(links[1]);
    expect(&ada, METHOD_NOTE_DECIDING);
    cr_assert(!comes(&ada, METHOD_NOTE_DECIDED, 500));
    links[0] = links[1] = -1;
    ada_ends(links);
}

Test(agent_program, what_it_calls_for_carries_the_number_that_it_notes)
{
    struct link_message message, request = message_make(MESSAGE_REQUEST, 3);
    uint32_t number;
    int links[2];

    ada_begins(CHOICE_ALERT | CHOICE_REQUEST, links, NULL);
    pings(links[1], 1);
    /* Bo's end is announced: she alerts cy, then asks him. */
    tell_about(&ada, NOTIFY_STOP_NOTICE, 1);
    expect(&ada, METHOD_NOTE_NOTICED);
    cr_assert_eq(ada.call.because.kind, BECAUSE_DELIVERY);
    cr_assert_eq(ada.call.because.number, ada.delivery);
    expect(&ada, METHOD_NOTE_ALERTED);
    cr_assert_str_eq(ada.call.agent, "bo");
    cr_assert_str_eq(ada.call.to, "cy");
    number = ada.call.number;
    message = heard(links[1], MESSAGE_ALERT);
    cr_assert_eq(message.number, number);
    cr_assert_eq(message.subject, 1);
    expect(&ada, METHOD_NOTE_REQUESTED);
    number = ada.call.number;
    message = heard(links[1], MESSAGE_REQUEST);
    cr_assert_eq(message.number, number);
    /* What cy asks for di says so. */
    request.number = 77;
    request.by = 2;
    put(links[1], &request);
    expect(&ada, METHOD_NOTE_DECIDING);
    cr_assert_str_eq(ada.call.agent, "di");
    cr_assert_str_eq(ada.call.by, "cy");
    cr_assert_eq(ada.call.because.kind, BECAUSE_MESSAGE);
    cr_assert_str_eq(ada.call.because.agent, "cy");
    cr_assert_eq(ada.call.because.number, 77);
    ada_ends(links);
}

Test(agent_program, the_word_of_a_death_is_noted_before_it_is_spread)
{
    struct link_message message;
    int links[2];

    ada_begins(0, links, NULL);
    close(links[0]);
    cr_assert(call_next(&ada, now_ns() + WAIT_MS * MS_NS));
    cr_assert_eq(ada.call.method, METHOD_NOTE_NOTICED);
    cr_assert(call_next(&ada, now_ns() + WAIT_MS * MS_NS));
    cr_assert_eq(ada.call.method, METHOD_NOTE_SPREAD);
    cr_assert_str_eq(ada.call.to, "cy");
    cr_assert_eq(ada.call.state, PEER_DEAD);
    message = heard(links[1], MESSAGE_GOSSIP);
    cr_assert_eq(message.number, ada.call.number);
    links[0] = -1;
    ada_ends(links);
}

Test(agent_program, a_new_link_is_proven_by_its_nonce)
{
    struct link_message hello = {.kind = LINK_HELLO,
                                 .number = 9,
                                 .subject = AGENT_NONE,
                                 .by = AGENT_NONE,
                                 .via = AGENT_NONE,
                                 .value = NONCE};
    int links[2], old;

    ada_begins(0, links, NULL);
    old = links[0];
    links[0] = play(&ada, 1, false, false);
    cr_assert(!comes(&ada, METHOD_NOTE_LINKED, 200));
    put(links[0], &hello);
    expect(&ada, METHOD_NOTE_LINKED);
    cr_assert_eq(ada.call.value, NONCE);
    cr_assert_str_eq(ada.call.agent, "bo");
    cr_assert_eq(ada.call.because.number, 9);
    put(links[0], &hello); /* it is up already */
    cr_assert(!comes(&ada, METHOD_NOTE_LINKED, 200));
    /* The old one is closed, and its end means nothing. */
    close(old);
    cr_assert(!comes(&ada, METHOD_NOTE_NOTICED, 200));
    pings(links[0], 3);
    ada_ends(links);
}

Test(agent_program, a_stranger_on_a_link_is_noted_once_and_heard)
{
    int links[2], ends[2];

    ada_begins(0, links, NULL);
    cr_assert(channel_pair(ends, NULL) == 0);
    hand(&ada, 1, ends[1], 1, false, true);
    close(ends[1]);
    pings(ends[0], 3);
    expect(&ada, METHOD_NOTE_HEARD);
    cr_assert_str_eq(ada.call.agent, "bo");
    cr_assert_eq(ada.call.value, getpid());
    pings(ends[0], 4);
    cr_assert(!comes(&ada, METHOD_NOTE_HEARD, 200));
    close(ends[0]);
    ada_ends(links);
}

Test(agent_program, departs_in_good_order)
{
    int links[2], status;

    ada_begins(0, links, NULL);
    pings(links[0], 1);
    kill(ada.pid, SIGTERM);
    expect(&ada, METHOD_NOTE_DEPARTING);
    status = fake_end(&ada, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(links[0]);
    close(links[1]);
}

static void stalls(struct agent_config *config)
{
    config->rules.stop_cleanup = 10000 * MS_NS;
}

Test(agent_program, says_that_it_stalls_because_of_the_signal)
{
    int links[2];

    ada_begins(CHOICE_STALL, links, stalls);
    pings(links[0], 1);
    kill(ada.pid, SIGTERM);
    expect(&ada, METHOD_NOTE_DECIDING);
    cr_assert_eq(ada.call.because.kind, BECAUSE_SIGNAL);
    cr_assert_str_eq(ada.call.agent, "ada");
    expect(&ada, METHOD_STOP_DELAY);
    answer(&ada, json_pack("{s:i}", "value", 1000000));
    pings(links[0], 2);
    ada_ends(links);
}

static void works(struct agent_config *config)
{
    config->rules.checkpoint_every = 300 * MS_NS;
    config->service = (struct spread){.shape = SPREAD_FIXED, .low = 1 * MS_NS};
}

static void give_task(int64_t task)
{
    tell(&ada, NOTIFY_WORK_DO,
         json_pack("{s:I, s:I, s:[s], s:i}", "task", (json_int_t)task, "deadline_ns",
                   (json_int_t)INT64_C(1) << 60, "route", "ada", "hop", 0));
}

/* What a checkpoint holds, read as the next incarnation reads it. */
static uint64_t tasks_of(const unsigned char *bytes, size_t size, uint32_t *number, int16_t *bond)
{
    struct agent_peer links[3] = {{.bond = 0}};
    struct agent agent = {.degree = 2, .peers = BOTH, .links = links};
    struct worker worker;
    struct error error;

    worker_start(&worker, WORK_LANGUAGE, 7, 0);
    cr_assert(agent_checkpoint_restore(&agent, &worker, number, bytes, size, &error) == 0, "%s",
              error.message);
    *bond = links[0].bond;
    return worker.tasks;
}

Test(agent_program, goes_on_from_its_checkpoint)
{
    static unsigned char state[CHECKPOINT_BYTES_MAX];
    struct link_message work = {.kind = LINK_WORK,
                                .number = 1,
                                .subject = AGENT_NONE,
                                .by = AGENT_NONE,
                                .via = AGENT_NONE,
                                .value = 40,
                                .deadline = INT64_C(1) << 60,
                                .hop = 1,
                                .hops = 2,
                                .route = {1, 0}};
    int16_t bond, again;
    uint32_t number, next;
    uint64_t tasks;
    int links[2];
    size_t size;

    ada_begins(0, links, works);
    put(links[0], &work); /* a bond with bo */
    expect(&ada, METHOD_WORK_SUBMIT);
    give_task(41);
    expect(&ada, METHOD_WORK_SUBMIT);
    expect(&ada, METHOD_CHECKPOINT_SAVE);
    size = ada.call.state_size;
    memcpy(state, ada.call.state_bytes, size);
    tasks = tasks_of(state, size, &number, &bond);
    cr_assert_eq(tasks, 2);
    cr_assert_gt(bond, 0);
    ada_ends(links);

    fake_make(&ada, 0, 2, BOTH, 0);
    works(&ada.config);
    ada.config.rules.watch.enabled = false;
    ada.config.incarnation = 1;
    ada.config.checkpoint = number;
    fake_run(&ada);
    session(&ada);
    give_task(42); /* comes before it has begun, and is not forgotten */
    expect(&ada, METHOD_CHECKPOINT_LOAD);
    answer(&ada,
           json_pack("{s:I, s:o}", "number", (json_int_t)number, "state", bytes_json(state, size)));
    expect(&ada, METHOD_WORK_SUBMIT);
    cr_assert_eq(ada.call.value, 42);
    expect(&ada, METHOD_CHECKPOINT_SAVE);
    cr_assert_eq(tasks_of(ada.call.state_bytes, ada.call.state_size, &next, &again), 3);
    cr_assert_eq(next, number + 1);
    cr_assert_eq(ada.call.number, next);
    cr_assert_eq(again, bond);
    links[0] = links[1] = -1;
    ada_ends(links);
}

Test(agent_program, an_altered_checkpoint_is_not_taken)
{
    static unsigned char bytes[CHECKPOINT_BYTES_MAX];
    struct agent_peer links[3] = {{.bond = 100}, {.bond = BOND_UNKNOWN}}, read[3] = {{.bond = 5}};
    struct agent agent = {.degree = 2, .peers = BOTH, .links = links};
    struct agent into = {.degree = 2, .peers = BOTH, .links = read};
    struct worker worker, fresh;
    uint32_t number = 0;
    size_t size;

    worker_start(&worker, WORK_ROBOT, 7, 0);
    worker_start(&fresh, WORK_ROBOT, 7, 0);
    worker_do(&worker, 1, NULL, &(struct work_piece){0});
    size = agent_checkpoint_save(&agent, &worker, 3, bytes, sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x10;
        cr_assert(agent_checkpoint_restore(&into, &fresh, &number, bytes, size, NULL) != 0);
        bytes[i] ^= 0x10;
        cr_assert(agent_checkpoint_restore(&into, &fresh, &number, bytes, i, NULL) != 0);
    }
    cr_assert_eq(read[0].bond, 5);
    cr_assert_eq(fresh.tasks, 0);
    cr_assert(agent_checkpoint_restore(&into, &fresh, &number, bytes, size, NULL) == 0);
    cr_assert(read[0].bond == 100 && read[1].bond == BOND_UNKNOWN && number == 3);
    cr_assert_eq(fresh.tasks, 1);
    into.id = 1;
    cr_assert(agent_checkpoint_restore(&into, &fresh, &number, bytes, size, NULL) == ERROR_INPUT);
}

Test(agent_program, hands_work_on_and_takes_it_once)
{
    struct link_message work = {.kind = LINK_WORK,
                                .number = 1,
                                .subject = AGENT_NONE,
                                .by = AGENT_NONE,
                                .via = AGENT_NONE,
                                .value = 5,
                                .deadline = INT64_C(1) << 60,
                                .hop = 1,
                                .hops = 3,
                                .route = {1, 0, 2}};
    struct link_message next;
    int links[2];

    ada_begins(0, links, NULL);
    put(links[0], &work);
    put(links[0], &work);
    next = heard_kind(links[1], LINK_WORK);
    cr_assert_eq(next.value, 5);
    cr_assert_eq(next.hop, 2);
    cr_assert_eq(next.deadline, work.deadline);
    cr_assert_gt(next.piece_size, 0);
    cr_assert_neq(next.piece[0], PIECE_NOTHING);
    pings(links[0], 1);
    cr_assert(!readable(links[1], now_ns() + 200 * MS_NS));
    /* One that says that it comes from elsewhere is none. */
    work.value = 6;
    work.route[0] = 3;
    put(links[0], &work);
    pings(links[0], 2);
    cr_assert(!readable(links[1], now_ns() + 200 * MS_NS));
    /* Whoever is next is gone. */
    close(links[1]);
    expect(&ada, METHOD_NOTE_NOTICED);
    work.value = 7;
    work.route[0] = 1;
    put(links[0], &work);
    expect(&ada, METHOD_WORK_LOST);
    cr_assert_eq(ada.call.value, 7);
    cr_assert_str_eq(ada.call.agent, "cy");
    links[1] = -1;
    ada_ends(links);
}

static void loses(struct agent_config *config)
{
    watches(config);
    config->loss = PROBABILITY_ONE;
}

Test(agent_program, what_is_lost_does_not_arrive)
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

Test(agent_program, what_is_doubled_arrives_twice)
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

Test(agent_program, what_is_delayed_takes_so_long)
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

Test(agent_program, a_partition_cuts_both_ways_until_it_ends)
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

Test(agent_program, after_a_partition_the_link_carries_again)
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

Test(agent_program, its_clock_drifts)
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

Test(agent_program, what_is_later_comes_in_its_order)
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

Test(agent_program, no_peer_brings_it_down)
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

Test(agent_program, nothing_of_the_platforms_brings_it_down)
{
    static const char *const packets[] = {
        "{",
        "null",
        "[]",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"method\":\"links/opened\",\"params\":[]}",
        "{\"method\":\"links/opened\",\"params\":{\"links\":[7,{},null]}}",
        "{\"method\":\"links/opened\",\"params\":{\"links\":\"bo\"}}",
        "{\"method\":\"links/closed\",\"params\":{\"agent\":\"nobody\"}}",
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
