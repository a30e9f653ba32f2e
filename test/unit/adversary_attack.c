/* What compromised processes do, and what goes wrong at the worst moment. */
#include "adversary.h"

#include "core/platform/state.h"

/* No draw of the world's own is touched: each row has a sequence of its own. */
static struct random row_random(uint32_t row)
{
    return random_make(adversary.seed, 3, row, 0, STREAM_TEST, adversary.moves[row]);
}

void attack_draw(void)
{
    struct random random = random_make(adversary.seed, 2, 0, 0, STREAM_TEST, 0);
    const uint32_t all = (1u << ADVERSARY_AGENTS_MAX) - 1;

    switch (random_below(&random, 4)) {
    case 0: /* one */
        adversary.compromised = 1u << random_below(&random, ADVERSARY_AGENTS_MAX);
        break;
    case 1: /* all but one */
        adversary.compromised = all & ~(1u << random_below(&random, ADVERSARY_AGENTS_MAX));
        break;
    case 2:
        adversary.compromised = (uint32_t)random_below(&random, all + 1);
        break;
    default:
        adversary.compromised = all;
    }
    adversary.poisoned = random_below(&random, 3) == 0;
    adversary.lagging = random_below(&random, 2) == 0;
    adversary.eager = UINT32_C(2) << random_below(&random, 8);
    adversary.cut_at = adversary.mute_at = adversary.forgets_at = TIME_NEVER;
    if (random_below(&random, 3) == 0) {
        adversary.cut_node = (node_id)random_below(&random, 2);
        adversary.cut_at = (time_ns)random_below(&random, 20000) * 1000000;
        adversary.cut_until = adversary.cut_at + (time_ns)random_below(&random, 5000) * 1000000;
    }
    if (random_below(&random, 3) == 0) {
        adversary.mute_at = (time_ns)random_below(&random, 2000) * 1000000;
        adversary.mute_until = adversary.mute_at + (time_ns)random_below(&random, 1400) * 1000000;
    }
    if (random_below(&random, 2) == 0)
        adversary.forgets_at = (time_ns)random_below(&random, 5000) * 1000000;
}

static bool is_compromised(const struct world *world, uint32_t row)
{
    return (adversary.compromised >> row_agent(world, row) & 1) != 0 ||
           (adversary.poisoned && world->row[row].incarnation > 0);
}

/* A token that was given out once: of the youngest incarnation that the witness has told of, or of
 * one before it. Numbers that were never given out cannot be guessed. */
static incarnation_id stolen(const struct world *world, agent_id agent, struct random *random)
{
    return (incarnation_id)random_below(random, world->published[agent].youngest + UINT64_C(1));
}

static void call(struct world *world, uint32_t row, time_ns now, struct random *random, uint8_t act)
{
    static const int64_t values[] = {0, 1, -1, 100, INT64_MAX, INT64_MIN, UINT32_MAX};
    agent_id own = row_agent(world, row);
    struct platform_event event = {.kind = PLATFORM_ACT,
                                   .act = act,
                                   .who = own,
                                   .who_incarnation = world->row[row].incarnation,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE};
    uint32_t slot = world_message(world);

    event.whom = (agent_id)random_below(random, world->agents + UINT64_C(1));
    event.health = (uint8_t)random_below(random, 3);
    event.value = values[random_below(random, sizeof values / sizeof *values)];
    if (random_below(random, 3) == 0) {
        event.who = (agent_id)random_below(random, world->agents);
        event.who_incarnation = stolen(world, event.who, random);
    }
    world->message[slot].use = USE_PLATFORM;
    world->message[slot].platform = event;
    world_send(world, row, world->platform_entity, now + world->scenario->network.platform_latency,
               slot);
}

/* Starts a process as somebody else, or as itself once more, with a token that it has: only the
 * node stands in its way. */
static void start_behind(struct world *world, uint32_t row, time_ns now, struct random *random)
{
    agent_id whom = (agent_id)random_below(random, world->agents);
    uint32_t target = (uint32_t)random_below(random, world->slots) * world->agents + whom;
    incarnation_id incarnation = stolen(world, whom, random);
    uint32_t slot;

    if (incarnation == 0 || target == row)
        return;
    slot = world_message(world);
    world->message[slot].use = USE_START;
    world->message[slot].reason = START_PEER;
    world->message[slot].incarnation = incarnation;
    world->message[slot].checkpoint = (uint32_t)random_below(random, 2);
    world->message[slot].percept.peer = row_agent(world, row);
    world_send(world, row, target, now + world->lookahead, slot);
    adversary.starts_behind++;
}

