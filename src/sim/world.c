#include "sim/world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Reservations of one run, given back together at its end. What is small comes from the heap: each
 * unmapping interrupts the other cores, and a study does thousands of short runs a second. */
struct reservation {
    void *start;
    size_t bytes;
};
#define MAPPED_BYTES_MIN ((size_t)64 * 1024)
#define RESERVATIONS_MAX 48
struct reservations {
    struct world world;
    struct reservation list[RESERVATIONS_MAX];
    int count;
};

void *world_reserve(struct world *world, size_t count, size_t size)
{
    struct reservations *all = (struct reservations *)(void *)world;
    size_t bytes = (count * size + 4095) & ~(size_t)4095;
    void *start;

    if (bytes == 0)
        bytes = 4096;
    assert(all->count < RESERVATIONS_MAX);
    if (bytes < MAPPED_BYTES_MIN) {
        start = aligned_alloc(64, bytes);
        if (start != NULL)
            memset(start, 0, bytes);
    } else {
        start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (start == NULL || start == MAP_FAILED) {
        if (world->failed == 0)
            world->failed = error_set(world->error, ERROR_MEMORY,
                                      "cannot reserve %zu bytes for %zu entries", bytes, count);
        return NULL;
    }
    all->list[all->count++] = (struct reservation){start, bytes};
    return start;
}

uint32_t world_message(struct world *world)
{
    uint32_t slot = world->message_free;

    if (slot != UINT32_MAX) {
        world->message_free = world->message_next[slot];
    } else if (world->message_used <= PAYLOAD_MASK) {
        slot = world->message_used++;
    } else {
        /* Slot 0 is never given out: it takes what no longer fits, and the run ends. */
        if (world->failed == 0)
            world->failed = error_set(world->error, ERROR_LIMIT,
                                      "more than %u messages are under way at once", PAYLOAD_MASK);
        slot = 0;
    }
    world->messages_held++;
    memset(&world->message[slot], 0, sizeof world->message[slot]);
    world->message[slot].cause = CAUSE_NONE;
    return slot;
}

void world_message_free(struct world *world, uint32_t slot)
{
    assert(world->messages_held > 0);
    world->messages_held--;
    if (slot == 0)
        return;
    world->message_next[slot] = world->message_free;
    world->message_free = slot;
}

void world_send_data(struct world *world, uint32_t from, uint32_t to, time_ns at, uint32_t data)
{
    world->messages_on_way += data >> TAG_SHIFT == TAG_MESSAGE;
    engine_send(world->engine, from, to, at, data);
}

void world_send(struct world *world, uint32_t from, uint32_t to, time_ns at, uint32_t slot)
{
    world_send_data(world, from, to, at, (uint32_t)TAG_MESSAGE << TAG_SHIFT | slot);
}

/* The next number of a writer; each writer's own step alone counts it up. */
static uint32_t *sequence_of(struct world *world, uint32_t writer)
{
    if (writer == WRITER_PLATFORM)
        return &world->platform_sequence;
    if (writer == WRITER_CONTROL)
        return &world->control_sequence;
    if (writer == WRITER_WITNESS)
        return &world->witness_sequence;
    assert(writer < world->rows);
    return &world->row[writer].sequence;
}

struct record_id world_record(struct world *world, const struct record *record, uint32_t writer)
{
    struct record *place;
    struct record_id id;

    if (!world->recording)
        return RECORD_ID_NONE;
    if (world->records == world->records_max) {
        if (world->failed == 0)
            world->failed = error_set(world->error, ERROR_LIMIT,
                                      "more than %zu records in one window", world->records_max);
        return RECORD_ID_NONE;
    }
    id = (struct record_id){writer, (*sequence_of(world, writer))++};
    place = &world->record[world->records++];
    *place = *record;
    place->id = id;
    if (record->whom != AGENT_NONE && world->object[record->whom % world->one])
        place->flags |= FLAG_OBJECT;
    return id;
}

static struct record_id write_record(void *context, const struct record *record, uint32_t writer)
{
    return world_record(context, record, writer);
}

void world_change(struct world *world, uint8_t kind, time_ns at, uint32_t row, struct record_id id)
{
    if (world->changes == world->changes_max) {
        if (world->failed == 0)
            world->failed = error_set(world->error, ERROR_LIMIT,
                                      "more than %zu changes in one window", world->changes_max);
        return;
    }
    world->change[world->changes++] = (struct change){at, row, kind, id};
}

/* By (time, writer, sequence); the witness first, for what it saw at an instant is what the deaths
 * of that instant follow from. */
static int compare_records(const void *a, const void *b)
{
    const struct record *left = a, *right = b;
    bool left_witness = left->id.writer == WRITER_WITNESS;

    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    if (left_witness != (right->id.writer == WRITER_WITNESS))
        return left_witness ? -1 : 1;
    if (left->id.writer != right->id.writer)
        return left->id.writer < right->id.writer ? -1 : 1;
    return left->id.sequence < right->id.sequence ? -1 : left->id.sequence > right->id.sequence;
}

static int compare_changes(const void *a, const void *b)
{
    const struct change *left = a, *right = b;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left->kind != CHANGE_FENCE)
        return 0;
    return left->id.sequence < right->id.sequence ? -1 : left->id.sequence > right->id.sequence;
}

