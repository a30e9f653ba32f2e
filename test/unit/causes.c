/* What both worlds record of acts, answers and orders, and what they give as its cause. */
#include <criterion/criterion.h>

#include "world/acts.h"
#include "world/answers.h"
#include "world/orders.h"

#define TAPE_MAX 32

/* Records as they were written; the writer's sequence is the place on the tape. */
static struct record tape[TAPE_MAX];
static uint32_t written;

static struct record_id tape_write(void *context, const struct record *record, uint32_t writer)
{
    (void)context;
    cr_assert_lt(written, TAPE_MAX);
    tape[written] = *record;
    tape[written].id = (struct record_id){writer, written};
    return tape[written++].id;
}

static const struct recorder recorder = {tape_write, NULL};

static const struct record *last(void)
{
    cr_assert_gt(written, 0);
    return &tape[written - 1];
}

static void check_id(struct record_id is, struct record_id should_be)
{
    cr_assert(record_id_equal(is, should_be), "%u:%u, and not %u:%u", is.writer, is.sequence,
              should_be.writer, should_be.sequence);
}

#define ID(writer, sequence) ((struct record_id){writer, sequence})

/* Agent 5, whose peers are 1, 3 and 8, and which nothing has happened to: untouched memory. */
#define SELF 5
#define PLACE 105
static const agent_id peers[] = {1, 3, 8};
static struct cause concern[4];

static struct doing begin(const struct percept *percept, struct cause cause)
{
    return (struct doing){.id = SELF,
                          .incarnation = 2,
                          .writer = PLACE,
                          .degree = 3,
                          .peers = peers,
                          .concern = concern,
                          .percept = percept,
                          .cause = cause,
                          .now = 1000,
                          .noticed = AGENT_NONE,
                          .recorder = recorder};
}

static const struct percept timer = {.kind = PERCEPT_TIMER, .peer = AGENT_NONE};

/* Something that was done for agent 1, who had asked through agent 3, of a marked stop. */
static const struct cause asked_for = {{3, 7}, 1, 3, FLAG_REQUESTED | FLAG_RELAYED | FLAG_MARKED};

static struct percept request_from_3(agent_id by, agent_id via)
{
    return (struct percept){.kind = PERCEPT_MESSAGE,
                            .message = MESSAGE_REQUEST,
                            .peer = 3,
                            .subject = 8,
                            .by = by,
                            .via = via};
}

static struct act act_on(uint8_t kind, agent_id peer)
{
    return (struct act){
        .kind = kind, .peer = peer, .subject = peer, .by = AGENT_NONE, .via = AGENT_NONE};
}

Test(causes, untouched_memory_is_no_concern)
{
    struct cause other = {.id = {0, 1}};

    cr_assert(concern_is_none(&concern[0]));
    cr_assert(concern_is_none(&CAUSE_NONE));
    cr_assert_not(concern_is_none(&other));
    cr_assert_not(concern_is_none(&asked_for));
}

Test(causes, request_is_inherited)
{
    struct percept percept = request_from_3(1, 3);
    struct doing doing = begin(&percept, (struct cause){{3, 7}, AGENT_NONE, AGENT_NONE, 0});
    struct act notice = act_on(ACT_NOTICED, 8), decide = act_on(ACT_DECIDE, 8);
    struct cause cause;

    notice.how = HOW_REQUEST;
    act_notices(&doing, &notice, RECORD_ID_NONE);
    check_id(last()->cause, ID(3, 7));
    cr_assert_eq(last()->by, 1);
    cr_assert_eq(last()->via, 3);
    cr_assert_eq(last()->flags, FLAG_REQUESTED | FLAG_RELAYED);
    cr_assert_eq(last()->who, SELF);
    cr_assert_eq(last()->who_incarnation, 2);

    /* The case follows from the notice, and is the middleman's doing still. */
    cause = act_decides(&doing, &decide);
    check_id(last()->cause, ID(PLACE, 0));
    check_id(cause.id, ID(PLACE, 1));
    cr_assert_eq(cause.by, 1);
    cr_assert_eq(cause.flags, FLAG_REQUESTED | FLAG_RELAYED);
}

