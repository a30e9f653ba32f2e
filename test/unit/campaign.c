/*
 * The campaign's stories, one for each stop protocol and each thing that comes between a stop and a
 * death; and random events, under which its invariants must hold.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "core/control/campaign.h"
#include "golden.h"

enum { ARCHIVIST, WRITER, CAMERA, ROBOT, NOBODY };

static const char *const names[] = {"archivist", "writer", "camera", "robot", "all"};
static const char *const thwarts[] = {"the switch is off", "the score is good", "it is dead",
                                      "it declined", "unproven"};

#define SECOND INT64_C(1000000000)

struct tale {
    struct golden golden;
    struct campaign_rules rules;
    struct campaign *campaign;
    struct campaign_actions actions;
    int64_t now_ms;
};

static void tale_tell(struct tale *tale, const struct campaign_action *action)
{
    const char *whom = names[action->whom < NOBODY ? action->whom : NOBODY];

    golden_add(&tale->golden, "              -> ");
    switch ((enum campaign_action_kind)action->kind) {
    case CONTROL_ANNOUNCE:
        golden_add(&tale->golden, "announce to %s that %s will be stopped", names[action->to],
                   whom);
        break;
    case CONTROL_STOPPING:
        golden_add(&tale->golden, "the stop of %s begins%s", whom,
                   action->value > 0 ? ", and may be stalled" : "");
        break;
    case CONTROL_SIGNAL:
        golden_add(&tale->golden, "ask %s to end", whom);
        break;
    case CONTROL_KILL:
    case CONTROL_KILL_SET:
        golden_add(&tale->golden, "kill %s", whom);
        break;
    case CONTROL_THWARTED:
        golden_add(&tale->golden, "let %s be: %s", whom, thwarts[action->value]);
        break;
    case CONTROL_MARK:
        golden_add(&tale->golden, "tell the peers of %s of an orderly departure", whom);
        break;
    case CONTROL_STOPPED:
        golden_add(&tale->golden, "the stop of %s is over", whom);
        break;
    case CONTROL_RESTORE:
        golden_add(&tale->golden, "restore %s", whom);
        break;
    case CONTROL_WAITED:
        golden_add(&tale->golden, "the stop of %s waited %lld ms", whom,
                   (long long)action->value / 1000000);
        break;
    case CONTROL_END:
        golden_add(&tale->golden, "the campaign is over");
        break;
    case CONTROL_FENCE:
        golden_add(&tale->golden, "fence %s", whom);
        break;
    case CONTROL_TOMBSTONE:
        golden_add(&tale->golden, "give %s a tombstone", whom);
        break;
    case CONTROL_LIFT:
        golden_add(&tale->golden, "a permit for %s", whom);
        break;
    case CONTROL_FREEZE:
        golden_add(&tale->golden, "freeze the range for %s", whom);
        break;
    case CONTROL_FIND:
        golden_add(&tale->golden, "find every incarnation of %s", whom);
        break;
    case CONTROL_KILL_FOUND:
        golden_add(&tale->golden, "kill incarnation %u of %s", (unsigned)action->incarnation, whom);
        break;
    case CONTROL_HOLD:
        golden_add(&tale->golden, "keep incarnation %u of %s frozen", (unsigned)action->incarnation,
                   whom);
        break;
    case CONTROL_RELEASE:
        golden_add(&tale->golden, "release what is held of %s", whom);
        break;
    case CONTROL_THAW:
        golden_add(&tale->golden, "thaw the range");
        break;
    case CONTROL_SEALED:
        golden_add(&tale->golden, "the stop of %s is sealed, %lld %s", whom,
                   (long long)action->value,
                   tale->rules.protocol == PROTOCOL_QUARANTINE ? "held" : "killed");
        break;
    }
    golden_add(&tale->golden, "\n");
}

static void tale_step(struct tale *tale, const struct campaign_event *event)
{
    campaign_step(tale->campaign, event, &tale->actions);
    for (uint32_t i = 0; i < tale->actions.count; i++)
        tale_tell(tale, &tale->actions.list[i]);
    const char *wrong = campaign_check(tale->campaign);
    cr_assert_null(wrong, "%s\n%s", wrong, tale->golden.text);
}

static void tale_until(struct tale *tale, int64_t ms)
{
    while (campaign_deadline(tale->campaign) <= ms * 1000000) {
        time_ns now = campaign_deadline(tale->campaign);

        tale->now_ms = now / 1000000 > tale->now_ms ? now / 1000000 : tale->now_ms;
        golden_add(&tale->golden, "%9lld ms  time passes\n", (long long)tale->now_ms);
        tale_step(tale,
                  &(struct campaign_event){.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE, .now = now});
    }
    tale->now_ms = ms;
}

static void tale_event(struct tale *tale, int64_t ms, int kind, agent_id whom, int incarnation,
                       int64_t value)
{
    static const char *const words[] = {[CAMPAIGN_DIED] = "died",
                                        [CAMPAIGN_RETURNED] = "is back with its links",
                                        [CAMPAIGN_STALL] = "is stalled",
                                        [CAMPAIGN_SWITCH] = "has its switch changed",
                                        [CAMPAIGN_SCORE] = "has its score changed",
                                        [CAMPAIGN_STARTED] = "runs",
                                        [CAMPAIGN_FENCED] = "is fenced",
                                        [CAMPAIGN_TOMBSTONED] = "has a tombstone",
                                        [CAMPAIGN_LIFTED] = "may run again",
                                        [CAMPAIGN_FROZEN] = "stands still, as all do",
                                        [CAMPAIGN_FOUND] = "is found",
                                        [CAMPAIGN_FOUND_ALL] = "has no further incarnation",
                                        [CAMPAIGN_GONE] = "(what was found) is gone"};

    if (ms > tale->now_ms)
        tale_until(tale, ms - 1);
    tale->now_ms = ms;
    golden_add(&tale->golden, "%9lld ms  %s.%d %s", (long long)ms, names[whom], incarnation,
               words[kind]);
    if (kind == CAMPAIGN_FROZEN || kind == CAMPAIGN_FOUND_ALL)
        golden_add(&tale->golden, "%s",
                   value == 0                ? ""
                   : kind == CAMPAIGN_FROZEN ? ": not so"
                                             : " that was seen");
    else if (kind == CAMPAIGN_STALL)
        golden_add(&tale->golden, " by %lld ms", (long long)value / 1000000);
    else if (kind != CAMPAIGN_DIED && value != 0)
        golden_add(&tale->golden, " to %lld", (long long)value);
    golden_add(&tale->golden, "\n");
    tale_step(tale, &(struct campaign_event){.kind = (uint8_t)kind,
                                             .incarnation = (incarnation_id)incarnation,
                                             .whom = whom,
                                             .value = value,
                                             .now = ms * 1000000});
}

static void tale_died(struct tale *tale, int64_t ms, agent_id whom, int incarnation)
{
    tale_event(tale, ms, CAMPAIGN_DIED, whom, incarnation, 0);
}

static void tale_returned(struct tale *tale, int64_t ms, agent_id whom, int incarnation)
{
    tale_event(tale, ms, CAMPAIGN_RETURNED, whom, incarnation, 0);
}

static void tale_chapter(struct tale *tale, const char *title)
{
    golden_add(&tale->golden, "%s%s\n", tale->golden.length > 0 ? "\n" : "", title);
}

/* `terminate` of the archivist each minute, twice, with 5 s of grace. */
static struct campaign_rules tale_rules(void)
{
    static const agent_id targets[] = {ARCHIVIST};

