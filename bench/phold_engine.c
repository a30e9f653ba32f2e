#include "phold.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/engine.h"

struct engine_loop {
    struct engine *engine;
    struct phold_entity *entities;
    uint32_t count;
};

static void step(void *world, struct engine *engine, const struct event *event, time_ns now)
{
    struct engine_loop *loop = world;
    struct phold_event next = phold_step(loop->entities, loop->count,
                                         &(struct phold_event){now, event->source, event->target});

    engine_send(engine, next.source, next.target, next.at, 0);
}

static void *engine_loop_open(struct phold_entity *entities, uint32_t count)
{
    struct engine_loop *loop = malloc(sizeof(*loop));
    struct engine_rules rules = {.entities = count,
                                 .entity_bytes = sizeof(*entities),
                                 .lookahead = PHOLD_UNIT_NS,
                                 .events_max = UINT64_C(2) * PHOLD_EVENTS * count};
    struct engine_world world = {.step = step, .context = loop};
    struct error error;

    if (loop == NULL)
        abort();
    *loop = (struct engine_loop){engine_open(&rules, &world, &error), entities, count};
    if (loop->engine == NULL) {
        fprintf(stderr, "phold: %s\n", error.message);
        exit(error_exit_status(error.code));
    }
    for (uint64_t i = 0; i < (uint64_t)count * PHOLD_EVENTS; i++) {
        struct phold_event event = phold_first(entities, count, (uint32_t)(i % count));

        engine_send(loop->engine, event.source, event.target, event.at, 0);
    }
    return loop;
}

static uint64_t engine_loop_run(void *context, int64_t until)
{
    struct engine_loop *loop = context;
    uint64_t before = engine_events(loop->engine);
    struct error error;

    if (engine_run(loop->engine, until, &error) != 0) {
        fprintf(stderr, "phold: %s\n", error.message);
        exit(error_exit_status(error.code));
    }
    return engine_events(loop->engine) - before;
}

static void engine_loop_close(void *context)
{
    struct engine_loop *loop = context;

    engine_close(loop->engine);
    free(loop);
}

const struct phold_loop phold_engine = {"engine", engine_loop_open, engine_loop_run,
                                        engine_loop_close};
