/*
 * self.c: what the library keeps for each thread.
 */
#include "self.h"

#include <pthread.h>

#include "task.h"

_Thread_local struct strand_self strand_self;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;

static void
thread_ends(void *unused)
{
	strand_self.watched = false;
	strand_task_thread_ends();
}

static void
make_key(void)
{
	key_error = pthread_key_create(&key, thread_ends);
}

int
strand_self_watch(void)
{
	int error;

	if (strand_self.watched)
		return 0;
	pthread_once(&key_once, make_key);
	error = key_error ? key_error : pthread_setspecific(key, &strand_self);
	strand_self.watched = error == 0;
	return error;
}

/* Marsaglia's xorshift64*: quick, and its high bits are random enough. */
uint64_t
strand_self_random(void)
{
	uint64_t x = strand_self.random;

	if (x == 0)
		x = ((uintptr_t) &strand_self ^ (uint64_t) strand_now()) | 1;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	strand_self.random = x;
	return (x * UINT64_C(0x2545f4914f6cdd1d)) >> 32;
}