static void publish(struct world *world, const struct change *change)
{
    agent_id agent = row_agent(world, change->row);
    struct published *published = &world->published[agent];
    incarnation_id incarnation = world->row[change->row].incarnation;
    uint64_t from, count;

    switch ((enum change_kind)change->kind) {
    case CHANGE_GONE: /* of one that outlived its own replacement nobody is in want */
        if (incarnation >= published->youngest)
            *published =
                (struct published){change->id.writer, change->id.sequence + 1, incarnation};
        break;
    case CHANGE_BACK:
        if (incarnation >= published->youngest)
            *published = (struct published){.youngest = incarnation};
        break;
    case CHANGE_FENCE:
        world->fenced[agent] = change->id.writer != 0;
        break;
    case CHANGE_CHECKPOINT:
        if (world->fenced[agent])
            break;
        from = row_place(world, change->row);
        count = world->links->offsets[agent + 1] - world->links->offsets[agent];
        for (uint64_t i = 0; i < count; i++)
            world->checkpoint_bonds[agent_place(world, agent) + i] = world->link[from + i].bond;
        break;
    }
}

/* After a window: its records are written in the order of (time, writer, sequence), whatever the
 * order of the blocks was, and what the witness saw is published. */
static int world_window(void *context, struct engine *engine, time_ns begin, time_ns end,
                        struct error *error)
{
    struct world *world = context;

    (void)engine;
    (void)begin;
    (void)error;
    if (world->records > 1)
        qsort(world->record, world->records, sizeof *world->record, compare_records);
    for (size_t i = 0; i < world->records && world->failed == 0; i++) {
        for (uint32_t s = 0; s < world->options->sink_count && world->failed == 0; s++)
            world->failed =
                world->options->sinks[s].take(world->options->sinks[s].context, &world->record[i]);
    }
    world->records_written += world->records;
    world->records = 0;
    if (world->changes > 1)
        qsort(world->change, world->changes, sizeof *world->change, compare_changes);
    for (size_t i = 0; i < world->changes; i++)
        publish(world, &world->change[i]);
    world->changes = 0;
    learn_window(world, end);
    if (world->options->progress != NULL && world->failed == 0)
        world->failed = world->options->progress(world->options->progress_context, end,
                                                 world->scenario->duration);
    return world->failed;
}

static void world_step(void *context, struct engine *engine, const struct event *event, time_ns now)
{
    struct world *world = context;

    (void)engine;
    world->messages_on_way -= event->data >> TAG_SHIFT == TAG_MESSAGE;
    if (event->target < world->rows)
        row_step(world, event->target, event, now);
    else if (event->target == world->platform_entity)
        platform_entity_step(world, event, now);
    else
        control_entity_step(world, event, now);
}

/* What a step will touch: where the agent's links begin, then the links themselves. */
static void world_fetch(void *context, uint32_t target, int nearer)
{
    const struct world *world = context;
    agent_id agent;
    uint64_t place;

    if (target >= world->rows)
        return;
    agent = row_agent(world, target);
    if (nearer == 0) {
        __builtin_prefetch(&world->links->offsets[agent]);
        __builtin_prefetch(&world->row[target]);
        __builtin_prefetch(&world->agent_row[target]);
        return;
    }
    place = row_place(world, target);
    __builtin_prefetch(&world->links->peers[world->links->offsets[agent]]);
    __builtin_prefetch(&world->link[place]);
    __builtin_prefetch(&world->link[place + 4]);
    __builtin_prefetch(&world->link_end[place]);
}