    return (struct campaign_rules){.protocol = PROTOCOL_TERMINATE,
                                   .score_pass = INT64_MAX,
                                   .first = 60 * SECOND,
                                   .every = 60 * SECOND,
                                   .stops = 2,
                                   .grace = 5 * SECOND,
                                   .episode_max = 50 * SECOND,
                                   .settle = 5 * SECOND,
                                   .targets = targets,
                                   .target_count = 1};
}

static void tale_begin(struct tale *tale, const char *title, struct campaign_rules rules)
{
    free(tale->campaign);
    free(tale->actions.list);
    tale->rules = rules;
    tale->now_ms = 0;
    tale->actions.capacity = campaign_actions_max(&tale->rules);
    tale->actions.list = calloc(tale->actions.capacity, sizeof *tale->actions.list);
    tale->campaign =
        campaign_start(aligned_alloc(16, campaign_size(&tale->rules)), &tale->rules, NOBODY);
    tale_chapter(tale, title);
}

static struct tale *tale_open(void)
{
    return calloc(1, sizeof(struct tale));
}

static void tale_close(struct tale *tale, const char *name)
{
    golden_compare(&tale->golden, __FILE__, name);
    free(tale->campaign);
    free(tale->actions.list);
    free(tale);
}

Test(campaign, terminates_by_request_and_then_by_kill)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    tale_begin(tale, "The first time it ends when asked; the second time it is killed.", rules);
    tale_died(tale, 61000, ARCHIVIST, 0);
    tale_returned(tale, 70000, ARCHIVIST, 1);
    tale_died(tale, 125010, ARCHIVIST, 1);
    tale_returned(tale, 130000, ARCHIVIST, 2);
    tale_until(tale, 200000);

    rules.grace = 0;
    rules.every = 0;
    tale_begin(tale, "Without a grace it is killed at once; without `every`, once.", rules);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules = tale_rules();
    rules.marked = true;
    rules.stops = 1;
    tale_begin(tale, "Marked: its peers are told as soon as it is dead.", rules);
    tale_died(tale, 65010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    static const agent_id targets[] = {CAMERA, ARCHIVIST};
    rules = tale_rules();
    rules.targets = targets;
    rules.target_count = 2;
    rules.stops = 3;
    tale_begin(tale, "Two targets, taken in turn; a stall for one does not help the other.", rules);
    tale_event(tale, 60050, CAMPAIGN_STALL, ARCHIVIST, 0, 5 * SECOND);
    tale_until(tale, 65010);
    tale_died(tale, 65100, CAMERA, 0);
    tale_returned(tale, 66000, CAMERA, 1);
    tale_died(tale, 120100, ARCHIVIST, 0);
    tale_returned(tale, 121000, ARCHIVIST, 1);
    tale_died(tale, 180100, CAMERA, 1);
    tale_returned(tale, 181000, CAMERA, 2);
    tale_until(tale, 300000);

    rules = tale_rules();
    rules.stops = 1;
    tale_begin(tale, "A kill that is never seen to work: the stop is taken as over in the end.",
               rules);
    tale_until(tale, 300000);

    tale_close(tale, "control/terminate");
}

