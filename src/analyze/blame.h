/*
 * blame.h: who waits for whom, and who is to blame.
 *
 * A node is a task, or a thread that is none: one that owns a lock and has
 * exited, belongs to another process, or is not known. From each node at most
 * one edge leads on, to the owner of the lock that it waits for, or the thread
 * that it joins. So from every node there is one way, and it ends in a node
 * that waits for nobody, or goes round in a cycle. That end is the root: until
 * it goes on, nothing behind it does. Of a cycle it is the member with the
 * lowest index.
 *
 * All of it is made in linear time, without recursion, however long the chains.
 */
#ifndef ANALYZE_BLAME_H
#define ANALYZE_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/snapshot.h"

#define BLAME_NONE SIZE_MAX /* no node */

struct blame_node {
	const struct task *task; /* NULL: a thread that is no task */
	uint32_t tid;            /* of the thread, or 0 */
	bool exited;             /* the thread is no more */
	bool elsewhere;          /* it is another process's */
	bool cycle;              /* it waits for itself, at the end */
	size_t holder;           /* the node it waits for, or BLAME_NONE */
	size_t root;             /* where the chain ends; itself, if here */
	size_t depth;            /* edges from here to the root */
	size_t waiters;          /* nodes that wait for it, however far back:
	                            those outside the cycle, for a member that
	                            is not the root; all others for the root */
	size_t first;            /* of those that wait for it directly, the
	                            lowest; or BLAME_NONE */
	size_t next;             /* the next that waits for the same holder */
};

struct blame {
	struct blame_node *nodes; /* the snapshot's tasks, in their order, then
	                             the threads that are none */
	size_t count;
	size_t *roots; /* those that somebody waits for: first the one for
	                  whom most do */
	size_t root_count;
	size_t *inward; /* all nodes, each after the node it waits for; the
	                   members of a cycle next to each other, the root
	                   first and then whoever waits for the one before */
};

struct blame *blame_new(const struct snapshot *snapshot);
void blame_free(struct blame *blame);

/* The node of the task with that id, or NULL. */
const struct blame_node *blame_find(
    const struct blame *blame, const struct snapshot *snapshot, uint64_t id);

#endif