static void world_measure(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    world->one = scenario->agents;
    world->copies = world->options->copies > 1 ? world->options->copies : 1;
    world->agents = scenario->agents * world->copies;
    world->contact = scenario->contact.enabled;
    world->slots = world->contact ? 1 : scenario->platform.incarnations_max;
    world->rows = world->agents * world->slots;
    world->platform_entity = world->rows;
    world->control_entity = world->rows + 1;
    world->lookahead = scenario->network.latency.low;
    if (!world->contact && scenario->network.platform_latency < world->lookahead)
        world->lookahead = scenario->network.platform_latency;
    world->recording = world->options->sink_count > 0;
    world->recorder = (struct recorder){write_record, world};
    world->places = 2 * world->links->edges + (uint64_t)AGENT_LINKS_EXTRA * world->agents;
    world->records_max = (size_t)1 << 24;
    world->changes_max = (size_t)1 << 24;
    world->message_free = UINT32_MAX;
    world->message_used = 1;
}

/* What a scenario may say and this world cannot do is refused by name. */
static int world_refuse(const struct world *world, struct error *error)
{
    const struct scenario *scenario = world->scenario;
    uint64_t slots = scenario->contact.enabled ? 1 : scenario->platform.incarnations_max;

    if ((uint64_t)scenario->agents * slots >= UINT32_C(1) << 31)
        return error_set(error, ERROR_LIMIT,
                         "%u agents with platform.incarnations_max %llu are more than 2^31 "
                         "processes; lower one of them",
                         scenario->agents, (unsigned long long)slots);
    for (uint32_t i = 0; i < scenario->work_count; i++)
        if (scenario->work[i].hop_count > HOPS_MAX)
            return error_set(error, ERROR_INPUT,
                             "work `%s`: its route has %u hops; the simulated world takes at most "
                             "%d, split it into several sources",
                             scenario->work[i].name, scenario->work[i].hop_count, HOPS_MAX);
    return 0;
}

/* Everything by row, link and agent, but for what the scenario has no use for. */
static int world_reserve_all(struct world *world)
{
    size_t places = world->places * world->slots;

    world->row = world_reserve(world, world->rows, sizeof *world->row);
    world->row_work = world_reserve(world, world->rows, sizeof *world->row_work);
    world->agent_row = world_reserve(world, world->rows, sizeof *world->agent_row);
    world->stopped = world_reserve(world, world->rows, sizeof *world->stopped);
    world->link = world_reserve(world, places, sizeof *world->link);
    world->link_end = world_reserve(world, places, sizeof *world->link_end);
    world->link_making = world_reserve(world, world->places, sizeof *world->link_making);
    world->concern = world_reserve(world, places, sizeof *world->concern);
    world->linked = world_reserve(world, places, sizeof *world->linked);
    world->published = world_reserve(world, world->agents, sizeof *world->published);
    world->checkpoint_bonds = world_reserve(world, world->places, sizeof *world->checkpoint_bonds);
    world->object = world_reserve(world, world->one, sizeof *world->object);
    world->node_down = world_reserve(world, world->scenario->nodes, sizeof *world->node_down);
    world->fenced = world_reserve(world, world->agents, sizeof *world->fenced);
    world->message = world_reserve(world, (size_t)PAYLOAD_MASK + 1, sizeof *world->message);
    world->message_next =
        world_reserve(world, (size_t)PAYLOAD_MASK + 1, sizeof *world->message_next);
    world->record = world_reserve(world, world->records_max, sizeof *world->record);
    world->change = world_reserve(world, world->changes_max, sizeof *world->change);
    world->last_cause = world_reserve(world, world->agents, sizeof *world->last_cause);
    world->address = world_reserve(world, world->agents, sizeof *world->address);
    if (world->scenario->network.drift_ppm_max > 0)
        world->drift_ppm = world_reserve(world, world->agents, sizeof *world->drift_ppm);
    return world->failed;
}

static void draw_drifts(struct world *world)
{
    uint32_t most = world->scenario->network.drift_ppm_max;

    for (agent_id a = 0; world->drift_ppm != NULL && a < world->agents; a++)
        world->drift_ppm[a] = drift_draw(world->options->seed, world->options->replicate, a, most);
}

static bool starts_alive(const struct scenario_contact *contact, agent_id agent)
{
    uint32_t low = 0, high = contact->alive_count;

    while (!contact->all_alive && low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (contact->alive[middle] < agent)
            low = middle + 1;
        else
            high = middle;
    }
    return contact->all_alive || (low < contact->alive_count && contact->alive[low] == agent);
}