Test(causes, direct_request_has_no_middleman)
{
    struct percept percept = request_from_3(3, AGENT_NONE);
    struct doing doing = begin(&percept, (struct cause){{3, 7}, AGENT_NONE, AGENT_NONE, 0});
    struct act decide = act_on(ACT_DECIDE, 8);
    struct cause cause = act_decides(&doing, &decide);

    check_id(last()->cause, ID(3, 7));
    cr_assert_eq(cause.by, 3);
    cr_assert_eq(cause.via, AGENT_NONE);
    cr_assert_eq(cause.flags, FLAG_REQUESTED);
}

/* What was asked of one agent is not asked of the next, who merely saw what came of it. */
Test(causes, who_sees_was_not_asked)
{
    struct percept percept = {.kind = PERCEPT_HANGUP, .peer = 8};
    struct doing doing = begin(&percept, asked_for);
    struct act notice = act_on(ACT_NOTICED, 8), decide = act_on(ACT_DECIDE, 8);
    struct cause cause;

    notice.how = HOW_HANGUP;
    act_notices(&doing, &notice, ID(9, 9));
    check_id(last()->cause, asked_for.id);
    cr_assert_eq(last()->by, AGENT_NONE);
    cr_assert_eq(last()->via, AGENT_NONE);
    cr_assert_eq(last()->flags, FLAG_MARKED);

    doing = begin(&percept, asked_for); /* a step in which nothing was noticed */
    cause = act_decides(&doing, &decide);
    check_id(last()->cause, asked_for.id);
    cr_assert_eq(cause.by, AGENT_NONE);
    cr_assert_eq(cause.flags, FLAG_MARKED);

    cause = returned_cause(asked_for);
    check_id(cause.id, asked_for.id);
    cr_assert_eq(cause.by, AGENT_NONE);
    cr_assert_eq(cause.via, AGENT_NONE);
    cr_assert_eq(cause.flags, FLAG_MARKED);
}

Test(causes, percept_about_another_peer_is_no_cause)
{
    struct percept percept = {.kind = PERCEPT_HANGUP, .peer = 3};
    struct doing doing = begin(&percept, asked_for);
    struct act act = act_on(ACT_VOLUNTEER, 8);
    struct platform_event event;

    act_tool(&doing, &act, &event);
    check_id(last()->cause, RECORD_ID_NONE);
    cr_assert_eq(last()->flags, 0);

    concern[2] = (struct cause){{8, 4}, AGENT_NONE, AGENT_NONE, 0};
    act_tool(&doing, &act, &event);
    check_id(last()->cause, ID(8, 4));

    act.peer = 3;
    act_tool(&doing, &act, &event);
    check_id(last()->cause, asked_for.id);
}

/* Whoever is asked to end does all that it then does because of that. */
Test(causes, request_to_end_is_the_cause_of_all)
{
    struct percept percept = {.kind = PERCEPT_STOP_ASKED, .peer = SELF};
    struct doing doing =
        begin(&percept, (struct cause){ID(WRITER_CONTROL, 2), AGENT_NONE, AGENT_NONE, FLAG_MARKED});
    struct act act = act_on(ACT_ALERT, 8);
    struct cause cause;

    act.peer = 3;
    act_calls(&doing, &act);
    check_id(last()->cause, ID(WRITER_CONTROL, 2));
    cause = act_departs(&doing, &doing.cause);
    cr_assert_eq(last()->verb, VERB_DEPARTS);
    cr_assert_eq(last()->whom, SELF);
    check_id(last()->cause, ID(WRITER_CONTROL, 2));
    check_id(cause.id, last()->id);
}

