/*
 * diff.h: what has changed from one snapshot to a later one.
 *
 * Groups are compared, not tasks: that a server's workers are others than an
 * hour ago means nothing, that there are more of them in the same place does.
 * Tasks that run are left out, for they may be anywhere the next moment. In the
 * same process a wait is known by its id: one that is in both snapshots has not
 * ended in between.
 */
#ifndef ANALYZE_DIFF_H
#define ANALYZE_DIFF_H

#include "analyze/analyze.h"

enum diff_change { DIFF_NEW, DIFF_GROWN, DIFF_SAME, DIFF_FEWER, DIFF_GONE };

/* Tasks that wait alike, in one of the two or in both. */
struct diff_group {
	const struct group *before; /* NULL: there were none */
	const struct group *after;  /* NULL: there are none any more */
	size_t stuck; /* of those after: how many are in the same wait */
};

struct diff {
	const struct snapshot *before;
	const struct snapshot *after;
	bool same_process;          /* else ids say nothing */
	struct groups *groups[2];   /* of either */
	struct diff_group *changes; /* new ones, those that have grown, the
	                               others; by how much */
	size_t change_count;
	const struct session **opened; /* those after that were not before */
	size_t opened_count;
	const struct session **closed; /* and the other way round */
	size_t closed_count;
};

/* The snapshots, whose frames are interned in common, must outlive it. */
struct diff *diff_new(
    const struct snapshot *before, const struct snapshot *after);
void diff_free(struct diff *diff);

enum diff_change diff_change(const struct diff_group *group);

/* How many more there are; negative: fewer. */
long diff_growth(const struct diff_group *group);

/* Is anything new, or has grown? */
bool diff_has_grown(const struct diff *diff);

#endif
