#include "study/descents.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95
#define STEPS (CONTACT_GENERATIONS - 1)

struct loader {
    struct descents *descents;
    sqlite3 *database;
    const char *study;
    struct error *error;
};

static int memory(struct loader *loader)
{
    return study_memory(loader->error, "the descents");
}

static int look(struct loader *loader, const char *sql, sqlite3_stmt **rows)
{
    return sqlite3_prepare_v2(loader->database, sql, -1, rows, NULL) == SQLITE_OK
               ? 0
               : error_set(loader->error, ERROR_IO, "reading the descents: %s",
                           sqlite3_errmsg(loader->database));
}

/* ---- one arm ---- */

/* The lives of one run, by generation. */
struct kin {
    double lives[CONTACT_GENERATIONS];
};

static int kin_load(struct loader *loader, int64_t arm, struct kin **list, size_t *count)
{
    sqlite3_stmt *row;
    int64_t last = -1;
    int code = look(loader,
                    "SELECT replicate, generation, lives FROM descent WHERE arm=? "
                    "ORDER BY replicate, generation",
                    &row);

    if (code != 0)
        return code;
    sqlite3_bind_int64(row, 1, arm);
    while (code == 0 && sqlite3_step(row) == SQLITE_ROW) {
        int64_t replicate = sqlite3_column_int64(row, 0);
        int generation = sqlite3_column_int(row, 1);

        if (*count == 0 || replicate != last) {
            struct kin *more = realloc(*list, (*count + 1) * sizeof *more);

            if (more == NULL) {
                code = memory(loader);
                break;
            }
            *list = more;
            more[(*count)++] = (struct kin){{0}};
        }
        last = replicate;
        if (generation >= 0 && generation < CONTACT_GENERATIONS)
            (*list)[*count - 1].lives[generation] = sqlite3_column_double(row, 2);
    }
    sqlite3_finalize(row);
    return code;
}

static double odds(double share)
{
    return share / (1 - share);
}

/* Children per parent of the generations [first, last). The bootstrap is of children among children
 * and parents, a share; a monotonous function of it has the percentiles that follow. */
static int reproduction(struct loader *loader, const struct kin *list, size_t count, int first,
                        int last, uint32_t arm, struct bootstrap *result)
{
    double *part = calloc(count + 1, sizeof *part), *whole = calloc(count + 1, sizeof *whole);
    struct clusters clusters = {count, part, whole};
    int code = part == NULL || whole == NULL ? memory(loader) : 0;

    for (size_t i = 0; i < count && code == 0; i++)
        for (int g = first; g < last; g++) {
            part[i] += list[i].lives[g + 1];
            whole[i] += list[i].lives[g + 1] + list[i].lives[g];
        }
    if (code == 0)
        code = bootstrap_ratio(&clusters, DESCENTS_DRAWS, CONFIDENCE,
                               random_make(arm, 0, (agent_id)first, 0, STREAM_DESIGN, 0), result,
                               loader->error);
    result->value = odds(result->value);
    result->low = odds(result->low);
    result->high = odds(result->high);
    free(part);
    free(whole);
    return code;
}

static int arm_fill(struct loader *loader, int64_t id, struct descents_arm *arm)
{
    uint32_t number = loader->descents->arm_count;
    struct kin *list = NULL;
    size_t count = 0;
    int code = kin_load(loader, id, &list, &count);

    for (size_t i = 0; i < count && code == 0; i++)
        for (int g = 0; g < CONTACT_GENERATIONS; g++)
            arm->lives[g] += (uint64_t)list[i].lives[g];
    for (int g = 0; g < STEPS && code == 0; g++)
        code = reproduction(loader, list, count, g, g + 1, number, &arm->reproduction[g]);
    if (code == 0)
        code = reproduction(loader, list, count, DESCENTS_LATE, STEPS, number, &arm->late);
    free(list);
    return code;
}

/* ---- all ---- */

/* What the levels are: those that are no numbers make the group, the first number is the rate. */
static int arm_settings(struct loader *loader, int64_t id, struct descents_arm *arm)
{
    sqlite3_stmt *row;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int code =
        out == NULL
            ? memory(loader)
            : look(loader, "SELECT level, value FROM setting WHERE arm=? ORDER BY factor", &row);

    arm->rate = NAN;
    if (code == 0) {
        sqlite3_bind_int64(row, 1, id);
        while (sqlite3_step(row) == SQLITE_ROW) {
            if (sqlite3_column_type(row, 1) == SQLITE_NULL)
                fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", sqlite3_column_text(row, 0));
            else if (isnan(arm->rate))
                arm->rate = sqlite3_column_double(row, 1);
        }
        sqlite3_finalize(row);
    }
    if (out != NULL)
        fclose(out);
    arm->group = text;
    return code;
}

static int arm_add(struct loader *loader, sqlite3_stmt *row)
{
    struct descents *descents = loader->descents;
    struct descents_arm *more = realloc(descents->arms, (descents->arm_count + 1) * sizeof *more);
    struct descents_arm *arm;
    int64_t id = sqlite3_column_int64(row, 0);
    int code;

    if (more == NULL)
        return memory(loader);
    descents->arms = more;
    arm = &more[descents->arm_count];
    *arm = (struct descents_arm){.name = strdup((const char *)sqlite3_column_text(row, 1)),
                                 .extinct = rate_wilson((uint64_t)sqlite3_column_int64(row, 2),
                                                        (uint64_t)sqlite3_column_int64(row, 3),
                                                        CONFIDENCE)};
    code = arm->name == NULL ? memory(loader) : arm_settings(loader, id, arm);
    if (code == 0)
        code = arm_fill(loader, id, arm);
    descents->arm_count++;
    return code;
}

int descents_open(struct descents **result, const struct store *store, const char *study,
                  struct error *error)
{
    struct descents *descents = calloc(1, sizeof *descents);
    struct loader loader = {descents, store_database(store), study, error};
    sqlite3_stmt *row;
    int code = descents == NULL ? memory(&loader)
                                : look(&loader,
                                       "SELECT arm.arm, name, count(extinct_ns), count(*) FROM arm "
                                       "JOIN run USING(arm) WHERE study=? AND planned AND EXISTS "
                                       "(SELECT 1 FROM descent WHERE descent.arm=arm.arm) "
                                       "GROUP BY arm.arm ORDER BY number",
                                       &row);

    *result = NULL;
    if (code == 0) {
        sqlite3_bind_text(row, 1, study, -1, SQLITE_STATIC);
        while (code == 0 && sqlite3_step(row) == SQLITE_ROW)
            code = arm_add(&loader, row);
        sqlite3_finalize(row);
    }
    if (code == 0 && descents->arm_count == 0)
        code = error_set(error, ERROR_INPUT,
                         "the study `%.80s` has no runs of the contact process that began with a "
                         "few alive (`contact.start`)",
                         study);
    if (code != 0) {
        descents_close(descents);
        return code;
    }
    *result = descents;
    return 0;
}

void descents_close(struct descents *descents)
{
    if (descents == NULL)
        return;
    for (uint32_t a = 0; a < descents->arm_count; a++) {
        free(descents->arms[a].name);
        free(descents->arms[a].group);
    }
    free(descents->arms);
    free(descents);
}