Test(causes, silence_is_a_guess)
{
    struct doing doing = begin(&timer, CAUSE_NONE);
    struct act notice = act_on(ACT_NOTICED, 8);
    struct cause cause;

    notice.how = HOW_SILENCE;
    cause = act_notices(&doing, &notice, ID(8, 20));
    check_id(last()->cause, ID(8, 20));
    cr_assert_eq(last()->flags, FLAG_INFERRED);
    cr_assert_eq(cause.flags, 0, "the notice itself is no guess");

    act_notices(&doing, &notice, RECORD_ID_NONE);
    check_id(last()->cause, RECORD_ID_NONE);
    cr_assert_eq(last()->flags, 0);
}

Test(causes, notice_comes_before_the_word_of_it)
{
    struct acts acts = {.count = 5};
    struct doing doing = begin(&timer, CAUSE_NONE);

    acts.list[0] = act_on(ACT_SEND, 1);
    acts.list[0].message = MESSAGE_GOSSIP;
    acts.list[0].subject = 8;
    acts.list[1] = act_on(ACT_NOTICED, 3);
    acts.list[2] = acts.list[0];
    acts.list[2].peer = 3;
    acts.list[3] = act_on(ACT_NOTICED, 8);
    acts.list[4] = act_on(ACT_DECIDE, 8);
    acts_notice_first(&acts, 0);
    cr_assert_eq(acts.list[0].kind, ACT_NOTICED);
    cr_assert_eq(acts.list[0].peer, 8);
    cr_assert_eq(acts.list[1].kind, ACT_SEND);
    cr_assert_eq(acts.list[1].peer, 1);
    cr_assert_eq(acts.list[2].kind, ACT_NOTICED);
    cr_assert_eq(acts.list[2].peer, 3);
    cr_assert_eq(acts.list[3].kind, ACT_SEND);
    cr_assert_eq(acts.list[3].peer, 3);
    cr_assert_eq(acts.list[4].kind, ACT_DECIDE);
    cr_assert_eq(acts.count, 5);

    check_id(act_gossips(&doing, 8).id, RECORD_ID_NONE);
    act_notices(&doing, &acts.list[0], ID(8, 20));
    check_id(act_gossips(&doing, 8).id, last()->id);
    check_id(act_gossips(&doing, 3).id, RECORD_ID_NONE);
}

Test(causes, word_of_another_waits_for_nothing)
{
    struct acts acts = {.count = 3};

    acts.list[0] = act_on(ACT_SEND, 1);
    acts.list[0].message = MESSAGE_GOSSIP;
    acts.list[0].subject = 3;
    acts.list[1] = act_on(ACT_SEND, 1);
    acts.list[1].subject = 8;
    acts.list[1].message = MESSAGE_PING;
    acts.list[2] = act_on(ACT_NOTICED, 8);
    for (int i = 0; i < acts.count; i++)
        acts_notice_first(&acts, i);
    cr_assert_eq(acts.list[0].message, MESSAGE_GOSSIP);
    cr_assert_eq(acts.list[1].message, MESSAGE_PING);
    cr_assert_eq(acts.list[2].kind, ACT_NOTICED);
}

/* A further attempt follows from what the agent was last about, and not from the refusal. */
Test(causes, further_attempt)
{
    struct percept percept = {.kind = PERCEPT_RESULT, .peer = 8, .result = RESULT_REFUSED};
    struct doing doing = begin(&percept, (struct cause){{WRITER_PLATFORM, 3}, 0, 0, 0});
    struct act decide = act_on(ACT_DECIDE, 8);

    concern[2] = (struct cause){{PLACE, 40}, AGENT_NONE, AGENT_NONE, 0};
    act_decides(&doing, &decide);
    check_id(last()->cause, ID(PLACE, 40));
}

Test(causes, answer_of_the_mind_is_the_concern)
{
    struct percept percept = {.kind = PERCEPT_DECIDED, .peer = 8};
    struct doing doing = begin(&percept, asked_for);
    struct cause cause = act_decided(&doing, 8, CHOICE_RELAUNCH);

    cr_assert_eq(last()->verb, VERB_DECIDED);
    cr_assert_eq(last()->value, CHOICE_RELAUNCH);
    cr_assert_eq(last()->by, 1);
    check_id(last()->cause, asked_for.id);
    check_id(concern[2].id, last()->id);
    check_id(cause.id, last()->id);
    concern_forget(&concern[2]);
    cr_assert(concern_is_none(&concern[2]));

    /* Of somebody that it has no link with, behind those of the peers. */
    act_decided(&doing, 2, 0);
    check_id(concern[3].id, last()->id);
    cr_assert_eq(concern_of(&doing, 2), &concern[3]);
    cr_assert_eq(concern_of(&doing, SELF), &concern[3]);
}

