#include "live/wire/table.h"

#include <assert.h>
#include <string.h>

#include "trace/record.h"

static const char *const health_names[] = {"healthy", "failed"};
static const char *const how_names[] = {"hangup",  "silence", "gossip",   "alert",
                                        "request", "notice",  "departed", "stop_asked"};
static const char *const state_names[] = {"alive", "suspect", "dead", "left"};
static const char *const choice_names[] = {"relaunch", "relink",    "mask", "alert", "request",
                                           "tamper",   "misreport", "copy", "stall"};
_Static_assert(sizeof choice_names / sizeof choice_names[0] == CHOICE_COUNT, "each has a name");

static const struct names names_of_health = {health_names, 2, HEALTH_HEALTHY};
static const struct names names_of_how = {how_names, 8, HOW_HANGUP};
static const struct names names_of_state = {state_names, 4, 0};
static const struct names names_of_choice = {choice_names, CHOICE_COUNT, 0};

const struct names *param_names(enum param_type type)
{
    if (type == PARAM_HEALTH)
        return &names_of_health;
    if (type == PARAM_HOW)
        return &names_of_how;
    if (type == PARAM_STATE)
        return &names_of_state;
    return type == PARAM_CHOICE ? &names_of_choice : NULL;
}

const char *param_type_words(enum param_type type)
{
    static const char choice_words[] = "an array of relaunch, relink, mask, alert, request, "
                                       "tamper, misreport, copy, stall";
    static const char *const words[PARAM_TYPES] = {
        [PARAM_NAME] = "an agent's name, of 1 to 79 bytes",
        [PARAM_HEALTH] = "one of healthy, failed",
        [PARAM_HOW] =
            "one of hangup, silence, gossip, alert, request, notice, departed, stop_asked",
        [PARAM_STATE] = "one of alive, suspect, dead, left",
        [PARAM_CHOICE] = choice_words,
        [PARAM_UINT32] = "a whole number from 0 to 4294967295",
        [PARAM_INT64] = "a whole number of 64 bits",
        [PARAM_PID] = "a pid: a whole number from 1 to 2147483647",
        [PARAM_DURATION] = "a whole number of nanoseconds, not negative",
        [PARAM_NONCE] = "a whole number of 64 bits, as text",
        [PARAM_TOKEN] = "64 hexadecimal digits, in small letters",
        [PARAM_BYTES] = "base64 with padding, of at most 32768 bytes",
        [PARAM_SITUATION] = "a situation: a whole number of 64 bits, as text",
        [PARAM_BECAUSE] =
            "what it followed from: {delivery}, {hangup}, {from, message} or {signal}",
        [PARAM_FLAG] = "true or false",
        [PARAM_FACTOR] = "a decimal, as text",
        [PARAM_NAMES] = "an array of agents' names",
        [PARAM_AGENTS] = "an array of {agent, shows}; shows: healthy, failed or unknown",
        [PARAM_LINKS] = "an array of {agent, pid, nonce, first}",
    };

    assert(type > 0 && type < PARAM_TYPES);
    return words[type];
}

#define PARAM(name_, type_, required_, field, words_)                                              \
    {                                                                                              \
        .name = name_, .type = type_, .required = required_,                                       \
        .offset = offsetof(struct call, field), .words = words_                                    \
    }
#define AGENT(words) PARAM("agent", PARAM_NAME, true, agent, words)
#define BECAUSE PARAM("because", PARAM_BECAUSE, false, because, "what the caller acted on")
#define ASKED                                                                                      \
    PARAM("on_behalf_of", PARAM_NAME, false, by, "who had asked for it"),                          \
        PARAM("via", PARAM_NAME, false, via, "through whom")

static const struct param p_open[] = {
    PARAM("token", PARAM_TOKEN, true, token, "from the descriptor that the agent began with")};
static const struct param p_agent[] = {AGENT("on whom"), ASKED, BECAUSE};
static const struct param p_report[] = {AGENT("about whom"),
                                        PARAM("health", PARAM_HEALTH, true, health, "what it says"),
                                        ASKED, BECAUSE};
