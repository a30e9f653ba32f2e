/*
 * What is believed of the peers, and how a change of it spreads: SWIM's suspicion (section 4.2)
 * with Lifeguard's dynamic timeout (section IV-B).
 */
#include "core/agent/internal.h"

/* Accusers are told apart by their number modulo 16; two that fall together count as one, which
 * errs towards waiting longer. */
static uint16_t accuser_bit(agent_id by)
{
    return (uint16_t)(1u << (by % 16));
}

static uint32_t accusers(uint16_t heard)
{
    uint32_t count = 0;

    for (; heard != 0; heard &= (uint16_t)(heard - 1))
        count++;
    return count;
}

/* How many independent confirmations bring the timeout down to its least: memberlist's
 * k = mult - 2 ("the initial suspicion and one more are not confirmations"), or 0 where the group
 * is too small to give so many. */
static uint32_t confirmations_wanted(const struct step *step)
{
    uint32_t mult = step->rules->watch.suspicion_mult;
    uint32_t members = step->agent->degree + 1;
    uint32_t wanted = mult > 2 ? mult - 2 : 0;

    return members < wanted + 2 ? 0 : wanted;
}

/*
 * Lifeguard, section IV-B: timeout = max(min, max - (max - min) log(c + 1) / log(k + 1)) after c
 * confirmations of k. memberlist: min = mult * max(1, log10(n)) * period, with n the members known.
 */
static time_ns suspicion_timeout(const struct step *step, uint32_t confirmed)
{
    static const fixed ln_10 = INT64_C(9889527671); /* ln 10 in Q32.32 */
    const struct watch_rules *watch = &step->rules->watch;
    fixed members = (fixed)(step->agent->degree + 1) << 31; /* half, so that 2^32 - 1 fits */
    fixed scale = fixed_ratio(fixed_log(members) + fixed_log(2 * FIXED_ONE), ln_10);
    time_ns least, most;
    uint32_t wanted = confirmations_wanted(step);
    fixed part;

    scale = scale > FIXED_ONE ? scale : FIXED_ONE;
    least = fixed_scale(time_times(watch->period, watch->suspicion_mult), scale);
    if (wanted == 0 || confirmed >= wanted || watch->suspicion_max <= 1)
        return least;
    most = time_times(least, watch->suspicion_max);
    part = fixed_ratio(fixed_log((fixed)(confirmed + 1) * FIXED_ONE),
                       fixed_log((fixed)(wanted + 1) * FIXED_ONE));
    return most - fixed_scale(most - least, part);
}

time_ns suspicion_deadline(const struct step *step, const struct agent_peer *peer)
{
    uint32_t confirmed = accusers(peer->heard);

    assert(peer->state == PEER_SUSPECT && confirmed > 0);
    return time_plus(time_of_ms(step->now, peer->since), suspicion_timeout(step, confirmed - 1));
}

static void gossip_to(struct step *step, agent_id to, const struct act *update)
{
    struct act *gossip = act_send(step, MESSAGE_GOSSIP, to);

    gossip->subject = update->subject;
    gossip->state = update->state;
    gossip->refutation = update->refutation;
    gossip->by = update->by;
}

/* Tells gossip_fanout neighbours, but neither the subject nor who just told us. */
void gossip_spread(struct step *step, agent_id subject, enum peer_state state, uint16_t refutation,
                   agent_id by)
{
    struct act update = {
        .subject = subject, .state = (uint8_t)state, .refutation = refutation, .by = by};
    uint32_t picked[WATCH_FANOUT_MAX];
    uint32_t count;
    agent_id sender = AGENT_NONE;

    if (step->rules->object && subject != step->agent->id)
        return;
    if (step->percept->kind == PERCEPT_MESSAGE)
        sender = step->percept->peer;
    count = watch_pick_some(step, agent_find_peer(step->agent, subject), sender, true,
                            step->rules->watch.gossip_fanout, picked);
    for (uint32_t i = 0; i < count; i++)
        gossip_to(step, step->agent->peers[picked[i]], &update);
}

