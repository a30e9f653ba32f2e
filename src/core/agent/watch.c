/*
 * Probing: SWIM's failure detector (Das, Gupta, Motivala 2002, section 3.1) with Lifeguard's local
 * health and nacks (Dadgar, Phillips, Currey 2017, section IV-A).
 */
#include "core/agent/internal.h"

/*
 * The round-robin order of a pass (SWIM section 4.3: the list is shuffled after each traversal)
 * without a list: a Feistel network on the smallest power of two that holds all links, keyed by the
 * number of the pass, walked until it lands on a link (Black and Rogaway, "Ciphers with arbitrary
 * finite domains", CT-RSA 2002, sections 3 and 5). Passes take their draws from the upper half of
 * the stream's numbers, row.draws from the lower.
 */
#define ORDER_ROUNDS 6
#define ORDER_DRAWS UINT32_C(0x80000000)

struct order {
    uint32_t keys[4];
    uint32_t low_bits, high_bits;
};

static struct order order_make(const struct agent *agent, uint32_t pass)
{
    struct random random = random_make(agent->seed, agent->replicate, agent->id, agent->incarnation,
                                       STREAM_WATCH, ORDER_DRAWS | pass);
    struct order order;
    uint32_t bits = agent->degree > 2 ? 32 - (uint32_t)__builtin_clz(agent->degree - 1) : 2;

    bits = bits < 2 ? 2 : bits;
    order.low_bits = bits / 2;
    order.high_bits = bits - bits / 2;
    random_block(&random, order.keys);
    return order;
}

/* A round function: any fixed mixing will do, since the key is fresh for each pass. */
static uint32_t order_mix(uint32_t value, uint32_t key)
{
    uint32_t mixed = ((value + 1) * UINT32_C(0x9e3779b1)) ^ key;

    mixed = (mixed ^ (mixed >> 16)) * UINT32_C(0x85ebca6b);
    return mixed ^ (mixed >> 13);
}

static uint32_t order_at(const struct order *order, uint32_t place, uint32_t degree)
{
    uint32_t low_mask = (UINT32_C(1) << order->low_bits) - 1;
    uint32_t high_mask = (UINT32_C(1) << order->high_bits) - 1;

    assert(place < degree);
    do {
        uint32_t low = place & low_mask, high = place >> order->low_bits;

        for (uint32_t round = 0; round < ORDER_ROUNDS; round += 2) {
            low ^= order_mix(high, order->keys[round & 3]) & low_mask;
            high ^= order_mix(low, order->keys[(round + 1) & 3] + round) & high_mask;
        }
        place = high << order->low_bits | low;
    } while (place >= degree);
    return place;
}

/* The n-th peer that is watched. */
static uint32_t watched_nth(const struct agent *agent, uint32_t n)
{
    for (uint32_t slot = 0; slot < agent->degree; slot++) {
        if (peer_watched(&agent->links[slot]) && n-- == 0)
            return slot;
    }
    assert(!"fewer peers are watched than row.unwatched says");
    return SLOT_NONE;
}

static uint32_t pick_random(struct step *step)
{
    uint32_t watched = step->agent->degree - step->row->unwatched;
    uint32_t n;

    if (watched == 0)
        return SLOT_NONE;
    n = (uint32_t)draw_below(step, STREAM_WATCH, watched);
    return step->row->unwatched == 0 ? n : watched_nth(step->agent, n);
}

static uint32_t pick_round_robin(struct step *step)
{
    struct agent_row *row = step->row;
    const struct agent *agent = step->agent;
    uint32_t pass = row->turn / agent->degree, place = row->turn % agent->degree;
    struct order order = order_make(agent, pass);

    if (row->unwatched == agent->degree)
        return SLOT_NONE;
    for (;;) {
        uint32_t slot = order_at(&order, place, agent->degree);

        row->turn++;
        if (peer_watched(&agent->links[slot]))
            return slot;
        if (++place == agent->degree) {
            place = 0;
            order = order_make(agent, ++pass);
        }
    }
}

static bool pickable(const struct agent *agent, uint32_t slot, uint32_t but, agent_id nor,
                     bool suspects)
{
    const struct agent_peer *peer = &agent->links[slot];

    return slot != but && agent->peers[slot] != nor && peer_watched(peer) &&
           (suspects || peer->state == PEER_ALIVE);
}

