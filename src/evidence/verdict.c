#include "evidence/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "evidence/verdict_inside.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const struct {
    const char *word, *words;
    enum finding_weight weight;
} KINDS[] = {
#define X(name, word, weight, words) {word, words, WEIGHT_##weight},
    FINDINGS(X)
#undef X
};
static const char *const END_WORDS[] = {
#define X(name, word) word,
    ENDS(X)
#undef X
};

const char *verdict_word(enum verdict_value value)
{
    static const char *const WORDS[] = {"complete", "provable gap", "not established"};

    return (size_t)value < COUNT(WORDS) ? WORDS[value] : NULL;
}

const char *finding_word(enum finding_kind kind)
{
    return (size_t)kind < COUNT(KINDS) ? KINDS[kind].word : NULL;
}

const char *finding_words(enum finding_kind kind)
{
    return (size_t)kind < COUNT(KINDS) ? KINDS[kind].words : NULL;
}

const char *verdict_end_word(enum verdict_end end)
{
    return (size_t)end < COUNT(END_WORDS) ? END_WORDS[end] : NULL;
}

int derivation_refuse(const struct derivation *derivation, const char *format, ...)
{
    char words[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return error_set(derivation->error, ERROR_CORRUPT, "%s", words);
}

/* ---- findings ---- */

/* Each step, gap and target gives so many at most, so that there is always room. */
#define FINDINGS_OF_TARGET 8

static int findings_make(struct derivation *derivation)
{
    size_t room = derivation->verdict->target_count * (size_t)FINDINGS_OF_TARGET + 4;

    for (size_t i = 0; i < derivation->count; i++) {
        const struct entry *entry = &derivation->entries[i];

        room += 3 + (entry->kind == ENTRY_WATCHED ? entry->watched.gap_count : 0);
    }
    derivation->findings = arena_take_array(derivation->arena, room, sizeof(struct finding));
    if (derivation->findings == NULL)
        return error_set(derivation->error, ERROR_MEMORY, "no memory for the findings");
    derivation->findings_room = (uint32_t)room;
    derivation->verdict->findings = derivation->findings;
    return 0;
}

static void found(struct derivation *derivation, enum finding_kind kind, const char *target,
                  int64_t from, int64_t to)
{
    struct verdict *verdict = derivation->verdict;

    if (verdict->finding_count < derivation->findings_room)
        derivation->findings[verdict->finding_count++] = (struct finding){kind, target, from, to};
}

static enum verdict_value weigh(const struct verdict *verdict)
{
    unsigned lightest = UINT32_MAX;

    for (uint32_t i = 0; i < verdict->finding_count; i++)
        if (KINDS[verdict->findings[i].kind].weight < lightest)
            lightest = KINDS[verdict->findings[i].kind].weight;
    if (lightest == UINT32_MAX)
        return VERDICT_COMPLETE;
    return lightest == WEIGHT_MISSING || lightest == WEIGHT_UNSEEN ? VERDICT_GAP
                                                                   : VERDICT_NOT_ESTABLISHED;
}

/* ---- the steps, in their order ---- */

static void looked(struct target_state *state, int64_t count)
{
    state->clean = count == 0;
    state->clean_frozen = state->frozen;
}

static void sealed(struct verdict_target *target, struct target_state *state,
                   const struct entry *entry)
{
    if (state->sealed != NULL)
        return;
    state->sealed = entry;
    state->sealed_value = entry->step.value;
    state->watched_to = entry->step.time_ns;
    target->sealed_ms = target->until_ms = entry->wall_ms;
}

/* One target's part of a step. */
static void step_work(struct derivation *derivation, uint32_t place, const struct entry *entry)
{
    struct verdict_target *target = &derivation->targets[place];
    struct target_state *state = &derivation->states[place];
    const struct entry_step *step = &entry->step;

    switch (step->step) {
    case ENTRY_FENCED:
        state->fenced = true;
        break;
    case ENTRY_EMPTIED: /* nobody is left who could start anything behind a look */
        state->frozen = true;
        break;
    case ENTRY_FROZEN:
        state->frozen = step->value == 0;
        state->freeze_failed = step->value;
        break;
    case ENTRY_THAWED:
        state->frozen = false;
        break;
    case ENTRY_LOOKED:
        looked(state, step->value);
        break;
    case ENTRY_FOUND:
    case ENTRY_KILLED:
        if (state->sealed == NULL)
            state->clean = false;
        break;
    case ENTRY_TOMBSTONED:
        state->tombstoned = true;
        break;
    case ENTRY_SEALED:
        sealed(target, state, entry);
        break;
    case ENTRY_LIFTED:
    case ENTRY_RELEASED:
        if (target->lifted_ms == 0)
            target->lifted_ms = entry->wall_ms;
        break;
    case ENTRY_LOST:
        state->lost = true;
        state->lost_at = step->number;
        break;
    case ENTRY_DIED:
    case ENTRY_HELD:
    case ENTRY_MARKED:
    case ENTRY_UNOBSERVED:
    case ENTRY_UNPROVEN:
    case ENTRY_GHOST:
    case ENTRY_STEP_WORDS:
        break;
    }
}

/* What a step says by itself. */
static void step_note(struct derivation *derivation, const struct entry_step *step)
{
    switch ((unsigned)step->step) {
    case ENTRY_UNOBSERVED:
        found(derivation, FINDING_UNOBSERVED, step->target, step->value, step->time_ns);
        break;
    case ENTRY_UNPROVEN:
        found(derivation, FINDING_UNPROVEN, step->target, step->value, 0);
        break;
    case ENTRY_GHOST:
        found(derivation, FINDING_GHOST, step->target, (int64_t)step->number, 0);
        break;
    case ENTRY_LOST:
        found(derivation, FINDING_RANGE_LOST, step->target, 0, 0);
        break;
    default:
        break;
    }
}

static int one_step(struct derivation *derivation, const struct entry *entry, uint64_t *next)
{
    const struct entry_step *step = &entry->step;
    uint32_t place;
    int code = target_place(derivation, step->target, &place);

    if (code < 0)
        return code;
    if (entry < derivation->accepted)
        return derivation_refuse(derivation, "a step comes before its order");
    if (step->number < *next)
        return derivation_refuse(derivation, "step %" PRIu64 " stands twice, or is out of order",
                                 step->number);
    if (step->number > *next)
        found(derivation, FINDING_STEP_MISSING, "", (int64_t)*next, (int64_t)step->number - 1);
    *next = step->number + 1;
    step_note(derivation, step);
    if (place != TARGET_ALL)
        step_work(derivation, place, entry);
    else
        for (uint32_t i = 0; i < derivation->verdict->target_count; i++)
            step_work(derivation, i, entry);
    return 0;
}

/* ---- after the seal ---- */

/* The witness's word goes on where the seal, or its last word, ended. */
static int watched_work(struct derivation *derivation, const struct entry *entry)
{
    const struct entry_watched *watched = &entry->watched;
    bool counts = false;

    for (uint32_t i = 0; i < watched->target_count; i++) {
        struct target_state *state;
        uint32_t place;
        int code = target_place(derivation, watched->targets[i], &place);

        if (code < 0)
            return code;
        if (place == TARGET_ALL)
            return derivation_refuse(derivation, "a target has no name");
        state = &derivation->states[place];
        if (state->sealed == NULL || !range_same(state->sealed, entry) ||
            watched->from > state->watched_to || watched->to <= state->watched_to)
            continue;
        state->watched_to = watched->to;
        derivation->targets[place].until_ms = entry->wall_ms;
        counts = true;
    }
    for (uint32_t i = 0; counts && i < watched->gap_count; i++)
        found(derivation, FINDING_UNOBSERVED, "", watched->gaps[i].from, watched->gaps[i].to);
    return 0;
}

/* ---- what should be there ---- */

static void target_judge(struct derivation *derivation, uint32_t place)
{
    const struct verdict_target *target = &derivation->targets[place];
    const struct target_state *state = &derivation->states[place];
    bool stop = derivation->verdict->order.verb == ORDER_STOP;
    int64_t ended = 0;

    if (state->sealed == NULL)
        found(derivation, FINDING_UNSEALED, target->name, 0, 0);
    if (stop && !state->tombstoned)
        found(derivation, FINDING_NO_TOMBSTONE, target->name, 0, 0);
    if (!state->lost && !state->fenced)
        found(derivation, FINDING_UNFENCED, target->name, 0, 0);
    if (!state->lost && state->clean && !state->clean_frozen && state->freeze_failed != 0)
        found(derivation, FINDING_NOT_FROZEN, target->name, state->freeze_failed, 0);
    else if (!state->lost && !(state->clean && state->clean_frozen))
        found(derivation, FINDING_UNLOOKED, target->name, 0, 0);
    for (uint32_t i = 0; i < target->incarnation_count; i++) {
        const struct verdict_incarnation *life = &target->incarnations[i];

        if (life->end == END_NONE || (stop && (life->end == END_HELD || life->end == END_RELEASED)))
            found(derivation, FINDING_NO_END, target->name, life->incarnation, life->pid);
        else
            ended++;
    }
    if (!state->lost && state->sealed_value > ended)
        found(derivation, FINDING_COUNT, target->name, state->sealed_value, ended);
}

static void all_judge(struct derivation *derivation)
{
    struct verdict *verdict = derivation->verdict;

    verdict->has_cgroups = verdict->has_process_events = true;
    for (uint32_t i = 0; i < derivation->ranges; i++) {
        const struct entry_opened *opened = &derivation->openings[i]->opened;

        verdict->has_cgroups = verdict->has_cgroups && opened->has_cgroups;
        verdict->has_process_events = verdict->has_process_events && opened->has_process_events;
    }
    if (!verdict->opened->has_cgroups && !verdict->opened->has_process_events)
        found(derivation, FINDING_BLIND, "", 0, 0);
    verdict->to_ms = INT64_MAX;
    for (uint32_t i = 0; i < verdict->target_count; i++) {
        struct verdict_target *target = &derivation->targets[i];

        target_judge(derivation, i);
        if (target->sealed_ms == 0)
            target->until_ms = verdict->from_ms;
        if (target->lifted_ms != 0 && target->lifted_ms < target->until_ms)
            target->until_ms = target->lifted_ms;
        if (target->until_ms < verdict->to_ms)
            verdict->to_ms = target->until_ms;
    }
    verdict->value = weigh(verdict);
}

static int entries_work(struct derivation *derivation)
{
    uint64_t next = 1, steps = 0;
    int code = 0;

    for (size_t i = 0; code == 0 && i < derivation->count; i++) {
        const struct entry *entry = &derivation->entries[i];
        uint64_t epoch = entry->kind == ENTRY_STEP      ? entry->step.epoch
                         : entry->kind == ENTRY_WATCHED ? entry->watched.epoch
                                                        : derivation->verdict->accepted->epoch;

        if (epoch != derivation->verdict->accepted->epoch)
            return derivation_refuse(derivation, "an entry is of another order");
        if (entry->kind == ENTRY_REFUSED)
            return derivation_refuse(derivation, "a refusal is no part of it");
        if (entry->kind == ENTRY_STEP)
            code = one_step(derivation, entry, &next);
        if (entry->kind == ENTRY_WATCHED) {
            code = watched_work(derivation, entry);
            steps = entry->watched.steps > steps ? entry->watched.steps : steps;
        }
        if (entry->kind == ENTRY_CLOSED || entry->kind == ENTRY_OPENED)
            derivation->verdict->closed_ms = entry->kind == ENTRY_CLOSED ? entry->wall_ms : 0;
    }
    if (code == 0 && steps >= next)
        found(derivation, FINDING_STEP_MISSING, "", (int64_t)next, (int64_t)steps);
    return code;
}

int verdict_derive(struct verdict *verdict, struct arena *arena, const struct entry *entries,
                   size_t count, struct error *error)
{
    struct derivation derivation = {
        .verdict = verdict, .arena = arena, .entries = entries, .count = count, .error = error};
    int code;

    *verdict = (struct verdict){0};
    if (count > VERDICT_ENTRIES_MAX)
        return error_set(error, ERROR_LIMIT, "there are more than %d entries", VERDICT_ENTRIES_MAX);
    code = crew_derive(&derivation);
    if (code == 0)
        code = findings_make(&derivation);
    if (code == 0)
        code = entries_work(&derivation);
    if (code == 0)
        code = lives_derive(&derivation);
    if (code == 0)
        all_judge(&derivation);
    return code;
}
