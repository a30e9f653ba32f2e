/*
 * From factors to cells, and from cells to arms: what each is called, what it changes, its seed.
 *
 * Cells stand in the order of the file, the last factor varying fastest; sampled designs in the
 * order of their points. Saltelli's scheme (Computer Physics Communications 181, 2010) takes N
 * points of twice as many dimensions as a matrix A beside a matrix B: the cells are A, then B, then
 * for each factor A with that factor's column from B.
 */
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stat_sensitivity.h"
#include "base/random.h"
#include "study/inside.h"

struct cell {
    uint32_t *level; /* by factor; UINT32_MAX: a range */
    double *value;
};

struct designer {
    struct study_file *file;
    struct study *study;
    struct arena *arena;
    struct cell *cells;
    uint32_t cell_count;
    struct study_arm *arms;
    uint32_t arm_count;
    struct error *error;
};

static int memory(struct error *error)
{
    return study_memory(error, "the study's arms");
}

static int cells_make(struct designer *designer, uint64_t count)
{
    uint32_t factors = designer->study->factor_count;
    uint64_t most = STUDY_ARMS_MAX / (designer->study->variant_count + 1);

    if (count > most)
        return error_set(designer->error, ERROR_INPUT,
                         "%s: the design has %llu cells of %u arms each; at most %d arms",
                         designer->study->path, (unsigned long long)count,
                         designer->study->variant_count + 1, STUDY_ARMS_MAX);
    designer->cell_count = (uint32_t)count;
    designer->cells = arena_take_array(designer->arena, count, sizeof *designer->cells);
    if (designer->cells == NULL)
        return memory(designer->error);
    for (uint32_t c = 0; c < designer->cell_count; c++) {
        struct cell *cell = &designer->cells[c];

        cell->level = arena_take_array(designer->arena, factors + 1, sizeof *cell->level);
        cell->value = arena_take_array(designer->arena, factors + 1, sizeof *cell->value);
        if (cell->level == NULL || cell->value == NULL)
            return memory(designer->error);
    }
    return 0;
}

static void cell_level(const struct study *study, struct cell *cell, uint32_t factor,
                       uint32_t level)
{
    const struct study_level *at = &study->factors[factor].levels[level];

    cell->level[factor] = level;
    cell->value[factor] = at->numeric ? at->number : NAN;
}

static int factorial(struct designer *designer)
{
    const struct study *study = designer->study;
    uint64_t count = 1;
    int code;

    for (uint32_t f = 0; f < study->factor_count && count <= STUDY_ARMS_MAX; f++)
        count *= study->factors[f].level_count;
    code = cells_make(designer, count);
    for (uint32_t c = 0; c < designer->cell_count && code == 0; c++) {
        uint32_t rest = c;

        for (uint32_t f = study->factor_count; f-- > 0;) {
            cell_level(study, &designer->cells[c], f, rest % study->factors[f].level_count);
            rest /= study->factors[f].level_count;
        }
    }
    return code;
}

static int one_at_a_time(struct designer *designer)
{
    const struct study *study = designer->study;
    uint64_t count = 1;
    uint32_t at = 1;
    int code;

    for (uint32_t f = 0; f < study->factor_count; f++)
        count += study->factors[f].level_count - 1;
    code = cells_make(designer, count);
    for (uint32_t c = 0; c < designer->cell_count && code == 0; c++)
        for (uint32_t f = 0; f < study->factor_count; f++)
            cell_level(study, &designer->cells[c], f, 0);
    for (uint32_t f = 0; f < study->factor_count && code == 0; f++)
        for (uint32_t level = 1; level < study->factors[f].level_count; level++)
            cell_level(study, &designer->cells[at++], f, level);
    return code;
}

/* A number of the unit interval as a level, or as a value of a range. */
static void cell_point(const struct study *study, struct cell *cell, uint32_t factor, double at)
{
    const struct study_factor *of = &study->factors[factor];

    if (of->levels != NULL) {
        uint32_t level = (uint32_t)(at * of->level_count);

        cell_level(study, cell, factor, level < of->level_count ? level : of->level_count - 1);
        return;
    }
    cell->level[factor] = UINT32_MAX;
    if (of->whole) /* each whole number has an equal part */
        cell->value[factor] = floor(of->low) + floor(at * (floor(of->high) - floor(of->low) + 1));
    else if (of->logarithmic)
        cell->value[factor] = of->low * pow(of->high / of->low, at);
    else
        cell->value[factor] = of->low + at * (of->high - of->low);
}