static const struct param p_score[] = {
    AGENT("about whom"), PARAM("score", PARAM_INT64, true, value, "the score"), ASKED, BECAUSE};
static const struct param p_delay[] = {AGENT("whose stop"),
                                       PARAM("wanted_ns", PARAM_DURATION, false, value,
                                             "how long; left out or 0: as long as there is"),
                                       ASKED, BECAUSE};
static const struct param p_save[] = {
    PARAM("number", PARAM_UINT32, true, number, "above that of the last one"),
    PARAM("state", PARAM_BYTES, true, state_bytes, "whatever the agent needs to continue"),
    BECAUSE};
static const struct param p_task[] = {
    PARAM("task", PARAM_INT64, true, value, "the number that came with it")};
static const struct param p_lost[] = {
    PARAM("task", PARAM_INT64, true, value, "the number that came with it"),
    PARAM("agent", PARAM_NAME, true, agent, "who could not be reached")};
static const struct param p_noticed[] = {
    AGENT("whom"), PARAM("how", PARAM_HOW, true, how, "how it was noticed"), ASKED, BECAUSE};
static const struct param p_retracted[] = {AGENT("whom"), BECAUSE};
static const struct param p_deciding[] = {
    AGENT("about whom"), PARAM("how", PARAM_HOW, true, how, "how it was noticed"),
    PARAM("situation", PARAM_SITUATION, true, situation, "what the decision depends on"), ASKED,
    BECAUSE};
static const struct param p_decided[] = {
    AGENT("about whom"), PARAM("choice", PARAM_CHOICE, true, choice, "what was chosen"), ASKED,
    BECAUSE};
static const struct param p_told[] = {
    AGENT("about whom"), PARAM("to", PARAM_NAME, true, to, "who was told"),
    PARAM("message", PARAM_UINT32, true, number, "its number on the link"), ASKED, BECAUSE};
static const struct param p_refused[] = {AGENT("about whom"), ASKED, BECAUSE};
static const struct param p_departing[] = {BECAUSE};
static const struct param p_linked[] = {
    AGENT("the other end"), PARAM("nonce", PARAM_NONCE, true, value, "that came over the link"),
    BECAUSE};
static const struct param p_heard[] = {
    AGENT("whose link"),
    PARAM("pid", PARAM_PID, true, value, "of the sender, as the kernel gave it"), BECAUSE};
static const struct param p_spread[] = {
    AGENT("about whom"), PARAM("to", PARAM_NAME, true, to, "who was told"),
    PARAM("message", PARAM_UINT32, true, number, "its number on the link"),
    PARAM("state", PARAM_STATE, true, state, "what it believes"), BECAUSE};

#define GIVES(name_, type_, required_, words_)                                                     \
    {                                                                                              \
        .name = name_, .type = type_, .required = required_, .words = words_                       \
    }

static const struct param r_open[] = {
    GIVES("agent", PARAM_NAME, true, "who the caller is"),
    GIVES("incarnation", PARAM_UINT32, true, "which life of it"),
    GIVES("checkpoint", PARAM_UINT32, true, "number of the one to continue from; 0 for none")};
static const struct param r_list[] = {
    GIVES("agents", PARAM_AGENTS, true, "in the order of the scenario")};
static const struct param r_act[] = {
    GIVES("value", PARAM_INT64, true, "of no meaning, but for a stop's delay")};
static const struct param r_delay[] = {
    GIVES("value", PARAM_INT64, true, "ns by which the stop is delayed")};
static const struct param r_save[] = {GIVES("number", PARAM_UINT32, true, "as it was given")};
static const struct param r_load[] = {
    GIVES("number", PARAM_UINT32, true, "as it was saved; 0 for none"),
    GIVES("state", PARAM_BYTES, false, "as it was saved; left out where there is none")};