Test(causes, honest_word_follows_from_the_question)
{
    struct percept asked = {.kind = PERCEPT_ASKED, .peer = 8};
    struct doing doing = begin(&asked, (struct cause){{WRITER_PLATFORM, 5}, 0, 0, 0});
    struct act report = act_on(ACT_REPORT, 8);
    struct platform_event event;

    concern[2] = (struct cause){{PLACE, 40}, AGENT_NONE, AGENT_NONE, 0};
    report.health = HEALTH_HEALTHY;
    act_tool(&doing, &report, &event);
    check_id(last()->cause, ID(WRITER_PLATFORM, 5));
    cr_assert_eq(last()->value, HEALTH_HEALTHY);
    cr_assert_eq(event.health, HEALTH_HEALTHY);

    /* A mask is of the case, and so is the word of a failure. */
    report.masking = 1;
    act_tool(&doing, &report, &event);
    check_id(last()->cause, ID(PLACE, 40));
    report.masking = 0;
    report.health = HEALTH_FAILED;
    act_tool(&doing, &report, &event);
    check_id(last()->cause, ID(PLACE, 40));
    check_id(concern[2].id, ID(PLACE, 40)); /* a word is no step of the defence */

    doing = begin(&timer, CAUSE_NONE);
    report.health = HEALTH_HEALTHY;
    act_tool(&doing, &report, &event);
    check_id(last()->cause, RECORD_ID_NONE);
}

Test(causes, tool_goes_to_the_platform)
{
    struct doing doing = begin(&timer, CAUSE_NONE);
    struct act act = act_on(ACT_RELAUNCH, 8);
    struct platform_event event;
    struct cause cause;

    concern[2] = (struct cause){{PLACE, 40}, AGENT_NONE, AGENT_NONE, FLAG_MARKED};
    act.by = 1;
    act.via = 3;
    act.value = 77;
    cause = act_tool(&doing, &act, &event);
    cr_assert_eq(last()->verb, VERB_RELAUNCHES);
    check_id(last()->cause, ID(PLACE, 40));
    cr_assert_eq(last()->by, 1);
    cr_assert_eq(last()->flags, FLAG_MARKED | FLAG_REQUESTED | FLAG_RELAYED);
    check_id(cause.id, last()->id);
    check_id(concern[2].id, last()->id); /* the next step of the defence follows from this one */
    cr_assert_eq(concern[2].by, AGENT_NONE);
    cr_assert_eq(event.kind, PLATFORM_ACT);
    cr_assert_eq(event.act, ACT_RELAUNCH);
    cr_assert_eq(event.who, SELF);
    cr_assert_eq(event.who_incarnation, 2);
    cr_assert_eq(event.whom, 8);
    cr_assert_eq(event.by, 1);
    cr_assert_eq(event.via, 3);
    cr_assert_eq(event.value, 77);

    act = act_on(ACT_CHECKPOINT, AGENT_NONE);
    act.value = 4;
    act_tool(&doing, &act, &event);
    cr_assert_eq(last()->verb, VERB_CHECKPOINTS);
    cr_assert_eq(last()->whom, SELF);
    cr_assert_eq(event.value, 4);
}