static int sampled(struct designer *designer)
{
    const struct study *study = designer->study;
    uint32_t factors = study->factor_count, n = study->samples;
    bool sobol = study->design == DESIGN_SOBOL;
    uint32_t dimensions = sobol ? 2 * factors : factors;
    double *points = calloc((size_t)n * dimensions + 1, sizeof *points);
    int code = points == NULL ? memory(designer->error) : 0;

    if (code == 0 && sobol)
        code = design_sobol(n, dimensions, NULL, points, designer->error);
    else if (code == 0)
        design_latin(n, dimensions, random_make(study->seed, 0, 0, 0, STREAM_DESIGN, 0), points);
    if (code == 0)
        code = cells_make(designer, sobol ? (uint64_t)n * (factors + 2) : n);
    for (uint32_t c = 0; c < designer->cell_count && code == 0; c++) {
        uint32_t matrix = c / n; /* 0: A; 1: B; 2 + f: A with column f of B */
        const double *point = points + (size_t)(c % n) * dimensions;

        for (uint32_t f = 0; f < factors; f++) {
            bool from_b = matrix == 1 || matrix == 2 + f;

            cell_point(study, &designer->cells[c], f, point[from_b ? factors + f : f]);
        }
    }
    free(points);
    return code;
}

/* ---- arms ---- */

static void value_text(const struct study_factor *factor, double value, char text[64])
{
    snprintf(text, 64, factor->whole ? "%.0f%s" : "%.10g%s", value, factor->unit);
}

/* `bond=good, notice=silent`; of a sampled design the point's number goes before. */
static int cell_name(struct designer *designer, uint32_t number, const char **name)
{
    const struct study *study = designer->study;
    const struct cell *cell = &designer->cells[number];
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return memory(designer->error);
    if (study->design == DESIGN_LATIN)
        fprintf(out, "%u: ", number);
    if (study->design == DESIGN_SOBOL) {
        uint32_t matrix = number / study->samples;

        fprintf(out, "%u%s%s: ", number % study->samples, matrix == 1 ? "B" : "A",
                matrix < 2 ? "" : study->factors[matrix - 2].name);
    }
    for (uint32_t f = 0; f < study->factor_count; f++) {
        const struct study_factor *factor = &study->factors[f];
        char value[64];

        fprintf(out, "%s%s=", f == 0 ? "" : ", ", factor->name);
        if (cell->level[f] == UINT32_MAX)
            value_text(factor, cell->value[f], value);
        fputs(cell->level[f] == UINT32_MAX ? value : factor->levels[cell->level[f]].name, out);
    }
    if (study->factor_count == 0)
        fputs("base", out);
    fclose(out);
    *name = arena_text(designer->arena, text, size);
    free(text);
    return *name == NULL ? memory(designer->error) : 0;
}

static int range_changes(struct designer *designer, const struct study_factor *factor, double value,
                         struct study_change *changes)
{
    char number[64], text[400];

    value_text(factor, value, number);
    for (uint32_t p = 0; p < factor->path_count; p++) {
        int length = snprintf(text, sizeof text, "%s=%s", factor->paths[p], number);

        if (length < 0 || (size_t)length >= sizeof text)
            return error_set(designer->error, ERROR_INPUT, "%s: factor `%s`: the path is too long",
                             designer->study->path, factor->name);
        changes[p].text = arena_text(designer->arena, text, (size_t)length);
        changes[p].place = factor->name;
        if (changes[p].text == NULL)
            return memory(designer->error);
    }
    return 0;
}

/* The study's own changes, those of the cell's levels, and then `more`. */
static int arm_changes(struct designer *designer, const struct cell *cell, struct study_arm *arm,
                       const struct study_change *more, uint32_t more_count)
{
    const struct study *study = designer->study;
    uint32_t count = study->change_count + more_count, at = study->change_count;
    struct study_change *changes;

    for (uint32_t f = 0; f < study->factor_count; f++)
        count += cell->level[f] == UINT32_MAX
                     ? study->factors[f].path_count
                     : study->factors[f].levels[cell->level[f]].change_count;
    changes = arena_take_array(designer->arena, (size_t)count + 1, sizeof *changes);
    if (changes == NULL)
        return memory(designer->error);
    for (uint32_t i = 0; i < study->change_count; i++)
        changes[i] = study->changes[i];
    for (uint32_t f = 0; f < study->factor_count; f++) {
        const struct study_factor *factor = &study->factors[f];
        const struct study_level *level;

        if (cell->level[f] == UINT32_MAX) {
            int code = range_changes(designer, factor, cell->value[f], changes + at);

            if (code != 0)
                return code;
            at += factor->path_count;
            continue;
        }
        level = &factor->levels[cell->level[f]];
        for (uint32_t i = 0; i < level->change_count; i++)
            changes[at++] = level->changes[i];
    }
    for (uint32_t i = 0; i < more_count; i++)
        changes[at++] = more[i];
    arm->changes = changes;
    arm->change_count = count;
    return 0;
}

static void hash_text(crypto_generichash_state *state, const char *text)
{
    uint64_t length = strlen(text);
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(length >> (8 * i));
    crypto_generichash_update(state, bytes, sizeof bytes);
    crypto_generichash_update(state, (const unsigned char *)text, length);
}

