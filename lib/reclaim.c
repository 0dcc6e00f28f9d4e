/*
 * reclaim.c: freeing what readers may be looking at.
 *
 * Problem: a reader must not write to what other readers write to as well, or
 * they queue for the cache line, even where no lock is. But one who wants to
 * free something must know of every reader.
 *
 * Idea: readers count themselves in and out, each thread on a line of its own
 * (as long as there are no more than LINES). One who frees looks at all lines,
 * and waits for each to be at zero once. Lest new readers keep it from that, a
 * line has two counters, and readers use the one that `phase` names: the one
 * who waits does so for the counter that is out of use, changes the phase, and
 * waits for the other. A reader that has read the phase and counts itself in
 * only after the change can delay this once, not for ever.
 *
 * Waiting is dear, so it is done for BATCH pieces of garbage at a time; at most
 * that many wait to be freed.
 *
 * Rejected: reference counts on what is read (readers queue for them), hazard
 * pointers (a store and a fence for each step of a probe, and a list to scan),
 * epochs with a record for each thread (which must be registered, found again
 * and outlive its thread).
 */
#include "reclaim.h"

#include <pthread.h>
#include <sched.h>

#include "lock.h"
#include "self.h"

enum {
	LINES = 64, /* threads beyond share */
	BATCH = 64
};

struct line {
	_Alignas(STRAND_LINE) _Atomic uint32_t readers[2]; /* by phase */
};

static struct line lines[LINES];
static _Atomic uint32_t phase;     /* 0 or 1 */
static _Atomic uint32_t next_line; /* for the next thread that reads */
static struct strand_lock waiting; /* held by the one who waits for readers */

static struct {
	struct strand_lock lock;      /* guards the list */
	struct strand_garbage *first; /* of the list, the latest */
	size_t count;
} heap;

static struct line *
own_line(void)
{
	if (!strand_self.line)
		strand_self.line = 1 +
		    atomic_fetch_add_explicit(
			&next_line, 1, memory_order_relaxed) %
			LINES;
	return &lines[strand_self.line - 1];
}

_Atomic uint32_t *
strand_reclaim_enter(void)
{
	struct line *line = own_line();
	_Atomic uint32_t *readers =
	    &line->readers[atomic_load_explicit(&phase, memory_order_relaxed)];

	atomic_fetch_add(readers, 1);
	return readers;
}

/* Waits until there has been no reader of that phase, on each line. */
static void
wait_for_phase(uint32_t which)
{
	for (size_t i = 0; i < LINES; i++) {
		while (atomic_load(&lines[i].readers[which]) != 0)
			sched_yield();
	}
}

/* Waits until all have gone who read when this was called. */
static void
wait_for_readers(void)
{
	uint32_t now;

	strand_lock_acquire(&waiting);
	now = atomic_load(&phase);
	wait_for_phase(!now);
	atomic_store(&phase, !now);
	wait_for_phase(now);
	strand_lock_release(&waiting);
}

/* Adds to the list. Returns the list, to be freed, if it is long enough. */
static struct strand_garbage *
add(struct strand_garbage *garbage)
{
	struct strand_garbage *list = NULL;

	strand_lock_acquire(&heap.lock);
	garbage->next = heap.first;
	heap.first = garbage;
	if (++heap.count == BATCH) {
		list = heap.first;
		heap.first = NULL;
		heap.count = 0;
	}
	strand_lock_release(&heap.lock);
	return list;
}

void
strand_reclaim_free(struct strand_garbage *garbage,
    void (*free)(struct strand_garbage *garbage))
{
	struct strand_garbage *list;

	garbage->free = free;
	list = add(garbage);
	if (list)
		wait_for_readers();
	while (list) {
		garbage = list;
		list = garbage->next;
		garbage->free(garbage);
	}
}

/* ---- fork -------------------------------------------------------------- */

static void
before_fork(void)
{
	strand_lock_acquire(&waiting);
	strand_lock_acquire(&heap.lock);
}

static void
after_fork_in_parent(void)
{
	strand_lock_release(&heap.lock);
	strand_lock_release(&waiting);
}

/* The readers of the parent are not in the child, and the caller is none. */
static void
after_fork_in_child(void)
{
	for (size_t i = 0; i < LINES; i++) {
		atomic_store(&lines[i].readers[0], 0);
		atomic_store(&lines[i].readers[1], 0);
	}
	strand_lock_init(&heap.lock);
	strand_lock_init(&waiting);
}

__attribute__((constructor)) static void
watch_forks(void)
{
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