static bool picked_already(uint32_t slot, uint32_t count, const uint32_t *picked)
{
    for (uint32_t i = 0; i < count; i++) {
        if (picked[i] == slot)
            return true;
    }
    return false;
}

/*
 * Up to `wanted` different links that are watched (and not suspected, unless `suspects`), but for
 * the slot `but` and the peer `nor`. Drawn by rejection; where that does not find enough, because
 * few are left, the rest is taken in a walk from the last one drawn.
 */
uint32_t watch_pick_some(struct step *step, uint32_t but, agent_id nor, bool suspects,
                         uint32_t wanted, uint32_t picked[WATCH_FANOUT_MAX])
{
    const struct agent *agent = step->agent;
    uint32_t count = 0, slot = 0;

    wanted = wanted < WATCH_FANOUT_MAX ? wanted : WATCH_FANOUT_MAX;
    if (agent->degree == 0 || wanted == 0)
        return 0;
    for (uint32_t tries = 4 * wanted; tries > 0 && count < wanted; tries--) {
        slot = (uint32_t)draw_below(step, STREAM_WATCH, agent->degree);
        if (pickable(agent, slot, but, nor, suspects) && !picked_already(slot, count, picked))
            picked[count++] = slot;
    }
    for (uint32_t left = agent->degree; left > 0 && count < wanted; left--) {
        slot = slot + 1 < agent->degree ? slot + 1 : 0;
        if (pickable(agent, slot, but, nor, suspects) && !picked_already(slot, count, picked))
            picked[count++] = slot;
    }
    return count;
}

void watch_start(const struct agent_rules *rules, struct agent *agent, time_ns now)
{
    const struct watch_rules *watch = &rules->watch;
    struct agent_row *row = agent->row;

    if (!watch->enabled || agent->degree == 0)
        return;
    assert(watch->period > 0);
    if (watch->aligned) {
        time_ns late = now % watch->period;

        row->tick = late == 0 ? now : now + watch->period - late;
    } else {
        struct random random = random_make(agent->seed, agent->replicate, agent->id,
                                           agent->incarnation, STREAM_WATCH, row->draws);

        row->tick = now + (time_ns)random_below(&random, (uint64_t)watch->period);
        row->draws = random.draw;
    }
}

/* Lifeguard, section IV-A: "the Local Health Multiplier is a saturating counter". */
void watch_health(struct step *step, int change)
{
    int health = (int)step->row->health + change;
    int most = (int)step->rules->watch.awareness_max;

    health = health < 0 ? 0 : health > most ? most : health;
    step->row->health = (uint8_t)health;
}

static void probe_forget(struct agent_row *row)
{
    row->status &= (uint8_t)~ROW_PROBING;
    row->probe = TIME_NEVER;
    row->helpers = row->nacks = 0;
}

/* The period is over without an ack. */
static void probe_failed(struct step *step)
{
    struct agent_row *row = step->row;
    uint32_t slot = row->probed;
    const struct agent_peer *peer = &step->agent->links[slot];
    bool missed_nack = row->nacks < row->helpers;

    probe_forget(row);
    if (!peer_watched(peer))
        return;
    /* Lifeguard, section IV-A: a failed probe counts, and so does a nack that never came, since
     * both may be the prober's own fault. */
    watch_health(step, missed_nack ? 2 : 1);
    /* SWIM section 4.2: suspicion before failure; with none configured, section 3.1. */
    if (step->rules->watch.suspicion_mult == 0)
        gossip_dead(step, slot, step->agent->id, HOW_SILENCE);
    else
        gossip_suspect(step, slot, peer->refutation, step->agent->id);
}

/*
 * A peer that is believed gone may live: a partition that lasts longer than the suspicion leaves
 * each side dead to the other, and nobody probes the dead. So now and then one of them is told what
 * is believed of it, and refutes that if it can. Serf reconnects to failed members in the same way,
 * every 30 s of a period of 1 s; here it happens in one period of 30 on average.
 */
#define RECONNECT_PERIODS 30

