/* What the platform decides, carried out on processes, channels and links. */
#include <assert.h>
#include <signal.h>

#include "live/daemon/inside.h"

int platform_begin(struct daemon *daemon, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;
    void *memory;

    daemon->platform_crew = (struct platform_crew){.agents = daemon->agents,
                                                   .nodes = scenario->nodes,
                                                   .offsets = scenario->links.offsets,
                                                   .peers = scenario->links.peers,
                                                   .node_of = scenario->node_of,
                                                   .class_of = scenario->group_of};
    memory = arena_take(&daemon->arena, platform_size(&scenario->platform, &daemon->platform_crew));
    daemon->actions.capacity = platform_actions_max(&scenario->platform, &daemon->platform_crew);
    daemon->actions.list =
        arena_take_array(&daemon->arena, daemon->actions.capacity, sizeof *daemon->actions.list);
    if (memory == NULL || daemon->actions.list == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the platform");
    daemon->platform = platform_start(memory, &scenario->platform, &daemon->platform_crew);
    return 0;
}

static void do_start(struct daemon *daemon, const struct platform_action *action,
                     const struct cause *cause)
{
    uint32_t row = row_of(daemon, action->whom, action->whom_slot);
    struct platform_event failed = {.kind = PLATFORM_START_FAILED,
                                    .who = AGENT_NONE,
                                    .whom = action->whom,
                                    .by = AGENT_NONE,
                                    .via = AGENT_NONE,
                                    .incarnation = action->whom_incarnation};
    struct error error = {0};

    if (daemon->lives[row].state == LIFE_NONE &&
        !daemon->node_down[daemon->scenario->node_of[action->whom]] &&
        life_start(daemon, row, action->whom_incarnation, action->checkpoint,
                   (uint8_t)action->value, action->who, cause, &error) == 0)
        return;
    if (error.code != 0)
        daemon_tell(daemon, "%s could not be started: %s", daemon->names[action->whom],
                    error.message);
    queue_platform(daemon, &failed, cause);
}

static void do_ask(struct daemon *daemon, const struct platform_action *action,
                   const struct cause *cause)
{
    const struct delivery delivery = {.kind = PERCEPT_ASKED, .peer = action->whom, .cause = *cause};

    send_notification(daemon, row_of(daemon, action->who, action->who_slot), NOTIFY_BOARD_ASK,
                      json_pack("{s:s}", "agent", daemon->names[action->whom]), &delivery);
}

static void tell_campaign(struct daemon *daemon, const struct platform_action *action,
                          const struct cause *cause)
{
    struct campaign_event event;

    if (answer_event(action, &event))
        queue_campaign(daemon, &event, cause);
}

static void do_action(struct daemon *daemon, const struct platform_action *action,
                      const struct cause *cause)
{
    switch ((enum platform_action_kind)action->kind) {
    case ACTION_START:
        do_start(daemon, action, cause);
        break;
    case ACTION_RESULT:
        tool_answer(daemon, row_of(daemon, action->who, action->who_slot), action, cause);
        break;
    case ACTION_CONNECT:
        link_connect(daemon, action, cause);
        break;
    case ACTION_SEVER:
        link_sever(daemon, action, cause);
        break;
    case ACTION_ASK:
        do_ask(daemon, action, cause);
        break;
    case ACTION_SHOW:
        desk_release(&daemon->desk, daemon->now);
        break;
    case ACTION_COPY:
        checkpoint_copy(daemon, action->whom);
        break;
    case ACTION_SWITCH:
    case ACTION_SCORE:
    case ACTION_STALL:
    case ACTION_RETURNED:
    case ACTION_LIFTED:
        tell_campaign(daemon, action, cause);
        break;
    case ACTION_FENCED:
        links_cut(daemon, action->whom);
        operations_tell(daemon, ENTRY_FENCED, action->whom, action->whom_incarnation);
        tell_campaign(daemon, action, cause);
        break;
    case ACTION_TOMBSTONED:
        operations_tell(daemon, ENTRY_TOMBSTONED, action->whom, 0);
        tell_campaign(daemon, action, cause);
        break;
    case ACTION_GRANT:
    case ACTION_GIVE_UP:
        break;
    }
    if (action->kind == ACTION_GIVE_UP)
        daemon_tell(daemon, "the platform gave up restarting %s", daemon->names[action->whom]);
}

void platform_work(struct daemon *daemon, struct platform_event *event, const struct cause *cause)
{
    struct answers answers;

    event->now = daemon->now;
    answers_hear(daemon->last, event, cause);
    platform_step(daemon->platform, event, &daemon->actions);
    assert(daemon->actions.count <= daemon->actions.capacity);
    answers = answers_make(&daemon->recorder, daemon->last, cause, daemon->now);
    for (uint32_t i = 0; i < daemon->actions.count && daemon->failed == 0; i++) {
        const struct platform_action *action = &daemon->actions.list[i];
        struct cause carried = answers_record(&answers, action);

        do_action(daemon, action, &carried);
    }
}

void platform_due(struct daemon *daemon)
{
    struct platform_event timer = {.kind = PLATFORM_TIMER,
                                   .who = AGENT_NONE,
                                   .whom = AGENT_NONE,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE};

    if (platform_deadline(daemon->platform) <= daemon->now)
        queue_platform(daemon, &timer, &CAUSE_NONE);
}
