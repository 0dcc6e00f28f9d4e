/*
 * reclaim.h: freeing what readers may be looking at.
 *
 * A reader that follows pointers without a lock does so between
 *
 *	readers = strand_reclaim_enter();
 *	...
 *	strand_reclaim_leave(readers);
 *
 * and does not block there. What somebody has made unreachable is freed with
 * strand_reclaim_free(), when no reader that may have seen it is left.
 *
 * The loads and stores of the pointers are sequentially consistent, or follow a
 * lock; then a reader that enters after a pointer has been replaced sees the
 * new one.
 */
#ifndef STRAND_RECLAIM_H
#define STRAND_RECLAIM_H

#include <stdatomic.h>

#include "public.h"

/* A member of what is to be freed. */
struct strand_garbage {
	struct strand_garbage *next; /* of what waits to be freed */
	void (*free)(struct strand_garbage *garbage);
};

/* How many readers there are; returns what is to be given to leave. */
_Atomic uint32_t *strand_reclaim_enter(void);

static inline void
strand_reclaim_leave(_Atomic uint32_t *readers)
{
	atomic_fetch_sub_explicit(readers, 1, memory_order_release);
}

/* Calls garbage->free() some time later. Must not be called by a reader. */
void strand_reclaim_free(struct strand_garbage *garbage,
    void (*free)(struct strand_garbage *garbage));

#endif
