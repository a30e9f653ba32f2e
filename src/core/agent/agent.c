#include "core/agent/agent.h"

#include "core/agent/internal.h"

uint32_t agent_find_peer(const struct agent *agent, agent_id peer)
{
    uint32_t low = 0, high = agent->degree;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (agent->peers[middle] < peer)
            low = middle + 1;
        else
            high = middle;
    }
    return low < agent->degree && agent->peers[low] == peer ? low : SLOT_NONE;
}

struct act *act_add(struct step *step, enum act_kind kind, agent_id peer)
{
    struct act *act;

    assert(step->acts->count < ACTS_MAX);
    act = &step->acts->list[step->acts->count++];
    *act = (struct act){.kind = (uint8_t)kind,
                        .peer = peer,
                        .subject = AGENT_NONE,
                        .by = AGENT_NONE,
                        .via = AGENT_NONE};
    return act;
}

struct act *act_send(struct step *step, enum message_kind message, agent_id to)
{
    struct act *act = act_add(step, ACT_SEND, to);

    act->message = (uint8_t)message;
    return act;
}

/* The one place where a peer's state changes, so that row.unwatched stays right. */
void peer_set_state(struct step *step, struct agent_peer *peer, enum peer_state state)
{
    bool was = peer_watched(peer);

    peer->state = (uint32_t)state & 3;
    flags_clear(peer, PEER_NACK);
    if (was && !peer_watched(peer))
        step->row->unwatched++;
    if (!was && peer_watched(peer))
        step->row->unwatched--;
    assert(step->row->unwatched <= step->agent->degree);
}

static void links_start(struct agent *agent, bool keep_bonds)
{
    for (uint32_t slot = 0; slot < agent->degree; slot++) {
        struct agent_peer *peer = &agent->links[slot];
        int16_t bond = keep_bonds ? peer->bond : BOND_UNKNOWN;

        *peer = (struct agent_peer){.bond = bond, .dependence = peer->dependence};
        /* A relaunched process has no links until somebody relinks it. */
        if (agent->incarnation > 0)
            flags_set(peer, PEER_UNLINKED);
    }
    *own_case(agent) =
        (struct agent_peer){.requested = AGENT_NONE, .by = AGENT_NONE, .via = AGENT_NONE};
}

void agent_start(const struct agent_rules *rules, struct agent *agent, time_ns now, bool keep_bonds)
{
    struct agent_row *row = agent->row;
    /* Each life has 256 refutation numbers of its own, so that news of an earlier one is old. */
    uint16_t life = agent->incarnation < 255 ? agent->incarnation : 255;

    assert(now >= 0);
    *row = (struct agent_row){.tick = TIME_NEVER,
                              .probe = TIME_NEVER,
                              .other = TIME_NEVER,
                              .concerned = AGENT_NONE,
                              .refutation = (uint16_t)(life << 8)};
    if (rules->rule_set == RULES_CONTACT) {
        contact_start(rules, agent);
        return;
    }
    links_start(agent, keep_bonds);
    row->unwatched = agent->incarnation > 0 ? agent->degree : 0;
    watch_start(rules, agent, now);
    if (rules->report_every > 0) {
        row->report_at = ms_of(now + rules->report_every);
        other_by(row, time_of_ms(now, row->report_at));
    }
    if (rules->checkpoint_every > 0) {
        row->checkpoint_at = ms_of(now + rules->checkpoint_every);
        other_by(row, time_of_ms(now, row->checkpoint_at));
    }
}

time_ns agent_deadline(const struct agent *agent)
{
    const struct agent_row *row = agent->row;
    time_ns earliest = row->tick < row->probe ? row->tick : row->probe;

    return earliest < row->other ? earliest : row->other;
}

/* The next of a series of instants `every` apart, after `now`; what was missed is left out. */
static uint32_t series_next(uint32_t at, time_ns every, time_ns now)
{
    time_ns next = time_plus(time_of_ms(now, at), every);

    return ms_of(next > now ? next : time_plus(now, every));
}

