/*
 * lost.c: thousands of tasks that nobody can ever wake again.
 *
 *     lost [--tasks=10000] [--wait=chan|mutex] [--mended]
 *
 * With chan each receives from a channel of its own, to which nobody else
 * refers. With mutex each has a mutex and wants that of the one before; the
 * first has ended, and has not given back its own. --mended: the channels are
 * in a list; and the first has not ended, but reads.
 */
#include <pthread.h>

#include "strand.h"
#include "program.h"

#define STACK_SIZE (32 << 10)

struct lock {
	pthread_mutex_t mutex;
	struct lock *before; /* NULL: it is the first */
};

static bool mended;
static int silence[2]; /* a pipe */
static pthread_barrier_t taken;
static struct strand_chan **list;
static volatile int ended; /* set last, lest the calls before become jumps */

static void
receive(void *chan)
{
	strand_chan_recv(chan, NULL, STRAND_FOREVER);
	ended = 1;
}

static void
lose_channels(long count)
{
	if (mended) {
		list = program_need(calloc(count, sizeof(*list)), "calloc");
	}
	for (long i = 0; i < count; i++) {
		struct strand_chan *chan =
		    program_need(strand_chan_new(0, 0), "channel");

		if (mended) {
			list[i] = chan;
		}
		program_check(strand_go("lost", receive, chan), "task");
	}
}

static void *
lock_two(void *argument)
{
	struct lock *lock = argument;
	char byte;

	pthread_mutex_lock(&lock->mutex);
	pthread_barrier_wait(&taken);
	if (lock->before) {
		pthread_mutex_lock(&lock->before->mutex);
	} else if (mended) {
		while (read(silence[0], &byte, 1) != 1) {
		}
	}
	return NULL;
}

/* Each after the one before has its own. */
static void
lose_locks(long count)
{
	struct lock *locks =
	    program_need(calloc(count, sizeof(*locks)), "calloc");
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_barrier_init(&taken, NULL, 2);
	for (long i = 0; i < count; i++) {
		pthread_mutex_init(&locks[i].mutex, NULL);
		locks[i].before = i > 0 ? &locks[i - 1] : NULL;
		program_check(
		    pthread_create(&thread, &attr, lock_two, &locks[i]),
		    "pthread");
		pthread_barrier_wait(&taken);
	}
}

/* What the loop above has left in the main thread's stack is no reference. */
__attribute__((noinline)) static void
scrub(void)
{
	char room[32 << 10];

	memset(room, 0, sizeof(room));
	__asm__ volatile("" : : "r"(room) : "memory");
}

int
main(int argc, char **argv)
{
	long count = program_number(argv, "--tasks=", 10000);

	program_begin();
	mended = program_flag(argv, "--mended");
	program_check(pipe(silence), "pipe");
	if (strcmp(program_word(argv, "--wait=", "chan"), "chan") == 0) {
		lose_channels(count);
	} else {
		lose_locks(count);
	}
	scrub();
	printf("ready\n");
	program_wait();
	return 0;
}
