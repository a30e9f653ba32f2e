/*
 * What travels on a link: one struct link_message in one packet, little-endian: a head of 40 bytes,
 * behind which a task carries its deadline, its route and its piece of work, at most
 * LINK_PACKET_MAX together. docs/reference/wire.md gives the offsets.
 */
#ifndef IOLAUS_LIVE_WIRE_LINK_H
#define IOLAUS_LIVE_WIRE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/types.h"
#include "core/agent/percept.h"

#define LINK_VERSION 1
#define LINK_HOPS_MAX 8
#define LINK_PIECE_MAX 160

enum link_kind {
    LINK_MESSAGE = 1, /* message of the core: enum message_kind, but for MESSAGE_WORK */
    LINK_HELLO,       /* the first on a new link: `value` is the platform's nonce */
    LINK_WORK,        /* a task: task, deadline, hop, hops; then its piece */
    LINK_DEPUTY       /* covert: the descriptor that rides along is the sender's own end of its link
                         with `subject` */
};

struct link_message {
    uint8_t kind;    /* enum link_kind */
    uint8_t message; /* enum message_kind */
    uint8_t state;   /* enum peer_state */
    uint16_t refutation;
    uint32_t sequence;
    uint32_t number; /* of the messages that this incarnation sent on this link; from 1 */
    agent_id subject, by, via;
    int64_t value; /* as in the core; LINK_HELLO: the nonce; LINK_WORK: the task */
    /* of LINK_WORK */
    time_ns deadline; /* range time */
    uint8_t hop;      /* whose turn it is, 0 .. hops - 1 */
    uint8_t hops;
    agent_id route[LINK_HOPS_MAX];
    uint16_t piece_size;
    unsigned char piece[LINK_PIECE_MAX];
};

#define LINK_PACKET_MAX 256

/* Returns the number of bytes written, at most LINK_PACKET_MAX. */
size_t link_pack(const struct link_message *message, unsigned char bytes[LINK_PACKET_MAX]);
/* False for anything that is not exactly what link_pack writes, of this version; safe on any bytes.
 * Agents of a message are any numbers: whoever reads it looks whether they are of the crew. */
bool link_unpack(struct link_message *message, const unsigned char *bytes, size_t size);

#endif
