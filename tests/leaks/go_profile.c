/*
 * go_profile.c: what the tests of Go's own leak profile look for, and what they
 * demand to be left alone. Mended is each in the simplest way.
 */
#include <errno.h>
#include <stdlib.h>

#include "case.h"

/* ---- By definition ----------------------------------------------------- */

static void
nil_send(void)
{
	put(case_mended ? channel(1) : NULL);
}

CASE(nil_send) = {
	.name = "NilSend",
	.class = "go",
	.run = nil_send,
	.waits = { { "nil_send", "chan send (nil chan)", 1 } },
};

static void
select_no_cases(void)
{
	size_t chosen;

	strand_select(
	    NULL, 0, &chosen, case_mended ? STRAND_NOWAIT : STRAND_FOREVER);
}

CASE(select_no_cases) = {
	.name = "SelectNoCases",
	.class = "go",
	.run = select_no_cases,
	.waits = { { "select_no_cases", "select (no cases)", 1 } },
};

/* ---- Nobody else has it ------------------------------------------------ */

static void
chan_recv(void)
{
	struct strand_chan *chan = channel(1);

	if (case_mended) {
		put(chan);
	}
	take(chan);
}

CASE(chan_recv) = {
	.name = "ChanRecv",
	.class = "go",
	.run = chan_recv,
	.waits = { { "chan_recv", "chan receive", 1 } },
};

static void
select_two(void)
{
	SELECT(TO(channel(case_mended ? 1 : 0)), FROM(channel(0)));
}

CASE(select_two) = {
	.name = "Select",
	.class = "go",
	.run = select_two,
	.waits = { { "select_two", "select", 1 } },
};

static void
cond_wait(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

	lock(&mutex);
	while (!case_mended) {
		pthread_cond_wait(&cond, &mutex);
	}
	unlock(&mutex);
}

CASE(cond_wait) = {
	.name = "Cond",
	.class = "go",
	.run = cond_wait,
	.waits = { { "cond_wait", "cond wait", 1 } },
};

/* ---- Locks ------------------------------------------------------------- */

#define MUTEXES 1000

static void
lock_twice(void *argument)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	lock(&mutex);
	if (case_mended) {
		unlock(&mutex);
	}
	lock(&mutex);
	unlock(&mutex);
}

static void
mutex_stack(void)
{
	for (int i = 0; i < MUTEXES; i++) {
		GO(lock_twice, NULL);
	}
}

CASE(mutex_stack) = {
	.name = "MutexStack",
	.class = "go",
	.run = mutex_stack,
	.waits = { { "lock_twice", "mutex lock", MUTEXES } },
};

static void
rwmutex_rlock(void)
{
	pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

	write_lock(&rwlock);
	if (pthread_rwlock_rdlock(&rwlock) != EDEADLK) {
		abort();
	}
	rw_unlock(&rwlock);
}

CASE(rwmutex_rlock) = {
	.name = "RWMutexRLock",
	.class = "go",
	.run = rwmutex_rlock,
	.cannot = "glibc answers EDEADLK to who has the write lock",
};

/* ---- Not to be reported ------------------------------------------------ */

static struct strand_chan *volatile anybody_s;

static void
no_leak_global(void)
{
	anybody_s = channel(0);
	if (case_mended) {
		strand_chan_close(anybody_s);
	}
	take(anybody_s);
}

CASE(no_leak_global) = {
	.name = "NoLeakGlobal",
	.class = "go",
	.run = no_leak_global,
	.waits = { { "no_leak_global", "chan receive", 1 } },
	.silent = true,
};

#define CHAIN 1000

struct link {
	struct strand_chan *from;
	struct strand_chan *to;
};

static void
pass_on(void *argument)
{
	struct link *link = argument;

	take(link->from);
	put(link->to);
}

static void
sleep_and_send(void *argument)
{
	strand_sleep(strand_now() + (case_mended ? 0 : 3600 * STRAND_SECOND));
	put(argument);
}

/* The last one sleeps; all others wait for the one behind them. */
static void
daisy_chain(void)
{
	struct strand_chan *last = channel(1);

	for (int i = 0; i < CHAIN; i++) {
		struct link *link = NEW(struct link);

		link->to = last;
		link->from = last = channel(0);
		GO(pass_on, link);
	}
	GO(sleep_and_send, last);
}

CASE(daisy_chain) = {
	.name = "DaisyChain",
	.class = "go",
	.run = daisy_chain,
	.waits = {
		{ "pass_on", "chan receive", CHAIN },
		{ "sleep_and_send", "sleep", 1 },
	},
	.silent = true,
};

/* ---- Patterns ---------------------------------------------------------- */

#define WORKERS 3
#define ITEMS   6

static void
work(void *argument)
{
	while (take(argument)) {
	}
}

/* Hands items to workers, and forgets to say that there will be no more. */
static void
no_close_range(int workers, int items)
{
	struct strand_chan *chan = channel(0);

	for (int i = 0; i < workers; i++) {
		GO(work, chan);
	}
	for (int i = 0; i < items; i++) {
		put(chan);
	}
	if (case_mended) {
		strand_chan_close(chan);
	}
}

static void
no_workers(void *argument)
{
	no_close_range(case_mended ? 1 : 0, 1);
}

static void
no_close_range_twice(void)
{
	GO(no_workers, NULL);
	no_close_range(WORKERS, ITEMS);
}

CASE(no_close_range) = {
	.name = "NoCloseRange",
	.class = "go",
	.run = no_close_range_twice,
	.waits = {
		{ "no_workers", "chan send", 1 },
		{ "work", "chan receive", WORKERS },
	},
};

struct worker {
	struct strand_chan *items;
	struct strand_chan *done;
};

static void
worker_loop(void *argument)
{
	struct worker *worker = argument;

	while (SELECT(FROM(worker->items), FROM(worker->done)) == 0) {
	}
}

static struct worker
worker_start(void)
{
	struct worker *worker = NEW(struct worker);

	worker->items = channel(0);
	worker->done = channel(0);
	GO(worker_loop, worker);
	return *worker;
}

/* Who starts a worker has to stop it. */
static void
method_contract(void)
{
	struct worker worker = worker_start();

	for (int i = 0; i < ITEMS; i++) {
		put(worker.items);
	}
	if (case_mended) {
		strand_chan_close(worker.done);
	}
}

CASE(method_contract) = {
	.name = "MethodContractViolation",
	.class = "go",
	.run = method_contract,
	.waits = { { "worker_loop", "select", 1 } },
};

#define SENDERS 5

static void
cast_one(void *argument)
{
	put(argument);
}

/* Takes the first result of several; with none to come it waits for that. */
static void
first_of(size_t items)
{
	struct strand_chan *chan = channel(case_mended ? SENDERS : 0);

	for (size_t i = 0; i < items; i++) {
		GO(cast_one, chan);
	}
	take(chan);
}

static void
first_of_none(void *argument)
{
	first_of(case_mended ? 1 : 0);
}

static void
ncast(void)
{
	GO(first_of_none, NULL);
	first_of(SENDERS);
}

CASE(ncast) = {
	.name = "NCastLeak",
	.class = "go",
	.run = ncast,
	.waits = {
		{ "cast_one", "chan send", SENDERS - 1 },
		{ "first_of_none", "chan receive", 1 },
	},
};
