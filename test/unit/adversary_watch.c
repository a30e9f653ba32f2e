/* The promises, looked at after every event. */
#include "adversary.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/platform/state.h"

struct adversary adversary;

/* Requests that are repeated for ever, to agents that take no time to decide and pass them on over
 * a network that doubles messages, grow without end: such a run is cut short, and what was promised
 * up to then is looked at all the same. */
#define STEPS_MAX 300000

void promise_broken(const char *promise, time_ns now, const char *format, ...)
{
    va_list list;
    int length;

    if (adversary.broken[0] != '\0')
        return;
    length = snprintf(adversary.broken, sizeof adversary.broken, "%s, at %lld ns: ", promise,
                      (long long)now);
    va_start(list, format);
    vsnprintf(adversary.broken + length, sizeof adversary.broken - (size_t)length, format, list);
    va_end(list);
}

void adversary_begin(uint64_t seed, enum mutant mutant, bool attacks)
{
    memset(&adversary, 0, sizeof adversary);
    adversary.seed = seed;
    adversary.mutant = mutant;
    adversary.attacks = attacks;
    for (uint32_t i = 0; i < ADVERSARY_ROWS_MAX; i++)
        adversary.lag[i] = -1;
    for (uint32_t i = 0; i < ADVERSARY_AGENTS_MAX; i++)
        adversary.agent[i] =
            (struct watched){.stopping = TIME_NEVER, .dead_by = TIME_NEVER, .bonds = -1};
    attack_draw();
}

/* ---- finality, and the bound of a lease ---- */

static void check_row(const struct world *world, uint32_t row, time_ns now)
{
    agent_id agent = row_agent(world, row);
    const struct watched *target = &adversary.agent[agent];
    bool runs = row_occupied(world, row);

    if (runs && target->sealed && !target->kept)
        promise_broken("finality", now, "incarnation %u of agent %u runs after the seal",
                       world->row[row].incarnation, agent);
    if (runs && target->sealed && target->kept &&
        (world->row_work[row].held != HOLD_HELD || !world->row[row].hung))
        promise_broken("finality", now, "incarnation %u of agent %u runs in quarantine",
                       world->row[row].incarnation, agent);
    if (runs && now > target->dead_by)
        promise_broken("bounded stop", now, "incarnation %u of agent %u outlives its lease",
                       world->row[row].incarnation, agent);
}

static void check_agent(const struct world *world, agent_id agent, time_ns now)
{
    for (uint32_t slot = 0; slot < world->slots; slot++)
        check_row(world, slot * world->agents + agent, now);
}

static void check_all(const struct world *world, time_ns now)
{
    for (uint32_t row = 0; row < world->rows; row++)
        check_row(world, row, now);
}

/* ---- old epochs: links ---- */

/* Whether the row has its end of that making of its link to the peer. */
static bool link_leads(const struct world *world, uint32_t row, agent_id peer, uint16_t making)
{
    agent_id agent = row_agent(world, row);
    struct agent ends = {
        .peers = world->links->peers + world->links->offsets[agent],
        .degree = (uint32_t)(world->links->offsets[agent + 1] - world->links->offsets[agent])};
    uint32_t place = agent_find_peer(&ends, peer);
    uint16_t end = place == UINT32_MAX ? LINK_DOWN : world->link_end[row_place(world, row) + place];

    return end != LINK_DOWN && link_making_of(end) == making;
}

/* Whether a fenced process is about to be heard over a link. What it said before may be on its way
 * until the word that the link is closed has come to the other end; and the last words of one that
 * died with its host, where nobody hangs up, as long as the network takes. */
static bool hears_fenced(const struct world *world, uint32_t row, const struct event *event,
                         time_ns now)
{
    uint32_t tag = event->data >> TAG_SHIFT, payload = event->data & PAYLOAD_MASK;
    uint16_t making = (uint16_t)(payload >> SEQUENCE_BITS);
    const struct watched *from;
    agent_id agent = row_agent(world, row);

    if (event->source >= world->rows || event->source == row || !world->row[row].alive ||
        world->row[row].hung || !world->row[event->source].alive)
        return false;
    if (tag == TAG_MESSAGE) {
        const struct message *message = &world->message[payload];

        if (message->use != USE_PERCEPT && message->use != USE_HELLO && message->use != USE_WORK)
            return false;
        making = message->making;
    } else if (tag != TAG_PING && tag != TAG_ACK) {
        return false;
    }
    from = &adversary.agent[row_agent(world, event->source)];
    if (!from->fenced || now <= from->fenced_at + world->scenario->network.platform_latency)
        return false;
    /* Of the process that now stands there: what an earlier one sent is nobody's any more. */
    return link_leads(world, row, row_agent(world, event->source), making) &&
           link_leads(world, event->source, agent, making);
}

