/* Tasks, wait groups, sleeping, timers, fork. */
#include "strand_test.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

/* ---- Tasks ------------------------------------------------------------- */

static void
send_seven(void *arg)
{
	test_send(arg, 7);
}

static void
runs_a_task(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);

	assert_int_equal(strand_go(NULL, send_seven, chan), 0);
	assert_int_equal(strand_task_count(), 1);
	assert_int_equal(test_recv(chan), 7);
	assert_int_equal(strand_go("a name that is longer than what is kept",
			     send_seven, chan),
	    0);
	assert_int_equal(test_recv(chan), 7);
	test_drain();
	strand_chan_unref(chan);
}

static void
count_up(void *arg)
{
	atomic_fetch_add((_Atomic int *) arg, 1);
}

/* The kernel may have no more threads for a moment: others use them, too. */
static void
many_tasks(void **state)
{
	_Atomic int count = 0;
	int error;

	for (int i = 0; i < 3000; i++) {
		while ((error = strand_go("many", count_up, &count)) == EAGAIN)
			strand_sleep(strand_now() + STRAND_MILLISECOND);
		assert_int_equal(error, 0);
	}
	test_drain();
	assert_int_equal(count, 3000);
}

static void
note_thread(void *arg)
{
	struct strand_chan *chan = arg;
	uintptr_t thread = (uintptr_t) pthread_self();

	strand_chan_send(chan, &thread, STRAND_FOREVER);
}

/* Of a row of tasks, most run on the thread of the one before. */
static void
threads_are_reused(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(uintptr_t), 1);
	uintptr_t before = 0;
	uintptr_t thread = 0;
	int reused = 0;

	for (int i = 0; i < 100; i++) {
		test_go(note_thread, chan);
		assert_int_equal(
		    strand_chan_recv(chan, &thread, STRAND_FOREVER), 0);
		reused += thread == before;
		before = thread;
		test_drain();
		settle();
		if (reused > 10)
			break;
	}
	assert_true(reused > 10);
	strand_chan_unref(chan);
}

static void
use_stack(void *arg)
{
	volatile char stack[200 << 10];

	for (size_t i = 0; i < sizeof(stack); i += 512)
		stack[i] = 1;
	*(_Atomic int *) arg = stack[512];
}

static void
stack_size_is_settable(void **state)
{
	_Atomic int done = 0;

	assert_int_equal(strand_set_stack_size(1), EINVAL);
	assert_int_equal(strand_set_stack_size(SIZE_MAX), EINVAL);
	assert_int_equal(strand_set_stack_size((512 << 10) + 1), 0);
	test_go(use_stack, &done);
	test_drain();
	assert_int_equal(done, 1);
	assert_int_equal(strand_set_stack_size(64 << 10), 0);
}

static void
leave_early(void *arg)
{
	*(_Atomic int *) arg = 1;
	pthread_exit(NULL);
}

static void
task_may_exit_its_thread(void **state)
{
	_Atomic int done = 0;

	test_go(leave_early, &done);
	test_drain();
	assert_int_equal(done, 1);
}

/* ---- Wait groups ------------------------------------------------------- */

