/*
 * The engine against a plain loop over a sorted list that works the same model: whatever the
 * windows and blocks, each entity must see the same events in the same order, and barriers must
 * fall between the same events.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "sim/engine.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define ENTITIES_MAX 300u
#define WAITING_MAX (1u << 16)

struct waiting {
    time_ns at;
    uint32_t source, target, data;
    uint64_t sequence; /* the source's */
};

struct model {
    struct engine *engine; /* NULL: the plain loop */
    uint64_t seed;
    uint32_t entities;
    time_ns lookahead;
    uint32_t draws[ENTITIES_MAX];
    uint64_t histories[ENTITIES_MAX];
    uint64_t worked;
    uint64_t barriers;
    uint64_t barrier_history;
    /* What the engine's windows must keep to. */
    time_ns earliest, latest, window_last;
    uint64_t windows;
    bool windows_wrong;
    /* The plain loop's own. */
    struct waiting *list, *marks; /* marks are barriers; both sorted, the first last */
    uint32_t list_count, mark_count;
    uint64_t sequences[ENTITIES_MAX];
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static bool waiting_before(const struct waiting *a, const struct waiting *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    return a->source != b->source ? a->source < b->source : a->sequence < b->sequence;
}

static void list_insert(struct waiting *list, uint32_t *count, const struct waiting *item)
{
    uint32_t low = 0, high = *count;

    cr_assert_lt(*count, WAITING_MAX);
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (waiting_before(item, &list[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    memmove(list + low + 1, list + low, (*count - low) * sizeof(*list));
    list[low] = *item;
    ++*count;
}

static void model_send(struct model *model, uint32_t source, uint32_t target, time_ns at,
                       uint32_t data)
{
    struct waiting item = {at, source, target, data, model->sequences[source]++};

    if (model->engine != NULL)
        engine_send(model->engine, source, target, at, data);
    else
        list_insert(model->list, &model->list_count, &item);
}

static void model_mark(struct model *model, time_ns at, uint32_t data)
{
    struct waiting item = {at, data, 0, data, 0};

    if (model->engine != NULL)
        engine_barrier(model->engine, at, data);
    else
        list_insert(model->marks, &model->mark_count, &item);
}

/* A delay out of several scales: ties, parts of a window, whole windows, and far ahead. */
static time_ns delay_draw(struct random *random, time_ns lookahead)
{
    /* So many windows as need one, two and three levels of the wheel; and meeting at one instant.
     */
    static const time_ns levels[] = {1 << 12, 1 << 22, INT64_C(1) << 31};
    time_ns level = levels[random_below(random, 3)];

    switch (random_below(random, 8)) {
    case 0:
        return 0;
    case 1:
        return (time_ns)random_below(random, 3);
    case 2:
        return (time_ns)random_below(random, (uint64_t)lookahead);
    case 3:
        return (time_ns)random_below(random, 4 * (uint64_t)lookahead);
    case 4:
        return (time_ns)random_below(random, 5000 * (uint64_t)lookahead);
    case 5:
        return level < INT64_MAX / 64 / lookahead ? level * lookahead : lookahead;
    default:
        return lookahead * (time_ns)random_below(random, 3);
    }
}

static void model_step(struct model *model, uint32_t source, uint32_t target, uint32_t data,
                       time_ns now)
{
    struct random random =
        random_make(model->seed, 0, target, 0, STREAM_TEST, model->draws[target]);
    uint64_t children = data >> 24 == 0 ? 0 : random_below(&random, 4);

    model->worked++;
    model->histories[target] =
        mix(mix(mix(mix(model->histories[target], (uint64_t)now), source), data), model->barriers);
    if (now < model->earliest)
        model->earliest = now;
    if (now > model->latest)
        model->latest = now;
    /* The highest byte of data says how many generations may follow. */
    for (uint64_t i = 0; i < children; i++) {
        uint32_t child = ((data >> 24) - 1) << 24 | (uint32_t)random_below(&random, 1 << 24);

        time_ns delay = delay_draw(&random, model->lookahead);
        uint32_t other = (uint32_t)random_below(&random, model->entities);

        if (random_below(&random, 2) == 0)
            model_send(model, target, target, now + delay, child);
        else
            model_send(model, target, other, now + model->lookahead + delay, child);
    }
    if (random_below(&random, 200) == 0) {
        time_ns delay = delay_draw(&random, model->lookahead);

        model_mark(model, now + model->lookahead + delay, (uint32_t)random_below(&random, 3));
    }
    model->draws[target] = random.draw;
}

static void engine_step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    struct model *model = world;

    cr_assert_eq(engine, model->engine);
    model_step(model, event->source, event->target, event->data, now);
}

static int model_window(void *world, struct engine *engine, time_ns begin, time_ns end,
                        struct error *error)
{
    struct model *model = world;

    (void)error;
    model->windows++;
    model->windows_wrong |= begin >= end || end - begin > model->lookahead ||
                            begin < model->window_last || model->earliest < begin ||
                            model->latest >= end || engine_now(engine) != begin;
    model->window_last = end;
    model->earliest = TIME_NEVER;
    model->latest = -1;
    return 0;
}

static void model_barrier(struct model *model, time_ns now, uint32_t data)
{
    uint32_t target = data % model->entities;

    model->barriers++;
    model->barrier_history = mix(mix(model->barrier_history, (uint64_t)now), data);
    model_send(model, 0, target, now, data);
    model_send(model, 0, target, now + (time_ns)data * model->lookahead, data);
}

static int engine_barrier_step(void *world, struct engine *engine, time_ns now, uint32_t data,
                               struct error *error)
{
    (void)engine;
    (void)error;
    model_barrier(world, now, data);
    return 0;
}

static void plain_run(struct model *model, time_ns until)
{
    for (;;) {
        struct waiting *event = model->list_count ? &model->list[model->list_count - 1] : NULL;
        struct waiting *mark = model->mark_count ? &model->marks[model->mark_count - 1] : NULL;

        if (mark != NULL && mark->at < until && (event == NULL || mark->at <= event->at)) {
            model->mark_count--;
            model_barrier(model, mark->at, mark->data);
        } else if (event != NULL && event->at < until) {
            struct waiting first = *event;

            model->list_count--;
            model_step(model, first.source, first.target, first.data, first.at);
        } else {
            return;
        }
    }
}

struct plan {
    uint64_t seed;
    uint32_t entities, block;
    time_ns lookahead;
    uint32_t runs; /* the whole time is run in so many parts */
};

static time_ns plan_end(const struct plan *plan)
{
    return 8000 * plan->lookahead;
}

static void model_begin(struct model *model, const struct plan *plan)
{
    memset(model, 0, sizeof(*model));
    model->seed = plan->seed;
    model->entities = plan->entities;
    model->lookahead = plan->lookahead;
    model->earliest = TIME_NEVER;
    model->latest = -1;
    model->list = calloc(WAITING_MAX + 1, sizeof(*model->list));
    model->marks = calloc(WAITING_MAX + 1, sizeof(*model->marks));
}

static void model_seed_events(struct model *model, const struct plan *plan)
{
    struct random random = random_make(plan->seed, 1, 0, 0, STREAM_TEST, 0);

    for (uint32_t i = 0; i < 60; i++) {
        uint32_t source = (uint32_t)random_below(&random, plan->entities);
        uint32_t target = (uint32_t)random_below(&random, plan->entities);

        model_send(model, source, target, delay_draw(&random, plan->lookahead), 6u << 24 | i);
    }
    for (uint32_t i = 0; i < 5; i++)
        model_mark(model, delay_draw(&random, plan->lookahead), i);
}

static void model_end(struct model *model)
{
    free(model->list);
    free(model->marks);
    engine_close(model->engine);
}

/* Runs in parts, with an event sent from outside between them. */
static void model_run(struct model *model, const struct plan *plan)
{
    struct error error = {0};

    model_seed_events(model, plan);
    for (uint32_t part = 1; part <= plan->runs; part++) {
        time_ns until = plan_end(plan) / plan->runs * part - (part < plan->runs ? 1 : 0);

        if (model->engine == NULL)
            plain_run(model, until);
        else
            cr_assert_eq(engine_run(model->engine, until, &error), 0, "%s", error.message);
        model_send(model, 0, part % plan->entities, until, 2u << 24);
    }
    if (model->engine == NULL)
        plain_run(model, TIME_NEVER);
    else
        cr_assert_eq(engine_run(model->engine, TIME_NEVER, &error), 0, "%s", error.message);
}

static void plan_check(const struct plan *plan)
{
    struct engine_rules rules = {.entities = plan->entities,
                                 .block = plan->block,
                                 .lookahead = plan->lookahead,
                                 .events_max = WAITING_MAX};
    static struct model plain, model;
    struct engine_world world = {.step = engine_step,
                                 .window = model_window,
                                 .barrier = engine_barrier_step,
                                 .context = &model};
    struct error error = {0};

    model_begin(&plain, plan);
    model_run(&plain, plan);
    model_begin(&model, plan);
    model.engine = engine_open(&rules, &world, &error);
    cr_assert_not_null(model.engine, "%s", error.message);
    model_run(&model, plan);

#define PLAN "seed %llu, entities %u, block %u, lookahead %lld, runs %u"
#define PLAN_VALUES                                                                                \
    (unsigned long long)plan->seed, plan->entities, plan->block, (long long)plan->lookahead,       \
        plan->runs
    for (uint32_t i = 0; i < plan->entities; i++)
        cr_assert_eq(model.histories[i], plain.histories[i], PLAN ": history of entity %u",
                     PLAN_VALUES, i);
    cr_assert_eq(model.worked, plain.worked, PLAN ": events", PLAN_VALUES);
    cr_assert_eq(model.barrier_history, plain.barrier_history, PLAN ": barriers", PLAN_VALUES);
    cr_assert(!model.windows_wrong, PLAN ": windows", PLAN_VALUES);
    cr_assert_eq(engine_events(model.engine), plain.worked, PLAN ": count", PLAN_VALUES);
    cr_assert_eq(engine_windows(model.engine), model.windows, PLAN ": windows", PLAN_VALUES);
    cr_assert_eq(engine_waiting(model.engine), 0, PLAN ": waiting", PLAN_VALUES);
    model_end(&plain);
    model_end(&model);
}

Test(engine, agrees_with_a_plain_loop)
{
    static const time_ns lookaheads[] = {1, 2, 7, 1000, 1 << 20, 1000000007, 6000000000};

    for (uint64_t seed = 0; seed < 1400; seed++) {
        struct random random = random_make(seed, 2, 0, 0, STREAM_TEST, 0);
        struct plan plan = {.seed = seed, .lookahead = lookaheads[seed % 7]};

        plan.entities = 1 + (uint32_t)random_below(&random, ENTITIES_MAX);
        plan.block = (uint32_t)random_below(&random, 65);
        plan.runs = 1 + (uint32_t)random_below(&random, 4);
        plan_check(&plan);
    }
}

Test(engine, history_is_the_same_for_all_blocks)
{
    for (uint32_t block = 1; block <= 1024; block *= 2)
        plan_check(&(struct plan){4711, 257, block, 1000, 1});
}

/* So many blocks with so few events that the engine makes the blocks larger, before the run and on
 * the way; and a step must not see any of it. */
struct sparse {
    uint32_t draws[20000];
    uint64_t histories[20000];
};

static void sparse_step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    struct sparse *sparse = world;
    uint32_t target = event->target;
    struct random random = random_make(1, 0, target, 0, STREAM_TEST, sparse->draws[target]++);
    uint64_t draw = random_u64(&random);

    sparse->histories[target] =
        mix(mix(mix(sparse->histories[target], (uint64_t)now), event->source), event->data);
    engine_send(engine, target, event->data % 8 == 0 ? (uint32_t)(draw % 20000) : target,
                now + 1000 + (time_ns)(draw >> 32) % 3000000, event->data + 1);
}

Test(engine, sparse_buckets_change_nothing)
{
    static struct sparse sparse[3];
    static const uint32_t blocks[3] = {32768, 5, 300};

    for (uint32_t i = 0; i < 3; i++) {
        struct engine_world world = {.step = sparse_step, .context = &sparse[i]};
        struct engine_rules rules = {
            .entities = 20000, .block = blocks[i], .lookahead = 1000, .events_max = 1 << 20};
        struct engine *engine = engine_open(&rules, &world, NULL);
        struct error error = {0};

        for (uint32_t entity = 0; entity < 20000; entity++)
            for (uint32_t event = 0; event < 3; event++)
                engine_send(engine, entity, entity, (entity * 7919 + event * 10007) % 1900000,
                            event);
        cr_assert_eq(engine_run(engine, 10000000, &error), 0, "%s", error.message);
        cr_assert_eq(engine_waiting(engine), 60000);
        cr_assert_eq(memcmp(&sparse[i], &sparse[0], sizeof(sparse[0])), 0, "block %u", blocks[i]);
        engine_close(engine);
    }
}

/* A hub draws thousands of events into one window, from sources in falling order and with ties. */
struct hub {
    uint32_t seen;
    uint32_t wrong;
    time_ns at;
    uint32_t source, data;
};

static void hub_step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    struct hub *hub = world;

    (void)engine;
    if (hub->seen++ > 0)
        hub->wrong +=
            now < hub->at ||
            (now == hub->at && (event->source < hub->source ||
                                (event->source == hub->source && event->data <= hub->data)));
    hub->at = now;
    hub->source = event->source;
    hub->data = event->data;
}

Test(engine, hub_sees_its_events_in_order)
{
    struct hub hub = {0};
    struct engine_rules rules = {.entities = 5000, .lookahead = 1000, .events_max = 1 << 20};
    struct engine_world world = {.step = hub_step, .context = &hub};
    struct engine *engine = engine_open(&rules, &world, NULL);
    struct error error = {0};

    for (uint32_t i = 0; i < 50000; i++)
        engine_send(engine, 4999 - i % 5000, 7, 100 + i % 3, i);
    cr_assert_eq(engine_run(engine, 1000, &error), 0);
    cr_assert_eq(hub.seen, 50000);
    cr_assert_eq(hub.wrong, 0);
    engine_close(engine);
}

static void flood_step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    (void)world;
    for (uint32_t i = 0; i < 2; i++)
        engine_send(engine, event->target, event->target, now + 3, i);
}

