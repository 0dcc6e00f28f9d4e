/*
 * wg.c: wait groups.
 *
 * A counter, and a list of those that wait for it to become 0, under a lock.
 * The one who brings it to 0 takes the whole list and wakes it.
 */
#include <errno.h>
#include <stdlib.h>

#include "lock.h"
#include "public.h"
#include "wait.h"

/* One that waits. It lies on the task's stack. */
struct waiter {
	struct waiter *next; /* in the list */
	struct strand_wait wait;
};

struct strand_wg {
	struct strand_lock lock; /* guards the counter and the list */
	int counter;             /* never negative */
	struct waiter *waiting;  /* those that wait for 0, the latest first */
	_Atomic size_t refs;
};

struct strand_wg *
strand_wg_new(void)
{
	struct strand_wg *wg = calloc(1, sizeof(*wg));

	if (!wg)
		return NULL;
	strand_lock_init(&wg->lock);
	atomic_init(&wg->refs, 1);
	return wg;
}

struct strand_wg *
strand_wg_ref(struct strand_wg *wg)
{
	if (wg)
		atomic_fetch_add_explicit(&wg->refs, 1, memory_order_relaxed);
	return wg;
}

void
strand_wg_unref(struct strand_wg *wg)
{
	if (wg &&
	    atomic_fetch_sub_explicit(&wg->refs, 1, memory_order_acq_rel) == 1)
		free(wg);
}

/*
 * The claim cannot fail for those whose time is not up; those whose time is up
 * are no longer looked at. A list's link is read before its task may go on.
 */
static void
wake_all(struct waiter *list)
{
	while (list) {
		struct waiter *waiter = list;

		list = waiter->next;
		strand_wait_serve(&waiter->wait, 0);
	}
}

/* Takes the list, claiming each wait; drops those whose time is up. */
static struct waiter *
claim_all(struct strand_wg *wg)
{
	struct waiter *list = NULL;
	struct waiter *waiter;

	while ((waiter = wg->waiting)) {
		wg->waiting = waiter->next;
		if (!strand_wait_claim(&waiter->wait, wg))
			continue;
		waiter->next = list;
		list = waiter;
	}
	return list;
}

int
strand_wg_add(struct strand_wg *wg, int delta)
{
	struct waiter *list = NULL;
	int error = 0;
	int counter;

	strand_lock_acquire(&wg->lock);
	if (__builtin_add_overflow(wg->counter, delta, &counter) || counter < 0)
		error = EINVAL;
	else
		wg->counter = counter;
	if (!error && counter == 0)
		list = claim_all(wg);
	strand_lock_release(&wg->lock);
	wake_all(list);
	return error;
}

int
strand_wg_done(struct strand_wg *wg)
{
	return strand_wg_add(wg, -1);
}

/* Takes one whose time is up out of the list, if it is still there. */
static void
withdraw(struct strand_wg *wg, struct waiter *waiter)
{
	struct waiter **at;

	strand_lock_acquire(&wg->lock);
	for (at = &wg->waiting; *at && *at != waiter; at = &(*at)->next)
		;
	if (*at)
		*at = waiter->next;
	strand_lock_release(&wg->lock);
}

/*
 * Waits. The lock is held at the beginning, and not at the end. The record of
 * the wait begins at the caller of this, which is the public function.
 */
static STRAND_NOINLINE int
block(struct strand_wg *wg, int64_t deadline)
{
	struct stranded_wait record;
	struct waiter waiter = { .next = wg->waiting };
	const void *place;

	strand_wait_init(&waiter.wait);
	wg->waiting = &waiter;
	strand_lock_release(&wg->lock);
	if (strand_park_spin(&waiter.wait.park))
		return 0;
	stranded_wait_begin(
	    &record, STRANDED_WAITGROUP, wg, strand_wait_flags(deadline), NULL);
	place = strand_wait_sleep(&waiter.wait, deadline);
	stranded_wait_end(&record);
	if (place)
		return 0;
	withdraw(wg, &waiter);
	return ETIMEDOUT;
}

int
strand_wg_wait(struct strand_wg *wg, int64_t deadline)
{
	int error = 0;

	strand_lock_acquire(&wg->lock);
	if (wg->counter > 0 && !strand_wait_is_over(deadline)) {
		error = block(wg, deadline);
		STRAND_KEEP_FRAME();
		return error;
	}
	if (wg->counter > 0)
		error = strand_wait_expired(deadline);
	strand_lock_release(&wg->lock);
	return error;
}
