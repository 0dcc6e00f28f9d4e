/*
 * strand_test.h: what the tests of libstrand share.
 *
 * Each program has a time limit, so that a task that nobody wakes is a failure
 * and not a build that hangs. No test expects something to happen within some
 * time, other than that limit; those that must give another task the time to
 * block do so generously, and are right, if less sharp, when it was too short.
 */
#ifndef STRAND_TEST_H
#define STRAND_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "settle.h"
#include "strand.h"

enum { TEST_SECONDS = 120 };

#define test_main(tests)                                                       \
	int main(void)                                                         \
	{                                                                      \
		alarm(TEST_SECONDS);                                           \
		return cmocka_run_group_tests(tests, NULL, NULL);              \
	}

/* A point in the near future, for waits that are to time out. */
static inline int64_t
test_soon(void)
{
	return strand_now() + 5 * STRAND_MILLISECOND;
}

/* Waits until no task is left. */
static inline void
test_drain(void)
{
	while (strand_task_count() > 0)
		strand_sleep(strand_now() + STRAND_MILLISECOND / 10);
}

/* Starts a task that must start. */
static inline void
test_go(strand_fn *fn, void *arg)
{
	assert_int_equal(strand_go("test", fn, arg), 0);
}

static inline void
test_send(struct strand_chan *chan, int64_t value)
{
	assert_int_equal(strand_chan_send(chan, &value, STRAND_FOREVER), 0);
}

static inline int64_t
test_recv(struct strand_chan *chan)
{
	int64_t value = -1;

	assert_int_equal(strand_chan_recv(chan, &value, STRAND_FOREVER), 0);
	return value;
}

#endif
