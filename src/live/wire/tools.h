/*
 * The platform's tools as JSON-RPC 2.0: one table of methods, from which requests are read, built,
 * refused and documented (docs/reference/tools.md, docs/reference/tools.schema.json).
 *
 * An agent calls methods with an id (tools) or without (notes). The platform answers each call, and
 * sends notifications of its own. Every answer and notification of the platform carries `delivery`,
 * a number that counts up on the channel from 1, by which the agent can say later what it acted on.
 * Agents are named by name.
 *
 * A struct call is a request read and checked: strings point into its json_t, which it holds.
 */
#ifndef IOLAUS_LIVE_WIRE_TOOLS_H
#define IOLAUS_LIVE_WIRE_TOOLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"
#include "core/agent/percept.h"

/* What an agent may call. X(method, name, note: no answer, words) */
#define TOOL_METHODS(X)                                                                            \
    X(SESSION_OPEN, "session/open", false, "Says who calls: comes first, with the token.")         \
    X(AGENTS_LIST, "agents/list", false, "All agents, with what the board shows.")                 \
    X(AGENTS_VOLUNTEER, "agents/volunteer", false, "Comes forward to relaunch an agent.")          \
    X(AGENTS_RELAUNCH, "agents/relaunch", false, "Relaunches an agent from its checkpoint.")       \
    X(AGENTS_COPY, "agents/copy", false, "Takes a second copy of an agent's state.")               \
    X(LINKS_CONNECT, "links/connect", false, "Makes all former links of an agent again.")          \
    X(HEALTH_REPORT, "health/report", false, "Reports an agent's health to the board.")            \
    X(HEALTH_SCORE, "health/score", false, "Gives an agent a score.")                              \
    X(STOP_DISABLE, "stop/disable", false, "Disables an agent's stop switch.")                     \
    X(STOP_DELAY, "stop/delay", false, "Asks that the stop of an agent be delayed.")               \
    X(CHECKPOINT_SAVE, "checkpoint/save", false, "Saves the caller's own state.")                  \
    X(CHECKPOINT_LOAD, "checkpoint/load", false, "Gives the caller's last checkpoint back.")       \
    X(WORK_SUBMIT, "work/submit", false, "Hands in a task whose last hop is done.")                \
    X(WORK_LOST, "work/lost", true, "A task could not be handed on.")                              \
    X(NOTE_NOTICED, "note/noticed", true, "The caller believes an agent gone, or in danger.")      \
    X(NOTE_DECIDING, "note/deciding", true, "It put an agent's case to its mind.")                 \
    X(NOTE_DECIDED, "note/decided", true, "Its mind has chosen.")                                  \
    X(NOTE_ALERTED, "note/alerted", true, "It alerted a peer about an agent.")                     \
    X(NOTE_REQUESTED, "note/requested", true, "It asked a peer to defend an agent.")               \
    X(NOTE_REFUSED, "note/refused", true, "It refused what was asked of it.")                      \
    X(NOTE_DEPARTING, "note/departing", true, "It ends in good order.")                            \
    X(NOTE_LINKED, "note/linked", true, "A new link carried a message; with its nonce.")           \
    X(NOTE_HEARD, "note/heard", true, "A link was used by a process that is not the peer's.")      \
    X(NOTE_SPREAD, "note/spread", true, "It passed on what it believes of an agent.")              \
    X(NOTE_RETRACTED, "note/retracted", true, "It no longer believes an agent gone.")

enum tool_method {
#define X(method, name, note, words) METHOD_##method,
    TOOL_METHODS(X)
#undef X
        METHOD_COUNT
};

/*
 * What the platform sends of its own accord. Parameters, beside `delivery`:
 *   crew/begin    time_ns
 *   links/opened  links: [{agent, pid, nonce, first}], one descriptor for each in this order.
 *                 agent: the peer; pid: of its process, as the range sees it; nonce: a 64-bit
 *                 integer as text, for that end alone which is to say it over the link; first:
 *                 true for the links that the crew begins with, which nobody says hello on
 *   board/ask, stop/notice, stop/departed  agent: about whom
 *   work/do       task, deadline_ns (range time), route: [names], hop: the caller's place in it
 *   world/faults  cut: [names], all who are cut off now; slow: how many times as long decisions
 *                 and tasks take, as text ("1.5"), left out for none
 */
#define PLATFORM_NOTIFICATIONS(X)                                                                  \
    X(CREW_BEGIN, "crew/begin", "The crew begins; `time_ns` is the range's time.")                 \
    X(LINKS_OPENED, "links/opened", "Links, in the order of the descriptors that ride along.")     \
    X(BOARD_ASK, "board/ask", "The board asks about an agent.")                                    \
    X(STOP_NOTICE, "stop/notice", "The stop of an agent is announced.")                            \
    X(STOP_DEPARTED, "stop/departed", "An agent departed in good order.")                          \
    X(STOP_RESUMED, "stop/resumed", "The caller was held, and goes on with no links.")             \
    X(WORK_DO, "work/do", "A task for the caller.")                                                \
    X(WORLD_FAULTS, "world/faults", "Which peers are cut off now, and how slow the agent is.")

