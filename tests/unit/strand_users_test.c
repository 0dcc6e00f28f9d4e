/*
 * strand_users_test.c: who used a channel last, as an observer is told. The
 * observer is the test's own: a probe as it is now, and one of before.
 */
#include "strand_test.h"

#include <stdatomic.h>

#include "stranded_observer.h"

enum {
	MAIN_TASK = 77,
	FIRST_TASK = 100,
	CHANNELS_MAX = 8,
	STORM = 20000 /* elements */
};

static const struct stranded_user *users[CHANNELS_MAX][2];
static uint64_t channels;          /* that have been made */
static _Atomic uint64_t tasks;     /* likewise */
static _Atomic unsigned int asked; /* how often for the current task */

/* ---- The observer ------------------------------------------------------- */

static uint64_t
on_task_create(const char *name, const struct stranded_place *by)
{
	return FIRST_TASK + atomic_fetch_add(&tasks, 1);
}

static void
on_number(uint64_t number)
{
}

static void
on_wait(struct stranded_wait *wait)
{
}

static uint64_t
on_channel_create(
    const struct stranded_channel *channel, const struct stranded_place *by)
{
	return ++channels;
}

static uint64_t
on_session_open(const char *name, const struct stranded_place *by)
{
	return 0;
}

static uint64_t
on_current_task(void)
{
	atomic_fetch_add(&asked, 1);
	return MAIN_TASK;
}

static void
on_channel_users(uint64_t channel, const struct stranded_user *sender,
    const struct stranded_user *receiver)
{
	assert_in_range(channel, 1, CHANNELS_MAX - 1);
	users[channel][STRAND_SEND] = sender;
	users[channel][STRAND_RECV] = receiver;
}

static struct stranded_observer observer = {
	.version = 1,
	.size = sizeof(observer),
	.task_create = on_task_create,
	.task_run = on_number,
	.task_end = on_number,
	.wait_begin = on_wait,
	.wait_end = on_wait,
	.channel_create = on_channel_create,
	.channel_destroy = on_number,
	.session_open = on_session_open,
	.session_used = on_number,
	.session_close = on_number,
	.session_enter = on_number,
	.current_task = on_current_task,
	.channel_users = on_channel_users,
};

static int
watch(void **state)
{
	observer.size = sizeof(observer);
	memset(users, 0, sizeof(users));
	channels = 0;
	atomic_store(&tasks, 0);
	__atomic_store_n(&stranded_observer_v1, &observer, __ATOMIC_RELEASE);
	return 0;
}

static int
unwatch(void **state)
{
	test_drain();
	__atomic_store_n(&stranded_observer_v1, NULL, __ATOMIC_RELEASE);
	return 0;
}

static uint64_t
task_of(uint64_t channel, enum strand_dir dir)
{
	return __atomic_load_n(&users[channel][dir]->task, __ATOMIC_ACQUIRE);
}

static const void *
place_of(uint64_t channel, enum strand_dir dir)
{
	return __atomic_load_n(&users[channel][dir]->pc, __ATOMIC_ACQUIRE);
}

/* ---- Tests -------------------------------------------------------------- */

static void
nobody_so_far(void **state)
{
	struct strand_chan *chan = strand_chan_new(8, 4);

	assert_non_null(users[1][STRAND_SEND]);
	assert_null(place_of(1, STRAND_SEND));
	assert_null(place_of(1, STRAND_RECV));
	strand_chan_unref(chan);
}

static void
each_side_has_its_own(void **state)
{
	struct strand_chan *chan = strand_chan_new(8, 4);
	const void *first;
	int64_t value;

	test_send(chan, 1);
	first = place_of(1, STRAND_SEND);
	assert_non_null(first);
	assert_int_equal(task_of(1, STRAND_SEND), MAIN_TASK);
	assert_null(place_of(1, STRAND_RECV));
	assert_int_equal(strand_chan_send(chan, &value, STRAND_FOREVER), 0);
	assert_ptr_not_equal(place_of(1, STRAND_SEND), first);
	first = place_of(1, STRAND_SEND);
	assert_int_equal(strand_chan_recv(chan, NULL, STRAND_FOREVER), 0);
	assert_int_equal(task_of(1, STRAND_RECV), MAIN_TASK);
	assert_ptr_equal(place_of(1, STRAND_SEND), first);
	assert_int_equal(atomic_load(&asked), 1); /* and remembered */
	strand_chan_unref(chan);
}

