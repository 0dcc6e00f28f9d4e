/* probe_syscalls_test.c: what it means to sleep in a system call. */
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>

#include "unit/probe_fixture.h"

#include "probe/syscalls.h"

static struct wire_task
describe(int64_t call, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct kernel_wait wait = { .call = call, .arguments = { a, b, c, d } };
	struct wire_task task = { .tid = 7 };

	syscalls_describe(&wait, &task);
	assert_int_equal(task.call, call + 1);
	assert_true(task.flags & WIRE_TASK_KERNEL);
	assert_int_equal(task.state, syscalls_state(&wait));
	return task;
}

static void
assert_fd(const struct wire_task *task, uint32_t state, uint64_t fd)
{
	assert_int_equal(task->state, state);
	assert_true(task->flags & WIRE_TASK_FD);
	assert_int_equal(task->object, fd);
}

static void
on_descriptors(void **state)
{
	struct wire_task task = describe(SYS_read, 9, 0, 0, 0);

	assert_fd(&task, STRANDED_IO_READ, 9);
	assert_false(task.flags & WIRE_TASK_TIMED);
	task = describe(SYS_sendmsg, 0, 0, 0, 0);
	assert_fd(&task, STRANDED_IO_WRITE, 0);
	task = describe(SYS_epoll_pwait, 5, 0, 0, (uint32_t) -1);
	assert_fd(&task, STRANDED_IO_POLL, 5);
	assert_false(task.flags & WIRE_TASK_TIMED);
	task = describe(SYS_epoll_pwait, 5, 0, 0, 100);
	assert_true(task.flags & WIRE_TASK_TIMED);
	task = describe(SYS_flock, 3, 0, 0, 0);
	assert_fd(&task, STRANDED_FILE_LOCK, 3);
}

static void
locks_of_files(void **state)
{
	struct wire_task task = describe(SYS_fcntl, 3, F_SETLKW, 0, 0);

	assert_fd(&task, STRANDED_FILE_LOCK, 3);
	task = describe(SYS_fcntl, 3, F_GETFL, 0, 0);
	assert_int_equal(task.state, STRANDED_UNKNOWN);
}

static void
polls(void **state)
{
	struct pollfd polled[2] = { { 4, POLLIN, 0 }, { 5, POLLIN, 0 } };
	struct wire_task task =
	    describe(SYS_ppoll, (uintptr_t) polled, 1, 0, 0);

	assert_fd(&task, STRANDED_IO_POLL, 4);
	task = describe(SYS_ppoll, (uintptr_t) polled, 2, 1, 0);
	assert_int_equal(task.state, STRANDED_IO_POLL);
	assert_false(task.flags & WIRE_TASK_FD);
	assert_int_equal(task.object, 0);
	assert_true(task.flags & WIRE_TASK_TIMED);
	/* What is not there is not told. */
	task = describe(SYS_ppoll, 8, 1, 0, 0);
	assert_false(task.flags & WIRE_TASK_FD);
}

static void
futexes(void **state)
{
	uint32_t word = 1234 | FUTEX_WAITERS;
	struct wire_task task =
	    describe(SYS_futex, (uintptr_t) &word, FUTEX_WAIT_PRIVATE, 0, 0);

	assert_int_equal(task.state, STRANDED_FUTEX);
	assert_int_equal(task.object, (uintptr_t) &word);
	assert_int_equal(task.holder_tid, 0);
	assert_false(task.flags & WIRE_TASK_TIMED);
	task = describe(SYS_futex, (uintptr_t) &word, FUTEX_LOCK_PI, 0, 1);
	assert_int_equal(task.holder_tid, 1234);
	assert_true(task.flags & WIRE_TASK_TIMED);
	task = describe(SYS_futex, 8, FUTEX_LOCK_PI_PRIVATE, 0, 0);
	assert_int_equal(task.holder_tid, 0);
}

static void
others(void **state)
{
	struct wire_task task = describe(SYS_nanosleep, 0, 0, 0, 0);

	assert_int_equal(task.state, STRANDED_SLEEP);
	assert_true(task.flags & WIRE_TASK_TIMED);
	task = describe(SYS_ioctl, 3, 4, 5, 0);
	assert_int_equal(task.state, STRANDED_UNKNOWN);
	assert_int_equal(task.object, 0);
	task = describe(-1, 0, 0, 0, 0);
	assert_int_equal(task.state, STRANDED_UNKNOWN);
	task = describe(100000, 0, 0, 0, 0);
	assert_int_equal(task.state, STRANDED_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(on_descriptors),
		FIXTURE_TEST(locks_of_files),
		FIXTURE_TEST(polls),
		FIXTURE_TEST(futexes),
		FIXTURE_TEST(others),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
