/*
 * many_threads.c: thousands of threads, all blocked under a deep stack, and
 * one that watches the clock.
 *
 *     many_threads [--threads=10000] [--wait=cond|mutex|chan] [--tasks]
 *                  [--no-clock]
 *
 * The threads are bare POSIX threads, or with --tasks libstrand's, and block in
 * pthread_cond_wait, on a locked mutex or receiving from a channel. The clock
 * thread notes the longest gap between two looks at the clock: a line on
 * standard input is answered by that gap in nanoseconds, and by the memory of
 * the process in KiB, and starts a new measurement.
 */
#include <pthread.h>
#include <time.h>

#include "strand.h"
#include "program.h"

#define STACK_SIZE (32 << 10)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t locked = PTHREAD_MUTEX_INITIALIZER; /* by main */
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static struct strand_chan *silent;
static const char *kind;
static long begun;      /* threads that are about to block */
static int64_t longest; /* gap */

static __attribute__((noinline)) int
block(void)
{
	__atomic_add_fetch(&begun, 1, __ATOMIC_RELAXED);
	if (strcmp(kind, "chan") == 0) {
		strand_chan_recv(silent, NULL, STRAND_FOREVER);
	} else if (strcmp(kind, "mutex") == 0) {
		pthread_mutex_lock(&locked);
	} else {
		pthread_mutex_lock(&mutex);
		pthread_cond_wait(&never, &mutex); /* blocked here */
	}
	return 0;
}

/* Ten functions, each with a frame of its own. */
#define LEVEL(name, next)                                                      \
	static __attribute__((noinline)) int name(void)                        \
	{                                                                      \
		return next() + 1;                                             \
	}
LEVEL(level_10, block)
LEVEL(level_9, level_10)
LEVEL(level_8, level_9)
LEVEL(level_7, level_8)
LEVEL(level_6, level_7)
LEVEL(level_5, level_6)
LEVEL(level_4, level_5)
LEVEL(level_3, level_4)
LEVEL(level_2, level_3)
LEVEL(level_1, level_2)

static void
task(void *arg)
{
	*(volatile int *) arg = level_1();
}

static void *
thread(void *arg)
{
	task(arg);
	return NULL;
}

static void *
watch_clock(void *arg)
{
	int64_t last = strand_now();

	for (;;) {
		int64_t now = strand_now();

		if (now - last > __atomic_load_n(&longest, __ATOMIC_RELAXED)) {
			__atomic_store_n(
			    &longest, now - last, __ATOMIC_RELAXED);
		}
		last = now;
	}
	return arg;
}

static void
start(pthread_attr_t *attr, bool tasks)
{
	static int result;
	pthread_t made;

	if (tasks) {
		program_check(strand_go("blocked", task, &result), "task");
	} else {
		program_check(
		    pthread_create(&made, attr, thread, &result), "thread");
	}
}

static void
answer_questions(void)
{
	char line[16];

	while (fgets(line, sizeof line, stdin)) {
		int64_t gap =
		    __atomic_exchange_n(&longest, 0, __ATOMIC_RELAXED);

		printf("%lld %ld\n", (long long) gap, program_memory());
	}
}

int
main(int argc, char **argv)
{
	long count = program_number(argv, "--threads=", 10000);
	bool tasks = program_flag(argv, "--tasks");
	pthread_attr_t attr;
	pthread_t clock_thread;

	program_begin();
	kind = program_word(argv, "--wait=", "cond");
	silent = program_need(strand_chan_new(0, 0), "channel");
	pthread_mutex_lock(&locked);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (long i = 0; i < count; i++) {
		start(&attr, tasks);
	}
	while (__atomic_load_n(&begun, __ATOMIC_RELAXED) < count) {
		usleep(1000);
	}
	usleep(100 * 1000); /* for the last to be really blocked */
	if (!program_flag(argv, "--no-clock")) {
		program_check(
		    pthread_create(&clock_thread, &attr, watch_clock, NULL),
		    "clock");
	}
	printf("ready\n");
	answer_questions();
	return 0;
}