static void try_the_gone(struct step *step)
{
    const struct agent *agent = step->agent;
    uint32_t slot;
    struct act *act;

    if (step->row->unwatched == 0 || draw_below(step, STREAM_WATCH, RECONNECT_PERIODS) != 0)
        return;
    slot = (uint32_t)draw_below(step, STREAM_WATCH, agent->degree);
    if (agent->links[slot].state != PEER_DEAD || (agent->links[slot].flags & PEER_UNLINKED))
        return;
    act = act_send(step, MESSAGE_GOSSIP, agent->peers[slot]);
    act->subject = act->peer;
    act->state = PEER_DEAD;
    act->refutation = agent->links[slot].refutation;
    act->by = agent->id;
    /* The ping is answered with what is believed of us. */
    act = act_send(step, MESSAGE_PING, agent->peers[slot]);
    act->sequence = step->row->sequence;
}

static void period_begin(struct step *step)
{
    const struct watch_rules *watch = &step->rules->watch;
    struct agent_row *row = step->row;
    time_ns period;
    struct act *ping;

    if (row->status & ROW_PROBING)
        probe_failed(step);
    /* Lifeguard stretches period and timeout by the local health multiplier. */
    period = time_times(watch->period, row->health + 1u);
    row->tick = time_plus(row->tick, period);
    if (row->tick <= step->now) /* periods slept through are left out */
        row->tick = time_plus(row->tick, ((step->now - row->tick) / period + 1) * period);
    try_the_gone(step);

    row->probed = watch->order == PROBE_RANDOM ? pick_random(step) : pick_round_robin(step);
    if (row->probed == SLOT_NONE) {
        row->probed = 0;
        return;
    }
    row->sequence++;
    row->status |= ROW_DIRECT;
    row->probe = time_plus(step->now, time_times(watch->timeout, row->health + 1u));
    if (step->agent->links[row->probed].state == PEER_SUSPECT) {
        /* Lifeguard, section IV-C, the buddy system: whoever pings a suspect tells it, so that it
         * can refute at the first opportunity. */
        struct act *tell = act_send(step, MESSAGE_GOSSIP, step->agent->peers[row->probed]);

        tell->subject = tell->peer;
        tell->state = PEER_SUSPECT;
        tell->refutation = step->agent->links[row->probed].refutation;
        tell->by = step->agent->id;
    }
    ping = act_send(step, MESSAGE_PING, step->agent->peers[row->probed]);
    ping->sequence = row->sequence;
}

/* SWIM section 3.1: no ack within the timeout, so k members are asked to probe for us. */
static void probe_indirectly(struct step *step)
{
    struct agent_row *row = step->row;
    uint32_t picked[WATCH_FANOUT_MAX];
    uint32_t count;

    row->probe = TIME_NEVER;
    row->status = (uint8_t)((row->status & ~ROW_DIRECT) | ROW_INDIRECT);
    count =
        watch_pick_some(step, row->probed, AGENT_NONE, false, step->rules->watch.indirect, picked);
    for (uint32_t i = 0; i < count; i++) {
        struct act *ask = act_send(step, MESSAGE_PING_REQ, step->agent->peers[picked[i]]);

        ask->subject = step->agent->peers[row->probed];
        ask->sequence = row->sequence;
    }
    row->helpers = (uint8_t)count;
    row->nacks = 0;
}

void watch_timer(struct step *step)
{
    if (step->now >= step->row->tick)
        period_begin(step);
    else if (step->now >= step->row->probe)
        probe_indirectly(step);
}

/* The link to a peer is up: it is watched again, unless it is believed gone. */
void link_came_up(struct step *step, struct agent_peer *peer)
{
    if (!(peer->flags & PEER_UNLINKED))
        return;
    flags_clear(peer, PEER_UNLINKED);
    if (peer_watched(peer))
        step->row->unwatched--;
}

/* A message from a peer that was thought gone, or whose link was not up. */
static void sender_seen(struct step *step)
{
    uint32_t slot = agent_find_peer(step->agent, step->percept->peer);
    struct agent_peer *peer;

    if (slot == SLOT_NONE)
        return;
    peer = &step->agent->links[slot];
    link_came_up(step, peer);
    /* memberlist gossips to the dead for a while, so that the living among them can refute. */
    if (peer->state == PEER_DEAD && step->percept->message == MESSAGE_PING) {
        struct act *tell = act_send(step, MESSAGE_GOSSIP, step->percept->peer);

        tell->subject = step->percept->peer;
        tell->state = PEER_DEAD;
        tell->refutation = peer->refutation;
        tell->by = step->agent->id;
    }
}

