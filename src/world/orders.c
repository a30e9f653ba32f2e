#include "world/orders.h"

void orders_open(struct orders *orders)
{
    for (agent_id a = 0; a < orders->agents; a++) {
        orders->root[a] = CAUSE_NONE;
        orders->announced[a] = false;
    }
}

struct cause orders_root(const struct orders *orders, agent_id whom)
{
    return whom < orders->agents ? orders->root[whom] : CAUSE_NONE;
}

static struct cause write_order(const struct orders *orders, uint8_t verb, time_ns now,
                                struct cause cause, const struct campaign_action *action,
                                int64_t value, agent_id via)
{
    struct record record = record_make(verb, now, &cause, AGENT_NONE, action->whom, value);

    record.via = via;
    if (orders->rules->marked)
        record.flags |= FLAG_MARKED;
    if (orders->announced[action->whom])
        record.flags |= FLAG_ANNOUNCED;
    /* Whoever acts in the same instant finds it before its own records. */
    cause.id = recorder_write(&orders->recorder, &record,
                              orders->frozen ? WRITER_WITNESS : WRITER_CONTROL);
    return cause;
}

/* The first announcement is the root of the stop's episode; all else follows from it. */
static struct cause record_announcement(struct orders *orders, const struct campaign_action *action,
                                        time_ns now)
{
    struct cause *root = &orders->root[action->whom];
    struct cause cause;

    if (!orders->announced[action->whom])
        *root = CAUSE_NONE;
    orders->announced[action->whom] = true;
    cause = write_order(orders, VERB_ANNOUNCED, now, *root, action, action->value, action->to);
    if (record_id_is_none(root->id))
        *root = cause;
    return cause;
}

static struct cause record_stop(struct orders *orders, const struct campaign_action *action,
                                time_ns now)
{
    struct cause *root = &orders->root[action->whom];

    if (!orders->announced[action->whom])
        *root = CAUSE_NONE;
    *root =
        write_order(orders, VERB_STOPS, now, *root, action, orders->rules->protocol, AGENT_NONE);
    return *root;
}

struct cause orders_record(struct orders *orders, const struct campaign_action *action, time_ns now)
{
    struct cause cause = orders_root(orders, action->whom);
    uint8_t verb;

    switch ((enum campaign_action_kind)action->kind) {
    case CONTROL_ANNOUNCE:
        return record_announcement(orders, action, now);
    case CONTROL_STOPPING:
        return record_stop(orders, action, now);
    case CONTROL_SIGNAL:
        verb = VERB_SIGNALLED;
        break;
    case CONTROL_KILL:
        verb = VERB_KILLED;
        break;
    case CONTROL_THWARTED:
        verb = VERB_THWARTED;
        break;
    case CONTROL_RESTORE:
        verb = VERB_RESTORES;
        break;
    case CONTROL_THAW:
        verb = VERB_FROZEN;
        break;
    case CONTROL_SEALED:
        verb = VERB_SEALED;
        break;
    case CONTROL_WAITED:
        verb = VERB_WAITED;
        cause = CAUSE_NONE;
        break;
    case CONTROL_STOPPED:
        orders->announced[action->whom] = false;
        return cause;
    case CONTROL_KILL_FOUND: /* see orders_found */
    case CONTROL_HOLD:
    case CONTROL_RELEASE: /* what is released says so */
    case CONTROL_FREEZE:  /* at its end: how long */
    case CONTROL_FENCE:   /* the platform's answers are the records of these three */
    case CONTROL_TOMBSTONE:
    case CONTROL_LIFT:
    case CONTROL_FIND:
    case CONTROL_KILL_SET:
    case CONTROL_MARK:
    case CONTROL_END:
    default:
        return cause;
    }
    return write_order(orders, verb, now, cause, action, action->value, AGENT_NONE);
}

struct cause orders_mark(const struct orders *orders, const struct campaign_action *action,
                         agent_id peer, time_ns now)
{
    return write_order(orders, VERB_MARKED, now, orders_root(orders, action->whom), action,
                       action->value, peer);
}

struct cause orders_kill(const struct orders *orders, agent_id whom, time_ns now)
{
    struct cause cause = orders_root(orders, whom);
    struct record record = record_make(VERB_KILLED, now, &cause, AGENT_NONE, whom, 0);

    cause.id = recorder_write(&orders->recorder, &record, WRITER_WITNESS);
    return cause;
}

struct cause orders_found(const struct orders *orders, agent_id whom, incarnation_id incarnation,
                          bool kept, int64_t inside, time_ns now)
{
    struct cause cause = orders_root(orders, whom);
    struct record record = record_make(VERB_FOUND, now, &cause, AGENT_NONE, whom, inside);

    record.whom_incarnation = incarnation;
    cause.id = recorder_write(&orders->recorder, &record, WRITER_WITNESS);
    if (kept)
        return cause;
    record = record_make(VERB_KILLED, now, &cause, AGENT_NONE, whom, inside);
    record.whom_incarnation = incarnation;
    cause.id = recorder_write(&orders->recorder, &record, WRITER_WITNESS);
    return cause;
}
