/* What the files of this room share. No other room includes it. */
#ifndef IOLAUS_STUDY_INSIDE_H
#define IOLAUS_STUDY_INSIDE_H

#include "base/arena.h"
#include "study/spec.h"
#include "study/study.h"

struct study_file {
    struct study study; /* first: study_close casts back */
    struct arena arena;
    struct document document; /* names and texts are the document's */
    char *path, *bytes;
    size_t size;
};

/* ---- levels.c: what is varied ---- */

/* The changes of a mapping of paths to values; an empty list for node 0. */
int study_changes(struct reader *reader, int node, const struct study_change **changes,
                  uint32_t *count);
int study_factors(struct reader *reader, const struct spec_study *spec, struct study *study);

/* ---- threshold.c ---- */

/* After factors, measures and design have been read. */
int study_threshold_read(struct reader *reader, const struct spec_study *spec, struct study *study);

/* ---- design.c: cells and arms ---- */

/* Arms by the design, with names, changes and seeds; the digests are not set yet. */
int study_design_arms(struct study_file *file, struct error *error);

/* ---- matched.c ---- */

/* What a word of MATCHED_WORDS changes in a cell whose scenario is `scenario`. */
int matched_changes(struct arena *arena, const struct scenario *scenario, int word,
                    const struct study_change **changes, uint32_t *count, struct error *error);

#endif
