/*
 * company.c: works in the company of other libraries that stand between it and
 * libc: built once as it is, once for each sanitizer, and once with each
 * allocator that is installed. It takes and gives back memory in several
 * threads, throws work over a condition, starts other programs, and then waits
 * for the end of its input in two threads.
 *
 *     worked ALLOCATIONS, child STATUS
 *     ready
 */
/* The address sanitizer looks for leaks, and at its place, as it would. */
#define PROGRAM_STRICT

#include <pthread.h>
#include <stdint.h>
#include <sys/wait.h>

#include "program.h"

#define WORKERS     4
#define ALLOCATIONS 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int idle;
static long done;

static void *
work(void *arg)
{
	void *blocks[16] = { NULL };
	long count = 0;

	for (size_t i = 0; i < ALLOCATIONS; i++) {
		size_t slot = i % 16;

		free(blocks[slot]);
		blocks[slot] = malloc(16 + i % 3000);
		count += blocks[slot] != NULL;
	}
	for (size_t i = 0; i < 16; i++) {
		free(blocks[i]);
	}
	pthread_mutex_lock(&mutex);
	done += count;
	idle++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void *
wait_for_nothing(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (idle >= 0) {
		pthread_cond_wait(&changed, &mutex);
	}
	pthread_mutex_unlock(&mutex);
	return arg;
}

/* A program that is not built as this one is. */
static int
start_other(void)
{
	int status = system("/bin/sh -c 'exit 7'");

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
main(int argc, char **argv)
{
	pthread_t threads[WORKERS], waiter;

	program_begin();
	for (int i = 0; i < WORKERS; i++) {
		program_check(
		    pthread_create(&threads[i], NULL, work, NULL), "thread");
	}
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
	}
	printf("worked %ld, child %d\n", done, start_other());
	program_check(
	    pthread_create(&waiter, NULL, wait_for_nothing, NULL), "thread");
	printf("ready\n");
	program_wait();
	pthread_mutex_lock(&mutex);
	idle = -1;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	pthread_join(waiter, NULL);
	return 0;
}
