/*
 * peers.h: whose peer has gone? For the agent only.
 *
 * A server that does not look at a connection does not learn that its peer has
 * closed it; the kernel knows. The agent asks it in rounds: every two seconds,
 * or less often where there are so many sockets that this would take more than
 * a thousandth of a processor.
 */
#ifndef PROBE_PEERS_H
#define PROBE_PEERS_H

#include <stdint.h>

/* Goes on with the round, or begins one if it is time. Does not wait. */
void peers_look(int64_t now);

/* Forgets the round: this agent's descriptors were another's. */
void peers_reset(void);

#endif
