#include "live/wire/link.h"

#include <assert.h>
#include <string.h>

#include "core/agent/agent.h"
#include "trace/bytes.h"

/* Offsets, as docs/reference/wire.md gives them. */
enum {
    AT_VERSION = 0,
    AT_KIND = 1,
    AT_MESSAGE = 2,
    AT_STATE = 3,
    AT_REFUTATION = 4,
    AT_HOP = 6,
    AT_HOPS = 7,
    AT_SEQUENCE = 8,
    AT_NUMBER = 12,
    AT_SUBJECT = 16,
    AT_BY = 20,
    AT_VIA = 24,
    AT_PIECE_SIZE = 28,
    AT_RESERVED = 30, /* 16 bits of zero */
    AT_VALUE = 32,
    HEAD_BYTES = 40,
    AT_DEADLINE = 40, /* of LINK_WORK; then the route, 4 bytes each, and the piece */
    AT_ROUTE = 48
};
_Static_assert(AT_ROUTE + 4 * LINK_HOPS_MAX + LINK_PIECE_MAX <= LINK_PACKET_MAX, "a task fits");

size_t link_pack(const struct link_message *message, unsigned char bytes[LINK_PACKET_MAX])
{
    size_t size = HEAD_BYTES;

    memset(bytes, 0, HEAD_BYTES);
    bytes[AT_VERSION] = LINK_VERSION;
    bytes[AT_KIND] = message->kind;
    bytes[AT_MESSAGE] = message->message;
    bytes[AT_STATE] = message->state;
    bytes_put16(bytes + AT_REFUTATION, message->refutation);
    bytes_put32(bytes + AT_SEQUENCE, message->sequence);
    bytes_put32(bytes + AT_NUMBER, message->number);
    bytes_put32(bytes + AT_SUBJECT, message->subject);
    bytes_put32(bytes + AT_BY, message->by);
    bytes_put32(bytes + AT_VIA, message->via);
    bytes_put64(bytes + AT_VALUE, (uint64_t)message->value);
    if (message->kind != LINK_WORK)
        return size;
    assert(message->hops >= 1 && message->hops <= LINK_HOPS_MAX && message->hop < message->hops);
    assert(message->piece_size <= LINK_PIECE_MAX);
    bytes[AT_HOP] = message->hop;
    bytes[AT_HOPS] = message->hops;
    bytes_put16(bytes + AT_PIECE_SIZE, message->piece_size);
    bytes_put64(bytes + AT_DEADLINE, (uint64_t)message->deadline);
    for (unsigned i = 0; i < message->hops; i++)
        bytes_put32(bytes + AT_ROUTE + 4 * i, message->route[i]);
    size = AT_ROUTE + 4u * message->hops;
    memcpy(bytes + size, message->piece, message->piece_size);
    return size + message->piece_size;
}

static bool unpack_work(struct link_message *message, const unsigned char *bytes, size_t size)
{
    size_t piece;

    message->hop = bytes[AT_HOP];
    message->hops = bytes[AT_HOPS];
    message->piece_size = bytes_get16(bytes + AT_PIECE_SIZE);
    if (message->hops < 1 || message->hops > LINK_HOPS_MAX || message->hop >= message->hops ||
        message->piece_size > LINK_PIECE_MAX)
        return false;
    piece = AT_ROUTE + 4u * message->hops;
    if (size != piece + message->piece_size)
        return false;
    message->deadline = (time_ns)bytes_get64(bytes + AT_DEADLINE);
    for (unsigned i = 0; i < message->hops; i++)
        message->route[i] = bytes_get32(bytes + AT_ROUTE + 4 * i);
    memcpy(message->piece, bytes + piece, message->piece_size);
    return message->deadline >= 0;
}

bool link_unpack(struct link_message *message, const unsigned char *bytes, size_t size)
{
    if (size < HEAD_BYTES || bytes[AT_VERSION] != LINK_VERSION)
        return false;
    *message = (struct link_message){.kind = bytes[AT_KIND],
                                     .message = bytes[AT_MESSAGE],
                                     .state = bytes[AT_STATE],
                                     .refutation = bytes_get16(bytes + AT_REFUTATION),
                                     .sequence = bytes_get32(bytes + AT_SEQUENCE),
                                     .number = bytes_get32(bytes + AT_NUMBER),
                                     .subject = bytes_get32(bytes + AT_SUBJECT),
                                     .by = bytes_get32(bytes + AT_BY),
                                     .via = bytes_get32(bytes + AT_VIA),
                                     .value = (int64_t)bytes_get64(bytes + AT_VALUE)};
    if (message->state > PEER_LEFT || bytes_get16(bytes + AT_RESERVED) != 0)
        return false;
    /* What a kind does not use is zero, so that a message has one form. */
    if (message->kind != LINK_WORK &&
        (bytes[AT_HOP] != 0 || bytes[AT_HOPS] != 0 || bytes_get16(bytes + AT_PIECE_SIZE) != 0))
        return false;
    switch ((enum link_kind)message->kind) {
    case LINK_MESSAGE:
        return size == HEAD_BYTES && message->message >= MESSAGE_PING &&
               message->message <= MESSAGE_REVIVE && message->message != MESSAGE_WORK;
    case LINK_HELLO:
    case LINK_DEPUTY:
        return size == HEAD_BYTES;
    case LINK_WORK:
        return unpack_work(message, bytes, size);
    }
    return false;
}
