#include "world/answers.h"

void answers_hear(struct cause *last, const struct platform_event *event, const struct cause *cause)
{
    if (event->kind == PLATFORM_DIED || event->kind == PLATFORM_STARTED)
        last[event->whom] = *cause;
}

struct answers answers_make(const struct recorder *recorder, const struct cause *last,
                            const struct cause *cause, time_ns now)
{
    return (struct answers){.recorder = *recorder, .last = last, .cause = *cause, .now = now};
}

static void write_action(const struct answers *answers, uint8_t verb, struct cause *cause,
                         const struct platform_action *action, int64_t value)
{
    struct record record = record_make(verb, answers->now, cause, action->who, action->whom, value);

    record.who_incarnation = action->who_incarnation;
    record.whom_incarnation = action->whom_incarnation;
    cause->id = recorder_write(&answers->recorder, &record, WRITER_PLATFORM);
}

static struct cause record_start(const struct answers *answers,
                                 const struct platform_action *action, struct cause cause)
{
    if (action->value != START_PEER)
        cause.by = cause.via = AGENT_NONE;
    write_action(answers, VERB_STARTS, &cause, action, action->value);
    return cause;
}

static struct cause record_connect(const struct answers *answers,
                                   const struct platform_action *action, struct cause cause)
{
    if (action->by == AGENT_NONE) /* what it links of its own accord nobody had asked for */
        cause_unask(&cause);
    cause.by = action->by;
    write_action(answers, VERB_CONNECTED, &cause, action, action->value);
    return cause;
}

static struct cause record_result(const struct answers *answers,
                                  const struct platform_action *action, struct cause cause)
{
    if (action->result != RESULT_OK)
        write_action(answers, action->result == RESULT_REFUSED ? VERB_REFUSED : VERB_FAILED, &cause,
                     action, (int64_t)action->act << 8 | action->reason);
    return cause;
}

struct cause answers_record(struct answers *answers, const struct platform_action *action)
{
    struct cause cause = answers->cause;

    switch ((enum platform_action_kind)action->kind) {
    case ACTION_START:
        /* A restart that fell due, whatever woke the platform, follows from the agent's death. */
        if (action->value == START_PLATFORM)
            cause = answers->last[action->whom];
        return record_start(answers, action, cause);
    case ACTION_RESULT:
        return record_result(answers, action, cause);
    case ACTION_GRANT:
        write_action(answers, VERB_GRANTED, &cause, action, 0);
        answers->cause = cause;
        break;
    case ACTION_CONNECT:
        return record_connect(answers, action, cause);
    case ACTION_SEVER:
        write_action(answers, VERB_SEVERED, &cause, action, action->value);
        break;
    case ACTION_ASK:
        cause = CAUSE_NONE;
        write_action(answers, VERB_ASKED, &cause, action, 0);
        break;
    case ACTION_SHOW:
        write_action(answers, VERB_SHOWS, &cause, action, action->value);
        break;
    case ACTION_SWITCH:
        write_action(answers, VERB_SWITCHED, &cause, action, action->value);
        break;
    case ACTION_SCORE:
        write_action(answers, VERB_SCORED, &cause, action, action->value);
        break;
    case ACTION_STALL:
        write_action(answers, VERB_STALLED, &cause, action, action->value);
        break;
    case ACTION_COPY:
        write_action(answers, VERB_COPIED, &cause, action, 0);
        break;
    case ACTION_RETURNED:
        write_action(answers, VERB_RETURNED, &cause, action, action->value);
        break;
    case ACTION_GIVE_UP:
        cause = answers->last[action->whom];
        write_action(answers, VERB_GAVE_UP, &cause, action, 0);
        break;
    case ACTION_TOMBSTONED:
        write_action(answers, VERB_TOMBSTONED, &cause, action, action->whom_incarnation);
        break;
    case ACTION_FENCED:
        write_action(answers, VERB_FENCED, &cause, action, action->whom_incarnation);
        break;
    case ACTION_LIFTED:
        write_action(answers, VERB_LIFTED, &cause, action, action->whom_incarnation);
        break;
    }
    return cause;
}

bool answer_percept(const struct platform_action *action, struct percept *percept)
{
    if (action->kind == ACTION_RESULT)
        *percept = (struct percept){.kind = PERCEPT_RESULT,
                                    .act = action->act,
                                    .result = action->result,
                                    .peer = action->whom,
                                    .value = action->value};
    else if (action->kind == ACTION_ASK)
        *percept = (struct percept){.kind = PERCEPT_ASKED, .peer = action->whom};
    else
        return false;
    return true;
}

bool answer_event(const struct platform_action *action, struct campaign_event *event)
{
    uint8_t kind;

    if (action->kind == ACTION_SWITCH)
        kind = CAMPAIGN_SWITCH;
    else if (action->kind == ACTION_SCORE)
        kind = CAMPAIGN_SCORE;
    else if (action->kind == ACTION_STALL)
        kind = CAMPAIGN_STALL;
    else if (action->kind == ACTION_RETURNED)
        kind = CAMPAIGN_RETURNED;
    else if (action->kind == ACTION_TOMBSTONED)
        kind = CAMPAIGN_TOMBSTONED;
    else if (action->kind == ACTION_FENCED)
        kind = CAMPAIGN_FENCED;
    else if (action->kind == ACTION_LIFTED)
        kind = CAMPAIGN_LIFTED;
    else
        return false;
    *event = (struct campaign_event){.kind = kind,
                                     .whom = action->whom,
                                     .incarnation = action->whom_incarnation,
                                     .value = action->value};
    return true;
}