Test(causes, calls_name_whom_they_reach)
{
    struct doing doing = begin(&timer, CAUSE_NONE);
    struct act act = act_on(ACT_ALERT, 1);

    concern[2] = (struct cause){{PLACE, 40}, 1, 3, FLAG_REQUESTED | FLAG_RELAYED};
    act.subject = 8;
    check_id(act_calls(&doing, &act).id, ID(PLACE, 0));
    cr_assert_eq(last()->verb, VERB_ALERTS);
    cr_assert_eq(last()->whom, 8);
    cr_assert_eq(last()->via, 1);
    cr_assert_eq(last()->by, 1);

    act.kind = ACT_REQUEST;
    act.by = SELF;
    act_calls(&doing, &act);
    cr_assert_eq(last()->verb, VERB_REQUESTS);
    cr_assert_eq(last()->via, 1);
    cr_assert_eq(last()->by, SELF);

    act = act_on(ACT_REFUSE, 8);
    act.by = 3;
    act_refuses(&doing, &act);
    cr_assert_eq(last()->by, 3);
    cr_assert_eq(last()->verb, VERB_REFUSES);
}

/* What the world has the agent's word for alone says so; what a tool was used for does not, and
 * nothing inherits it. */
Test(causes, told)
{
    struct doing doing = begin(&timer, CAUSE_NONE);
    struct act act = act_on(ACT_NOTICED, 8);
    struct platform_event event;

    doing.told = FLAG_TOLD;
    act_notices(&doing, &act, RECORD_ID_NONE);
    act_decides(&doing, &act);
    act_decided(&doing, 8, 0);
    act.kind = ACT_ALERT;
    act_calls(&doing, &act);
    act.kind = ACT_REFUSE;
    act_refuses(&doing, &act);
    for (uint32_t i = 0; i < written; i++)
        cr_assert_eq(tape[i].flags, FLAG_TOLD, "record %u", i);
    cr_assert_eq(concern[2].flags, 0);
    act.kind = ACT_VOLUNTEER;
    act_tool(&doing, &act, &event);
    cr_assert_eq(last()->flags, 0);
    act_departs(&doing, &CAUSE_NONE);
    cr_assert_eq(last()->flags, 0);
}

/* Answers of the platform, by agent 5 about agent 8 where not said otherwise. */
static struct platform_action answer(uint8_t kind, int64_t value)
{
    return (struct platform_action){.kind = kind,
                                    .who = 5,
                                    .who_incarnation = 2,
                                    .whom = 8,
                                    .whom_incarnation = 1,
                                    .by = AGENT_NONE,
                                    .via = AGENT_NONE,
                                    .value = value};
}

static struct cause heard[9];

Test(answers, grant_is_the_cause_of_what_follows)
{
    struct answers answers = answers_make(&recorder, heard, &asked_for, 1000);
    struct platform_action grant = answer(ACTION_GRANT, 0), result = answer(ACTION_RESULT, 0);
    struct cause cause;

    cause = answers_record(&answers, &grant);
    check_id(last()->cause, asked_for.id);
    check_id(cause.id, ID(WRITER_PLATFORM, 0));
    result.result = RESULT_OK;
    cause = answers_record(&answers, &result);
    cr_assert_eq(written, 1, "a result that is well has no record");
    check_id(cause.id, ID(WRITER_PLATFORM, 0));
    cr_assert_eq(cause.by, 1);

    result.act = ACT_RELAUNCH;
    result.result = RESULT_REFUSED;
    result.reason = REFUSAL_ALIVE;
    cause = answers_record(&answers, &result);
    cr_assert_eq(last()->verb, VERB_REFUSED);
    cr_assert_eq(last()->value, ACT_RELAUNCH << 8 | REFUSAL_ALIVE);
    check_id(last()->cause, ID(WRITER_PLATFORM, 0));
    check_id(cause.id, last()->id);
    result.result = RESULT_FAILED;
    answers_record(&answers, &result);
    cr_assert_eq(last()->verb, VERB_FAILED);
    check_id(last()->cause, ID(WRITER_PLATFORM, 0)); /* and not the refusal */
}

