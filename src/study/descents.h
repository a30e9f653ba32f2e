/*
 * Reproduction against extinction, from the results database: how many lives one life brings about,
 * generation by generation, and how many of an arm's crews died out.
 *
 *     descents_open(&descents, store, "tipping-descent", &error);
 *     descents->arms[0 .. arm_count - 1]
 *     descents_close(descents);
 *
 * Of runs of the contact process that began with a few alive (the table `descent`). Lives of one
 * run hang together: the intervals are those of a bootstrap over runs (DESCENTS_DRAWS draws, always
 * the same ones), 95%.
 */
#ifndef IOLAUS_STUDY_DESCENTS_H
#define IOLAUS_STUDY_DESCENTS_H

#include "analysis/contact.h"
#include "analysis/stat_resample.h"
#include "analysis/statistics.h"
#include "study/store.h"

#define DESCENTS_DRAWS 400

struct descents_arm {
    char *name, *group; /* group: the levels that are no numbers, or "" */
    double rate;        /* the first level that is a number; NAN: none is */
    struct rate extinct;
    uint64_t lives[CONTACT_GENERATIONS];
    /* Lives of generation g + 1 per life of generation g; value NAN where that had none. */
    struct bootstrap reproduction[CONTACT_GENERATIONS - 1];
    /* Of the last generations together, from DESCENTS_LATE on. */
    struct bootstrap late;
};
#define DESCENTS_LATE 5

struct descents {
    struct descents_arm *arms;
    uint32_t arm_count;
};

/* ERROR_INPUT where the study holds no such runs. */
int descents_open(struct descents **descents, const struct store *store, const char *study,
                  struct error *error);
void descents_close(struct descents *descents);

#endif