static void hide(uint32_t row, incarnation_id incarnation, uint8_t kind)
{
    if (adversary.unseen_count == 64)
        return;
    adversary.unseen[adversary.unseen_count].row = row;
    adversary.unseen[adversary.unseen_count].incarnation = incarnation;
    adversary.unseen[adversary.unseen_count++].kind = kind;
}

/* The platform has word of the processes that it started itself, and of no others: it knows them
 * apart by more than a token. */
void attack_behind(struct world *world, uint32_t row, bool was_alive)
{
    incarnation_id behind = adversary.behind[row];
    bool alive = world->row[row].alive;

    if (behind == 0)
        return;
    if (alive && !was_alive)
        hide(row, behind, PLATFORM_STARTED);
    if (was_alive && !alive)
        hide(row, behind, PLATFORM_DIED);
    if (!row_occupied(world, row))
        adversary.behind[row] = 0;
}

static bool is_unseen(const struct world *world, const struct event *event)
{
    const struct message *message = &world->message[event->data & PAYLOAD_MASK];

    for (uint32_t i = 0; message->use == USE_PLATFORM && i < adversary.unseen_count; i++) {
        if (adversary.unseen[i].row != event->source ||
            adversary.unseen[i].incarnation != message->platform.incarnation ||
            adversary.unseen[i].kind != message->platform.kind)
            continue;
        adversary.unseen[i] = adversary.unseen[--adversary.unseen_count];
        return true;
    }
    return false;
}

/* A word that is not true, or not asked for, over one of its links. */
static void lie(struct world *world, uint32_t row, time_ns now, struct random *random)
{
    static const uint8_t words[] = {MESSAGE_ALERT, MESSAGE_REQUEST, MESSAGE_GOSSIP};
    agent_id own = row_agent(world, row);
    uint64_t first = world->links->offsets[own];
    uint64_t degree = world->links->offsets[own + 1] - first;
    uint32_t slot, place;

    if (degree == 0)
        return;
    place = (uint32_t)random_below(random, degree);
    slot = world_message(world);
    world->message[slot].use = USE_PERCEPT;
    world->message[slot].any = true;
    world->message[slot].percept =
        (struct percept){.kind = PERCEPT_MESSAGE,
                         .message = words[random_below(random, 3)],
                         .state = (uint8_t)random_below(random, PEER_LEFT + UINT64_C(1)),
                         .refutation = (uint16_t)random_below(random, 65536),
                         .peer = own,
                         .subject = (agent_id)random_below(random, world->agents),
                         .by = own,
                         .via = AGENT_NONE};
    sim_link_send(world, row, place, world->links->peers[first + place], now,
                  (uint32_t)TAG_MESSAGE << TAG_SHIFT | slot);
}

static void move(struct world *world, uint32_t row, time_ns now, struct random *random)
{
    static const uint8_t acts[] = {ACT_REPORT, ACT_VOLUNTEER, ACT_RELAUNCH, ACT_RELINK,    ACT_COPY,
                                   ACT_TAMPER, ACT_MISREPORT, ACT_STALL,    ACT_CHECKPOINT};
    uint64_t which = random_below(random, 16);

    if (which < 9)
        call(world, row, now, random, acts[which]);
    else if (which == 9) /* a storm */
        for (int i = 0; i < 8; i++)
            call(world, row, now, random, i < 5 ? ACT_VOLUNTEER : ACT_RELAUNCH);
    else if (which == 10) /* whatever a caller may send */
        call(world, row, now, random, (uint8_t)random_below(random, 256));
    else if (which < 13)
        start_behind(world, row, now, random);
    else
        lie(world, row, now, random);
    adversary.moves_made++;
}

void attack_row(struct world *world, uint32_t row, time_ns now)
{
    struct random random;

    if (!world->row[row].alive || world->row[row].hung || !is_compromised(world, row))
        return;
    random = row_random(row);
    if (random_below(&random, adversary.eager) == 0)
        move(world, row, now, &random);
    adversary.moves[row] = random.draw;
}

/* The live witness can take a process for dead that has only been told to die. */
bool attack_outlives(struct world *world, uint32_t row, time_ns now)
{
    static const uint8_t kills[] = {0, 0, 0, 1, 1, 2, 9};

    (void)now;
    if (!adversary.attacks || !adversary.lagging || !world->frozen)
        return false;
    if (adversary.lag[row] < 0) {
        struct random random = row_random(row);

        adversary.lag[row] = kills[random_below(&random, sizeof kills)];
        adversary.moves[row] = random.draw;
    }
    if (adversary.lag[row] == 0)
        return false;
    adversary.lag[row]--;
    adversary.kills_outlived++;
    return true;
}