/* The first incarnations: all at the beginning of time, with all links up. */
static void begin_crew(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    for (agent_id a = 0; a < world->agents; a++) {
        if (world->contact && !starts_alive(&scenario->contact, a % world->one)) {
            world->row[a].wake = TIME_NEVER;
            /* So that its first life is number 0, as that of the others. */
            world->row[a].incarnation = UINT16_MAX;
            continue;
        }
        row_begin(world, a, 0, 0, 0, AGENT_NONE, START_FIRST, &CAUSE_NONE);
        if (world->failed != 0)
            return;
    }
    for (uint64_t row = world->agents; row < world->rows; row++)
        world->row[row].wake = TIME_NEVER;
}

static int world_open(struct world *world, struct graph *copies, struct error *error)
{
    struct engine_world callbacks = {.step = world_step,
                                     .fetch = world_fetch,
                                     .window = world_window,
                                     .barrier = world_barrier,
                                     .context = world};
    struct engine_rules rules;
    int failed;

    failed = world_refuse(world, error);
    if (failed != 0)
        return failed;
    if (world->options->copies > 1) {
        failed = graph_repeat(copies, &world->scenario->links, world->options->copies, error);
        if (failed != 0)
            return failed;
        world->links = copies;
    } else {
        world->links = &world->scenario->links;
    }
    world_measure(world);
    assert(world->agents > 0);
    failed = world_reserve_all(world);
    if (failed != 0)
        return failed;
    for (agent_id a = 0; a < world->one; a++)
        world->object[a] = world->scenario->groups[world->scenario->group_of[a]].rules.object;
    draw_drifts(world);
    rules = (struct engine_rules){
        .entities = world->rows + 2,
        .block = world->options->block,
        .entity_bytes = (uint32_t)(sizeof(struct row) + sizeof(struct agent_row) +
                                   world->places / world->agents * sizeof(struct agent_peer)),
        .lookahead = world->lookahead,
    };
    world->engine = engine_open(&rules, &callbacks, error);
    if (world->engine == NULL)
        return error->code;
    failed = sim_learning_open(world);
    if (failed != 0)
        return failed;
    begin_crew(world);
    if (world->failed != 0)
        return world->failed;
    if (world->contact)
        return sim_control_open(world, error);
    if (platform_needed(world->scenario))
        failed = sim_platform_open(world, error);
    if (failed == 0)
        failed = sim_control_open(world, error);
    if (failed == 0)
        failed = sim_faults_open(world, error);
    return failed;
}

/* What must hold at the end of a run, whatever happened in it. */
static void world_check(const struct world *world)
{
    assert(world->messages_held == world->messages_on_way);
    assert(world->platform == NULL || platform_check(world->platform) == NULL);
    assert(world->campaign == NULL || campaign_check(world->campaign) == NULL);
}

int sim_run(const struct scenario *scenario, const struct sim_options *options,
            struct sim_result *result, struct error *error)
{
    struct reservations *all = calloc(1, sizeof *all);
    struct world *world;
    struct graph copies = {0};
    struct error local = {0};
    int failed;

    if (error == NULL)
        error = &local;
    if (all == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory");
    assert(options->copies <= 1 || (scenario->contact.enabled && !scenario->has_campaign));
    world = &all->world;
    world->scenario = scenario;
    world->options = options;
    world->error = error;
    failed = world_open(world, &copies, error);
    if (failed == 0)
        failed = engine_run(world->engine, scenario->duration, error);
    if (failed == 0) /* what barriers left behind */
        failed = world_window(world, world->engine, 0, scenario->duration, error);
    if (failed == 0)
        failed = world->failed;
    if (failed == 0)
        world_check(world);
    if (failed == 0 && result != NULL) {
        result->events = engine_events(world->engine);
        result->records = world->records_written;
        result->ended = world->ended > 0 ? world->ended : scenario->duration;
        result->alive = 0;
        for (uint64_t row = 0; row < world->rows; row++)
            result->alive += world->row[row].alive;
    }
    if (world->engine != NULL)
        engine_close(world->engine);
    for (int i = 0; i < all->count; i++)
        if (all->list[i].bytes < MAPPED_BYTES_MIN)
            free(all->list[i].start);
        else
            munmap(all->list[i].start, all->list[i].bytes);
    graph_close(&copies);
    free(all);
    return failed;
}
