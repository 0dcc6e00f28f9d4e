/*
 * serve.h: the connections to the agent.
 *
 * Each has a buffer for one request and one for answers. Nothing here blocks:
 * answers are made as far as the buffer has room, and sent as far as the socket
 * has; a snapshot is made piece by piece as its reader takes it. A reader that
 * takes nothing for a while is dropped, as is one that does not say what it
 * wants, or talks nonsense.
 */
#ifndef PROBE_SERVE_H
#define PROBE_SERVE_H

#include <poll.h>
#include <stdint.h>

#define SERVE_CLIENTS 16
#define SERVE_FDS     (SERVE_CLIENTS + 1) /* and the listener */

/* Fills in what to poll for. Returns how many. */
unsigned int serve_poll(struct pollfd fds[SERVE_FDS]);

/* Does what poll has found possible. */
void serve_ready(const struct pollfd *fds, unsigned int count);

/* Drops those that have been silent too long; lets in who waits for it. */
void serve_tick(int64_t now);

struct wire_range;

/* Where the answers to them lie: at most SERVE_CLIENTS ranges. How many? */
uint32_t serve_ranges(struct wire_range *ranges);

/* In a child of fork: there are no connections. */
void serve_reset(void);

#endif
