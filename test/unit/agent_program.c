/*
 * The agent program against a platform that the test plays: what it asks, notes, sends and answers.
 */
#include "agent_ada.h"
#include "live/agent/checkpoint.h"

#include <sys/socket.h>

static struct fake bo;

Test(agent_program, opens_its_session_and_waits_for_the_crew)
{
    struct link_message message;
    int links[2];

    fake_make(&ada, 0, 2, BOTH, 0);
    int64_t before = now_ns();
    fake_run(&ada);
    cr_assert(call_next(&ada, before + WAIT_MS * MS_NS));
    cr_assert_eq(ada.call.method, METHOD_SESSION_OPEN);
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

/* The platform was slow: what it answers belongs to a defence that is over. */
Test(agent_program, an_answer_to_what_was_asked_before_is_none)
{
    json_t *before, *now;
    int links[2];

    ada_begins(CHOICE_RELAUNCH, links, NULL);
    close(links[0]);
    expect(&ada, METHOD_AGENTS_VOLUNTEER);
    before = json_incref(ada.id);
    links[0] = play(&ada, 1, true, false);
    cr_assert_eq(heard_kind(links[0], LINK_HELLO).value, NONCE);
    close(links[0]);
    expect(&ada, METHOD_AGENTS_VOLUNTEER);
    now = ada.id;
    ada.id = before;
    refuse(&ada, RPC_REFUSED);
    ada.id = now;
    json_decref(before);
    answer(&ada, NULL);
    expect(&ada, METHOD_AGENTS_RELAUNCH);
    links[0] = -1;
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