Test(engine, limit_ends_the_run)
{
    struct engine_world world = {.step = flood_step};
    struct error error = {0};

    /* Once with events that stay within the window, once with events beyond it. */
    for (time_ns lookahead = 1; lookahead < 2000; lookahead += 1000) {
        struct engine_rules rules = {.entities = 3, .lookahead = lookahead, .events_max = 1000};
        struct engine *engine = engine_open(&rules, &world, &error);

        engine_send(engine, 1, 1, 0, 0);
        cr_assert_eq(engine_run(engine, 100000, &error), ERROR_LIMIT);
        cr_assert_not_null(strstr(error.message, "1000 events"));
        cr_assert_leq(engine_waiting(engine), 1000);
        engine_close(engine);
    }
}

struct stopper {
    uint32_t steps, windows;
};

static void stopper_step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    struct stopper *stopper = world;

    stopper->steps++;
    engine_send(engine, event->target, event->target, now + 25, 0);
    if (stopper->steps == 10)
        engine_stop(engine);
}

static int stopper_window(void *world, struct engine *engine, time_ns begin, time_ns end,
                          struct error *error)
{
    struct stopper *stopper = world;

    (void)engine;
    (void)begin;
    (void)end;
    stopper->windows++;
    return stopper->windows == 10 ? error_set(error, ERROR_IO, "disk full") : 0;
}