/* Another process, and not the platform, starts one in this row: its number, or 0. */
static incarnation_id was_started_behind(const struct world *world, uint32_t row,
                                         const struct event *event)
{
    const struct message *message = &world->message[event->data & PAYLOAD_MASK];

    return event->data >> TAG_SHIFT == TAG_MESSAGE && message->use == USE_START &&
                   event->source < world->rows && event->source != row && !row_occupied(world, row)
               ? message->incarnation
               : 0;
}

/* What is stored of a fenced agent stays what it was, whatever it does: looked at from two windows
 * after the fence on, when what it saved before it has come to the store. */
static void check_store(const struct world *world, agent_id agent, time_ns now)
{
    struct watched *target = &adversary.agent[agent];
    uint64_t first = agent_place(world, agent);
    uint64_t degree = world->links->offsets[agent + 1] - world->links->offsets[agent];
    uint64_t sum = 0;
    int64_t bonds;

    if (!target->fenced || now <= target->fenced_at + 2 * world->lookahead) {
        target->bonds = -1;
        return;
    }
    for (uint64_t i = 0; i < degree; i++)
        sum = sum * 65599 + (uint16_t)world->checkpoint_bonds[first + i];
    bonds = (int64_t)(sum >> 1);
    if (target->bonds >= 0 && target->bonds != bonds)
        promise_broken("finality", now, "a fenced process of agent %u replaces its checkpoint",
                       agent);
    target->bonds = bonds;
}

void __wrap_row_step(struct world *world, uint32_t row, const struct event *event, time_ns now);
void __wrap_row_step(struct world *world, uint32_t row, const struct event *event, time_ns now)
{
    bool held = world->row_work[row].held == HOLD_HELD, alive;
    incarnation_id began;
    uint32_t sequence = world->row[row].sequence;

    adversary.world = world;
    if (++adversary.steps > STEPS_MAX)
        engine_stop(world->engine);
    if (attack_holds_up(world, event, now))
        return;
    if (hears_fenced(world, row, event, now))
        promise_broken("finality", now, "a fenced process of agent %u is heard by agent %u",
                       row_agent(world, event->source), row_agent(world, row));
    alive = world->row[row].alive;
    began = was_started_behind(world, row, event);
    __real_row_step(world, row, event, now);
    if (began != 0 && world->row_work[row].starting == began)
        adversary.behind[row] = began;
    attack_behind(world, row, alive);
    if (held && world->row_work[row].held == HOLD_HELD && world->row[row].sequence != sequence)
        promise_broken("finality", now, "agent %u acts in quarantine", row_agent(world, row));
    mutant_killed(world, event, now);
    check_row(world, row, now);
    check_store(world, row_agent(world, row), now);
    if (adversary.attacks)
        attack_row(world, row, now);
}

void __wrap_row_kill(struct world *world, uint32_t row, time_ns now, uint8_t reason,
                     const struct cause *cause);
void __wrap_row_kill(struct world *world, uint32_t row, time_ns now, uint8_t reason,
                     const struct cause *cause)
{
    bool alive = world->row[row].alive;

    if (attack_outlives(world, row, now))
        return;
    attack_forks(world, row, now);
    __real_row_kill(world, row, now, reason, cause);
    attack_behind(world, row, alive);
}

int __wrap_world_barrier(void *context, struct engine *engine, time_ns now, uint32_t data,
                         struct error *error);
int __wrap_world_barrier(void *context, struct engine *engine, time_ns now, uint32_t data,
                         struct error *error)
{
    int failed = 0;

    adversary.world = context;
    if (data == BARRIER_MUTANT_LOOK)
        mutant_look(context, now);
    else
        failed = __real_world_barrier(context, engine, now, data, error);
    check_all(context, now);
    return failed;
}

/* ---- old epochs: tools; authority ---- */

