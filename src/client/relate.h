/*
 * relate.h: what the records of a snapshot say about each other, and what
 * needs no stacks: who holds what a task waits for, who waits at a channel, who
 * is in a session. Functions of the snapshot only, n log n.
 */
#ifndef CLIENT_RELATE_H
#define CLIENT_RELATE_H

#include "client/snapshot.h"

void relate_snapshot(struct snapshot *snapshot);

#endif
