/*
 * analyze.h: from the bytes of a snapshot to stacks that people can read.
 *
 * A symbolizer belongs to one process. It knows the objects that are mapped
 * there, unwinds copies of its stacks, and names the places in them. It keeps
 * what it has found out, so that a second snapshot of the same process costs
 * little. Not thread safe.
 */
#ifndef ANALYZE_ANALYZE_H
#define ANALYZE_ANALYZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/client.h"
#include "client/snapshot.h"

struct symbolizer;

/*
 * For process `pid`. Reads its map of memory; `client` (may be NULL) serves
 * the memory of objects whose files are gone. NULL and `failure` if the process
 * cannot be read.
 */
struct symbolizer *symbolizer_new(
    pid_t pid, struct client *client, struct failure *failure);
void symbolizer_free(struct symbolizer *symbolizer);

/*
 * Unwinds and names all stacks of the snapshot: frames and frame_count of each
 * are filled, the copied bytes released. Objects that were mapped since the
 * last call are found. Never fails: what cannot be named has a module and an
 * offset, what cannot be unwound is cut and says so.
 */
void analyze_stacks(struct snapshot *snapshot, struct symbolizer *symbolizer);

/* Is it the probe's, libstrand's, C's or C++'s, and nobody's to mend? */
bool analyze_is_foreign(const struct frame *frame);

/*
 * The innermost frame that is not foreign. `state` is what the task was doing
 * there: of a creation, STRANDED_RUNNING. NULL if there is none.
 */
const struct frame *analyze_own_frame(
    const struct stack *stack, uint32_t state);

/* Tasks in the same kind of wait with the same stack. */
struct group {
	struct task **tasks; /* the longest waiting first */
	size_t count;
};

struct groups {
	struct group *list; /* the largest first */
	size_t count;
	struct task **tasks; /* what the groups' lists lie in */
};

/*
 * Groups all tasks of the snapshot, running ones too: one group for each state,
 * stack and place of creation (analyze_own_frame() of the creation's stack).
 */
struct groups *analyze_groups(const struct snapshot *snapshot);
void analyze_groups_free(struct groups *groups);

/* Do the two belong into one group? */
bool analyze_is_alike(const struct task *a, const struct task *b);

/*
 * The verdict of each task: leaked, if the wait proves by itself that it never
 * ends, or if who waits for whom does; otherwise ok.
 */
void analyze_verdicts(struct snapshot *snapshot);

/* The task is leaked, by `rule`; `why` lives as long as the snapshot. */
void analyze_prove(struct task *task, enum rule rule, const char *why);

/* What usually mends it, for those that are leaked. */
void analyze_cures(struct snapshot *snapshot);

/* After others have been proved leaked: those behind them are, too. */
void analyze_spread(struct snapshot *snapshot);

#endif
