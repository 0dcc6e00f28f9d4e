/*
 * Memory and threads run out: every function that allocates is made to fail at
 * each of its allocations in turn, and must say so and leave nothing behind.
 *
 * Linked with --wrap for the functions below, which reaches what libstrand.a
 * calls, and nothing else.
 */
#include "strand_test.h"

#include <pthread.h>
#include <stdatomic.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg);

static _Atomic int countdown = -1; /* calls until one fails; negative: none */
static _Atomic bool no_threads;

static bool
fails_now(void)
{
	if (countdown < 0 || --countdown >= 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails_now() ? NULL : __real_aligned_alloc(alignment, size);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg)
{
	return no_threads ? EAGAIN :
			    __real_pthread_create(thread, attr, run, arg);
}

/*
 * Calls make(), which returns whether it has succeeded, with its first
 * allocation failing, its second, and so on, until none fails. Returns how many
 * failed.
 */
static int
fail_each(bool (*make)(void))
{
	int failures = 0;
	bool made;

	for (;;) {
		countdown = failures;
		errno = 0;
		made = make();
		if (countdown >= 0) {
			countdown = -1;
			assert_true(made);
			return failures;
		}
		assert_false(made);
		assert_int_equal(errno, ENOMEM);
		failures++;
	}
}

static bool
make_chan(void)
{
	struct strand_chan *chan = strand_chan_new(8, 8);

	strand_chan_unref(chan);
	return chan;
}

static bool
make_wg(void)
{
	struct strand_wg *wg = strand_wg_new();

	strand_wg_unref(wg);
	return wg;
}

static bool
make_timer(void)
{
	struct strand_timer *timer = strand_after(STRAND_FOREVER);

	strand_timer_stop(timer);
	return timer;
}

static bool
make_registry(void)
{
	struct strand_registry *registry = strand_registry_new("name");

	strand_registry_unref(registry);
	return registry;
}

static struct strand_registry *registry;

static bool
make_session(void)
{
	struct strand_session *session =
	    strand_session_get_or_open(registry, "session", NULL, NULL);

	if (session)
		assert_int_equal(strand_session_close(session), 0);
	else
		assert_int_equal(strand_registry_count(registry), 0);
	strand_session_unref(session);
	return session;
}

static bool
make_big_select(void)
{
	struct strand_case cases[100] = { { .dir = STRAND_RECV } };
	size_t chosen = 0;
	int error = strand_select(cases, 100, &chosen, STRAND_NOWAIT);

	errno = error;
	assert_true(chosen == SIZE_MAX);
	return error == EAGAIN;
}

static void
nothing(void *arg)
{
}

static bool
make_task(void)
{
	errno = strand_go("task", nothing, NULL);
	if (errno)
		assert_int_equal(strand_task_count(), 0);
	else
		test_drain();
	return errno == 0;
}

static void
memory_runs_out(void **state)
{
	assert_int_equal(fail_each(make_chan), 1);
	assert_int_equal(fail_each(make_wg), 1);
	assert_int_equal(fail_each(make_timer), 3);
	assert_int_equal(fail_each(make_registry), 1);
	registry = strand_registry_new("test");
	assert_int_equal(fail_each(make_session), 2);
	strand_registry_unref(registry);
	assert_int_equal(fail_each(make_big_select), 1);
	assert_int_equal(fail_each(make_task), 1);
}

/* Runs first: later there are idle threads. */
static void
threads_run_out(void **state)
{
	no_threads = true;
	assert_int_equal(strand_go("task", nothing, NULL), EAGAIN);
	assert_int_equal(strand_task_count(), 0);
	errno = 0;
	assert_null(strand_after(STRAND_FOREVER));
	assert_int_equal(errno, EAGAIN);
	errno = 0;
	assert_null(strand_tick(STRAND_SECOND));
	assert_int_equal(errno, EAGAIN);
	no_threads = false;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(threads_run_out),
	cmocka_unit_test(memory_runs_out),
};

test_main(tests)