static void
send_one(void *chan)
{
	test_send(chan, 1);
}

/* Also after it has ended. */
static void
a_task_is_named(void **state)
{
	for (size_t capacity = 0; capacity <= 1; capacity++) {
		struct strand_chan *chan = strand_chan_new(8, capacity);

		test_go(send_one, chan);
		assert_int_equal(
		    strand_chan_recv(chan, NULL, STRAND_FOREVER), 0);
		test_drain();
		assert_int_equal(
		    task_of(1 + capacity, STRAND_SEND), FIRST_TASK + capacity);
		strand_chan_unref(chan);
	}
}

static void
a_select_uses_all_cases(void **state)
{
	struct strand_chan *one = strand_chan_new(8, 1);
	struct strand_chan *other = strand_chan_new(8, 1);
	struct strand_case cases[] = {
		{ STRAND_RECV, one, NULL, 0 },
		{ STRAND_RECV, NULL, NULL, 0 },
		{ STRAND_SEND, other, &(int64_t) { 5 }, 0 },
	};
	size_t chosen;

	assert_int_equal(strand_select(cases, 3, &chosen, STRAND_NOWAIT), 0);
	assert_int_equal(chosen, 2);
	assert_int_equal(task_of(1, STRAND_RECV), MAIN_TASK);
	assert_int_equal(task_of(2, STRAND_SEND), MAIN_TASK);
	assert_ptr_equal(place_of(1, STRAND_RECV), place_of(2, STRAND_SEND));
	assert_null(place_of(1, STRAND_SEND));
	assert_null(place_of(2, STRAND_RECV));
	strand_chan_unref(one);
	strand_chan_unref(other);
}

/* Whose table ends before. */
static void
an_older_probe(void **state)
{
	struct strand_chan *chan;

	observer.size = offsetof(struct stranded_observer, current_task);
	chan = strand_chan_new(8, 1);
	assert_int_equal(channels, 1);
	assert_null(users[1][STRAND_SEND]);
	test_send(chan, 1);
	assert_int_equal(strand_chan_recv(chan, NULL, STRAND_FOREVER), 0);
	strand_chan_unref(chan);
	assert_int_equal(stranded_current_task(), 0);
}

/* A channel that was made before there was a probe. */
static void
a_late_probe(void **state)
{
	struct strand_chan *chan;

	unwatch(state);
	chan = strand_chan_new(8, 1);
	watch(state);
	test_send(chan, 1);
	assert_int_equal(channels, 0);
	strand_chan_unref(chan);
}

static void
send_many(void *chan)
{
	for (int64_t i = 0; i < STORM; i++)
		test_send(chan, i);
}

static void
receive_many(void *chan)
{
	for (int i = 0; i < STORM; i++)
		assert_int_equal(
		    strand_chan_recv(chan, NULL, STRAND_FOREVER), 0);
}

/* While it is looked at: what is seen is somebody who is there. */
static void
storm(size_t capacity)
{
	struct strand_chan *chan;

	watch(NULL);
	chan = strand_chan_new(8, capacity);
	for (int i = 0; i < 2; i++) {
		test_go(send_many, chan);
		test_go(receive_many, chan);
	}
	while (strand_task_count() > 0) {
		uint64_t sender = task_of(1, STRAND_SEND);
		uint64_t receiver = task_of(1, STRAND_RECV);

		assert_true(sender == 0 || sender == FIRST_TASK ||
		    sender == FIRST_TASK + 2);
		assert_true(receiver == 0 || receiver == FIRST_TASK + 1 ||
		    receiver == FIRST_TASK + 3);
		strand_sleep(strand_now() + STRAND_MILLISECOND / 10);
	}
	assert_non_null(place_of(1, STRAND_SEND));
	assert_non_null(place_of(1, STRAND_RECV));
	strand_chan_unref(chan);
}

static void
storms(void **state)
{
	storm(0);
	storm(16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_side_has_its_own, watch, unwatch),
		cmocka_unit_test_setup_teardown(nobody_so_far, watch, unwatch),
		cmocka_unit_test_setup_teardown(
		    a_task_is_named, watch, unwatch),
		cmocka_unit_test_setup_teardown(
		    a_select_uses_all_cases, watch, unwatch),
		cmocka_unit_test_setup_teardown(an_older_probe, watch, unwatch),
		cmocka_unit_test_setup_teardown(a_late_probe, watch, unwatch),
		cmocka_unit_test_setup_teardown(storms, watch, unwatch),
	};

	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
