/*
 * Packets over an AF_UNIX SOCK_SEQPACKET socket, with the descriptors that ride along and the pid
 * of the sender as the kernel gives it.
 *
 * Used for the platform's channel to an agent, for links, and for the control socket. A packet is
 * whole or not there. Nothing here blocks: sockets are non-blocking, and a full one is said so.
 */
#ifndef IOLAUS_LIVE_WIRE_CHANNEL_H
#define IOLAUS_LIVE_WIRE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* The longest packet that is taken; a longer one is told by `size` > CHANNEL_BYTES. */
#define CHANNEL_BYTES 65536
/* The kernel passes at most 253 descriptors in one packet. */
#define CHANNEL_DESCRIPTORS 200

struct packet {
    char *bytes;     /* the caller's buffer of `capacity` bytes; sent, or received into */
    size_t capacity; /* of the buffer when receiving */
    size_t size;     /* when received, the size it had: more than capacity if it was cut off */
    int descriptors[CHANNEL_DESCRIPTORS]; /* received ones are the caller's, close-on-exec */
    uint32_t descriptor_count;
    pid_t pid; /* of the sender, in the receiver's PID namespace; 0 where it was not asked for */
};

/* A connected pair, close-on-exec and non-blocking; both ends learn the sender's pid. */
int channel_pair(int ends[2], struct error *error);
/* Turns SO_PASSCRED on. */
int channel_want_pid(int descriptor, struct error *error);

enum channel_result { CHANNEL_OK, CHANNEL_FULL, CHANNEL_EMPTY, CHANNEL_CLOSED };

/* CHANNEL_OK, CHANNEL_FULL (try again when writable) or CHANNEL_CLOSED. The packet's descriptors
 * stay the caller's. EINTR is tried again; a packet that is too big for the socket asserts. */
enum channel_result channel_send(int descriptor, const struct packet *packet);
/* CHANNEL_OK, CHANNEL_EMPTY or CHANNEL_CLOSED (the other end is closed, or was severed). */
enum channel_result channel_receive(int descriptor, struct packet *packet);
/* Closes all descriptors that came with a packet. */
void packet_close(struct packet *packet);

#endif
