/*
 * From a scenario as it is written (spec.h) to the struct scenario: names are looked up, numbers
 * given, links built, and what no table can check is checked. One file a subject; resolve_all calls
 * them in this order. Errors leave the arena to be closed as a whole, and links for graph_close.
 */
#ifndef IOLAUS_SCENARIO_RESOLVE_H
#define IOLAUS_SCENARIO_RESOLVE_H

#include "scenario/presets.h"
#include "scenario/spec.h"

struct resolver {
    struct reader reader;
    const struct spec *spec;
    struct scenario *scenario;
    const char *path;        /* of the scenario file: links.file is beside it */
    struct presets *presets; /* shared by the arms; opened when one is first needed */
    bool *presets_open;
    bool presets_used; /* by this arm */
};

int resolve_all(struct resolver *resolver);

int resolve_crew(struct resolver *resolver);  /* crew.c: nodes, groups, names */
int resolve_rules(struct resolver *resolver); /* rules.c: what each group's agents are like */
int resolve_links(struct resolver *resolver); /* links.c */
int resolve_bonds(struct resolver *resolver); /* bonds.c */
int resolve_work(struct resolver *resolver);  /* work.c: sources and dependence */
int resolve_platform(struct resolver *resolver);
int resolve_faults(struct resolver *resolver);
int resolve_campaign(struct resolver *resolver); /* campaign.c */
int resolve_contact(struct resolver *resolver);
int resolve_published(struct resolver *resolver, const struct list *published);

/* The presets, opened at the first call. */
int resolver_presets(struct resolver *resolver);

/* Agents that a name means: a group, or one of its agents. */
int find_agents(struct resolver *resolver, int node, const char *name, agent_id *first,
                uint32_t *count);
/* The agents of a list of names, in that order, each at most once; `all` alone is everyone. */
int find_all_agents(struct resolver *resolver, const struct names *names, const agent_id **agents,
                    uint32_t *count);
/* The number of a group, or -1. */
int find_group(const struct scenario *scenario, const char *name);
/* The number of a node, or -1 with the error set. */
int find_node(struct resolver *resolver, int at, const char *name);

/* The place of `to` in the peers of `from` in links.peers, or UINT64_MAX. */
uint64_t link_place(const struct graph *links, agent_id from, agent_id to);

#endif