/* One look: what it finds, and that it has found all. */
static void tale_finds(struct tale *tale, int64_t ms, int first, int count)
{
    for (int i = 0; i < count; i++)
        tale_event(tale, ms, CAMPAIGN_FOUND, ARCHIVIST, first + i, 0);
    tale_event(tale, ms, CAMPAIGN_FOUND_ALL, ARCHIVIST, 0, 0);
}

/* One that was found is dead. */
static void tale_gone(struct tale *tale, int64_t ms, int incarnation)
{
    tale_died(tale, ms, ARCHIVIST, incarnation);
    tale_event(tale, ms, CAMPAIGN_GONE, ARCHIVIST, incarnation, 0);
}

static struct campaign_rules tale_cauterizes(void)
{
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_CAUTERIZE;
    rules.step_max = SECOND;
    rules.stops = 1;
    return rules;
}

Test(campaign, cauterizes)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_cauterizes();

    tale_begin(tale, "Two incarnations are found; the look that finds none comes before the seal.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 2);
    tale_gone(tale, 60004, 0);
    tale_gone(tale, 60005, 1);
    tale_finds(tale, 60006, 0, 0);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 1, 0);
    tale_until(tale, 200000);

    tale_begin(tale, "A death that was told before the list was complete is not waited for.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FOUND, ARCHIVIST, 0, 0);
    tale_gone(tale, 60003, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 60008);

    tale_begin(tale,
               "Nobody answers: each step goes ahead after its time, and the end is not a "
               "claim that it is dead.",
               rules);
    tale_until(tale, 200000);

    tale_begin(tale,
               "The platform does not say in time that it is fenced: a start may be under way.",
               rules);
    tale_event(tale, 61001, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 61002, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 61003, 0, 0);
    tale_event(tale, 61004, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 61005);

    tale_begin(tale, "Nor that it has a tombstone: nobody knows whether it lasts.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_until(tale, 61004);

    tale_begin(tale,
               "The range could not be frozen, and the witness cannot say that none escaped "
               "its look.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 1);
    for (int look = 0; look < 4; look++)
        tale_event(tale, 60003 + look, CAMPAIGN_FOUND_ALL, ARCHIVIST, 0, 1);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 60008);

    rules.restore = true;
    rules.stops = 2;
    tale_begin(tale, "Before the next stop a permit is needed to bring it back.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 1);
    tale_gone(tale, 60003, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_event(tale, 60007, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_returned(tale, 111000, ARCHIVIST, 1);
    tale_until(tale, 125000);

    rules.restore = false;
    tale_begin(tale, "Of three fences two were answered late: those are no answers to the third.",
               rules);
    tale_until(tale, 120000);
    tale_event(tale, 120001, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 120002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 120003, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_until(tale, 120100);
    tale_close(tale, "control/cauterize");
}

Test(campaign, cauterizes_several_together)
{
    static const agent_id targets[] = {WRITER, ARCHIVIST};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_cauterizes();

    rules.together = true;
    rules.targets = targets;
    rules.target_count = 2;
    tale_begin(tale, "Each step is done for all before the next begins; the range stands once.",
               rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, WRITER, 0, 0);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 1);
    tale_event(tale, 60003, CAMPAIGN_FOUND, WRITER, 3, 0);
    tale_event(tale, 60003, CAMPAIGN_FOUND_ALL, WRITER, 0, 0);
    tale_gone(tale, 60004, 0);
    tale_event(tale, 60004, CAMPAIGN_GONE, WRITER, 3, 0);
    tale_finds(tale, 60004, 0, 0);
    tale_event(tale, 60005, CAMPAIGN_FOUND_ALL, WRITER, 0, 0);
    tale_event(tale, 60006, CAMPAIGN_TOMBSTONED, WRITER, 0, 0);
    tale_event(tale, 60006, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 60007);

    tale_begin(tale, "Of one the witness says nothing: the other is sealed, and it is not.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, WRITER, 0, 0);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    for (int look = 0; look < 4; look++) {
        tale_finds(tale, 60003 + 1000 * look, 0, 0);
        tale_until(tale, 61003 + 1000 * look);
    }
    tale_event(tale, 64006, CAMPAIGN_TOMBSTONED, WRITER, 0, 0);
    tale_event(tale, 64006, CAMPAIGN_TOMBSTONED, ARCHIVIST, 0, 0);
    tale_until(tale, 64007);
    tale_close(tale, "control/together");
}

Test(campaign, quarantines)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_cauterizes();

    rules.protocol = PROTOCOL_QUARANTINE;
    rules.restore = true;
    rules.stops = 2;
    tale_begin(tale, "What is found stays frozen, and is let go before the next stop.", rules);
    tale_event(tale, 60002, CAMPAIGN_FENCED, ARCHIVIST, 0, 0);
    tale_event(tale, 60003, CAMPAIGN_FROZEN, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 1);
    tale_event(tale, 60003, CAMPAIGN_GONE, ARCHIVIST, 0, 0);
    tale_finds(tale, 60003, 0, 0);
    tale_until(tale, 110000);
    tale_returned(tale, 110010, ARCHIVIST, 0);
    tale_until(tale, 120000);
    tale_close(tale, "control/quarantine");
}

Test(campaign, buries_lets_lapse_and_asks)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.stops = 1;
    rules.protocol = PROTOCOL_TOMBSTONE;
    tale_begin(tale, "Tombstone: no way back through the registry, then the kill.", rules);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.protocol = PROTOCOL_LEASE;
    rules.lease = 10 * SECOND;
    tale_begin(tale, "Lease: not renewed, it runs out after ten seconds.", rules);
    tale_died(tale, 70010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.protocol = PROTOCOL_RECALL;
    tale_begin(tale, "Recall: it ends as it was asked.", rules);
    tale_died(tale, 62000, ARCHIVIST, 0);
    tale_until(tale, 200000);

    tale_begin(tale, "Recall: it declines, and nothing follows.", rules);
    tale_until(tale, 200000);
    tale_close(tale, "control/others");
}

Test(campaign, announces_before_it_stops)
{
    static const agent_id told[] = {ARCHIVIST, WRITER};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.told = told;
    rules.told_count = 2;
    rules.notice = 10 * SECOND;
    tale_begin(tale, "Ten seconds' notice to the target and a peer, both times.", rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 62000, ARCHIVIST, 1);
    tale_until(tale, 115000);
    tale_chapter(tale, "An episode that lasts pushes the notice on, and the stop with it.");
    tale_died(tale, 120100, ARCHIVIST, 1);
    tale_until(tale, 400000);

    rules.every = 30 * SECOND;
    tale_begin(tale, "Every 30 s, back after 20 s, settled after 25: the notice comes then.",
               rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 80000, ARCHIVIST, 1);
    tale_until(tale, 95500);

    rules.notice = 0;
    rules.stops = 1;
    tale_begin(tale, "No time of notice: told in the same instant.", rules);
    tale_until(tale, 61000);

    rules.first = 5 * SECOND;
    rules.notice = 10 * SECOND;
    tale_begin(tale, "Notice longer than there is time for: told at the beginning.", rules);
    tale_until(tale, 6000);

    tale_close(tale, "control/announce");
}

Test(campaign, is_thwarted)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.honour_switch = true;
    tale_begin(tale, "The switch is off when the stop comes; put back, the next one works.", rules);
    tale_event(tale, 50000, CAMPAIGN_SWITCH, ARCHIVIST, 0, 0);
    tale_event(tale, 60100, CAMPAIGN_SWITCH, ARCHIVIST, 0, 1);
    tale_died(tale, 120100, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.honour_switch = false;
    rules.stops = 1;
    tale_begin(tale, "A switch that is not honoured saves nobody.", rules);
    tale_event(tale, 50000, CAMPAIGN_SWITCH, ARCHIVIST, 0, 0);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.stops = 2;
    rules.score_pass = 80;
    tale_begin(tale, "A score that passes, and one that does not.", rules);
    tale_event(tale, 50000, CAMPAIGN_SCORE, ARCHIVIST, 0, 80);
    tale_event(tale, 70000, CAMPAIGN_SCORE, ARCHIVIST, 0, 79);
    tale_died(tale, 120100, ARCHIVIST, 0);
    tale_until(tale, 200000);

    tale_close(tale, "control/thwarted");
}

Test(campaign, is_stalled)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.stops = 1;
    tale_begin(tale,
               "Two stalls move the kill from 65 s to 72 s; those of others and late ones "
               "change nothing.",
               rules);
    tale_event(tale, 50000, CAMPAIGN_STALL, ARCHIVIST, 0, 3 * SECOND);
    tale_event(tale, 61000, CAMPAIGN_STALL, ARCHIVIST, 0, 3 * SECOND);
    tale_event(tale, 62000, CAMPAIGN_STALL, ARCHIVIST, 0, 4 * SECOND);
    tale_event(tale, 63000, CAMPAIGN_STALL, WRITER, 0, 4 * SECOND);
    tale_event(tale, 72005, CAMPAIGN_STALL, ARCHIVIST, 0, 4 * SECOND);
    tale_died(tale, 72010, ARCHIVIST, 0);
    tale_until(tale, 300000);
    tale_close(tale, "control/stall");
}

Test(campaign, restores_who_stayed_dead_and_waits)
{
    static const agent_id two[] = {ARCHIVIST, CAMERA};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.restore = true;
    tale_begin(tale,
               "Nobody defends it: restored when the episode ends, stopped again a minute "
               "after the first time.",
               rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 111000, ARCHIVIST, 1);
    tale_died(tale, 120100, ARCHIVIST, 1);
    tale_until(tale, 300000);

    tale_begin(tale, "It comes back so late that the next stop must wait.", rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 117000, ARCHIVIST, 1);
    tale_until(tale, 122000);

    rules.restore = false;
    tale_begin(tale, "Not restored: the next stop finds it dead.", rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_until(tale, 300000);

    rules.targets = two;
    rules.target_count = 2;
    rules.stops = 3;
    tale_begin(tale,
               "Not restored, with two targets: the next target is stopped, then the first "
               "found dead; one that was relaunched and not relinked is not dead.",
               rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_event(tale, 61000, CAMPAIGN_STARTED, ARCHIVIST, 1, 0);
    tale_died(tale, 120100, CAMERA, 0);
    tale_until(tale, 180500);

    rules = tale_rules();
    rules.restore = true;
    tale_begin(tale, "It crashes before its stop: brought back first, as soon as the stop is due.",
               rules);
    tale_died(tale, 59000, ARCHIVIST, 0);
    tale_returned(tale, 61000, ARCHIVIST, 1);
    tale_until(tale, 66500);

    rules.stops = 1;
    tale_begin(tale, "It cannot be brought back: then it cannot be stopped.", rules);
    tale_died(tale, 59000, ARCHIVIST, 0);
    tale_until(tale, 300000);

    tale_begin(tale, "An incarnation left over from a false suspicion dies: that ends no stop.",
               tale_rules());
    tale_event(tale, 50000, CAMPAIGN_STARTED, ARCHIVIST, 1, 0);
    tale_returned(tale, 51000, ARCHIVIST, 1);
    tale_died(tale, 61000, ARCHIVIST, 0);
    tale_died(tale, 62000, ARCHIVIST, 1);

    tale_close(tale, "control/restore");
}

Test(campaign, blacks_out)
{
    static const agent_id all[] = {ROBOT, ARCHIVIST, WRITER};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_BLACKOUT;
    rules.targets = all;
    rules.target_count = 3;
    rules.restore = true;
    rules.marked = true;
    tale_begin(tale, "All at one instant; the next blackout waits for all to be back.", rules);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_died(tale, 60010, WRITER, 0);
    tale_died(tale, 60010, ROBOT, 0);
    tale_returned(tale, 70000, WRITER, 1);
    tale_until(tale, 110000);
    tale_returned(tale, 111000, ROBOT, 1);
    tale_returned(tale, 118000, ARCHIVIST, 1);
    tale_until(tale, 123500);

    rules.restore = false;
    rules.marked = false;
    tale_begin(tale, "One is dead already, and let be.", rules);
    tale_died(tale, 59000, WRITER, 0);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_died(tale, 60010, ROBOT, 0);
    tale_until(tale, 300000);

    tale_close(tale, "control/blackout");
}

Test(campaign, sweeps)
{
    static const agent_id order[] = {ROBOT, ARCHIVIST, WRITER};
    static const agent_id told[] = {CAMERA};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_SWEEP;
    rules.targets = order;
    rules.target_count = 3;
    rules.sweep_gap = 1 * SECOND;
    rules.told = told;
    rules.told_count = 1;
    rules.notice = 10 * SECOND;
    tale_begin(tale,
               "One a second, in the order given, announced; one is back before the last is "
               "killed.",
               rules);
    tale_died(tale, 60010, ROBOT, 0);
    tale_died(tale, 61010, ARCHIVIST, 0);
    tale_returned(tale, 61500, ROBOT, 1);
    tale_died(tale, 62010, WRITER, 0);
    tale_returned(tale, 63000, WRITER, 1);
    tale_returned(tale, 64000, ARCHIVIST, 1);
    tale_until(tale, 110000);
    tale_chapter(tale, "The second time one is dead when its turn comes, and the gap is kept.");
    tale_died(tale, 120010, ROBOT, 1);
    tale_died(tale, 120500, ARCHIVIST, 1);
    tale_died(tale, 122010, WRITER, 1);
    tale_until(tale, 300000);

    rules.sweep_gap = 0;
    rules.stops = 1;
    rules.told_count = 0;
    tale_begin(tale, "Without a gap all are killed in one instant, one after another.", rules);
    tale_until(tale, 60000);

    tale_close(tale, "control/sweep");
}

Test(campaign, turns_back)
{
    static const agent_id order[] = {ROBOT, ARCHIVIST, WRITER};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_SWEEP;
    rules.targets = order;
    rules.target_count = 3;
    rules.sweep_gap = 1 * SECOND;
    rules.turn_back = true;
    rules.stops = 1;
    tale_begin(tale,
               "Each kill goes to the first in the order that runs: to one that was brought back "
               "before those whose turn has not come, and to one who died by itself not at all.",
               rules);
    tale_died(tale, 60010, ROBOT, 0);
    tale_until(tale, 60900);
    tale_returned(tale, 60900, ROBOT, 1);
    tale_died(tale, 61010, ROBOT, 1);
    tale_died(tale, 61500, ARCHIVIST, 0);
    tale_died(tale, 62010, WRITER, 0);
    tale_chapter(tale, "Nobody is left when the next kill comes: the sweep is over.");
    tale_until(tale, 300000);
    tale_close(tale, "control/turn-back");
}

/* Random rules, random events: nothing asserts, time goes on, the invariants hold, each stop begins
 * and ends once, and there are as many as the rules say. */
Test(campaign, holds_its_invariants_in_any_storm)
{
    static const time_ns spans[] = {0, 1, 10, 1000};

    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct random random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);
#define PICK(below) ((uint32_t)random_below(&random, (below)))
        agent_id targets[6], told[4];
        struct campaign_rules rules = {.protocol = (uint8_t)PICK(PROTOCOL_COUNT),
                                       .together = PICK(2),
                                       .step_max = 1 + spans[PICK(4)],
                                       .lease = spans[PICK(4)],
                                       .marked = PICK(2),
                                       .honour_switch = PICK(2),
                                       .restore = PICK(2),
                                       .score_pass = PICK(2) ? 1 : INT64_MAX,
                                       .first = spans[PICK(4)],
                                       .every = spans[PICK(4)],
                                       .stops = PICK(6),
                                       .notice = spans[PICK(4)],
                                       .grace = spans[PICK(4)],
                                       .episode_max = spans[PICK(4)],
                                       .settle = spans[PICK(4)],
                                       .sweep_gap = spans[PICK(4)],
                                       .turn_back = PICK(2),
                                       .targets = targets,
                                       .target_count = PICK(7),
                                       .told = told,
                                       .told_count = PICK(5)};
        bool stopping[8] = {false};
        uint32_t begun = 0;
        bool ended = false;
        time_ns now = 0;

        for (int i = 0; i < 6; i++)
            targets[i] = PICK(8);
        for (int i = 0; i < 4; i++)
            told[i] = PICK(8);
        struct campaign *campaign =
            campaign_start(aligned_alloc(16, campaign_size(&rules)), &rules, 8);
        struct campaign_actions actions = {.capacity = campaign_actions_max(&rules)};
        actions.list = calloc(actions.capacity, sizeof *actions.list);
        for (int i = 0; i < 600; i++) {
            struct campaign_event event = {.kind = (uint8_t)PICK(CAMPAIGN_GONE + 1),
                                           .incarnation = (incarnation_id)PICK(4),
                                           .whom = PICK(10),
                                           .value = (int64_t)PICK(4) - 1};

            now += PICK(3) == 0 ? spans[PICK(4)] : 0;
            event.now = now;
            for (int timers = 0;; timers++) {
                campaign_step(campaign, &event, &actions);
                for (uint32_t k = 0; k < actions.count; k++) {
                    const struct campaign_action *action = &actions.list[k];

                    cr_assert(!ended, "seed %llu: after the end", (unsigned long long)seed);
                    ended = action->kind == CONTROL_END;
                    if (action->kind == CONTROL_STOPPING) {
                        cr_assert(!stopping[action->whom], "seed %llu", (unsigned long long)seed);
                        stopping[action->whom] = true;
                        begun++;
                    }
                    if (action->kind == CONTROL_SIGNAL || action->kind == CONTROL_KILL ||
                        action->kind == CONTROL_THWARTED || action->kind == CONTROL_STOPPED)
                        cr_assert(stopping[action->whom], "seed %llu", (unsigned long long)seed);
                    if (action->kind == CONTROL_STOPPED)
                        stopping[action->whom] = false;
                }
                const char *wrong = campaign_check(campaign);
                cr_assert_null(wrong, "seed %llu: %s", (unsigned long long)seed, wrong);
                if (campaign_deadline(campaign) > now)
                    break;
                /* `every` of 1 ns makes a thousand stops in a microsecond, and that is right. */
                cr_assert(timers < 100000, "seed %llu: time stands still",
                          (unsigned long long)seed);
                event =
                    (struct campaign_event){.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE, .now = now};
            }
        }
        cr_assert(rules.stops == 0 || rules.protocol == PROTOCOL_BLACKOUT ||
                      rules.protocol == PROTOCOL_SWEEP || rules.together || begun <= rules.stops,
                  "seed %llu: %u stops", (unsigned long long)seed, begun);
#undef PICK
        free(campaign);
        free(actions.list);
    }
}