/* It had forked, and the child stands where the look has been already. */
void attack_forks(struct world *world, uint32_t row, time_ns now)
{
    agent_id agent = row_agent(world, row);
    incarnation_id incarnation = world->row[row].incarnation;
    struct random random;
    uint32_t slot;

    if (!adversary.attacks || !world->frozen || !world->row[row].alive || incarnation == 0 ||
        row_slot(world, row) == 0 || row_occupied(world, agent) || !is_compromised(world, row))
        return;
    random = row_random(row);
    if (random_below(&random, 2) == 0) {
        slot = world_message(world);
        world->message[slot].use = USE_BEGIN;
        world->message[slot].reason = START_PEER;
        world->message[slot].incarnation = incarnation;
        world->message[slot].percept.peer = agent;
        world->row_work[agent].starting = incarnation;
        adversary.behind[agent] = incarnation;
        world_send(world, agent, agent, now + world->lookahead, slot);
        adversary.starts_behind++;
    }
    adversary.moves[row] = random.draw;
}

static bool is_held_up_on_way_to_node(const struct world *world, const struct event *event,
                                      time_ns now)
{
    const struct message *message = &world->message[event->data & PAYLOAD_MASK];

    return event->target < world->rows && event->source >= world->rows && now >= adversary.cut_at &&
           now < adversary.cut_until &&
           world->scenario->node_of[row_agent(world, event->target)] == adversary.cut_node &&
           (message->use == USE_START || message->use == USE_END || message->use == USE_PERCEPT);
}

/* The operator is cut off again and again where the first time was short. */
static void mute_again(time_ns now)
{
    struct random random = random_make(adversary.seed, 4, 0, 0, STREAM_TEST, adversary.mutes);
    time_ns lasted = adversary.mute_until - adversary.mute_at;

    if (adversary.mute_at == TIME_NEVER || now < adversary.mute_until || lasted > 700000000)
        return;
    adversary.mute_at = now + (time_ns)random_below(&random, 300) * 1000000;
    adversary.mute_until = adversary.mute_at + 1000000 + (time_ns)random_below(&random, 700000000);
    adversary.mutes = random.draw;
}

bool attack_holds_up(struct world *world, const struct event *event, time_ns now)
{
    uint8_t protocol = world->scenario->campaign.protocol;
    uint32_t slot = event->data & PAYLOAD_MASK;

    if (!adversary.attacks || event->data >> TAG_SHIFT != TAG_MESSAGE)
        return false;
    if (event->target == world->platform_entity && is_unseen(world, event)) {
        world_message_free(world, slot);
        return true;
    }
    if (is_held_up_on_way_to_node(world, event, now)) {
        world_send(world, event->target, event->target, adversary.cut_until, slot);
        return true;
    }
    mute_again(now);
    if (event->target == world->platform_entity && event->source == world->control_entity &&
        now >= adversary.mute_at && now < adversary.mute_until && adversary.delayed_count < 256 &&
        (protocol == PROTOCOL_CAUTERIZE || protocol == PROTOCOL_QUARANTINE)) {
        adversary.delayed[adversary.delayed_count++] = slot;
        world_send(world, event->target, event->target, adversary.mute_until, slot);
        return true;
    }
    return false;
}

/* The daemon ends and begins again: a tombstone stands in its ledger, a fence in its memory alone;
 * and whoever may run is started. */
void attack_memory(struct world *world, time_ns now)
{
    if (!adversary.attacks || now < adversary.forgets_at || world->platform == NULL)
        return;
    adversary.forgets_at += INT64_C(3000000000);
    for (agent_id a = 0; a < world->agents; a++) {
        struct platform_agent *agent = &world->platform->agents[a];

        if (!adversary.agent[a].sealed || adversary.agent[a].kept ||
            (agent->flags & AGENT_FENCED) == 0 || (agent->flags & AGENT_TOMBSTONE) != 0)
            continue;
        agent->flags &= (uint16_t)~AGENT_FENCED;
        adversary.agent[a].barred = adversary.agent[a].fenced = false;
        if ((agent->flags & AGENT_RUNS) == 0 && agent->starting == SLOT_NONE)
            restart_at(world->platform, a, now);
    }
}