Test(answers, due_restart_follows_from_the_death)
{
    struct cause death = {{8, 12}, AGENT_NONE, AGENT_NONE, 0};
    struct platform_event died = {.kind = PLATFORM_DIED, .whom = 8};
    struct platform_event act = {.kind = PLATFORM_ACT, .whom = 8};
    struct platform_action start = answer(ACTION_START, START_PLATFORM);
    struct platform_action gave_up = answer(ACTION_GIVE_UP, 0);
    struct answers answers;

    answers_hear(heard, &died, &death);
    answers_hear(heard, &act, &asked_for); /* what somebody asked for is no news of it */
    answers = answers_make(&recorder, heard, &asked_for, 1000);
    answers_record(&answers, &start);
    check_id(last()->cause, death.id);
    answers_record(&answers, &gave_up);
    check_id(last()->cause, death.id);

    /* A peer's, whatever the platform heard last, follows from what the peer asked for. */
    start.value = START_PEER;
    answers_record(&answers, &start);
    check_id(last()->cause, asked_for.id);
    cr_assert_eq(last()->by, 1);
    cr_assert_eq(last()->via, 3);
    start.value = START_OPERATOR;
    answers_record(&answers, &start);
    check_id(last()->cause, asked_for.id);
    cr_assert_eq(last()->by, AGENT_NONE);
    cr_assert_eq(last()->via, AGENT_NONE);
}

Test(answers, own_linking_was_asked_for_by_nobody)
{
    struct answers answers = answers_make(&recorder, heard, &asked_for, 1000);
    struct platform_action connect = answer(ACTION_CONNECT, 6);
    struct cause cause = answers_record(&answers, &connect);

    check_id(last()->cause, asked_for.id);
    cr_assert_eq(last()->value, 6);
    cr_assert_eq(last()->who_incarnation, 2);
    cr_assert_eq(last()->whom_incarnation, 1);
    cr_assert_eq(last()->by, AGENT_NONE);
    cr_assert_eq(last()->via, AGENT_NONE);
    cr_assert_eq(last()->flags, FLAG_MARKED);
    cr_assert_eq(cause.flags, FLAG_MARKED);

    connect.by = 5;
    answers_record(&answers, &connect);
    cr_assert_eq(last()->by, 5);
    cr_assert_eq(last()->via, 3);
    cr_assert_eq(last()->flags, asked_for.flags);
}

Test(answers, question_has_no_cause)
{
    struct answers answers = answers_make(&recorder, heard, &asked_for, 1000);
    struct platform_action ask = answer(ACTION_ASK, 0), show = answer(ACTION_SHOW, HEALTH_FAILED);

    answers_record(&answers, &ask);
    check_id(last()->cause, RECORD_ID_NONE);
    cr_assert_eq(last()->flags, 0);
    answers_record(&answers, &show);
    check_id(last()->cause, asked_for.id);
    cr_assert_eq(last()->value, HEALTH_FAILED);
}

Test(answers, who_is_told)
{
    static const uint8_t kinds[][2] = {{ACTION_SWITCH, CAMPAIGN_SWITCH},
                                       {ACTION_SCORE, CAMPAIGN_SCORE},
                                       {ACTION_STALL, CAMPAIGN_STALL},
                                       {ACTION_RETURNED, CAMPAIGN_RETURNED}};
    struct platform_action result = answer(ACTION_RESULT, 9), ask = answer(ACTION_ASK, 0);
    struct percept percept;
    struct campaign_event event;

    result.act = ACT_STALL;
    result.result = RESULT_OK;
    cr_assert(answer_percept(&result, &percept));
    cr_assert_eq(percept.kind, PERCEPT_RESULT);
    cr_assert_eq(percept.act, ACT_STALL);
    cr_assert_eq(percept.peer, 8);
    cr_assert_eq(percept.value, 9);
    cr_assert(answer_percept(&ask, &percept));
    cr_assert_eq(percept.kind, PERCEPT_ASKED);
    cr_assert_not(answer_event(&ask, &event));
    for (int i = 0; i < 4; i++) {
        struct platform_action action = answer(kinds[i][0], 3);

        cr_assert_not(answer_percept(&action, &percept));
        cr_assert(answer_event(&action, &event));
        cr_assert_eq(event.kind, kinds[i][1]);
        cr_assert_eq(event.whom, 8);
        cr_assert_eq(event.incarnation, 1);
        cr_assert_eq(event.value, 3);
    }
}