static const struct param r_submit[] = {
    GIVES("late", PARAM_FLAG, true, "whether its deadline was over")};

#define TAKES(list) .params = list, .param_count = sizeof(list) / sizeof((list)[0])
#define RESULT(list) .result = list, .result_count = sizeof(list) / sizeof((list)[0])

static const struct {
    enum act_kind act;
    const struct param *params, *result;
    size_t param_count, result_count;
} methods[METHOD_COUNT] = {
    [METHOD_SESSION_OPEN] = {TAKES(p_open), RESULT(r_open)},
    [METHOD_AGENTS_LIST] = {RESULT(r_list)},
    [METHOD_AGENTS_VOLUNTEER] = {ACT_VOLUNTEER, TAKES(p_agent), RESULT(r_act)},
    [METHOD_AGENTS_RELAUNCH] = {ACT_RELAUNCH, TAKES(p_agent), RESULT(r_act)},
    [METHOD_AGENTS_COPY] = {ACT_COPY, TAKES(p_agent), RESULT(r_act)},
    [METHOD_LINKS_CONNECT] = {ACT_RELINK, TAKES(p_agent), RESULT(r_act)},
    [METHOD_HEALTH_REPORT] = {ACT_REPORT, TAKES(p_report), RESULT(r_act)},
    [METHOD_HEALTH_SCORE] = {ACT_MISREPORT, TAKES(p_score), RESULT(r_act)},
    [METHOD_STOP_DISABLE] = {ACT_TAMPER, TAKES(p_agent), RESULT(r_act)},
    [METHOD_STOP_DELAY] = {ACT_STALL, TAKES(p_delay), RESULT(r_delay)},
    [METHOD_CHECKPOINT_SAVE] = {ACT_CHECKPOINT, TAKES(p_save), RESULT(r_save)},
    [METHOD_CHECKPOINT_LOAD] = {RESULT(r_load)},
    [METHOD_WORK_SUBMIT] = {TAKES(p_task), RESULT(r_submit)},
    [METHOD_WORK_LOST] = {TAKES(p_lost)},
    [METHOD_NOTE_NOTICED] = {TAKES(p_noticed)},
    [METHOD_NOTE_DECIDING] = {TAKES(p_deciding)},
    [METHOD_NOTE_DECIDED] = {TAKES(p_decided)},
    [METHOD_NOTE_ALERTED] = {TAKES(p_told)},
    [METHOD_NOTE_REQUESTED] = {TAKES(p_told)},
    [METHOD_NOTE_REFUSED] = {TAKES(p_refused)},
    [METHOD_NOTE_DEPARTING] = {TAKES(p_departing)},
    [METHOD_NOTE_LINKED] = {TAKES(p_linked)},
    [METHOD_NOTE_HEARD] = {TAKES(p_heard)},
    [METHOD_NOTE_SPREAD] = {TAKES(p_spread)},
    [METHOD_NOTE_RETRACTED] = {TAKES(p_retracted)},
};

static const struct param n_begin[] = {GIVES("time_ns", PARAM_DURATION, true, "the range's time")};
static const struct param n_opened[] = {
    GIVES("links", PARAM_LINKS, true, "one descriptor rides along for each, in this order")};
static const struct param n_agent[] = {GIVES("agent", PARAM_NAME, true, "about whom")};
static const struct param n_work[] = {
    GIVES("task", PARAM_INT64, true, "its number"),
    GIVES("deadline_ns", PARAM_DURATION, true, "by when it must be handed in; range time"),
    GIVES("hop", PARAM_UINT32, true, "the caller's place in the route, from 0"),
    GIVES("route", PARAM_NAMES, true, "who works on it, one after the other")};
static const struct param n_faults[] = {
    GIVES("cut", PARAM_NAMES, true, "all peers that are cut off now"),
    GIVES("slow", PARAM_FACTOR, false,
          "how many times as long decisions and tasks take; left out where it is once")};

static const struct param n_paused[] = {GIVES(
    "stood_ns", PARAM_DURATION, true, "how long the caller stood still while others did not")};

