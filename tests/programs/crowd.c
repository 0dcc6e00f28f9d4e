/*
 * crowd.c: a server with many tasks and sessions, for the viewer to look at.
 *
 *     crowd [--tasks=10000] [--sessions=5000] [--churn=N]
 *
 * Every task waits on a condition, in one of a few places; the first tasks are
 * each in a session of a registry. With --churn, N more tasks a second come,
 * wait for a moment, and go.
 */
#include <pthread.h>

#include "strand.h"
#include "program.h"

#define STACK_SIZE (32 << 10)
#define PLACES     8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static struct strand_registry *registry;
static long session_count;
static long begun; /* tasks that are about to wait */

/* A few functions, each a place of its own to wait in. */
#define PLACE(name)                                                            \
	static __attribute__((noinline)) void name(void)                       \
	{                                                                      \
		pthread_mutex_lock(&mutex);                                    \
		pthread_cond_wait(&never, &mutex);                             \
		pthread_mutex_unlock(&mutex);                                  \
	}
PLACE(read_request)
PLACE(ask_database)
PLACE(write_answer)
PLACE(wait_for_timer)
PLACE(flush_log)
PLACE(check_cache)
PLACE(take_job)
PLACE(hand_over)

static void (*const places[PLACES])(void) = { read_request, ask_database,
	write_answer, wait_for_timer, flush_log, check_cache, take_job,
	hand_over };

static void *
task(void *arg)
{
	long number = (long) (intptr_t) arg;
	char name[64];

	if (number < session_count) {
		struct strand_session *session;

		snprintf(name, sizeof name, "10.0.%ld.%ld:4000", number / 250,
		    number % 250);
		session = program_need(
		    strand_session_open(registry, name, NULL), "session");
		strand_session_unref(strand_session_enter(session));
	}
	__atomic_add_fetch(&begun, 1, __ATOMIC_RELAXED);
	places[number % PLACES]();
	return NULL;
}

static void *
visitor(void *arg)
{
	usleep(200 * 1000); /* waits for a moment */
	return arg;
}

static void
start(void *(*run)(void *), long number)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	program_check(
	    pthread_create(&thread, &attr, run, (void *) (intptr_t) number),
	    "thread");
	pthread_attr_destroy(&attr);
}

/* In steps of a fiftieth of a second. */
static void *
churn(void *arg)
{
	long rate = (long) (intptr_t) arg;

	for (;;) {
		for (long i = 0; i < rate / 50; i++) {
			start(visitor, 0);
		}
		usleep(20 * 1000);
	}
	return arg;
}

int
main(int argc, char **argv)
{
	long count = program_number(argv, "--tasks=", 10000);
	long rate = program_number(argv, "--churn=", 0);

	session_count = program_number(argv, "--sessions=", 5000);
	program_begin();
	registry = program_need(strand_registry_new("clients"), "registry");
	for (long i = 0; i < count; i++) {
		start(task, i);
	}
	while (__atomic_load_n(&begun, __ATOMIC_RELAXED) < count) {
		usleep(1000);
	}
	usleep(100 * 1000); /* for the last to be really blocked */
	if (rate > 0) {
		start(churn, rate);
	}
	printf("ready\n");
	while (getchar() != EOF) {
		continue; /* until nobody wants it any more */
	}
	return 0;
}