/* Orders about agent 8 of a crew of nine. */
static struct cause roots[9];
static bool announced[9];

static struct orders campaign(const struct campaign_rules *rules)
{
    struct orders orders = {
        .recorder = recorder, .rules = rules, .agents = 9, .root = roots, .announced = announced};

    orders_open(&orders);
    return orders;
}

static struct cause order(struct orders *orders, uint8_t kind)
{
    struct campaign_action action = {.kind = kind, .whom = 8, .to = 3};

    return orders_record(orders, &action, 1000);
}

Test(orders, announcement_is_the_root)
{
    struct campaign_rules rules = {.protocol = PROTOCOL_SWEEP};
    struct orders orders = campaign(&rules);
    struct record_id first;

    first = order(&orders, CONTROL_ANNOUNCE).id;
    check_id(last()->cause, RECORD_ID_NONE);
    cr_assert_eq(last()->via, 3);
    cr_assert_eq(last()->flags, FLAG_ANNOUNCED);
    order(&orders, CONTROL_ANNOUNCE);
    check_id(last()->cause, first);
    order(&orders, CONTROL_STOPPING);
    check_id(last()->cause, first);
    cr_assert_eq(last()->value, PROTOCOL_SWEEP);
    cr_assert_eq(last()->flags, FLAG_ANNOUNCED);
    first = last()->id;
    check_id(order(&orders, CONTROL_SIGNAL).id, ID(WRITER_CONTROL, 3));
    check_id(last()->cause, first);
    order(&orders, CONTROL_KILL);
    check_id(last()->cause, first);
    check_id(order(&orders, CONTROL_STOPPED).id, first);
    order(&orders, CONTROL_RESTORE);
    check_id(last()->cause, first);
    cr_assert_eq(last()->flags, 0, "the announcement was of the stop that is over");

    /* The next stop is another episode. */
    order(&orders, CONTROL_STOPPING);
    check_id(last()->cause, RECORD_ID_NONE);
    cr_assert_eq(last()->flags, 0);
    check_id(orders_root(&orders, 8).id, last()->id);
    check_id(orders_root(&orders, AGENT_NONE).id, RECORD_ID_NONE);
}

Test(orders, next_announcement_is_another_episode)
{
    struct campaign_rules rules = {.protocol = PROTOCOL_TERMINATE};
    struct orders orders = campaign(&rules);

    order(&orders, CONTROL_ANNOUNCE);
    order(&orders, CONTROL_STOPPING);
    order(&orders, CONTROL_STOPPED);
    order(&orders, CONTROL_WAITED);
    check_id(last()->cause, RECORD_ID_NONE);
    order(&orders, CONTROL_ANNOUNCE);
    check_id(last()->cause, RECORD_ID_NONE);
}

Test(orders, marks_and_blackout)
{
    struct campaign_rules rules = {.protocol = PROTOCOL_BLACKOUT, .marked = true};
    struct orders orders = campaign(&rules);
    struct campaign_action mark = {.kind = CONTROL_MARK, .whom = 8};
    struct record_id root = order(&orders, CONTROL_STOPPING).id;

    cr_assert_eq(last()->flags, FLAG_MARKED);
    order(&orders, CONTROL_KILL_SET);
    order(&orders, CONTROL_MARK);
    order(&orders, CONTROL_END);
    cr_assert_eq(written, 1, "these have no record of their own");
    check_id(orders_kill(&orders, 8, 1000).id, ID(WRITER_WITNESS, 1));
    check_id(last()->cause, root);
    cr_assert_eq(last()->verb, VERB_KILLED);
    check_id(orders_mark(&orders, &mark, 3, 1000).id, ID(WRITER_CONTROL, 2));
    check_id(last()->cause, root);
    cr_assert_eq(last()->via, 3);
    cr_assert_eq(last()->whom, 8);
}