Test(engine, stops_after_the_window_and_goes_on)
{
    struct stopper stopper = {0};
    struct engine_world world = {
        .step = stopper_step, .window = stopper_window, .context = &stopper};
    struct engine_rules rules = {.entities = 1, .lookahead = 100, .events_max = 10};
    struct engine *engine = engine_open(&rules, &world, NULL);
    struct error error = {0};

    engine_send(engine, 0, 0, 0, 0);
    cr_assert_eq(engine_run(engine, 10000, &error), 0);
    cr_assert_eq(stopper.steps, 12);
    cr_assert_eq(stopper.windows, 3);
    /* The window's error ends the run and is handed on. */
    cr_assert_eq(engine_run(engine, 10000, &error), ERROR_IO);
    cr_assert_eq(stopper.windows, 10);
    cr_assert_eq(engine_run(engine, 2000, &error), 0);
    cr_assert_eq(stopper.steps, 80);
    engine_close(engine);
}

static void idle_step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    struct mallinfo2 *before = world, info = mallinfo2();

    cr_assert_eq(info.uordblks, before->uordblks);
    cr_assert_eq(info.hblkhd, before->hblkhd);
    if (event->data % 2 == 0)
        engine_send(engine, event->target, (event->target + 1) % 1000, now + 10, event->data + 1);
    else
        engine_send(engine, event->target, event->target, now + event->data * 7, event->data + 1);
}

Test(engine, stepping_allocates_nothing)
{
    struct mallinfo2 before;
    struct engine_world world = {.step = idle_step, .context = &before};
    struct engine_rules rules = {.entities = 1000, .lookahead = 10, .events_max = 1 << 20};
    struct engine *engine = engine_open(&rules, &world, NULL);
    struct error error = {0};

    for (uint32_t i = 0; i < 1000; i++)
        engine_send(engine, i, i, i, 1);
    before = mallinfo2();
    cr_assert_eq(engine_run(engine, 10000, &error), 0);
    cr_assert_gt(engine_events(engine), 10000);
    engine_close(engine);
}

static void hasty_step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    (void)world;
    engine_send(engine, event->target, 1 - event->target, now + 9, 0);
}

Test(engine, less_than_the_lookahead_is_a_programming_error, .signal = SIGABRT)
{
    struct engine_world world = {.step = hasty_step};
    struct engine_rules rules = {.entities = 2, .lookahead = 10, .events_max = 10};
    struct engine *engine = engine_open(&rules, &world, NULL);

    engine_send(engine, 0, 0, 0, 0);
    engine_run(engine, 100, NULL);
}
