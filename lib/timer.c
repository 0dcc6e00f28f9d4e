/*
 * timer.c: timers that are channels.
 *
 * One thread serves all timers. It is started with the first, sleeps until the
 * earliest is due, and sends to the channels of those that are, without waiting
 * for room. The timers that are to fire are in a binary heap, each knowing its
 * place there, so that it can be taken out. All of that happens under one lock,
 * so that nothing is delivered after a stop.
 *
 * The thread is no task: it waits for nothing that a task could fail to do. It
 * blocks all signals, which are for the application's threads.
 *
 * fork: the child has no such thread; its next timer starts one, which then
 * also serves those that the child has inherited.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "chan.h"
#include "lock.h"
#include "park.h"
#include "public.h"
#include "stranded_observer.h"
#include "task.h"

enum {
	STACK_SIZE = 64 << 10,
	HEAP_FIRST = 16 /* timers that there is room for at first */
};

struct strand_timer {
	struct strand_chan *chan;
	int64_t due;    /* when it fires next */
	int64_t period; /* 0: once */
	size_t at;      /* its place in the heap; valid if armed */
	bool armed;     /* it is in the heap */
};

static struct {
	struct strand_lock lock;    /* guards all of this, and the timers */
	struct strand_timer **heap; /* the children of i are 2i+1 and 2i+2 */
	size_t count;               /* in the heap */
	size_t room;
	bool running;            /* the thread exists */
	bool asleep;             /* it sleeps, and has not been woken */
	struct strand_park park; /* where it sleeps */
} timers;

/* ---- The heap ---------------------------------------------------------- */

static void
heap_put(struct strand_timer *timer, size_t at)
{
	timers.heap[at] = timer;
	timer->at = at;
}

/* Moves a timer from a hole at `at` towards the root, to where it belongs. */
static void
heap_rise(struct strand_timer *timer, size_t at)
{
	while (at > 0) {
		size_t parent = (at - 1) / 2;

		if (timers.heap[parent]->due <= timer->due)
			break;
		heap_put(timers.heap[parent], at);
		at = parent;
	}
	heap_put(timer, at);
}

/* The same away from the root. */
static void
heap_sink(struct strand_timer *timer, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < timers.count &&
		    timers.heap[child + 1]->due < timers.heap[child]->due)
			child++;
		if (child >= timers.count ||
		    timers.heap[child]->due >= timer->due)
			break;
		heap_put(timers.heap[child], at);
		at = child;
	}
	heap_put(timer, at);
}

static int
heap_reserve(void)
{
	size_t room = timers.room ? 2 * timers.room : HEAP_FIRST;
	struct strand_timer **heap;

	if (timers.count < timers.room)
		return 0;
	heap = realloc(timers.heap, room * sizeof(*heap));
	if (!heap)
		return ENOMEM;
	timers.heap = heap;
	timers.room = room;
	return 0;
}

static void
heap_remove(struct strand_timer *timer)
{
	struct strand_timer *last = timers.heap[--timers.count];
	size_t at = timer->at;

	timer->armed = false;
	if (last == timer)
		return;
	if (last->due < timer->due)
		heap_rise(last, at);
	else
		heap_sink(last, at);
}

/* ---- The thread -------------------------------------------------------- */

/*
 * Delivers, and sets the next time. Ticks that were missed altogether, because
 * the machine slept for instance, are skipped.
 */
static void
fire(struct strand_timer *timer, int64_t now)
{
	strand_chan_send(timer->chan, &now, STRAND_NOWAIT);
	if (timer->period == 0) {
		heap_remove(timer);
		return;
	}
	timer->due +=
	    (now - timer->due) / timer->period * timer->period + timer->period;
	heap_sink(timer, timer->at);
}

/* Fires what is due. Returns when the next is. The lock is held. */
static int64_t
fire_all(void)
{
	while (timers.count > 0) {
		struct strand_timer *first = timers.heap[0];
		int64_t now = strand_now();

		if (first->due > now)
			return first->due;
		fire(first, now);
	}
	return STRAND_FOREVER;
}

