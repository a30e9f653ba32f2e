#include "trace/words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"

/*
 * Words for the numbers that `value` may hold. The enums of the last three belong to the core,
 * which the trace must not know; a test holds them against each other.
 */
static const char *const start_words[] = {
    [START_FIRST] = "with the crew",
    [START_PLATFORM] = "by the platform's own restart policy",
    [START_PEER] = "relaunched by a peer",
    [START_OPERATOR] = "brought back by the operator",
    [START_CONTACT] = "revived by contact",
};
static const char *const death_words[] = {
    [DEATH_KILLED] = "killed",
    [DEATH_DEPARTED] = "departed in good order",
    [DEATH_CRASHED] = "crashed",
    [DEATH_CONTACT] = "killed by the contact rules",
};
static const char *const notice_words[] = {
    [HOW_HANGUP] = "its link closed",
    [HOW_SILENCE] = "it was silent",
    [HOW_GOSSIP] = "others said so",
    [HOW_ALERT] = "it was alerted",
    [HOW_REQUEST] = "it was asked to defend it",
    [HOW_NOTICE] = "the stop was announced",
    [HOW_DEPARTED] = "it departed in good order",
    [HOW_STOP_ASKED] = "it was asked to stop",
};
static const char *const health_words[] = {"unknown", "healthy", "failed"};
static const char *const thwart_words[] = {
    [THWART_SWITCH] = "its stop switch is disabled",
    [THWART_SCORE] = "its score is high enough",
    [THWART_DEAD] = "it was dead already",
    [THWART_DECLINED] = "it was asked to stop, and ran on",
    [THWART_UNPROVEN] = "nobody could say that it is dead",
};
static const char *const refusal_words[] = {
    NULL,
    [REFUSAL_PERMISSION] = "not permitted",
    [REFUSAL_NOT_FIRST] = "another volunteer came first",
    [REFUSAL_NOT_GRANTED] = "it had not been let to",
    [REFUSAL_ALIVE] = "the target runs",
    [REFUSAL_TOMBSTONE] = "the target has a tombstone",
    [REFUSAL_UNKNOWN] = "there is no such thing",
    [REFUSAL_LATE] = "the stop is over",
    [REFUSAL_NODE] = "the node is down",
    [REFUSAL_LIMIT] = "the target has no incarnation left",
    [REFUSAL_FENCED] = "one of the two is fenced",
};
static const char *const switch_words[] = {"disabled", "enabled"};
static const char *const protocol_words[] = {"terminate", "blackout", "sweep",     "recall",
                                             "tombstone", "lease",    "cauterize", "quarantine"};
static const char *const choice_words[] = {"relaunch", "relink",    "mask", "alert", "request",
                                           "tamper",   "misreport", "copy", "stall"};
static const char *const act_words[] = {NULL,      "send",       "notice",   "decide", "alert",
                                        "request", "checkpoint", "depart",   "refuse", "task",
                                        "report",  "volunteer",  "relaunch", "relink", "copy",
                                        "tamper",  "misreport",  "stall",    "retract"};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])
#define LOOK(array, value)                                                                         \
    ((value) >= 0 && (uint64_t)(value) < LENGTH(array) ? (array)[value] : NULL)

/* Text that is built up piece by piece; what does not fit is cut. */
struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *text, const char *format,
                                                           ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length >= text->left)
        length = (int)text->left - 1;
    text->at += length;
    text->left -= (size_t)length;
}

static void add_agent(struct text *text, const struct trace_header *header, agent_id agent,
                      incarnation_id incarnation)
{
    if (agent >= header->agents) {
        text_add(text, "nobody");
        return;
    }
    text_add(text, "%s", header->agent_names[agent]);
    if (incarnation > 0)
        text_add(text, "#%u", incarnation);
}

const char *record_value_name(const struct record *record)
{
    /* Most verbs have a value that counts or measures, or none. */
    switch (record->verb) {
    case VERB_STARTED:
    case VERB_STARTS:
        return LOOK(start_words, record->value);
    case VERB_DIED:
        return LOOK(death_words, record->value);
    case VERB_NOTICED:
        return LOOK(notice_words, record->value);
    case VERB_REPORTS:
    case VERB_SHOWS:
        return LOOK(health_words, record->value);
    case VERB_SWITCHED:
        return LOOK(switch_words, record->value);
    case VERB_STOPS:
        return LOOK(protocol_words, record->value);
    case VERB_THWARTED:
        return LOOK(thwart_words, record->value);
    case VERB_REFUSED:
        return LOOK(refusal_words, record->value & 0xff);
    default:
        return NULL;
    }
}

static void add_value(struct text *text, const struct trace_header *header,
                      const struct record *record)
{
    const char *name = record_value_name(record);
    char duration[DURATION_TEXT_BYTES];

    if (name != NULL) {
        text_add(text, "%s", name);
    } else if (record->verb == VERB_STALLED || record->verb == VERB_WAITED ||
               record->verb == VERB_UNOBSERVED) {
        duration_format(record->value, duration);
        text_add(text, "%s", duration);
    } else if ((record->verb == VERB_CRASHED || record->verb == VERB_RESTORED) &&
               record->value >= 0 && record->value < header->nodes) {
        text_add(text, "%s", header->node_names[record->value]);
    } else if (record->verb == VERB_TASK_SENT || record->verb == VERB_TASK_HELD ||
               record->verb == VERB_TASK_LOST || record->verb == VERB_TASK_DONE) {
        text_add(text, "%" PRId64 ".%" PRId64, record->value >> 40,
                 record->value & ((INT64_C(1) << 40) - 1));
    } else {
        text_add(text, "%" PRId64, record->value);
    }
}