static void
counter_rules(void **state)
{
	struct strand_wg *wg = strand_wg_new();

	assert_int_equal(strand_wg_wait(wg, STRAND_NOWAIT), 0);
	assert_int_equal(strand_wg_done(wg), EINVAL);
	assert_int_equal(strand_wg_add(wg, 2), 0);
	assert_int_equal(strand_wg_add(wg, -3), EINVAL);
	assert_int_equal(strand_wg_add(wg, INT_MAX), EINVAL);
	assert_int_equal(strand_wg_wait(wg, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(strand_wg_wait(wg, test_soon()), ETIMEDOUT);
	assert_int_equal(strand_wg_wait(wg, -1), ETIMEDOUT);
	assert_int_equal(strand_wg_add(wg, -2), 0);
	assert_int_equal(strand_wg_wait(wg, STRAND_FOREVER), 0);
	assert_ptr_equal(strand_wg_ref(wg), wg);
	strand_wg_unref(wg);
	strand_wg_unref(wg);
	strand_wg_unref(NULL);
}

struct meeting {
	struct strand_wg *work;
	struct strand_wg *done;
	_Atomic int woken;
};

static void
attend(void *arg)
{
	struct meeting *meeting = arg;

	if (strand_wg_wait(meeting->work, STRAND_FOREVER) == 0)
		atomic_fetch_add(&meeting->woken, 1);
	strand_wg_done(meeting->done);
}

static void
all_that_wait_are_woken(void **state)
{
	for (int round = 0; round < 50; round++) {
		struct meeting meeting = { strand_wg_new(), strand_wg_new(),
			0 };

		strand_wg_add(meeting.work, 1);
		strand_wg_add(meeting.done, 10);
		for (int i = 0; i < 10; i++)
			test_go(attend, &meeting);
		if (round % 10 == 0)
			settle();
		assert_int_equal(meeting.woken, 0);
		assert_int_equal(strand_wg_wait(meeting.work,
				     strand_now() + 50 * STRAND_MICROSECOND),
		    ETIMEDOUT);
		assert_int_equal(strand_wg_done(meeting.work), 0);
		assert_int_equal(
		    strand_wg_wait(meeting.done, STRAND_FOREVER), 0);
		assert_int_equal(meeting.woken, 10);
		test_drain();
		strand_wg_unref(meeting.work);
		strand_wg_unref(meeting.done);
	}
}

static void
strike(void *arg)
{
	struct meeting *meeting = arg;

	strand_wg_done(meeting->work);
	strand_wg_done(meeting->done);
}

/* The deadline and the last done come at about the same time. */
static void
deadline_races_with_done(void **state)
{
	struct meeting meeting = { strand_wg_new(), strand_wg_new(), 0 };

	for (int i = 0; i < 1000; i++) {
		int error;

		strand_wg_add(meeting.work, 1);
		strand_wg_add(meeting.done, 1);
		test_go(strike, &meeting);
		error = strand_wg_wait(
		    meeting.work, strand_now() + i % 40 * STRAND_MICROSECOND);
		assert_true(error == 0 || error == ETIMEDOUT);
		strand_wg_wait(meeting.done, STRAND_FOREVER);
		assert_int_equal(
		    strand_wg_wait(meeting.work, STRAND_NOWAIT), 0);
	}
	test_drain();
	strand_wg_unref(meeting.work);
	strand_wg_unref(meeting.done);
}

/* ---- Time -------------------------------------------------------------- */

static void
sleeping(void **state)
{
	int64_t deadline = test_soon();

	assert_int_equal(strand_sleep(deadline), 0);
	assert_true(strand_now() >= deadline);
	assert_int_equal(strand_sleep(STRAND_NOWAIT), 0);
	assert_int_equal(strand_sleep(-5), 0);
}

static void
timers_fire_in_order(void **state)
{
	struct strand_timer *timers[20];
	int64_t now = strand_now();
	int64_t time;

	for (int i = 0; i < 20; i++) {
		timers[i] =
		    strand_after(now + (i * 7 % 20 + 1) * STRAND_MILLISECOND);
		assert_non_null(timers[i]);
	}
	for (int i = 0; i < 20; i++) {
		int64_t due = now + (i * 7 % 20 + 1) * STRAND_MILLISECOND;

		time = test_recv(strand_timer_chan(timers[i]));
		assert_true(time >= due);
		strand_timer_stop(timers[i]);
	}
}

static void
past_timer_fires_at_once(void **state)
{
	struct strand_timer *timer = strand_after(1);

	test_recv(strand_timer_chan(timer));
	strand_timer_stop(timer);
	strand_timer_stop(NULL);
}

static void
ticker(void **state)
{
	struct strand_timer *timer = strand_tick(STRAND_MILLISECOND);
	int64_t before = strand_now();

	assert_int_equal(strand_chan_cap(strand_timer_chan(timer)), 1);
	for (int i = 0; i < 5; i++) {
		int64_t time = test_recv(strand_timer_chan(timer));

		assert_true(time > before);
		before = time;
	}
	strand_timer_stop(timer);
	errno = 0;
	assert_null(strand_tick(0));
	assert_int_equal(errno, EINVAL);
	assert_null(strand_tick(-1));
	timer = strand_tick(INT64_MAX);
	assert_non_null(timer);
	strand_timer_stop(timer);
}

/* Nobody takes the ticks: one waits, the others are dropped. */
static void
ticks_are_dropped(void **state)
{
	struct strand_timer *timer = strand_tick(100 * STRAND_MICROSECOND);
	struct strand_chan *chan = strand_chan_ref(strand_timer_chan(timer));
	int64_t time;

	while (strand_chan_len(chan) == 0)
		strand_sleep(strand_now() + STRAND_MILLISECOND);
	strand_sleep(strand_now() + STRAND_MILLISECOND);
	strand_timer_stop(timer);
	assert_int_equal(strand_chan_len(chan), 1);
	while (strand_chan_recv(chan, &time, STRAND_NOWAIT) == 0)
		;
	settle();
	assert_int_equal(strand_chan_recv(chan, &time, STRAND_NOWAIT), EAGAIN);
	strand_chan_unref(chan);
}

static void
stopped_timer_is_silent(void **state)
{
	for (int i = 0; i < 200; i++) {
		struct strand_timer *timer =
		    strand_after(strand_now() + i * STRAND_MICROSECOND);
		struct strand_chan *chan =
		    strand_chan_ref(strand_timer_chan(timer));
		size_t length;

		if (i % 2)
			strand_sleep(strand_now() + i * 900);
		strand_timer_stop(timer);
		length = strand_chan_len(chan);
		strand_sleep(strand_now() + 100 * STRAND_MICROSECOND);
		assert_int_equal(strand_chan_len(chan), length);
		strand_chan_unref(chan);
	}
}

/* ---- fork -------------------------------------------------------------- */

/* In the child: 0 if tasks, channels and timers work. */
static int
use_everything(void)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
	struct strand_timer *timer;
	int64_t value;

	alarm(20);
	if (strand_task_count() != 0 || strand_go("child", send_seven, chan) ||
	    strand_chan_recv(chan, &value, STRAND_FOREVER) || value != 7)
		return 1;
	timer = strand_after(strand_now() + STRAND_MILLISECOND);
	if (!timer ||
	    strand_chan_recv(strand_timer_chan(timer), &value, STRAND_FOREVER))
		return 2;
	return 0;
}

static void
child_of_fork_starts_afresh(void **state)
{
	_Atomic int count = 0;
	struct strand_timer *timer = strand_after(STRAND_FOREVER);
	int status;
	pid_t child;

#if defined(__SANITIZE_THREAD__)
	strand_timer_stop(timer);
	skip(); /* its runtime starts no threads in such a child */
#endif
	test_go(count_up, &count);
	test_drain();
	child = fork();
	if (child == 0)
		_exit(use_everything());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	strand_timer_stop(timer);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(runs_a_task),
	cmocka_unit_test(many_tasks),
	cmocka_unit_test(threads_are_reused),
	cmocka_unit_test(stack_size_is_settable),
	cmocka_unit_test(task_may_exit_its_thread),
	cmocka_unit_test(counter_rules),
	cmocka_unit_test(all_that_wait_are_woken),
	cmocka_unit_test(deadline_races_with_done),
	cmocka_unit_test(sleeping),
	cmocka_unit_test(timers_fire_in_order),
	cmocka_unit_test(past_timer_fires_at_once),
	cmocka_unit_test(ticker),
	cmocka_unit_test(ticks_are_dropped),
	cmocka_unit_test(stopped_timer_is_silent),
	cmocka_unit_test(child_of_fork_starts_afresh),
};

test_main(tests)
