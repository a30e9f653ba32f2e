#include <stdlib.h>
#include <string.h>

#include "evidence/verdict_inside.h"

/* A step that is about an incarnation, and its target's place. */
struct life_step {
    uint32_t target;
    const struct entry_step *step;
};

/* One life's steps stand together, in their order: a process, then its steps. */
static int steps_compare(const void *one, const void *other)
{
    const struct life_step *a = one, *b = other;

    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->step->sanctioned != b->step->sanctioned)
        return a->step->sanctioned ? -1 : 1;
    if (a->step->incarnation != b->step->incarnation)
        return a->step->incarnation < b->step->incarnation ? -1 : 1;
    if (a->step->pid != b->step->pid)
        return a->step->pid < b->step->pid ? -1 : 1;
    return a->step->number < b->step->number ? -1 : a->step->number > b->step->number;
}

static bool process_same(const struct life_step *one, const struct life_step *other)
{
    return one->target == other->target && one->step->sanctioned == other->step->sanctioned &&
           one->step->incarnation == other->step->incarnation && one->step->pid == other->step->pid;
}

static void life_goes_on(struct verdict_incarnation *life, const struct entry_step *step)
{
    if (life->inside == 0)
        life->inside = step->inside;
    if (step->step == ENTRY_DIED)
        life->end = END_DIED;
    else if (step->step == ENTRY_HELD && life->end != END_DIED)
        life->end = END_HELD;
    else if (step->step == ENTRY_RELEASED && life->end == END_HELD)
        life->end = END_RELEASED;
    else
        return;
    life->ended = step->time_ns;
}

/* The process had ended, and its number is used again. */
static bool life_begins(const struct verdict_incarnation *life, const struct entry_step *step)
{
    return (life->end == END_DIED || life->end == END_LOST) &&
           (step->step == ENTRY_FOUND || step->step == ENTRY_GHOST);
}

/* Whoever was there when the range died, died with it. */
static void life_lost(struct verdict_incarnation *life, const struct target_state *state,
                      uint64_t last)
{
    if (state->lost && last < state->lost_at && (life->end == END_NONE || life->end == END_HELD)) {
        life->end = END_LOST;
        life->ended = 0;
    }
}

static struct life_step *steps_gather(const struct derivation *derivation, size_t *count)
{
    struct life_step *steps = arena_take_array(derivation->arena, derivation->count, sizeof *steps);

    *count = 0;
    for (size_t i = 0; steps != NULL && i < derivation->count; i++) {
        const struct entry *entry = &derivation->entries[i];

        if (entry->kind != ENTRY_STEP || !entry_step_living(entry->step.step))
            continue;
        steps[*count].step = &entry->step;
        /* It has been looked up before. */
        target_place(derivation, entry->step.target, &steps[*count].target);
        ++*count;
    }
    return steps;
}

int lives_derive(struct derivation *derivation)
{
    struct verdict_incarnation *lives, *life = NULL;
    size_t count, used = 0;
    struct life_step *steps = steps_gather(derivation, &count);

    if (steps == NULL)
        return error_set(derivation->error, ERROR_MEMORY, "no memory for the incarnations");
    lives = arena_take_array(derivation->arena, count + 1, sizeof *lives);
    if (lives == NULL)
        return error_set(derivation->error, ERROR_MEMORY, "no memory for the incarnations");
    qsort(steps, count, sizeof *steps, steps_compare);
    for (size_t i = 0; i < count; i++) {
        const struct entry_step *step = steps[i].step;
        const struct target_state *state = &derivation->states[steps[i].target];
        struct verdict_target *target = &derivation->targets[steps[i].target];
        bool same = i > 0 && process_same(&steps[i - 1], &steps[i]);

        if (life != NULL && (!same || (state->lost && step->number > state->lost_at)))
            life_lost(life, &derivation->states[steps[i - 1].target], steps[i - 1].step->number);
        if (!same || life_begins(life, step)) {
            life = &lives[used++];
            *life = (struct verdict_incarnation){
                .incarnation = step->incarnation, .pid = step->pid, .sanctioned = step->sanctioned};
            if (target->incarnation_count++ == 0)
                target->incarnations = life;
        }
        life_goes_on(life, step);
    }
    if (life != NULL)
        life_lost(life, &derivation->states[steps[count - 1].target],
                  steps[count - 1].step->number);
    return 0;
}