/* Spontaneous reports, checkpoints and the departure; returns when the next one is due. */
static time_ns routine_due(struct step *step)
{
    struct agent_row *row = step->row;
    const struct agent_rules *rules = step->rules;
    time_ns earliest = TIME_NEVER;

    if (rules->report_every > 0) {
        if (time_of_ms(step->now, row->report_at) <= step->now) {
            for (uint32_t slot = 0; slot < step->agent->degree; slot++) {
                if (!(step->agent->links[slot].flags & PEER_UNLINKED))
                    flags_set(&step->agent->links[slot], PEER_ASKED);
            }
            row->status |= ROW_PENDING;
            row->report_at = series_next(row->report_at, rules->report_every, step->now);
        }
        earliest = time_of_ms(step->now, row->report_at);
    }
    if (row->status & ROW_STOPPING) {
        time_ns departure = time_of_ms(step->now, row->checkpoint_at);

        /* Whether to stall comes first: defend_decided sets the deadline again. */
        if (own_case(step->agent)->phase == DEFENCE_DECIDING && row->concerned == step->agent->id)
            return earliest;
        if (departure <= step->now) {
            act_add(step, ACT_DEPART, step->agent->id);
            row->status = ROW_ENDED;
            row->tick = row->probe = row->other = TIME_NEVER;
            return TIME_NEVER;
        }
        return earliest < departure ? earliest : departure;
    }
    if (rules->checkpoint_every > 0) {
        time_ns at = time_of_ms(step->now, row->checkpoint_at);

        if (at <= step->now) {
            if (rules->tools & ACT_BIT(ACT_CHECKPOINT))
                act_add(step, ACT_CHECKPOINT, step->agent->id);
            row->checkpoint_at =
                series_next(row->checkpoint_at, rules->checkpoint_every, step->now);
            at = time_of_ms(step->now, row->checkpoint_at);
        }
        earliest = earliest < at ? earliest : at;
    }
    return earliest;
}

/* When something about this peer is due, apart from the probe. */
static time_ns slot_deadline(const struct step *step, const struct agent_peer *peer)
{
    if (peer->state == PEER_SUSPECT)
        return suspicion_deadline(step, peer);
    if (peer->flags & PEER_NACK)
        return time_of_ms(step->now, peer->since);
    return defend_deadline(step, peer);
}

static void slot_due(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];

    if (peer->state == PEER_SUSPECT)
        gossip_dead(step, slot, step->agent->id, HOW_SILENCE);
    else if (peer->flags & PEER_NACK)
        watch_nack_due(step, slot);
    else
        defend_retry(step, slot);
}

/* All deadlines but those of the probe. Rare, so it looks at every link. */
static void other_timer(struct step *step)
{
    struct agent_row *row = step->row;
    time_ns earliest;

    if (step->now < row->other)
        return;
    earliest = routine_due(step);
    if (row->status & ROW_ENDED)
        return;
    row->other = TIME_NEVER;
    for (uint32_t slot = 0; slot <= step->agent->degree; slot++) {
        struct agent_peer *peer = &step->agent->links[slot];
        time_ns due = slot_deadline(step, peer);

        if (due <= step->now) {
            if (acts_left(step) < ITEM_ACTS_MAX) {
                other_by(row, step->now);
                break;
            }
            slot_due(step, slot);
            due = slot_deadline(step, peer);
        }
        other_by(row, due);
    }
    other_by(row, earliest);
}

/* The agent stood still for percept->value, and so did what it waits for. */
static void paused(struct step *step)
{
    struct agent_row *row = step->row;
    time_ns value = step->percept->value > 0 ? step->percept->value : 0;
    uint32_t ms = ms_of(value);

    row->tick = time_plus(row->tick, value);
    row->probe = time_plus(row->probe, value);
    row->other = time_plus(row->other, value);
    row->report_at += ms;
    row->checkpoint_at += ms;
    for (uint32_t slot = 0; slot < step->agent->degree; slot++)
        step->agent->links[slot].since += ms;
}

static void hangup(struct step *step)
{
    uint32_t slot = agent_find_peer(step->agent, step->percept->peer);
    const struct agent_peer *peer;

    if (slot == SLOT_NONE)
        return;
    peer = &step->agent->links[slot];
    if (!peer_watched(peer))
        return;
    if (step->rules->watch.hangup_is_death)
        gossip_dead(step, slot, step->agent->id, HOW_HANGUP);
    else if (step->rules->watch.enabled)
        gossip_suspect(step, slot, peer->refutation, step->agent->id);
}

static void message(struct step *step)
{
    uint32_t slot;

    switch ((enum message_kind)step->percept->message) {
    case MESSAGE_PING:
    case MESSAGE_PING_REQ:
    case MESSAGE_ACK:
    case MESSAGE_NACK:
        watch_message(step);
        break;
    case MESSAGE_GOSSIP:
        gossip_message(step);
        break;
    case MESSAGE_WORK:
        slot = agent_find_peer(step->agent, step->percept->peer);
        if (slot != SLOT_NONE && !step->rules->object)
            bond_record(&step->rules->bond, &step->agent->links[slot], true);
        break;
    case MESSAGE_ALERT:
        told_alert(step);
        break;
    case MESSAGE_REQUEST:
        told_request(step);
        break;
    case MESSAGE_REVIVE: /* the living need no reviving */
    default:
        break;
    }
}