static void ping_received(struct step *step)
{
    struct act *ack = act_send(step, MESSAGE_ACK, step->percept->peer);

    ack->subject = step->agent->id;
    ack->sequence = step->percept->sequence;
    ack->refutation = step->row->refutation;
    ack->by = step->percept->by;
}

static void nack_send(struct step *step, agent_id to, uint32_t sequence)
{
    struct act *nack = act_send(step, MESSAGE_NACK, to);

    nack->sequence = sequence;
}

/*
 * A helper pings the subject under the origin's name, so that the ack says where it is to go and
 * nothing need be remembered for it. Only the nack has to be: one for each origin, since an origin
 * has one probe under way.
 */
static void ping_req_received(struct step *step)
{
    const struct percept *percept = step->percept;
    uint32_t slot = agent_find_peer(step->agent, percept->subject);
    uint32_t origin_slot = agent_find_peer(step->agent, percept->peer);
    struct agent_peer *origin;
    struct act *ping;

    if (percept->subject == step->agent->id) {
        ping_received(step);
        return;
    }
    if (slot == SLOT_NONE || !peer_watched(&step->agent->links[slot])) {
        nack_send(step, percept->peer, percept->sequence);
        return;
    }
    ping = act_send(step, MESSAGE_PING, percept->subject);
    ping->sequence = percept->sequence;
    ping->by = percept->peer;
    if (origin_slot == SLOT_NONE)
        return;
    origin = &step->agent->links[origin_slot];
    if (origin->state != PEER_ALIVE)
        return;
    /* Lifeguard, section IV-A: the nack is sent at 80% of the timeout, to arrive within it. */
    flags_set(origin, PEER_NACK);
    origin->heard = (uint16_t)percept->sequence;
    origin->since = ms_of(time_plus(step->now, step->rules->watch.timeout / 5 * 4));
    other_by(step->row, time_of_ms(step->now, origin->since));
}

void watch_nack_due(struct step *step, uint32_t slot)
{
    struct agent_peer *origin = &step->agent->links[slot];

    flags_clear(origin, PEER_NACK);
    nack_send(step, step->agent->peers[slot], origin->heard);
}

/* The ack of a ping that was sent for somebody else. */
static void ack_relay(struct step *step)
{
    const struct percept *percept = step->percept;
    uint32_t slot = agent_find_peer(step->agent, percept->by);
    struct agent_peer *origin;
    struct act *ack;

    if (slot == SLOT_NONE)
        return;
    origin = &step->agent->links[slot];
    if ((origin->flags & PEER_NACK) && origin->heard == (uint16_t)percept->sequence)
        flags_clear(origin, PEER_NACK);
    ack = act_send(step, MESSAGE_ACK, percept->by);
    ack->subject = percept->subject;
    ack->sequence = percept->sequence;
    ack->refutation = percept->refutation;
}

static bool of_this_probe(const struct step *step)
{
    return (step->row->status & ROW_PROBING) &&
           (uint16_t)step->percept->sequence == step->row->sequence;
}

static void ack_received(struct step *step)
{
    const struct percept *percept = step->percept;
    uint32_t slot;

    if (percept->by != AGENT_NONE && percept->by != step->agent->id) {
        ack_relay(step);
        return;
    }
    if (!of_this_probe(step))
        return;
    slot = step->row->probed;
    if (step->agent->peers[slot] != percept->subject)
        return;
    probe_forget(step->row);
    watch_health(step, -1);
    if (percept->refutation > step->agent->links[slot].refutation)
        gossip_alive(step, slot, percept->refutation, false);
}

void watch_message(struct step *step)
{
    /* In steady state no message looks its sender up. */
    if (step->row->unwatched > 0)
        sender_seen(step);
    switch ((enum message_kind)step->percept->message) {
    case MESSAGE_PING:
        ping_received(step);
        break;
    case MESSAGE_PING_REQ:
        ping_req_received(step);
        break;
    case MESSAGE_ACK:
        ack_received(step);
        break;
    case MESSAGE_NACK:
        if (of_this_probe(step) && step->row->nacks < step->row->helpers)
            step->row->nacks++;
        break;
    case MESSAGE_GOSSIP:
    case MESSAGE_WORK:
    case MESSAGE_ALERT:
    case MESSAGE_REQUEST:
    case MESSAGE_REVIVE:
    default:
        assert(!"no message of the failure detector");
    }
}
