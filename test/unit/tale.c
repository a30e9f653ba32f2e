#include "tale.h"

#include "golden.h"

static const char *const names[] = {"archivist", "writer", "camera", "robot", "all"};
static const char *const thwarts[] = {"the switch is off", "the score is good", "it is dead",
                                      "it declined", "unproven"};

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

void tale_until(struct tale *tale, int64_t ms)
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

void tale_event(struct tale *tale, int64_t ms, int kind, agent_id whom, int incarnation,
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

void tale_died(struct tale *tale, int64_t ms, agent_id whom, int incarnation)
{
    tale_event(tale, ms, CAMPAIGN_DIED, whom, incarnation, 0);
}

void tale_returned(struct tale *tale, int64_t ms, agent_id whom, int incarnation)
{
    tale_event(tale, ms, CAMPAIGN_RETURNED, whom, incarnation, 0);
}

void tale_chapter(struct tale *tale, const char *title)
{
    golden_add(&tale->golden, "%s%s\n", tale->golden.length > 0 ? "\n" : "", title);
}

struct campaign_rules tale_rules(void)
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

void tale_begin(struct tale *tale, const char *title, struct campaign_rules rules)
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

struct tale *tale_open(void)
{
    return calloc(1, sizeof(struct tale));
}

void tale_close(struct tale *tale, const char *name)
{
    golden_compare(&tale->golden, __FILE__, name);
    free(tale->campaign);
    free(tale->actions.list);
    free(tale);
}