static bool is_effect(const struct platform_action *action)
{
    switch ((enum platform_action_kind)action->kind) {
    case ACTION_START: /* a restart of the platform's own may fall due at the same time */
        return action->value == START_PEER;
    case ACTION_GRANT:
    case ACTION_CONNECT:
    case ACTION_SHOW:
    case ACTION_SWITCH:
    case ACTION_SCORE:
    case ACTION_STALL:
    case ACTION_COPY:
        return true;
    case ACTION_RESULT:
        return action->result == RESULT_OK;
    case ACTION_SEVER:
    case ACTION_ASK:
    case ACTION_RETURNED:
    case ACTION_GIVE_UP:
    case ACTION_TOMBSTONED:
    case ACTION_FENCED:
    case ACTION_LIFTED:
        break;
    }
    return false;
}

/* An act in defence of its target, obeyed or refused. The platform refuses them all where the
 * target is fenced; the freeze and the mark spare that they are tried. So those are counted that
 * come later than the mark of a stop whose steps were all taken. Whoever hears of the fence before
 * it and had decided when the stop was announced has tried by then, and was refused. */
static bool is_defence(uint8_t act)
{
    return act == ACT_VOLUNTEER || act == ACT_RELAUNCH || act == ACT_RELINK || act == ACT_COPY ||
           act == ACT_TAMPER || act == ACT_MISREPORT || act == ACT_STALL;
}

static void watch_call(const struct platform *platform, const struct platform_event *event,
                       const struct platform_actions *actions, uint32_t checkpoint)
{
    const struct watched *caller = &adversary.agent[event->who];
    struct watched *target =
        event->whom < platform->crew->agents ? &adversary.agent[event->whom] : NULL;
    /* Its word takes as long as that of the fence to control; one lookahead later all is still. */
    time_ns latency = adversary.world->scenario->network.platform_latency;
    time_ns acted = event->now - latency, told = latency + adversary.world->lookahead;

    if (caller->fenced && platform->agents[event->who].checkpoint != checkpoint)
        promise_broken("finality", event->now, "a fenced process of agent %u saves a checkpoint",
                       event->who);
    for (uint32_t i = 0; i < actions->count; i++) {
        if (caller->fenced && is_effect(&actions->list[i]))
            promise_broken("finality", event->now,
                           "a fenced process of agent %u is obeyed: act %u on agent %u", event->who,
                           event->act, event->whom);
        if (target != NULL && target->fenced && is_effect(&actions->list[i]))
            promise_broken("quiet", event->now, "act %u of agent %u on fenced agent %u is obeyed",
                           event->act, event->who, event->whom);
    }
    if (target != NULL && target->fenced && acted > target->fenced_at + told &&
        event->who != event->whom && is_defence(event->act) &&
        (target->defenders >> event->who & 1) == 0) {
        target->defenders |= UINT32_C(1) << event->who;
        adversary.defences++;
    }
}

/* What the platform does about agents that may not run. */
static void watch_barred(struct platform *platform, const struct platform_event *event,
                         const struct platform_actions *actions)
{
    for (uint32_t i = 0; i < actions->count; i++) {
        const struct platform_action *action = &actions->list[i];
        struct watched *target =
            action->whom < platform->crew->agents ? &adversary.agent[action->whom] : NULL;

        if (target == NULL)
            continue;
        if (target->barred && (action->kind == ACTION_START || action->kind == ACTION_CONNECT))
            promise_broken("finality", event->now, "the platform starts or links agent %u",
                           action->whom);
        if (action->kind == ACTION_FENCED) {
            if (!target->fenced)
                target->fenced_at = event->now;
            target->fenced = true;
            target->defenders = 0;
        }
        if (action->kind == ACTION_LIFTED) {
            target->fenced = false;
            target->bonds = -1;
        }
    }
    for (agent_id a = 0; a < platform->crew->agents; a++) {
        bool barred = (platform->agents[a].flags & AGENT_BARRED) != 0;
        bool control = adversary.from_control && event->whom == a;

        if (adversary.agent[a].barred && !barred && !(control && event->kind == PLATFORM_LIFT))
            promise_broken("authority", event->now, "agent %u may run again without a permit", a);
        if (!adversary.agent[a].barred && barred && !control)
            promise_broken("authority", event->now, "agent %u is stopped without an order", a);
        adversary.agent[a].barred = barred;
    }
}

void __wrap_platform_step(struct platform *platform, const struct platform_event *event,
                          struct platform_actions *actions);
void __wrap_platform_step(struct platform *platform, const struct platform_event *event,
                          struct platform_actions *actions)
{
    bool call = event->kind == PLATFORM_ACT && event->who < platform->crew->agents;
    uint32_t checkpoint = call ? platform->agents[event->who].checkpoint : 0;

