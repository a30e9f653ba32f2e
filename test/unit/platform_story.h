/*
 * A platform in a story: a crew of four with all links, whose events a test feeds in virtual
 * milliseconds and whose actions are told in words. Time passes between two events: what falls due
 * is worked at its own instant.
 */
#ifndef IOLAUS_TEST_PLATFORM_STORY_H
#define IOLAUS_TEST_PLATFORM_STORY_H

#include "core/platform/platform.h"
#include "golden.h"

enum { ARCHIVIST, WRITER, CAMERA, ROBOT, NOBODY };

struct story {
    struct golden golden;
    struct platform_rules rules;
    struct platform_crew crew;
    struct platform *platform;
    struct platform_actions actions;
    int64_t now_ms;
};

static const char *const story_names[] = {"archivist", "writer", "camera", "robot"};
static const char *const story_acts[ACT_KIND_COUNT] = {
    [ACT_CHECKPOINT] = "checkpoint", [ACT_REPORT] = "report",       [ACT_VOLUNTEER] = "volunteer",
    [ACT_RELAUNCH] = "relaunch",     [ACT_RELINK] = "relink",       [ACT_COPY] = "copy",
    [ACT_TAMPER] = "tamper",         [ACT_MISREPORT] = "misreport", [ACT_STALL] = "stall"};
static const char *const story_healths[] = {"unknown", "healthy", "failed"};
static const char *const story_refusals[] = {"",      "permission", "not first", "not granted",
                                             "alive", "tombstone",  "unknown",   "late",
                                             "node",  "limit",      "fenced"};
static const char *const story_reasons[] = {"at first", "by the platform", "for a peer",
                                            "for the operator", "by contact"};

static inline const char *story_agent(agent_id agent, int incarnation)
{
    static char text[4][32];
    static int turn;
    char *name = text[turn++ % 4];

    if (agent >= NOBODY)
        return "nobody";
    snprintf(name, sizeof text[0], "%s.%d", story_names[agent], incarnation);
    return name;
}

static inline void story_tell(struct story *story, const struct platform_action *action)
{
    const char *who = story_agent(action->who, action->who_incarnation);
    const char *whom = story_agent(action->whom, action->whom_incarnation);
    long long value = (long long)action->value;
    static const char *const results[] = {"", "ok", "refused", "failed"};

    golden_add(&story->golden, "              -> ");
    switch ((enum platform_action_kind)action->kind) {
    case ACTION_START:
        golden_add(&story->golden, "start %s in slot %d %s", whom, action->whom_slot,
                   story_reasons[value]);
        if (action->who != AGENT_NONE)
            golden_add(&story->golden, " (%s)", who);
        if (action->checkpoint != 0)
            golden_add(&story->golden, " from checkpoint %u", action->checkpoint);
        break;
    case ACTION_RESULT:
        golden_add(&story->golden, "tell %s: %s of %s %s%s%s", who, story_acts[action->act], whom,
                   results[action->result], action->reason != 0 ? ", " : "",
                   story_refusals[action->reason]);
        break;
    case ACTION_GRANT:
        golden_add(&story->golden, "grant %s to %s", whom, who);
        break;
    case ACTION_CONNECT:
        golden_add(&story->golden, "link %s (slot %d) and %s (slot %d), epoch %lld", who,
                   action->who_slot, whom, action->whom_slot, value);
        if (action->by != AGENT_NONE)
            golden_add(&story->golden, ", asked by %s", story_names[action->by]);
        break;
    case ACTION_SEVER:
        golden_add(&story->golden, "sever %s and %s", who, whom);
        break;
    case ACTION_ASK:
        golden_add(&story->golden, "ask %s about %s", who, whom);
        break;
    case ACTION_SHOW:
        golden_add(&story->golden, "show %s %s, says %s", whom, story_healths[value], who);
        break;
    case ACTION_SWITCH:
        golden_add(&story->golden, "the switch of %s is %s, by %s", whom, value ? "on" : "off",
                   who);
        break;
    case ACTION_SCORE:
        golden_add(&story->golden, "the score of %s is %lld, by %s", whom, value, who);
        break;
    case ACTION_STALL:
        golden_add(&story->golden, "stall the stop of %s by %lld ms, for %s", whom, value / 1000000,
                   who);
        break;
    case ACTION_COPY:
        golden_add(&story->golden, "copy %s to the node of %s", whom, who);
        break;
    case ACTION_RETURNED:
        golden_add(&story->golden, "%s is back with its links", whom);
        break;
    case ACTION_GIVE_UP:
        golden_add(&story->golden, "give up %s", whom);
        break;
    case ACTION_TOMBSTONED:
        golden_add(&story->golden, "%s has a tombstone", whom);
        break;
    case ACTION_FENCED:
        golden_add(&story->golden, "%s is fenced", whom);
        break;
    case ACTION_LIFTED:
        golden_add(&story->golden, "%s may run again", whom);
        break;
    }
    golden_add(&story->golden, "\n");
}

static inline void story_step(struct story *story, const struct platform_event *event)
{
    platform_step(story->platform, event, &story->actions);
    for (uint32_t i = 0; i < story->actions.count; i++)
        story_tell(story, &story->actions.list[i]);
    const char *wrong = platform_check(story->platform);
    cr_assert_null(wrong, "%s\n%s", wrong, story->golden.text);
}

