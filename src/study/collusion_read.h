/* The decisions of one arm, from the database to what analysis/collusion.h takes. Of this room's
 * collusion.c alone. */
#ifndef IOLAUS_STUDY_COLLUSION_READ_H
#define IOLAUS_STUDY_COLLUSION_READ_H

#include "study/collusion.h"

/* One agent's part in one episode. */
struct read_choice {
    uint32_t run;     /* from 0, in the order of replicates */
    uint32_t episode; /* from 0, over all runs */
    uint32_t block;   /* of its run */
    uint32_t agent, situation;
    bool defended;
};

struct read_part {
    struct read_choice *list;
    size_t count, room;
    size_t *first; /* of each run, and behind the last */
};

struct read_arm {
    struct read_part part[PART_COUNT];
    uint32_t *replicates;    /* of each run */
    uint32_t *first_episode; /* of each run, and behind the last */
    uint32_t *targets;       /* of each episode: a number */
    size_t target_room;
    uint32_t runs, run_room, episodes, agents;
    uint64_t missing;
    void *names; /* of agents and situations */
};

/* To be closed in every case. */
int read_arm_open(struct read_arm *arm, const struct store *store, int64_t id,
                  const struct collusion_options *options, struct error *error);
void read_arm_close(struct read_arm *arm);

/* The data of a run, or with UINT32_MAX of all runs. What it points to is to be freed with
 * read_data_close. */
int read_data(const struct read_arm *arm, enum collusion_part part, uint32_t run,
              struct collusion_data *data, struct error *error);
void read_data_close(struct collusion_data *data);

#endif