/*
 * Sleeps until then, or until woken. One who wakes the thread says so under the
 * lock, and wakes it then; so after a timeout a wake may be on its way.
 */
static void
sleep_until(int64_t next)
{
	bool woken;

	if (strand_park_wait(&timers.park, next) == 0)
		return;
	strand_lock_acquire(&timers.lock);
	woken = !timers.asleep;
	timers.asleep = false;
	strand_lock_release(&timers.lock);
	if (woken)
		strand_park_wait(&timers.park, STRAND_FOREVER);
}

static void *
timer_main(void *unused)
{
	int64_t next;

	stranded_task_run(0);
	prctl(PR_SET_NAME, "strand timers");
	for (;;) {
		strand_lock_acquire(&timers.lock);
		next = fire_all();
		strand_park_init(&timers.park);
		timers.asleep = true;
		strand_lock_release(&timers.lock);
		sleep_until(next);
	}
	return NULL;
}

/* The thread inherits the mask of signals. The lock is held. */
static int
start_thread(void)
{
	sigset_t all;
	sigset_t old;
	int error;

	if (timers.running)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = strand_task_thread(STACK_SIZE, timer_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	timers.running = error == 0;
	return error;
}

/* ---- Public ------------------------------------------------------------ */

/* Puts the timer into the heap. The lock is held. */
static int
arm(struct strand_timer *timer, bool *wake)
{
	int error = start_thread();

	if (!error)
		error = heap_reserve();
	if (error)
		return error;
	timer->armed = true;
	heap_rise(timer, timers.count++);
	*wake = timers.heap[0] == timer && timers.asleep;
	if (*wake)
		timers.asleep = false;
	return 0;
}

/* Makes a timer, which the observer shall see as made by `place`. */
static struct strand_timer *
start(int64_t due, int64_t period, const struct stranded_place *place)
{
	struct strand_timer *timer = calloc(1, sizeof(*timer));
	bool wake = false;
	int error = ENOMEM;

	if (!timer)
		return NULL;
	timer->chan = strand_chan_make(sizeof(int64_t), 1, place);
	timer->due = due;
	timer->period = period;
	if (timer->chan) {
		strand_lock_acquire(&timers.lock);
		error = arm(timer, &wake);
		strand_lock_release(&timers.lock);
	}
	if (wake)
		strand_park_wake(&timers.park);
	if (!error)
		return timer;
	strand_chan_unref(timer->chan);
	free(timer);
	errno = error;
	return NULL;
}

STRAND_NOINLINE struct strand_timer *
strand_after(int64_t deadline)
{
	struct stranded_place place = STRANDED_CALLER();

	return start(deadline, 0, &place);
}

STRAND_NOINLINE struct strand_timer *
strand_tick(int64_t period)
{
	struct stranded_place place = STRANDED_CALLER();
	int64_t due;

	if (period <= 0) {
		errno = EINVAL;
		return NULL;
	}
	if (__builtin_add_overflow(strand_now(), period, &due))
		due = STRAND_FOREVER;
	return start(due, period, &place);
}

struct strand_chan *
strand_timer_chan(struct strand_timer *timer)
{
	return timer->chan;
}

void
strand_timer_stop(struct strand_timer *timer)
{
	if (!timer)
		return;
	strand_lock_acquire(&timers.lock);
	if (timer->armed)
		heap_remove(timer);
	strand_lock_release(&timers.lock);
	strand_chan_unref(timer->chan);
	free(timer);
}

/* ---- fork -------------------------------------------------------------- */

static void
before_fork(void)
{
	strand_lock_acquire(&timers.lock);
}

static void
after_fork_in_parent(void)
{
	strand_lock_release(&timers.lock);
}

static void
after_fork_in_child(void)
{
	timers.running = false;
	timers.asleep = false;
	strand_lock_init(&timers.lock);
}

__attribute__((constructor)) static void
watch_forks(void)
{
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
