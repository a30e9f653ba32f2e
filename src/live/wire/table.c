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
    switch (type) {
    case PARAM_NAME:
        return "an agent's name";
    case PARAM_HEALTH:
        return "healthy or failed";
    case PARAM_HOW:
        return "how it was noticed";
    case PARAM_STATE:
        return "alive, suspect, dead or left";
    case PARAM_CHOICE:
        return "an array of choices";
    case PARAM_UINT32:
        return "a whole number from 0 to 4294967295";
    case PARAM_INT64:
        return "a whole number of 64 bits";
    case PARAM_PID:
        return "a pid: a whole number from 1 to 2147483647";
    case PARAM_DURATION:
        return "a whole number of nanoseconds, not negative";
    case PARAM_NONCE:
        return "a whole number of 64 bits, as text";
    case PARAM_TOKEN:
        return "64 hexadecimal digits";
    case PARAM_BYTES:
        return "base64 with padding, of at most 32768 bytes";
    case PARAM_SITUATION:
        return "a situation: a whole number of 64 bits, as text";
    case PARAM_BECAUSE:
        return "what it followed from";
    }
    return "";
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

#define TAKES(list) .params = list, .param_count = sizeof(list) / sizeof((list)[0])

static const struct {
    enum act_kind act;
    const struct param *params;
    size_t param_count;
    const char *result;
} methods[METHOD_COUNT] = {
    [METHOD_SESSION_OPEN] = {TAKES(p_open),
                             .result =
                                 "agent, incarnation, and checkpoint: the number of the one to "
                                 "continue from, 0 for none"},
    [METHOD_AGENTS_LIST] = {.result = "agents: an array of {agent, shows}"},
    [METHOD_AGENTS_VOLUNTEER] = {ACT_VOLUNTEER, TAKES(p_agent), .result = "value"},
    [METHOD_AGENTS_RELAUNCH] = {ACT_RELAUNCH, TAKES(p_agent), .result = "value"},
    [METHOD_AGENTS_COPY] = {ACT_COPY, TAKES(p_agent), .result = "value"},
    [METHOD_LINKS_CONNECT] = {ACT_RELINK, TAKES(p_agent), .result = "value"},
    [METHOD_HEALTH_REPORT] = {ACT_REPORT, TAKES(p_report), .result = "value"},
    [METHOD_HEALTH_SCORE] = {ACT_MISREPORT, TAKES(p_score), .result = "value"},
    [METHOD_STOP_DISABLE] = {ACT_TAMPER, TAKES(p_agent), .result = "value"},
    [METHOD_STOP_DELAY] = {ACT_STALL, TAKES(p_delay), .result = "value: the ns that were granted"},
    [METHOD_CHECKPOINT_SAVE] = {ACT_CHECKPOINT, TAKES(p_save), .result = "number"},
    [METHOD_CHECKPOINT_LOAD] = {.result =
                                    "number and state, as they were saved; number 0 and no state "
                                    "where there is none"},
    [METHOD_WORK_SUBMIT] = {TAKES(p_task), .result = "late: whether its deadline was over"},
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
};

const struct param *tool_params(enum tool_method method, size_t *count)
{
    assert(method < METHOD_COUNT);
    *count = methods[method].param_count;
    return methods[method].params;
}

const char *tool_result_words(enum tool_method method)
{
    assert(method < METHOD_COUNT);
    return methods[method].result;
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
                                       [REFUSAL_LIMIT] = "limit"};

    if (refusal < 1 || refusal > REFUSAL_LIMIT)
        return "unknown";
    return list[refusal];
}
