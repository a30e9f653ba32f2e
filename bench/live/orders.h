/*
 * Orders to a crew's daemon, signed in memory and given over its control socket as `iolaus stop`
 * gives them.
 *
 *     live_orders_open(&orders, &error)          a key, a roster of that one, a ledger
 *     live_crew_open_with(&crew, ..., &orders, ...)
 *     live_orders_give(&orders, &crew, ORDER_STOP, "agent-7", &answered, &error)
 */
#ifndef IOLAUS_BENCH_LIVE_ORDERS_H
#define IOLAUS_BENCH_LIVE_ORDERS_H

#include "order/order.h"
#include "order/sshsig_make.h"
#include "scenario/authority.h"

struct live_crew;

struct live_orders {
    struct sshsig_secret secret;
    struct authority_file authority;
    char folder[64], ledger[96], key[96];
    int control; /* a connection of its own; -1 */
};

int live_orders_open(struct live_orders *orders, struct error *error);
void live_orders_close(struct live_orders *orders);

/* Gives one and waits for its answer, which comes when the order is durable: `took` from the first
 * byte to that; `answered` by CLOCK_MONOTONIC. `target` is an agent, or NULL for all. */
int live_orders_give(struct live_orders *orders, const struct live_crew *crew, enum order_verb verb,
                     const char *target, int64_t *took, int64_t *answered, struct error *error);

#endif
