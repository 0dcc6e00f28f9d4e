/*
 * select.c: waiting for several channels at once.
 *
 * As in Go (runtime/select.go) the channels are locked together, in the order
 * of their addresses, so that the world stands still while the cases are looked
 * at. If one is ready it is done. If none is, the task joins the queue of every
 * case, and sleeps; whoever serves it first claims the wait (wait.h), so that
 * one case is done and no other. Then the task locks the channels again and
 * withdraws from the queues where it still is.
 *
 * Fairness. Of the cases that are ready, each replaces the one chosen before
 * with the chance 1/k, k being how many have been ready so far; each is then
 * the last choice with the same chance, and no random permutation is needed.
 *
 * A select takes no seat (chan.c): it spins on its own park.
 */
#include <errno.h>
#include <stdlib.h>

#include "chan.h"
#include "self.h"

enum {
	CASES_ON_STACK = 8 /* more need memory from the heap */
};

struct select {
	struct strand_case *cases;
	size_t count;                  /* of cases */
	struct strand_waiter *waiters; /* for each case: in the queue of its
	                                  channel */
	struct stranded_case *seen;    /* for each case: for the observer */
	struct strand_chan **locks;    /* the channels, each once, by address */
	size_t lock_count;
	void *heap; /* where the arrays are; NULL: below */
	struct strand_waiter few_waiters[CASES_ON_STACK];
	struct stranded_case few_seen[CASES_ON_STACK];
	struct strand_chan *few_locks[CASES_ON_STACK];
};

/* ---- Memory ------------------------------------------------------------ */

static int
allocate(struct select *select, struct strand_case *cases, size_t count)
{
	size_t each = sizeof(*select->waiters) + sizeof(*select->seen) +
	    sizeof(*select->locks);

	select->cases = cases;
	select->count = count;
	select->heap = NULL;
	select->waiters = select->few_waiters;
	select->seen = select->few_seen;
	select->locks = select->few_locks;
	if (count <= CASES_ON_STACK)
		return 0;
	select->heap = calloc(count, each);
	if (!select->heap)
		return ENOMEM;
	select->waiters = select->heap;
	select->seen = (void *) (select->waiters + count);
	select->locks = (void *) (select->seen + count);
	return 0;
}

/* ---- Locking ----------------------------------------------------------- */

/* Shell's sort: small, in place, and fast for what selects have. */
static void
sort(struct strand_chan **chans, size_t count)
{
	for (size_t gap = (count + 1) / 2; gap > 0; gap /= 2) {
		for (size_t i = gap; i < count; i++) {
			struct strand_chan *chan = chans[i];
			size_t j = i;

			for (; j >= gap && chans[j - gap] > chan; j -= gap)
				chans[j] = chans[j - gap];
			chans[j] = chan;
		}
	}
}

/* Finds the channels to lock: each once, in the order of addresses. */
static void
order_locks(struct select *select)
{
	struct strand_chan **locks = select->locks;
	size_t all = 0;
	size_t unique = 0;

	for (size_t i = 0; i < select->count; i++) {
		if (select->cases[i].chan)
			locks[all++] = select->cases[i].chan;
	}
	sort(locks, all);
	for (size_t i = 0; i < all; i++) {
		if (unique == 0 || locks[unique - 1] != locks[i])
			locks[unique++] = locks[i];
	}
	select->lock_count = unique;
}

static void
lock_all(struct select *select)
{
	for (size_t i = 0; i < select->lock_count; i++)
		strand_lock_acquire(&select->locks[i]->lock);
}

static void
unlock_all(struct select *select)
{
	for (size_t i = select->lock_count; i > 0; i--)
		strand_lock_release(&select->locks[i - 1]->lock);
}

/* Each case is used, also if another is done. */
static void
use_all(struct select *select, const void *pc)
{
	for (size_t i = 0; i < select->count; i++) {
		struct strand_case *c = &select->cases[i];

		if (c->chan)
			strand_chan_use(c->chan, c->dir, pc);
	}
}

/* ---- One try, with all locks held -------------------------------------- */

/* A random one of the cases that are ready; SIZE_MAX: none is. */
static size_t
pick_ready(struct select *select)
{
	size_t picked = SIZE_MAX;
	size_t ready = 0;

	for (size_t i = 0; i < select->count; i++) {
		struct strand_case *c = &select->cases[i];

		if (!c->chan || !strand_chan_is_ready(c->chan, c->dir))
			continue;
		if (++ready == 1 || strand_self_random() % ready == 0)
			picked = i;
	}
	return picked;
}

