/*
 * names.h: what the kernel calls threads, for tasks that have no name of their
 * own.
 *
 * Reading one takes three system calls: of ten thousand threads, twice a
 * second, that would be most of what a viewer does. So names are kept from
 * snapshot to snapshot, and looked at again now and then, for a thread may
 * change its name.
 */
#ifndef CLIENT_NAMES_H
#define CLIENT_NAMES_H

#include "client/process.h"
#include "client/snapshot.h"

/* One that was read. */
struct thread_name {
	uint64_t id; /* of the task */
	uint32_t tid;
	char name[WIRE_NAME_MAX];
};

/* All zeroes knows none. */
struct names {
	struct thread_name *list; /* sorted by id */
	size_t count;
	unsigned int round; /* counts snapshots */
};

void names_fini(struct names *names);

/* Gives all tasks of the snapshot that have none their threads' names. */
void names_fill(struct names *names, const struct process *process,
    struct snapshot *snapshot);

#endif