void gossip_suspect(struct step *step, uint32_t slot, uint16_t refutation, agent_id by)
{
    struct agent_peer *peer = &step->agent->links[slot];
    uint16_t bit = accuser_bit(by);

    if (!step->rules->watch.enabled || !peer_watched(peer) || refutation < peer->refutation)
        return;
    if (step->rules->watch.suspicion_mult == 0)
        return;
    peer->refutation = refutation;
    if (peer->state == PEER_ALIVE) {
        peer_set_state(step, peer, PEER_SUSPECT);
        peer->heard = bit;
        peer->since = ms_of(step->now);
    } else {
        /* A confirmation counts once for each accuser, and only while more are wanted. */
        if ((peer->heard & bit) || accusers(peer->heard) > confirmations_wanted(step))
            return;
        peer->heard |= bit;
    }
    other_by(step->row, suspicion_deadline(step, peer));
    gossip_spread(step, slot_id(step->agent, slot), PEER_SUSPECT, refutation, by);
}

void gossip_dead(struct step *step, uint32_t slot, agent_id by, enum notice_how how)
{
    struct agent_peer *peer = &step->agent->links[slot];

    assert(!peer_gone(peer));
    peer_set_state(step, peer, PEER_DEAD);
    gossip_spread(step, slot_id(step->agent, slot), PEER_DEAD, peer->refutation, by);
    defend_gone(step, slot, how);
}

void gossip_alive(struct step *step, uint32_t slot, uint16_t refutation, bool spread)
{
    struct agent_peer *peer = &step->agent->links[slot];
    uint32_t was = peer->state;

    assert(refutation > peer->refutation);
    peer->refutation = refutation;
    if (was == PEER_LEFT)
        return;
    if (was != PEER_ALIVE)
        peer_set_state(step, peer, PEER_ALIVE);
    if (was == PEER_DEAD)
        defend_end(step, slot);
    if (was != PEER_ALIVE || spread)
        gossip_spread(step, slot_id(step->agent, slot), PEER_ALIVE, refutation, AGENT_NONE);
    if (was == PEER_DEAD && !step->rules->object) /* as in defend_gone */
        act_add(step, ACT_RETRACTED, slot_id(step->agent, slot));
}

/* SWIM section 4.2: only the member itself raises its number, when it hears itself suspected; it
 * then spreads that it is alive. Lifeguard: having to refute counts against one's own health. */
static void refute(struct step *step)
{
    const struct percept *percept = step->percept;
    struct agent_row *row = step->row;
    struct act update;

    if (percept->state == PEER_ALIVE || percept->state == PEER_LEFT ||
        percept->refutation < row->refutation)
        return;
    row->refutation = percept->refutation < UINT16_MAX ? percept->refutation + 1 : UINT16_MAX;
    watch_health(step, 1);
    update = (struct act){.subject = step->agent->id,
                          .state = PEER_ALIVE,
                          .refutation = row->refutation,
                          .by = AGENT_NONE};
    gossip_to(step, percept->peer, &update);
    gossip_spread(step, step->agent->id, PEER_ALIVE, row->refutation, AGENT_NONE);
}

/*
 * SWIM section 4.2, which update overrides which:
 *   {Suspect, i} overrides {Suspect, j} for i > j and {Alive, j} for i >= j;
 *   {Alive, i} overrides {Suspect, j} and {Alive, j} for i > j;
 *   {Confirm, i} overrides {Alive, j} and {Suspect, j} for every j.
 * A relaunched agent comes back under the same number, and its numbers of refutation begin at 256
 * times its incarnation: a confirmation of an earlier life says nothing about this one. And as in
 * memberlist {Alive, i} overrides {Confirm, j} for i > j, or a wrong confirmation would be for
 * ever.
 */
void gossip_message(struct step *step)
{
    const struct percept *percept = step->percept;
    uint32_t slot;
    struct agent_peer *peer;

    if (percept->subject == step->agent->id) {
        refute(step);
        return;
    }
    slot = agent_find_peer(step->agent, percept->subject);
    if (slot == SLOT_NONE || step->rules->object)
        return;
    peer = &step->agent->links[slot];
    switch ((enum peer_state)percept->state) {
    case PEER_ALIVE:
        if (percept->refutation > peer->refutation)
            gossip_alive(step, slot, percept->refutation, true);
        break;
    case PEER_SUSPECT:
        gossip_suspect(step, slot, percept->refutation, percept->by);
        break;
    case PEER_DEAD:
        if (!peer_watched(peer) || percept->refutation >> 8 < peer->refutation >> 8)
            break;
        if (percept->refutation > peer->refutation)
            peer->refutation = percept->refutation;
        gossip_dead(step, slot, percept->by, HOW_GOSSIP);
        break;
    case PEER_LEFT: /* a departure is told by the platform alone */
    default:
        break;
    }
}