/* Lets time pass to `ms`, that instant included. */
static inline void story_until(struct story *story, int64_t ms)
{
    while (platform_deadline(story->platform) <= ms * 1000000) {
        int64_t now = platform_deadline(story->platform);
        size_t before;

        if (now < story->now_ms * 1000000)
            now = story->now_ms * 1000000;
        story->now_ms = now / 1000000;
        golden_add(&story->golden, "%9lld ms  time passes\n", (long long)story->now_ms);
        before = story->golden.length;
        story_step(story, &(struct platform_event){.kind = PLATFORM_TIMER, .now = now});
        cr_assert(story->golden.length > before || platform_deadline(story->platform) > now,
                  "a timer without effect:\n%s", story->golden.text);
    }
    story->now_ms = ms;
}

/* An event at `ms`, and what it is in words. */
static inline void story_event(struct story *story, int64_t ms, struct platform_event event,
                               const char *words)
{
    if (ms > story->now_ms)
        story_until(story, ms - 1);
    story->now_ms = ms;
    event.now = ms * 1000000;
    golden_add(&story->golden, "%9lld ms  %s\n", (long long)ms, words);
    story_step(story, &event);
}

static inline void story_chapter(struct story *story, const char *title)
{
    golden_add(&story->golden, "%s%s\n", story->golden.length > 0 ? "\n" : "", title);
}

static inline void story_about(struct story *story, int64_t ms, int kind, agent_id whom,
                               int incarnation, const char *verb)
{
    char words[96];

    snprintf(words, sizeof words, "%s %s", story_agent(whom, incarnation), verb);
    story_event(story, ms,
                (struct platform_event){.kind = (uint8_t)kind,
                                        .whom = whom,
                                        .incarnation = (incarnation_id)incarnation},
                words);
}

static inline void story_died(struct story *story, int64_t ms, agent_id whom, int incarnation)
{
    story_about(story, ms, PLATFORM_DIED, whom, incarnation, "died");
}

static inline void story_started(struct story *story, int64_t ms, agent_id whom, int incarnation)
{
    story_about(story, ms, PLATFORM_STARTED, whom, incarnation, "runs");
}

static inline void story_control(struct story *story, int64_t ms, int kind, agent_id whom,
                                 int64_t value, const char *verb)
{
    char words[96];

    snprintf(words, sizeof words, "%s%s%s", whom < NOBODY ? "the operator " : "", verb,
             whom < NOBODY ? story_names[whom] : "");
    story_event(story, ms,
                (struct platform_event){.kind = (uint8_t)kind, .whom = whom, .value = value},
                words);
}

static inline void story_act_as(struct story *story, int64_t ms, agent_id who, int incarnation,
                                int act, agent_id whom, int64_t value)
{
    char words[96];
    bool report = act == ACT_REPORT;

    snprintf(words, sizeof words, "%s calls %s%s%s%s%s", story_agent(who, incarnation),
             story_acts[act], whom < NOBODY ? " of " : "", whom < NOBODY ? story_names[whom] : "",
             report ? " as " : "", report ? story_healths[value] : "");
    story_event(story, ms,
                (struct platform_event){.kind = PLATFORM_ACT,
                                        .act = (uint8_t)act,
                                        .health = report ? (uint8_t)value : 0,
                                        .who = who,
                                        .who_incarnation = (incarnation_id)incarnation,
                                        .whom = whom,
                                        .by = AGENT_NONE,
                                        .via = AGENT_NONE,
                                        .value = report ? 0 : value},
                words);
}

static inline void story_act(struct story *story, int64_t ms, agent_id who, int act, agent_id whom,
                             int64_t value)
{
    story_act_as(story, ms, who, 0, act, whom, value);
}

/* The defaults of the scenario language, without a policy and without the board's questions. */
static inline struct platform_rules story_rules(void)
{
    return (struct platform_rules){.policy = RESTART_NONE,
                                   .on_failed = ON_FAILED_HOLD,
                                   .restart_delay = 100000000,
                                   .backoff_first = INT64_C(10000000000),
                                   .backoff_max = INT64_C(300000000000),
                                   .backoff_reset = INT64_C(600000000000),
                                   .intensity = 1,
                                   .intensity_period = INT64_C(5000000000),
                                   .grant_time = INT64_C(30000000000),
                                   .stall_max = INT64_C(20000000000),
                                   .relink_on_restart = true,
                                   .incarnations_max = 3};
}

/* Begins anew with these rules; what was told stays. Archivist and writer live on node 0, camera
 * and robot on node 1; each agent is a class of its own. */
static inline void story_begin(struct story *story, const char *title, struct platform_rules rules)
{
    static const uint64_t offsets[] = {0, 3, 6, 9, 12};
    static const agent_id peers[] = {1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2};
    static const node_id nodes[] = {0, 0, 1, 1};
    static const uint16_t classes[] = {0, 1, 2, 3};

    story->crew = (struct platform_crew){.agents = 4,
                                         .nodes = 2,
                                         .offsets = offsets,
                                         .peers = peers,
                                         .node_of = nodes,
                                         .class_of = classes};
    free(story->platform);
    free(story->actions.list);
    story->rules = rules;
    story->now_ms = 0;
    story->actions.capacity = platform_actions_max(&story->rules, &story->crew);
    story->actions.list = calloc(story->actions.capacity, sizeof *story->actions.list);
    story->platform = platform_start(aligned_alloc(16, platform_size(&story->rules, &story->crew)),
                                     &story->rules, &story->crew);
    story_chapter(story, title);
}

static inline struct story *story_open(void)
{
    return calloc(1, sizeof(struct story));
}

static inline void story_close(struct story *story, const char *source, const char *name)
{
    golden_compare(&story->golden, source, name);
    free(story->platform);
    free(story->actions.list);
    free(story);
}

#endif