/*
 * Does one of the cases. It may be ready no longer when it is tried: a task in
 * a seat is served without the lock, and one in a queue may be in a select, and
 * be served at this moment through a channel that is not among ours. It is not
 * ready a second time for the same task, so that this comes to an end.
 */
static size_t
try_cases(struct select *select, struct strand_served *served)
{
	size_t i;

	while ((i = pick_ready(select)) != SIZE_MAX) {
		struct strand_case *c = &select->cases[i];

		c->error = c->dir == STRAND_SEND ?
		    strand_chan_try_send(c->chan, c->elem, served) :
		    strand_chan_try_recv(c->chan, c->elem, served);
		if (c->error != EAGAIN)
			break;
	}
	return i;
}

/* ---- Waiting ----------------------------------------------------------- */

/* Joins the queues, with all locks held. */
static void
enqueue_all(struct select *select, struct strand_wait *wait)
{
	for (size_t i = 0; i < select->count; i++) {
		struct strand_case *c = &select->cases[i];

		select->waiters[i].wait = wait;
		select->waiters[i].elem = c->elem;
		if (c->chan)
			strand_chan_enqueue(
			    c->chan, c->dir, &select->waiters[i]);
	}
}

static void
withdraw_all(struct select *select)
{
	lock_all(select);
	for (size_t i = 0; i < select->count; i++) {
		struct strand_case *c = &select->cases[i];

		if (c->chan)
			strand_chan_withdraw(
			    c->chan, c->dir, &select->waiters[i]);
	}
	unlock_all(select);
}

/* What the observer shall see of the cases. */
static void
describe(struct select *select)
{
	for (size_t i = 0; i < select->count; i++) {
		struct strand_case *c = &select->cases[i];

		select->seen[i] = (struct stranded_case) {
			.object = c->chan,
			.state = c->dir == STRAND_SEND ? STRANDED_CHAN_SEND :
							 STRANDED_CHAN_RECV,
		};
	}
}

/* Where the wait ended. */
static size_t
settle(struct select *select, struct strand_wait *wait, const void *place)
{
	struct strand_case *c;
	size_t i;

	if (!place)
		return SIZE_MAX;
	i = (const struct strand_waiter *) place - select->waiters;
	c = &select->cases[i];
	c->error = wait->error;
	if (c->error == EPIPE && c->dir == STRAND_RECV)
		strand_chan_zero(c->chan, c->elem);
	return i;
}

/*
 * Waits, and returns the case that was done, or SIZE_MAX. The locks are held at
 * the beginning, and not at the end. The record of the wait begins at the
 * caller of this, which is the public function.
 */
static STRAND_NOINLINE size_t
block(struct select *select, int64_t deadline)
{
	struct stranded_wait record;
	struct strand_wait wait;
	const void *place;

	strand_wait_init(&wait);
	enqueue_all(select, &wait);
	unlock_all(select);
	if (strand_park_spin(&wait.park)) {
		place = strand_wait_place(&wait);
	} else {
		describe(select);
		stranded_wait_begin_any(&record, STRANDED_SELECT, select->seen,
		    select->count, strand_wait_flags(deadline), NULL);
		place = strand_wait_sleep(&wait, deadline);
		stranded_wait_end(&record);
	}
	withdraw_all(select);
	return settle(select, &wait, place);
}

int
strand_select(
    struct strand_case *cases, size_t count, size_t *chosen, int64_t deadline)
{
	struct strand_served served = { 0 };
	struct select select;
	int error;

	*chosen = SIZE_MAX;
	if (count == 0) {
		error = strand_wait_in_vain(STRANDED_SELECT_NO_CASES, deadline);
		STRAND_KEEP_FRAME();
		return error;
	}
	error = allocate(&select, cases, count);
	if (error)
		return error;
	order_locks(&select);
	lock_all(&select);
	use_all(&select, __builtin_return_address(0));
	*chosen = try_cases(&select, &served);
	if (*chosen == SIZE_MAX && !strand_wait_is_over(deadline)) {
		*chosen = block(&select, deadline);
	} else {
		unlock_all(&select);
		strand_chan_serve(&served);
	}
	free(select.heap);
	return *chosen == SIZE_MAX ? strand_wait_expired(deadline) : 0;
}
