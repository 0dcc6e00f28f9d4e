/* case.c: see case.h. */
#include "case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "settle.h"

/* Longer than any timer of the cases runs. */
#define QUIET (4 * CASE_TIMER)

bool case_mended;

/*
 * Who sleeps until a timer goes off, sleeps as those do that never wake. Once
 * it has gone off, its thread is ready to run, however long it takes until that
 * comes to its turn.
 */
void
case_settle(void)
{
	settle_for(QUIET);
}

/* ---- What cases are made of -------------------------------------------- */

/* Ends the program: without this there is no case. */
static void *
need(void *object)
{
	if (!object) {
		perror("case");
		exit(1);
	}
	return object;
}

void *
case_memory(size_t size)
{
	return need(calloc(1, size));
}

void
case_go(const char *name, strand_fn *fn, void *argument)
{
	errno = strand_go(name, fn, argument);
	need(errno ? NULL : (void *) fn);
}

struct strand_chan *
channel(size_t capacity)
{
	return need(strand_chan_new(sizeof(int), capacity));
}

struct strand_wg *
wait_group(int count)
{
	struct strand_wg *group = need(strand_wg_new());

	strand_wg_add(group, count);
	return group;
}

void
rwlock_init(pthread_rwlock_t *rwlock)
{
	pthread_rwlockattr_t attributes;

	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setkind_np(
	    &attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(rwlock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
}

void
rwlock_await_writer(pthread_rwlock_t *rwlock)
{
	while (pthread_rwlock_tryrdlock(rwlock) == 0) {
		pthread_rwlock_unlock(rwlock);
		usleep(1000);
	}
}
