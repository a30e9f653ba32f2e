/*
 * The agent program: what runs as `iolaus agent NAME` on a range, one process for each incarnation.
 *
 * It finds its descriptors (config.h), opens its session on the platform's channel, restores its
 * checkpoint where there is one, and then turns what reaches it into percepts, steps the core, and
 * carries its acts out: messages over its links, tools and notes over the channel. It is
 * single-threaded, blocks nowhere but in its one wait (and while the channel is full), and
 * allocates nothing after its start but what a JSON message takes while it is read or written.
 *
 * Whatever it is sent, by the platform or by a peer, it neither asserts nor ends, but for its
 * channel closing.
 */
#ifndef IOLAUS_LIVE_AGENT_PROGRAM_H
#define IOLAUS_LIVE_AGENT_PROGRAM_H

/* Runs the incarnation that descriptors 3, 4 and 5 describe until it departs; gives the exit status
 * of its process: 0 when it departed in good order, 3 when its channel closed or its configuration
 * is none. */
int role_agent(void);

#endif