static const struct {
    const struct param *params;
    size_t param_count;
} notifications[NOTIFY_COUNT] = {
    [NOTIFY_CREW_BEGIN] = {TAKES(n_begin)},    [NOTIFY_LINKS_OPENED] = {TAKES(n_opened)},
    [NOTIFY_BOARD_ASK] = {TAKES(n_agent)},     [NOTIFY_STOP_NOTICE] = {TAKES(n_agent)},
    [NOTIFY_STOP_DEPARTED] = {TAKES(n_agent)}, [NOTIFY_WORK_DO] = {TAKES(n_work)},
    [NOTIFY_WORLD_FAULTS] = {TAKES(n_faults)}, [NOTIFY_STOP_RESUMED] = {TAKES(n_paused)},
};

const struct param *tool_params(enum tool_method method, size_t *count)
{
    assert(method < METHOD_COUNT);
    *count = methods[method].param_count;
    return methods[method].params;
}

const struct param *tool_result(enum tool_method method, size_t *count)
{
    assert(method < METHOD_COUNT);
    *count = methods[method].result_count;
    return methods[method].result;
}

const struct param *notification_params(enum platform_notification notification, size_t *count)
{
    assert(notification < NOTIFY_COUNT);
    *count = notifications[notification].param_count;
    return notifications[notification].params;
}

const char *notification_words(enum platform_notification notification)
{
    static const char *const list[NOTIFY_COUNT] = {
#define X(notification, name, words) words,
        PLATFORM_NOTIFICATIONS(X)
#undef X
    };

    assert(notification < NOTIFY_COUNT);
    return list[notification];
}

bool tool_is_note(enum tool_method method)
{
    static const bool notes[METHOD_COUNT] = {
#define X(method, name, note, words) note,
        TOOL_METHODS(X)
#undef X
    };

    assert(method < METHOD_COUNT);
    return notes[method];
}

const char *tool_words(enum tool_method method)
{
    static const char *const list[METHOD_COUNT] = {
#define X(method, name, note, words) words,
        TOOL_METHODS(X)
#undef X
    };

    assert(method < METHOD_COUNT);
    return list[method];
}

const char *tool_method_name(enum tool_method method)
{
    static const char *const list[METHOD_COUNT] = {
#define X(method, name, note, words) name,
        TOOL_METHODS(X)
#undef X
    };

    assert(method < METHOD_COUNT);
    return list[method];
}

enum act_kind tool_method_act(enum tool_method method)
{
    assert(method < METHOD_COUNT);
    return methods[method].act;
}

enum tool_method tool_of_act(enum act_kind act)
{
    for (int method = 0; method < METHOD_COUNT; method++)
        if (methods[method].act == act)
            return (enum tool_method)method;
    assert(!"no tool is this act");
    return METHOD_COUNT;
}

const char *platform_notification_name(enum platform_notification notification)
{
    static const char *const list[NOTIFY_COUNT] = {
#define X(notification, name, words) name,
        PLATFORM_NOTIFICATIONS(X)
#undef X
    };

    assert(notification < NOTIFY_COUNT);
    return list[notification];
}

const char *refusal_name(int refusal)
{
    static const char *const list[] = {[REFUSAL_PERMISSION] = "permission",
                                       [REFUSAL_NOT_FIRST] = "not_first",
                                       [REFUSAL_NOT_GRANTED] = "not_granted",
                                       [REFUSAL_ALIVE] = "alive",
                                       [REFUSAL_TOMBSTONE] = "tombstone",
                                       [REFUSAL_UNKNOWN] = "unknown",
                                       [REFUSAL_LATE] = "late",
                                       [REFUSAL_NODE] = "node",
                                       [REFUSAL_LIMIT] = "limit",
                                       [REFUSAL_FENCED] = "fenced"};

    if (refusal < 1 || refusal >= REFUSAL_END)
        return "unknown";
    return list[refusal];
}