static void crew_step(struct step *step)
{
    switch ((enum percept_kind)step->percept->kind) {
    case PERCEPT_TIMER:
        /* Whoever is believed dead from this instant on is not probed in the period that begins
         * with it. Where the step has become too full, the period's deadline stands as it was and
         * brings the next timer at once. */
        other_timer(step);
        if (acts_left(step) >= ITEM_ACTS_MAX)
            watch_timer(step);
        break;
    case PERCEPT_MESSAGE:
        message(step);
        break;
    case PERCEPT_HANGUP:
        hangup(step);
        break;
    case PERCEPT_RETURNED:
        told_returned(step);
        break;
    case PERCEPT_ASKED:
        told_asked(step);
        break;
    case PERCEPT_RESULT:
        defend_result(step);
        break;
    case PERCEPT_NOTICE:
        told_notice(step);
        break;
    case PERCEPT_DEPARTED:
        told_departed(step);
        break;
    case PERCEPT_STOP_ASKED:
        told_stop_asked(step);
        break;
    case PERCEPT_DECIDED:
        defend_decided(step);
        break;
    case PERCEPT_PAUSED:
        paused(step);
        break;
    case PERCEPT_STARTED: /* agent_start has done all there is to do */
    case PERCEPT_REWARD:  /* for minds that learn */
    default:
        break;
    }
    if (step->row->status & ROW_PENDING)
        told_drain(step);
}

void agent_step(const struct agent_rules *rules, struct agent *agent, const struct percept *percept,
                struct acts *acts)
{
    struct step step = {rules, agent, agent->row, percept, acts, percept->now};

    assert(percept->now >= 0);
    acts->count = 0;
    if (agent->row->status & ROW_ENDED)
        return;
    if (rules->rule_set == RULES_CONTACT)
        contact_step(&step);
    else
        crew_step(&step);
    assert(acts->count <= ACTS_MAX);
}

static const char *link_check(const struct agent_peer *peer)
{
    if (peer->bond != BOND_UNKNOWN && (peer->bond < -BOND_ONE || peer->bond > BOND_ONE))
        return "a bond is outside [-1, 1]";
    if (peer->attempts > 15)
        return "more than 15 attempts are counted";
    if (peer->state == PEER_SUSPECT && peer->heard == 0)
        return "a peer is suspected, but nobody accused it";
    return NULL;
}

static const char *case_check(const struct agent_rules *rules, const struct agent_peer *peer)
{
    if (peer->phase > DEFENCE_DONE)
        return "a defence is in no known phase";
    if (peer->state != PEER_ALIVE && (peer->flags & PEER_NACK))
        return "a nack is owed to a peer that is not believed alive";
    if (peer->choice & ~choices_of_tools(rules->tools))
        return "something was chosen that the tools do not allow";
    if (peer->phase >= DEFENCE_VOLUNTEERING && peer->phase <= DEFENCE_RELINKING &&
        !(peer->choice & (CHOICE_RELAUNCH | CHOICE_RELINK)))
        return "a defence goes on that was not chosen";
    if (rules->object && peer->phase != DEFENCE_NONE)
        return "an object defends";
    return NULL;
}

const char *agent_check(const struct agent_rules *rules, const struct agent *agent)
{
    const struct agent_row *row = agent->row;
    uint32_t unwatched = 0, spreading = 0;

    if (row->status & ROW_ENDED)
        return agent_deadline(agent) == TIME_NEVER ? NULL : "an ended agent has a deadline";
    if (row->tick < 0 || row->probe < 0 || row->other < 0)
        return "a deadline is negative";
    if (rules->rule_set == RULES_CONTACT)
        return NULL;
    for (uint32_t slot = 0; slot <= agent->degree; slot++) {
        const char *wrong = case_check(rules, &agent->links[slot]);

        if (wrong == NULL && slot < agent->degree)
            wrong = link_check(&agent->links[slot]);

        if (wrong != NULL)
            return wrong;
        unwatched += slot < agent->degree && !peer_watched(&agent->links[slot]);
        spreading += (agent->links[slot].flags & PEER_SPREADING) != 0;
        if (slot > 0 && slot < agent->degree && agent->peers[slot - 1] >= agent->peers[slot])
            return "the peers are not ascending";
    }
    if (unwatched != row->unwatched)
        return "the count of unwatched peers is wrong";
    if (spreading > 1 || (spreading == 0 && row->spread != 0))
        return "two alerts or requests are spread at once";
    if (row->health > rules->watch.awareness_max)
        return "the local health multiplier is above its limit";
    if (agent->degree > 0 && row->probed >= agent->degree)
        return "the peer under probe is none of the links";
    if (!rules->watch.enabled && (row->tick != TIME_NEVER || row->probe != TIME_NEVER))
        return "an agent that watches nobody waits for a period";
    return NULL;
}
