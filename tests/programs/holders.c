/*
 * holders.c: threads that wait for each other, in all ways that there are, each
 * named by its part.
 *
 *     holders [--mended]
 *
 * "chain 3" waits for "chain 2", that joins "chain 1", and that reads from a
 * pipe. "circle a" and "circle b" each hold what the other wants, and "behind"
 * waits for one of them. "alone" waits for itself. "left" wants what a thread
 * had when it ended, "lent" what another process has. "inherits", "robust" and
 * "c11" want what "chain 1" has as well. "woken" was signalled, by "chain 1",
 * which has the mutex. With --mended nobody holds anything: all wait in their
 * conditions, and nobody for anybody.
 */
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <threads.h>

#include "program.h"

static bool mended;
static int empty[2]; /* a pipe */

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inherits;
static pthread_mutex_t robust;
static mtx_t c11;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t *lent; /* in memory shared with a child */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool open_gate;
static unsigned int resting; /* how many have come to the gate */

static pthread_t chain_1;
static pthread_barrier_t begun, both;

/* The harmless wait of the mended ones. */
static void
rest(void)
{
	pthread_mutex_lock(&gate);
	resting++;
	while (!open_gate || mended) {
		pthread_cond_wait(&opened, &gate);
	}
	pthread_mutex_unlock(&gate);
}

/* Until somebody waits at the gate: whoever has it must have let go of it. */
static void
await_rest(void)
{
	unsigned int count = 0;

	while (count == 0) {
		usleep(1000);
		pthread_mutex_lock(&gate);
		count = resting;
		pthread_mutex_unlock(&gate);
	}
}

static void *
be_chain_1(void *argument)
{
	char byte;

	if (mended) {
		pthread_barrier_wait(&begun);
		rest();
	}
	pthread_mutex_lock(&first);
	pthread_mutex_lock(&inherits);
	pthread_mutex_lock(&robust);
	mtx_lock(&c11);
	pthread_rwlock_wrlock(&rwlock);
	pthread_barrier_wait(&begun);
	pthread_mutex_lock(&gate);
	open_gate = true;
	pthread_cond_broadcast(&opened);
	read(empty[0], &byte, 1); /* chain 1 */
	return argument;
}

static void *
be_chain_2(void *argument)
{
	pthread_mutex_lock(&second);
	pthread_barrier_wait(&both);
	if (!mended) {
		pthread_join(chain_1, NULL);
	}
	pthread_mutex_unlock(&second);
	rest();
	return argument;
}

static void *
be_chain_3(void *argument)
{
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&second);
	pthread_mutex_unlock(&second);
	rest();
	return argument;
}

static pthread_barrier_t circle;

static void *
be_circle_a(void *argument)
{
	if (!mended) {
		pthread_mutex_lock(&a);
	}
	pthread_barrier_wait(&circle);
	pthread_mutex_lock(&b);
	pthread_mutex_unlock(&b);
	rest();
	return argument;
}

static void *
be_circle_b(void *argument)
{
	if (!mended) {
		pthread_mutex_lock(&b);
	}
	pthread_barrier_wait(&circle);
	pthread_mutex_lock(&a);
	pthread_mutex_unlock(&a);
	rest();
	return argument;
}

/* Locks, and gives back. */
#define BE(name, lock, unlock)                                                 \
	static void *be_##name(void *argument)                                 \
	{                                                                      \
		lock;                                                          \
		unlock;                                                        \
		rest();                                                        \
		return argument;                                               \
	}

BE(behind, pthread_mutex_lock(&a), pthread_mutex_unlock(&a))
BE(left, pthread_mutex_lock(&left), pthread_mutex_unlock(&left))
BE(lent, pthread_mutex_lock(lent), pthread_mutex_unlock(lent))
BE(inherits, pthread_mutex_lock(&inherits), pthread_mutex_unlock(&inherits))
BE(robust, pthread_mutex_lock(&robust), pthread_mutex_unlock(&robust))
BE(c11, mtx_lock(&c11), mtx_unlock(&c11))
BE(reader, pthread_rwlock_rdlock(&rwlock), pthread_rwlock_unlock(&rwlock))
BE(woken, , )

static void *
be_alone(void *argument)
{
	pthread_mutex_lock(&own);
	if (!mended) {
		pthread_mutex_lock(&own);
	}
	pthread_mutex_unlock(&own);
	rest();
	return argument;
}

/* Ends, with or without what it has. */
static void *
be_gone(void *argument)
{
	pthread_mutex_lock(&left);
	if (mended) {
		pthread_mutex_unlock(&left);
	}
	return argument;
}

static pthread_t
start(const char *name, void *(*function)(void *) )
{
	pthread_t thread;

	program_check(pthread_create(&thread, NULL, function, NULL), name);
	pthread_setname_np(thread, name);
	return thread;
}

static void
make_mutexes(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	program_check(pthread_mutex_init(&inherits, &attributes), "inherits");
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	program_check(pthread_mutex_init(&robust, &attributes), "robust");
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_STALLED);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	lent = mmap(NULL, sizeof(*lent), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	program_check(pthread_mutex_init(lent, &attributes), "lent");
	mtx_init(&c11, mtx_plain);
}

/* A process that has what "lent" wants, until this one ends. */
static void
start_borrower(void)
{
	int ready[2];
	char byte = 0;

	program_check(pipe(ready) == 0 ? 0 : 1, "pipe");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(PROGRAM_LIFE);
		pthread_mutex_lock(lent);
		if (mended) {
			pthread_mutex_unlock(lent);
		}
		write(ready[1], &byte, 1);
		for (;;) {
			pause();
		}
	}
	read(ready[0], &byte, 1);
	close(ready[0]);
	close(ready[1]);
}

int
main(int argc, char **argv)
{
	program_begin();
	mended = program_flag(argv, "--mended");
	program_check(pipe(empty) == 0 ? 0 : 1, "pipe");
	make_mutexes();
	start_borrower();
	pthread_barrier_init(&begun, NULL, 2);
	pthread_barrier_init(&both, NULL, 2);
	pthread_barrier_init(&circle, NULL, 2);
	start("woken", be_woken);
	await_rest();
	chain_1 = start("chain 1", be_chain_1);
	pthread_barrier_wait(&begun);
	start("chain 2", be_chain_2);
	start("chain 3", be_chain_3);
	start("circle a", be_circle_a);
	start("circle b", be_circle_b);
	pthread_join(start("gone", be_gone), NULL);
	start("behind", be_behind);
	start("left", be_left);
	start("lent", be_lent);
	start("inherits", be_inherits);
	start("robust", be_robust);
	start("c11", be_c11);
	start("reader", be_reader);
	start("alone", be_alone);
	puts("ready 0");
	while (getchar() != EOF) {
	}
	_exit(0);
}
