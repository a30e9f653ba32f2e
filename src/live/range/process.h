/*
 * Small things about processes that the C library of Debian 12 has no calls for, or that several
 * files of this room need. None allocates; all may be called between clone and exec.
 */
#ifndef IOLAUS_LIVE_RANGE_PROCESS_H
#define IOLAUS_LIVE_RANGE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct clone_args;

/* As fork, with the flags of clone3. Negative errno. */
pid_t process_clone(struct clone_args *arguments);

/* When a process began, in clock ticks since boot (field 22 of its stat): with its pid, that names
 * it among all processes. 0 where none lives. */
unsigned long long process_started(pid_t pid);

/* In a child before exec: no signal blocked or ignored, standard descriptors on /dev/null. */
void process_signals_reset(void);
int process_null(void);

/* Asks the kernel for death with the parent (see LAYER_PDEATHSIG), and then looks whether the
 * daemon still holds its pipe: it may have died before. Does not return where it does not. */
void process_bind(int pipe);

/* Executes what `program` refers to. Gives a negative errno. */
int process_execute(int program, char *const *argv, char *const *environment);

/* CLOCK_MONOTONIC, ns. */
int64_t process_clock(void);

bool process_gone(int pidfd);
void process_kill(int pidfd);
/* Waits until it is gone, and reaps it where it is a child. */
void process_wait(int pidfd);

/* One packet with descriptors. `send` gives 0 or a negative errno; `receive` the bytes, 0 at the
 * end, or a negative errno, and in *count how many descriptors came (close-on-exec). `sender` may
 * be NULL; else it is the sender's pid, or 0 where the kernel told none. */
#define PACKET_DESCRIPTORS 32
struct packet {
    void *head;
    size_t head_bytes;
    void *body; /* goes behind the head; may be NULL */
    size_t body_bytes;
    int descriptors[PACKET_DESCRIPTORS];
    uint32_t count;
    pid_t sender;
};
int packet_send(int socket, const struct packet *packet, int flags);
ssize_t packet_receive(int socket, struct packet *packet, int flags);

#endif
