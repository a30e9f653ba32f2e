/*
 * One trial of orders_crash.c: a crew is brought up and orders are given, its daemon is killed at a
 * point of its way, perhaps the next one too, and then it is brought up once more and everything
 * that must hold is looked at. What is found wrong first stands in the course (`bad`, `words`).
 */
#ifndef IOLAUS_TEST_CRASH_COURSE_H
#define IOLAUS_TEST_CRASH_COURSE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "order/order.h"
#include "scenario/authority.h"
#include "scenario/scenario.h"

#define ORDERS_MAX 2
#define TARGET "two"
#define AGENTS 3

/* What is ordered, one after the other, each when the one before has ended. */
struct order_case {
    const char *name;
    enum order_protocol protocol;
    enum order_verb verbs[ORDERS_MAX];
    unsigned count;
    bool all;
    /* The protocol proves what it does, and so the order ends sealed; or it leaves a mark at least.
     * The others end as people's kills do today: unproven, and with nothing to keep the target from
     * running again, but where the next daemon had to complete them. */
    bool proves, marks;
};

struct trial {
    unsigned of, first, second; /* case; at which point the daemons are killed; 0: not */
};

/* What is known of one trial as it goes. */
struct course {
    const struct order_case *of;
    struct trial trial;
    char folder[64], state[80], ledger[96], key[112], control[80], log[80];
    const struct scenario *scenario;
    struct authority_file authority;
    char orders[ORDERS_MAX][ORDER_TEXT_BYTES];
    bool given[ORDERS_MAX], acknowledged[ORDERS_MAX];
    pid_t daemon;
    int status;  /* of the last one */
    bool killed; /* the first came to its point */
    int socket;
    char line[1 << 20];
    size_t used;
    bool holds; /* what was ordered keeps somebody from running */
    bool bad;
    char words[600];
};

void course_wrong(struct course *course, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes its folder, keys and orders; and removes them. */
void course_open(struct course *course, const struct order_case *of, const struct trial *trial,
                 const struct scenario *scenario);
void course_close(struct course *course);

/* All of it. */
void course_run(struct course *course);

/* Its parts. Starts a daemon that is killed at that point (0: at none). */
void course_start(struct course *course, unsigned point);

/* Waits until the crew is up; false where the daemon is gone before. */
bool course_up(struct course *course);

/* Gives the orders that were not given yet, until all have ended or the daemon is gone. */
void course_give(struct course *course);

/* Ends the daemon in good order, or sees that it was killed; and that nothing is left. */
void course_end(struct course *course, bool killed_allowed);

/* The result of a method of the control socket; NULL where it was refused or nobody answers. */
json_t *course_ask(struct course *course, const char *method, json_t *params);

/* What must hold (crash_check.c): of the orders, which are there; of the agents, who runs; and of
 * the closed ledger. */
void course_check_orders(struct course *course, bool there[ORDERS_MAX]);
void course_check_crew(struct course *course, const bool there[ORDERS_MAX]);
void course_check_ledger(struct course *course);

#endif