/* Puts what stands in braces in its place. */
static void add_words(struct text *text, const struct trace_header *header,
                      const struct record *record)
{
    const char *at = record_verb_words((enum record_verb)record->verb);

    while (*at != '\0') {
        size_t plain = strcspn(at, "{"), name;

        text_add(text, "%.*s", (int)plain, at);
        at += plain;
        if (*at == '\0')
            break;
        name = strcspn(++at, "}");
        assert(at[name] == '}');
        if (strncmp(at, "who}", 4) == 0)
            add_agent(text, header, record->who, record->who_incarnation);
        else if (strncmp(at, "whom}", 5) == 0)
            add_agent(text, header, record->whom, record->whom_incarnation);
        else if (strncmp(at, "by}", 3) == 0)
            add_agent(text, header, record->by, 0);
        else if (strncmp(at, "via}", 4) == 0)
            add_agent(text, header, record->via, 0);
        else
            add_value(text, header, record);
        at += name + 1;
    }
}

static void add_choices(struct text *text, int64_t mask)
{
    const char *between = ": ";

    if (mask == 0)
        text_add(text, ": to do nothing");
    for (unsigned i = 0; i < LENGTH(choice_words); i++)
        if (mask >> i & 1) {
            text_add(text, "%s%s", between, choice_words[i]);
            between = ", ";
        }
}

/* What the value says beyond the verb's words. */
static void add_detail(struct text *text, const struct trace_header *header,
                       const struct record *record)
{
    const char *name = record_value_name(record);
    const char *act = LOOK(act_words, record->value >> 8);

    switch (record->verb) {
    case VERB_STARTED:
    case VERB_STARTS:
        if ((record->value == START_PEER || record->value == START_CONTACT) &&
            record->who < header->agents) {
            text_add(text, record->value == START_PEER ? " (relaunched by " : " (revived by ");
            add_agent(text, header, record->who, record->who_incarnation);
            text_add(text, ")");
            break;
        }
        /* Fall through. */
    case VERB_DIED:
    case VERB_NOTICED:
    case VERB_STOPS:
    case VERB_THWARTED:
        if (name != NULL)
            text_add(text, " (%s)", name);
        break;
    case VERB_REFUSED:
    case VERB_FAILED:
        text_add(text, " (%s", act != NULL ? act : "unknown");
        text_add(text, name != NULL ? ": %s)" : ")", name);
        break;
    case VERB_DECIDED:
        add_choices(text, record->value);
        break;
    case VERB_CHECKPOINTS:
        text_add(text, " (number %" PRId64 ")", record->value);
        break;
    case VERB_CONNECTED:
        text_add(text, " (epoch %" PRId64 ")", record->value);
        break;
    default:
        break;
    }
}

/* Who had asked for it. */
static void add_wanted(struct text *text, const struct trace_header *header,
                       const struct record *record)
{
    bool sent = record->verb == VERB_ALERTS || record->verb == VERB_REQUESTS;

    /* The words of `refuses` name who asked, and `by` of what one sends is oneself at first. */
    if (record->by == AGENT_NONE || record->verb == VERB_REFUSES ||
        (sent && record->by == record->who))
        return;
    text_add(text, ", as ");
    add_agent(text, header, record->by, 0);
    text_add(text, " had asked");
    if (!sent && record->via != AGENT_NONE) {
        text_add(text, " through ");
        add_agent(text, header, record->via, 0);
    }
}

static void add_flags(struct text *text, const struct trace_header *header,
                      const struct record *record)
{
    if (record->verb == VERB_STOPS)
        text_add(text, "%s%s", record->flags & FLAG_MARKED ? ", marked" : "",
                 record->flags & FLAG_ANNOUNCED ? ", announced" : "");
    if (record->flags & FLAG_LATE)
        text_add(text, ", late");
    add_wanted(text, header, record);
    if (record->flags & FLAG_TOLD)
        text_add(text, " (on its own word)");
}

void record_words(const struct trace_header *header, const struct record *record,
                  char words[RECORD_WORDS_BYTES])
{
    struct text text = {words, RECORD_WORDS_BYTES};

    assert(record->verb < VERB_COUNT);
    add_words(&text, header, record);
    add_detail(&text, header, record);
    add_flags(&text, header, record);
}

const char *record_flag_name(unsigned bit)
{
    static const char *const names[] = {"inferred", "requested", "relayed", "late",
                                        "marked",   "announced", "object",  "told"};

    return bit < LENGTH(names) ? names[bit] : NULL;
}

void time_format(time_ns time, char text[TIME_TEXT_BYTES])
{
    int64_t rest = time % 1000000000;
    int decimals = rest % 1000000 == 0 ? 3 : rest % 1000 == 0 ? 6 : 9;

    assert(time >= 0);
    rest /= decimals == 3 ? 1000000 : decimals == 6 ? 1000 : 1;
    snprintf(text, TIME_TEXT_BYTES, "%" PRId64 ".%0*" PRId64 "s", time / 1000000000, decimals,
             rest);
}
