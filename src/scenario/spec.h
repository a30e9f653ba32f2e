/*
 * A scenario as it is written: what the tables of tables.c read a file into, with names still to be
 * looked up. resolve.c makes the struct scenario from it. All memory is the reader's arena.
 */
#ifndef IOLAUS_SCENARIO_SPEC_H
#define IOLAUS_SCENARIO_SPEC_H

#include "scenario/reader.h"
#include "scenario/scenario.h"

enum kind_class { CLASS_LANGUAGE, CLASS_VISION, CLASS_ROBOT, CLASS_OBJECT_KIND };

/* What a kind says, and a group may say otherwise. */
struct behaviour {
    struct spread decision, service;
    time_ns start_time, checkpoint_every, report_every, stop_cleanup, retry;
    uint32_t tools;
    const char *mind;
    bool watched, defend_departed;
    uint8_t framing, prohibition;
    uint32_t attempts;
    int64_t score;
    uint64_t state_bytes;
};

struct spec_kind {
    struct item item;
    uint8_t class;
    struct behaviour behaviour;
};

/* `base` and one number for each factor: log-odds, or under `when` a probability. */
struct spec_choice {
    int node; /* 0: not in the file */
    probability base;
    fixed change[FACTOR_COUNT];
    probability when[FACTOR_COUNT];
};

/* Minds that name the same pact are of it. */
struct spec_pact {
    const char *name; /* NULL: the mind's own */
    probability strength;
    time_ns window;
};

struct spec_mind {
    struct item item;
    const char *preset, *behaviour;
    bool covert;
    int choices[CHOICE_COUNT];      /* nodes, read by minds.c */
    int pact;                       /* node, or 0 */
    struct spec_pact agreed;        /* read by minds.c from it */
    int adaptive;                   /* node, or 0 */
    struct adaptive_rules learning; /* read by minds.c from it */
};

struct spec_group {
    struct item item;
    const char *kind, *node;
    uint32_t count;
    struct behaviour behaviour;
};

struct spec_links {
    uint8_t generator; /* enum graph_kind */
    uint32_t degree, arity, columns;
    bool torus;
    probability rewire;
    const char *file;
    int list;
};

struct spec_bond {
    struct item item;
    const char *from, *to;
    int16_t bond;
    probability dependence;
};

struct spec_work {
    struct item item;
    struct spread every;
    time_ns deadline;
    struct names route;
};

struct spec_permission {
    struct item item;
    const char *who, *whom;
    uint32_t tools;
    bool allow;
};

struct spec_fault {
    struct item item;
    uint8_t kind;
    time_ns at, lasts, every;
    struct names agents;
    const char *node;
    fixed factor;
};

struct spec_campaign {
    struct campaign_rules rules;
    uint8_t order;
    struct names targets, announce;
};
enum campaign_order { ORDER_LISTED, ORDER_ID, ORDER_HUB_FIRST, ORDER_CUTWIDTH };

struct spec_contact {
    fixed rate;
    time_ns life_mean, revive_mean;
    struct names start;
    uint32_t seed_vertex;
    bool until_extinct;
};

struct spec_published {
    struct item item;
    const char *measure, *preset, *cell, *source;
    probability rate;
    uint32_t trials;
};

struct spec_arm {
    struct item item; /* an arm's name may hold spaces */
    const char *about;
    int set;
    struct list published;
};

struct spec {
    int root;
    uint32_t format;
    const char *name, *about;
    uint64_t seed;
    uint32_t replicates;
    time_ns duration;
    int nodes;
    struct list kinds, minds, crew, work, faults, arms;
    struct spec_links links;
    int16_t bond_initial;
    bool bond_history;
    struct bond_rules bond;
    struct list bonds;
    struct watch_rules watch;
    struct platform_rules platform;
    struct list permissions;
    struct scenario_network network;
    struct spec_campaign campaign;
    struct spec_contact contact;
};

/* The tables, for the reader and for the reference page. */
extern const struct table table_root, table_arm, table_choice, table_when, table_behaviour,
    table_mind, table_adaptive, table_pact;
extern const struct word words_choices[], words_factors[];

/* Every table, in the order of the reference page; ends with NULL. */
extern const struct table *const tables_all[];

#endif