/* The same in both worlds, so that they run the same draws where they draw the same. */
static uint64_t arm_seed(const struct study *study, const struct study_arm *arm)
{
    crypto_generichash_state state;
    unsigned char bytes[8];
    uint64_t seed = 0;
    char text[24];

    crypto_generichash_init(&state, NULL, 0, sizeof bytes < 16 ? 16 : sizeof bytes);
    snprintf(text, sizeof text, "%llu", (unsigned long long)study->seed);
    hash_text(&state, text);
    for (uint32_t i = 0; i < arm->change_count; i++)
        hash_text(&state, arm->changes[i].text);
    unsigned char digest[16];
    crypto_generichash_final(&state, digest, sizeof digest);
    memcpy(bytes, digest, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        seed |= (uint64_t)bytes[i] << (8 * i);
    return seed;
}

static bool cell_live(const struct study *study, const struct cell *cell)
{
    for (uint32_t f = 0; f < study->factor_count; f++)
        if (study->factors[f].is_world)
            return study->factors[f].levels[cell->level[f]].live;
    return study->live;
}

/* The contact process has no episodes, and so no measures of them. */
static int measures_fit(const struct study *study, const struct scenario *scenario,
                        struct error *error)
{
    for (uint32_t i = 0; i < study->measure_count; i++) {
        const char *measure = study->measures[i];
        if (strcmp(measure, STUDY_SURVIVED) != 0 && scenario->contact.enabled)
            return error_set(error, ERROR_INPUT,
                             "measures: `%s` is of episodes; the contact process has `%s` alone",
                             measure, STUDY_SURVIVED);
    }
    return 0;
}

/* Opens the arm's scenario, for its digest and to see that it is right. */
static int arm_check(struct designer *designer, struct study_arm *arm, struct scenario_file **file,
                     const struct scenario **scenario)
{
    int code = study_scenario(designer->study, arm, file, scenario, designer->error);

    if (code == 0)
        code = measures_fit(designer->study, *scenario, designer->error);
    if (code == 0)
        code = study_crew_look(*scenario, &arm->crew, designer->error);
    if (code != 0)
        return error_context(designer->error, "%s: arm `%.200s`", designer->study->path, arm->name);
    memcpy(arm->digest, (*scenario)->digest, sizeof arm->digest);
    return 0;
}

static int variant_arm(struct designer *designer, uint32_t number, uint32_t variant,
                       const struct scenario *base, const char *cell_is)
{
    const struct study_variant *of = &designer->study->variants[variant];
    struct study_arm *arm = &designer->arms[designer->arm_count];
    const struct study_change *changes = of->changes;
    uint32_t count = of->change_count;
    struct scenario_file *file = NULL;
    const struct scenario *scenario;
    char *name;
    size_t size = strlen(cell_is) + strlen(of->name) + 3;
    int code = 0;

    *arm = designer->arms[designer->arm_count - variant - 1];
    arm->variant = (int)variant;
    name = arena_take(designer->arena, size);
    if (name == NULL)
        return memory(designer->error);
    snprintf(name, size, "%s; %s", cell_is, of->name);
    arm->name = name;
    if (of->word >= 0)
        code = matched_changes(designer->arena, base, of->word, &changes, &count, designer->error);
    if (code != 0)
        return error_context(designer->error, "%s: arm `%.200s`", designer->study->path, name);
    code = arm_changes(designer, &designer->cells[number], arm, changes, count);
    if (code == 0)
        code = arm_check(designer, arm, &file, &scenario);
    scenario_close(file);
    arm->seed = arm_seed(designer->study, arm);
    designer->arm_count++;
    return code;
}

static int cell_arms(struct designer *designer, uint32_t number)
{
    struct study_arm *arm = &designer->arms[designer->arm_count];
    const struct cell *cell = &designer->cells[number];
    struct scenario_file *file = NULL;
    const struct scenario *scenario = NULL;
    int code;

    arm->cell = number;
    arm->variant = -1;
    arm->level = cell->level;
    arm->value = cell->value;
    arm->live = cell_live(designer->study, cell);
    code = cell_name(designer, number, &arm->name);
    if (code == 0)
        code = arm_changes(designer, cell, arm, NULL, 0);
    if (code == 0)
        code = arm_check(designer, arm, &file, &scenario);
    arm->seed = arm_seed(designer->study, arm);
    designer->arm_count++;
    for (uint32_t v = 0; v < designer->study->variant_count && code == 0; v++)
        code = variant_arm(designer, number, v, scenario, arm->name);
    scenario_close(file);
    return code;
}

int study_design_arms(struct study_file *file, struct error *error)
{
    static int (*const designs[])(struct designer *) = {[DESIGN_FACTORIAL] = factorial,
                                                        [DESIGN_ONE_AT_A_TIME] = one_at_a_time,
                                                        [DESIGN_LATIN] = sampled,
                                                        [DESIGN_SOBOL] = sampled};
    struct designer designer = {
        .file = file, .study = &file->study, .arena = &file->arena, .error = error};
    int code = designs[file->study.design](&designer);

    if (code != 0)
        return code;
    designer.arms = arena_take_array(&file->arena,
                                     (size_t)designer.cell_count * (file->study.variant_count + 1),
                                     sizeof *designer.arms);
    if (designer.arms == NULL)
        return memory(error);
    for (uint32_t c = 0; c < designer.cell_count && code == 0; c++)
        code = cell_arms(&designer, c);
    file->study.arms = designer.arms;
    file->study.arm_count = designer.arm_count;
    file->study.cell_count = designer.cell_count;
    return code;
}
