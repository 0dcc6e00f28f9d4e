/*
 * proved.h: verdicts as the viewer has them: what proof runs have found, and
 * what is suspect.
 *
 * A task that nobody can ever wake stays so: the verdict holds for every later
 * snapshot in which it is still in the same wait.
 */
#ifndef TOP_PROVED_H
#define TOP_PROVED_H

#include "client/snapshot.h"

/* One leaked task. */
struct proved_task {
	uint64_t id;
	uint64_t wait_seq;
	enum rule rule;
	char *why; /* or NULL */
};

/* All zeroes knows of none. */
struct proved {
	struct proved_task *list; /* sorted by id */
	size_t count;
};

void proved_fini(struct proved *proved);

/* Keeps the leaked tasks of a snapshot, in place of those before. */
void proved_keep(struct proved *proved, const struct snapshot *snapshot);

/* Makes those leaked that are still in the same wait. */
void proved_apply(const struct proved *proved, struct snapshot *snapshot);

/*
 * What is suspect by the thresholds that `stranded leaks` has, too, and what
 * usually mends what is not well. The snapshot's stacks are named.
 */
void proved_suspect(struct snapshot *snapshot);

#endif
