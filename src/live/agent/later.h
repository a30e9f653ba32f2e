/*
 * What an agent program does later: packets that are still on their way, as the drawn latency has
 * it, and percepts that it gives itself, such as its mind's answer.
 *
 * A heap by (time, order of adding) over a pool of fixed size, both taken once. Memory of the pool
 * that was never needed is never touched. Packets may fill `packets` places of it; the rest stays
 * for percepts. Owned by the program.
 */
#ifndef IOLAUS_LIVE_AGENT_LATER_H
#define IOLAUS_LIVE_AGENT_LATER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/agent/percept.h"
#include "live/wire/link.h"

struct later_packet {
    uint32_t slot;   /* of the link */
    uint16_t making; /* which making of it: one made since then does not carry this */
    uint16_t size;
    unsigned char bytes[LINK_PACKET_MAX];
};

struct later {
    time_ns at;
    uint64_t order;
    bool is_packet;
    union {
        struct later_packet packet;
        struct percept percept;
    };
};

struct later_queue {
    struct later *pool;
    uint32_t *free_next;
    uint32_t *heap;
    uint32_t count, packets;
    uint32_t packets_max, places;
    uint32_t free_first, touched;
    uint64_t order;
};

/* ERROR_MEMORY. */
int later_open(struct later_queue *queue, uint32_t packets, uint32_t percepts, struct error *error);
void later_close(struct later_queue *queue);

/* False where there is no place. */
bool later_add_packet(struct later_queue *queue, time_ns at, const struct later_packet *packet);
bool later_add_percept(struct later_queue *queue, time_ns at, const struct percept *percept);

/* When the first is due; TIME_NEVER where there is none. */
time_ns later_deadline(const struct later_queue *queue);
/* Takes the first if it is due at `now`. */
bool later_take(struct later_queue *queue, time_ns now, struct later *taken);

#endif
