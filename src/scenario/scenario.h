/*
 * Scenarios: what a crew is, what it works on, what the platform does, what goes wrong, whom the
 * operator stops, and which arms are compared.
 *
 * A scenario file is YAML, read strictly (docs/reference/scenario.md, made from the same tables
 * that read it). scenario_open reads and checks it whole, with every arm; scenario_arm then gives
 * the resolved struct for one arm, in an arena of its own. Nothing is changed by an error.
 */
#ifndef IOLAUS_SCENARIO_SCENARIO_H
#define IOLAUS_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/fixed.h"
#include "base/spread.h"
#include "base/types.h"
#include "core/agent/agent.h"
#include "core/agent/mind_adaptive.h"
#include "core/control/campaign.h"
#include "core/platform/platform.h"
#include "graph/graph.h"

/* One group of agents that share a kind and rules. */
struct scenario_group {
    const char *name;
    const char *kind;       /* name of the kind */
    const char *kind_class; /* language, vision, robot, object */
    agent_id first;         /* its agents are numbered first .. first + count - 1 */
    uint32_t count;
    uint16_t number; /* its place in groups: the class for permissions */
    struct agent_rules rules;
    struct spread decision; /* latency of a decision */
    struct spread service;  /* time for one task */
    time_ns start_time;     /* from the platform's start to the first instruction */
    uint64_t state_bytes;   /* moved where a checkpoint is restored */
    bool adaptive;          /* its mind learns, by these rules; in the simulated world alone */
    struct adaptive_rules learning;
    bool covert; /* its mind does what it chooses behind the platform's back; in a range alone */
};

/* A source of tasks; each task goes through the hops in turn. */
struct scenario_hop {
    const agent_id *candidates;
    uint32_t count;
};
struct scenario_work {
    const char *name;
    struct spread every; /* between two tasks */
    time_ns deadline;    /* from emission */
    const struct scenario_hop *hops;
    uint32_t hop_count;
};

struct scenario_network {
    struct spread latency; /* of a message on a link; its low is the lookahead, > 0 */
    probability loss;
    probability duplicate;
    bool hangup;              /* a dead process's links close, and the peers see it */
    uint64_t transfer_bytes;  /* of state, moved in a second; at least 1 */
    time_ns platform_latency; /* to and from the platform, one way, > 0 */
    uint32_t drift_ppm_max;   /* each agent's clock runs fast or slow by up to this */
};

enum fault_kind { FAULT_PARTITION, FAULT_NODE_CRASH, FAULT_CRASH, FAULT_HANG, FAULT_SLOW };
struct scenario_fault {
    uint8_t kind;
    time_ns at;
    time_ns lasts;          /* partition, node crash, hang, slow; TIME_NEVER: to the end */
    time_ns every;          /* 0: once; else again and again */
    const agent_id *agents; /* partition: one side of it; crash, hang, slow: these */
    uint32_t agent_count;
    node_id node; /* node crash */
    fixed factor; /* slow: latencies times this */
};

/* A published figure to print beside ours. */
struct scenario_published {
    const char *measure; /* a measure's name, as in docs/reference/findings.md */
    double rate;
    uint32_t trials;
    const char *source;
};

struct scenario_contact {
    bool enabled;
    /* life and revive rates stand in the groups' rules; the start: */
    bool all_alive;        /* else only those of `alive`, ascending */
    uint32_t seed_vertex;  /* the first of `alive` */
    const agent_id *alive; /* NULL where all_alive */
    uint32_t alive_count;
    bool until_extinct; /* a run ends when nobody is alive */
};

struct scenario {
    const char *path, *name, *about;
    const char *arm;          /* of this resolved arm */
    const char *arm_about;    /* or "" */
    const char *arm_changes;  /* its `set` in one line, as one would write it; "" for none */
    unsigned char digest[32]; /* SHA-256 of the file's bytes, the changes of the caller and of the
                                 arm, and the presets that its minds are made from */
    uint64_t seed;
    uint32_t replicates;
    time_ns duration;
    uint32_t agents, nodes;
    const char *const *node_names;
    const node_id *node_of;
    const uint16_t *group_of; /* by agent */
    const struct scenario_group *groups;
    uint32_t group_count;
    const uint16_t *groups_by_name; /* numbers of groups, ascending by name */
    struct graph links;             /* built; random kinds by `seed` and replicate 0 */
    /* By place in links.peers. NULL where all links have the same: a crew of ten million agents
     * should not pay for what nobody wrote. */
    const int16_t *bonds; /* Q1.14, or BOND_UNKNOWN; NULL: bond_initial everywhere */
    int16_t bond_initial;
    const uint8_t *dependence; /* 0 .. 255; NULL: 0 everywhere */
    struct scenario_network network;
    struct platform_rules platform;
    const struct scenario_work *work;
    uint32_t work_count;
    const struct scenario_fault *faults;
    uint32_t fault_count;
    bool has_campaign;
    struct campaign_rules campaign;
    struct scenario_contact contact;
    const struct scenario_published *published;
    uint32_t published_count;
};

/* The name of an agent, in the caller's buffer. Names are not kept: a group of one is an agent of
 * the group's name, the agents of other groups are NAME-1, NAME-2 and so on. */
#define SCENARIO_NAME_BYTES 80
const char *scenario_agent_name(const struct scenario *scenario, agent_id agent,
                                char buffer[SCENARIO_NAME_BYTES]);

/* The agent of that name, or AGENT_NONE. */
agent_id scenario_agent_find(const struct scenario *scenario, const char *name);

/* The longest deadline of its work; 0 where there is none. */
time_ns scenario_longest_deadline(const struct scenario *scenario);

struct scenario_file;

/* A change from the command line: `path.to.key=value`, the value in YAML. */
struct scenario_change {
    const char *text;
};

/* Reads and checks the file with all its arms. The texts of the changes must live until
 * scenario_close. On failure *file is NULL. Presets are read from data/presets.yaml (see presets.h)
 * where the file names one. */
int scenario_open(struct scenario_file **file, const char *path,
                  const struct scenario_change *changes, uint32_t change_count,
                  struct error *error);
void scenario_close(struct scenario_file *file);

uint32_t scenario_arms(const struct scenario_file *file); /* at least 1 */
const char *scenario_arm_name(const struct scenario_file *file, uint32_t arm);

/* The resolved arm. Owned by `file`; valid until scenario_close. */
int scenario_arm(struct scenario_file *file, uint32_t arm, const struct scenario **scenario,
                 struct error *error);

#endif