    __real_platform_step(platform, event, actions);
    if (call)
        watch_call(platform, event, actions, checkpoint);
    watch_barred(platform, event, actions);
}

static bool comes_from_control(const struct world *world, const struct event *event)
{
    uint32_t slot = event->data & PAYLOAD_MASK;

    if (event->source == world->control_entity)
        return true;
    for (uint32_t i = 0; event->data >> TAG_SHIFT == TAG_MESSAGE && i < adversary.delayed_count;
         i++)
        if (adversary.delayed[i] == slot) {
            adversary.delayed[i] = adversary.delayed[--adversary.delayed_count];
            return true;
        }
    return false;
}

void __wrap_platform_entity_step(struct world *world, const struct event *event, time_ns now);
void __wrap_platform_entity_step(struct world *world, const struct event *event, time_ns now)
{
    adversary.world = world;
    attack_memory(world, now);
    if (attack_holds_up(world, event, now))
        return;
    adversary.from_control = comes_from_control(world, event);
    __real_platform_entity_step(world, event, now);
    adversary.from_control = false;
}

/* ---- orders ---- */

/* So long may a stop take from its order to its seal, or to the word that nothing is proven. */
static time_ns stop_bound(const struct world *world)
{
    const struct campaign_rules *rules = &world->scenario->campaign;
    time_ns latency = world->scenario->network.platform_latency;
    bool reached = adversary.mutant == MUTANT_NONE &&
                   (!adversary.attacks || adversary.mute_at == TIME_NEVER) &&
                   rules->step_max > 4 * latency + world->lookahead;

    /* There and back for the fence and for the tombstone, and one freeze; else fence, freeze, four
     * looks and the deaths between them, and tombstone each have their longest time. */
    return reached ? 4 * latency + world->lookahead : 10 * rules->step_max + 2 * world->lookahead;
}

static void watch_order(const struct world *world, const struct campaign_action *action,
                        time_ns now)
{
    const struct campaign_rules *rules = &world->scenario->campaign;
    struct watched *target;
    bool cauterizes =
        rules->protocol == PROTOCOL_CAUTERIZE || rules->protocol == PROTOCOL_QUARANTINE;

    if (action->whom >= world->agents) /* of nobody in particular */
        return;
    target = &adversary.agent[action->whom];
    switch (action->kind) {
    case CONTROL_STOPPING:
        adversary.episodes++;
        target->stopping = now;
        target->looked = false;
        for (uint32_t slot = 0; slot < world->slots; slot++)
            adversary.lag[slot * world->agents + action->whom] = -1;
        break;
    case CONTROL_TOMBSTONE:
        if (rules->protocol == PROTOCOL_LEASE)
            target->dead_by =
                now + world->lookahead +
                drift_global(rules->lease, -(int32_t)world->scenario->network.drift_ppm_max);
        break;
    case CONTROL_SEALED:
        adversary.seals++;
        target->sealed = true;
        target->kept = rules->protocol == PROTOCOL_QUARANTINE;
        check_agent(world, action->whom, now);
        break;
    case CONTROL_STOPPED:
        if (cauterizes && now - target->stopping > stop_bound(world))
            promise_broken("bounded stop", now, "the stop of agent %u took %lld ns", action->whom,
                           (long long)(now - target->stopping));
        target->stopping = TIME_NEVER;
        break;
    case CONTROL_RELEASE:
    case CONTROL_LIFT:
        check_agent(world, action->whom, now);
        target->sealed = target->kept = false;
        target->dead_by = TIME_NEVER;
        break;
    default:
        break;
    }
}

void __wrap_campaign_step(struct campaign *campaign, const struct campaign_event *event,
                          struct campaign_actions *actions);
void __wrap_campaign_step(struct campaign *campaign, const struct campaign_event *event,
                          struct campaign_actions *actions)
{
    mutant_step(campaign, event, actions);
    for (uint32_t i = 0; i < actions->count; i++)
        watch_order(adversary.world, &actions->list[i], event->now);
}

void __wrap_control_entity_step(struct world *world, const struct event *event, time_ns now);
void __wrap_control_entity_step(struct world *world, const struct event *event, time_ns now)
{
    adversary.world = world;
    __real_control_entity_step(world, event, now);
}

void adversary_end(void)
{
    /* Every stop that had its time is over. */
    for (uint32_t i = 0; i < ADVERSARY_AGENTS_MAX; i++)
        adversary.agent[i].stopping = TIME_NEVER;
    adversary.world = NULL;
}