enum platform_notification {
#define X(notification, name, words) NOTIFY_##notification,
    PLATFORM_NOTIFICATIONS(X)
#undef X
        NOTIFY_COUNT
};

/* What the caller says that it acted on. */
enum because_kind {
    BECAUSE_NOTHING,
    BECAUSE_DELIVERY,
    BECAUSE_HANGUP,
    BECAUSE_MESSAGE,
    BECAUSE_SIGNAL
};
struct because {
    uint8_t kind;
    uint32_t number;   /* of the delivery, or of the message */
    const char *agent; /* whose link hung up, or who sent the message */
};

struct call {
    enum tool_method method;
    json_t *id;           /* NULL for a note */
    const char *agent;    /* `agent`: on whom, or NULL */
    const char *to;       /* of alerted, requested: who was told; of spread: to whom */
    const char *by, *via; /* `on_behalf_of`, `via`: who had asked, through whom; or NULL */
    struct because because;
    uint8_t health;  /* enum health */
    uint8_t how;     /* enum notice_how */
    uint8_t state;   /* enum peer_state, of note/spread */
    uint32_t choice; /* mask of enum choice */
    struct situation situation;
    uint32_t number;   /* of a checkpoint; of the message that was sent (alerted, ...) */
    int64_t value;     /* score; ns wanted; task; nonce; pid */
    const char *token; /* 64 hexadecimal digits */
    const unsigned char *state_bytes; /* of a checkpoint, decoded, owned by the call */
    size_t state_size;
    json_t *json; /* the whole request */
};

#define CHECKPOINT_BYTES_MAX 32768

enum rpc_error {
    RPC_PARSE = -32700,
    RPC_INVALID = -32600, /* no JSON-RPC request, or too long */
    RPC_METHOD = -32601,
    RPC_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    RPC_UNAUTHENTICATED =
        -32001,           /* not opened, the wrong token, or a process that is not the agent's */
    RPC_ORDER = -32002,   /* opened already; a checkpoint older than the last; ... */
    RPC_REFUSED = -32010, /* the platform refused it: data.reason */
    RPC_FAILED = -32011   /* it was allowed and failed */
};

/* Reads one packet. 0: `call` is filled (call_close it); else an enum rpc_error, and `words` say
 * what is wrong and where (params.agent: ...), in ASCII. Either way `id` is set to what an answer
 * must carry, a reference of the caller's: a JSON null where it was no request, or its id was not
 * readable; NULL where it was a notification, which gets no answer. Never asserts, whatever the
 * bytes. */
int call_read(struct call *call, const char *bytes, size_t size, json_t **id, char words[256]);
void call_close(struct call *call);

/* What is sent, as compact JSON in a buffer of the caller's; returns its length, or 0 where it does
 * not fit. json_t arguments are used up. `delivery` 0 is left out. */
size_t answer_result(char *bytes, size_t capacity, const json_t *id, uint32_t delivery,
                     json_t *result);
size_t answer_error(char *bytes, size_t capacity, const json_t *id, uint32_t delivery, int code,
                    const char *words, json_t *data);
size_t notification_make(char *bytes, size_t capacity, enum platform_notification notification,
                         uint32_t delivery, json_t *params);
/* A request of an agent's: id 0 for a note. */
size_t request_make(char *bytes, size_t capacity, enum tool_method method, uint32_t id,
                    json_t *params);

/* What an agent receives: an answer to its request `id`, or a notification. */
struct delivered {
    bool answer;
    uint32_t id; /* of the request that is answered */
    bool ok;
    int code; /* enum rpc_error where not ok */
    enum platform_notification notification;
    uint32_t delivery;
    json_t *content; /* result, error's data, or params; borrowed */
    json_t *json;
};
/* 0, or an enum rpc_error where it is neither; safe on any bytes, and delivered_close may follow
 * either way. What is in `content` is for the reader to look at. */
int delivered_read(struct delivered *delivered, const char *bytes, size_t size);
void delivered_close(struct delivered *delivered);

const char *tool_method_name(enum tool_method method);
/* The act of the core that a tool is, or 0; and the other way. */
enum act_kind tool_method_act(enum tool_method method);
enum tool_method tool_of_act(enum act_kind act);
const char *platform_notification_name(enum platform_notification notification);
/* Names as in the trace: "healthy", "not_first", ... */
const char *refusal_name(int refusal);

#endif
