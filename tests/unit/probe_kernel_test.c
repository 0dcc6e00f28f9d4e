/*
 * probe_kernel_test.c: what may be read of the process's memory, which threads
 * no task stands for, whose descriptors can be had.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unit/probe_fixture.h"

#include "probe/asleep.h"
#include "probe/kernel.h"

static struct fixture_stack stack;
static const char constant[64] = "in the program's file";
static char variable[64];

/* ---- Memory ------------------------------------------------------------ */

static bool
may_read(const void *memory, size_t size)
{
	return kernel_may_read((uintptr_t) memory, (uint32_t) size);
}

static void
files_that_are_not_written(void **state)
{
	assert_true(may_read(constant, sizeof constant));
	assert_true(may_read((void *) may_read, 16));
	assert_false(may_read(variable, sizeof variable));
	assert_false(may_read(state, 8));
	assert_false(may_read(NULL, 8));
	assert_false(may_read((void *) ~UINT64_C(0), 1));
	assert_false(may_read((void *) ~UINT64_C(7), 4096));
}

static void
secrets_are_not_told(void **state)
{
	void *heap = malloc(64);
	void *page =
	    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_false(may_read(heap, 64));
	assert_false(may_read(page, 64));
	munmap(page, 4096);
	free(heap);
}

/* The range must lie in the mapping from its first byte to its last. */
static void
bounds_of_a_mapping(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	uint8_t *area =
	    mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *file =
	    mmap(area + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);

	assert_ptr_equal(file, area + 4096);
	assert_true(may_read(file, 4096));
	assert_true(may_read(file + 4095, 1));
	assert_false(may_read(file, 4097));
	assert_false(may_read(file - 1, 2));
	assert_false(may_read(file + 4096, 1));
	mprotect(file, 4096, PROT_READ | PROT_WRITE);
	assert_false(may_read(file, 16));
	munmap(area, 3 * 4096);
	close(fd);
}

static void
memory_is_peeked_at(void **state)
{
	uint8_t *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char copy[64];

	assert_int_equal(sys_peek(constant, copy, sizeof copy), sizeof copy);
	assert_memory_equal(copy, constant, sizeof copy);
	munmap(pages + 4096, 4096);
	assert_int_equal(sys_peek(pages + 4096 - 24, copy, sizeof copy), 24);
	assert_int_equal(sys_peek(pages + 4096, copy, sizeof copy), 0);
	assert_int_equal(sys_peek(NULL, copy, 8), 0);
	munmap(pages, 4096);
}

/* ---- Threads ----------------------------------------------------------- */

static int gate[2];

/* A thread that makes no wrapped call, until the gate is opened. */
static void *
waits_unseen(void *tid)
{
	char byte;

	__atomic_store_n(
	    (uint32_t *) tid, (uint32_t) gettid(), __ATOMIC_RELEASE);
	while (read(gate[0], &byte, 1) < 0) {
	}
	return NULL;
}

static uint32_t
start_unseen(pthread_t *thread)
{
	uint32_t tid = 0;

	assert_int_equal(pthread_create(thread, NULL, waits_unseen, &tid), 0);
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) == 0) {
		usleep(100);
	}
	return tid;
}

static void
threads_without_tasks(void **state)
{
	uint32_t tids[64], unseen;
	unsigned int before;
	struct stranded_place by = fixture_place(&stack, 1024);
	pthread_t thread;
	struct task *task;
	bool found = false;

	assert_int_equal(pipe(gate), 0);
	if (task_self == NULL) {
		task_adopt();
	}
	/* A sanitizer may have a thread of its own, as of the first other. */
	write(gate[1], "", 1);
	start_unseen(&thread);
	pthread_join(thread, NULL);
	before = kernel_uncovered(tids, 64);
	unseen = start_unseen(&thread);
	assert_int_equal(kernel_uncovered(tids, 64), before + 1);
	for (unsigned int i = 0; i <= before; i++) {
		found |= tids[i] == unseen;
	}
	assert_true(found);
	assert_int_equal(kernel_uncovered(tids, 0), 0);
	/* The agent is never told of. */
	agent_tid = (int) unseen;
	assert_int_equal(kernel_uncovered(tids, 64), before);
	agent_tid = 0;
	/* Nor is a thread with a task; and nothing is kept of it. */
	task = task_create(NULL, 0, &by);
	task->tid = unseen;
	assert_int_equal(kernel_uncovered(tids, 64), before);
	task_end(task);
	assert_int_equal(kernel_uncovered(tids, 64), before + 1);
	write(gate[1], "", 1);
	pthread_join(thread, NULL);
	assert_int_equal(kernel_uncovered(tids, 64), before);
}

/* A task whose thread has not begun may stand for one that is there. */
static void
threads_that_begin(void **state)
{
	struct stranded_place by = fixture_place(&stack, 1024);
	uint32_t tids[64];
	unsigned int before = kernel_uncovered(tids, 64);
	struct task *task;
	pthread_t thread;

	task_clock = sys_now();
	task = task_create(NULL, TASK_STARTING, &by);
	start_unseen(&thread);
	assert_int_equal(kernel_uncovered(tids, 64), before);
	/* But not for ever. */
	task->created_ns -= 2 * NS_PER_SECOND;
	assert_int_equal(kernel_uncovered(tids, 64), before + 1);
	write(gate[1], "", 1);
	pthread_join(thread, NULL);
	task_end(task);
}

/* ---- What a thread sleeps in ------------------------------------------- */

static void
await_sleep(uint32_t tid, struct kernel_wait *wait)
{
	while (
	    kernel_wait(tid, wait) != KERNEL_SLEEPS || wait->call != SYS_read) {
		usleep(100);
	}
}

static void
sleeping_thread(void **state)
{
	struct kernel_wait wait, again;
	pthread_t thread;
	uint32_t tid = start_unseen(&thread);
	int64_t started = kernel_started(tid);

	await_sleep(tid, &wait);
	assert_int_equal(wait.arguments[0], gate[0]);
	assert_int_equal(wait.arguments[2], 1);
	assert_true(wait.sp != 0 && wait.pc != 0);
	assert_true(kernel_still(tid, &wait));
	await_sleep(tid, &again);
	assert_int_equal(wait.runs, again.runs);
	/* Without a count of runs what the files say is compared. */
	again.runs = 0;
	if (wait.runs == 0) {
		assert_true(kernel_still(tid, &again));
	}
	again.runs = wait.runs + 1;
	assert_false(kernel_still(tid, &again));
	assert_true(started > 0 && started <= sys_now());
	assert_true(sys_now() - started < 60 * NS_PER_SECOND);
	assert_true(kernel_thread_count() >= 2);
	write(gate[1], "", 1);
	pthread_join(thread, NULL);
	while (kernel_has_thread(tid)) {
		usleep(100);
	}
	assert_false(kernel_still(tid, &wait));
	assert_int_equal(kernel_wait(tid, &wait), KERNEL_SILENT);
	assert_int_equal(kernel_started(tid), 0);
}

static int spins;

static void *
spin(void *tid)
{
	__atomic_store_n(
	    (uint32_t *) tid, (uint32_t) gettid(), __ATOMIC_RELEASE);
	while (__atomic_load_n(&spins, __ATOMIC_RELAXED)) {
	}
	return NULL;
}

static void
running_thread(void **state)
{
	struct kernel_wait wait;
	pthread_t thread;
	uint32_t tid = 0;

	spins = 1;
	assert_int_equal(pthread_create(&thread, NULL, spin, &tid), 0);
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) == 0) {
		usleep(100);
	}
	/* A page may be read in now and then. */
	while (kernel_wait(tid, &wait) != KERNEL_RUNS) {
		assert_true(wait.call < 0);
	}
	__atomic_store_n(&spins, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void
who_is_there(void **state)
{
	assert_true(kernel_has_thread((uint32_t) getpid()));
	assert_false(kernel_has_thread(1));
	assert_true(kernel_has_process_of(1));
	assert_false(kernel_has_process_of((1 << 22) + 1));
}

/* The same thread is the same task, as long as it is there. */
static void
threads_have_ids(void **state)
{
	struct asleep asleep;
	uint64_t first, second;
	unsigned int before = asleep_look(sys_now());
	pthread_t thread[2];
	uint32_t tid = start_unseen(&thread[0]);
	struct kernel_wait wait;

	await_sleep(tid, &wait);
	assert_int_equal(asleep_look(sys_now()), before + 1);
	assert_int_equal(asleep_at(before)->tid, tid);
	first = asleep_at(before)->id;
	assert_int_equal(asleep_thread(before, 1000, &asleep), KERNEL_SLEEPS);
	assert_int_equal(asleep.since, 1000);
	start_unseen(&thread[1]);
	assert_int_equal(asleep_look(sys_now()), before + 2);
	assert_int_equal(asleep_at(before)->id, first);
	second = asleep_at(before + 1)->id;
	assert_int_not_equal(first, second);
	if (wait.runs != 0) {
		asleep_thread(before, 2000, &asleep);
		assert_int_equal(asleep.since, 1000);
	}
	write(gate[1], "12", 2);
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	assert_int_equal(asleep_look(sys_now()), before);
}

/* ---- Descriptors ------------------------------------------------------- */

/* Makes `fd` standard error, and says whether it can be had. */
static bool
is_borrowed(int fd)
{
	struct stat one, two;
	int borrowed;

	assert_int_equal(dup2(fd, 2), 2);
	borrowed = kernel_borrow_stderr();
	if (borrowed < 0) {
		assert_int_equal(borrowed, -EBADF);
		return false;
	}
	assert_int_not_equal(borrowed, 2);
	assert_int_equal(fstat(fd, &one), 0);
	assert_int_equal(fstat(borrowed, &two), 0);
	assert_int_equal(one.st_ino, two.st_ino);
	close(borrowed);
	return true;
}

/* A data file, or a client, that got the number 2 is left alone. */
static void
standard_error_is_borrowed(void **state)
{
	char path[] = "/tmp/stranded-unit-XXXXXX";
	int saved = dup(2), data = mkstemp(path);
	int log = open(path, O_WRONLY | O_APPEND);
	int null = open("/dev/null", O_WRONLY);

	unlink(path);
	assert_true(is_borrowed(gate[1]));
	assert_true(is_borrowed(log));
	assert_true(is_borrowed(null));
	assert_false(is_borrowed(data));
	kernel_note_stderr(data); /* made so on purpose */
	assert_true(is_borrowed(data));
	close(2);
	assert_int_equal(kernel_borrow_stderr(), -EBADF);
	dup2(saved, 2);
	close(saved);
	close(data);
	close(log);
	close(null);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(files_that_are_not_written),
		FIXTURE_TEST(secrets_are_not_told),
		FIXTURE_TEST(bounds_of_a_mapping),
		FIXTURE_TEST(memory_is_peeked_at),
		FIXTURE_TEST(threads_without_tasks),
		FIXTURE_TEST(threads_that_begin),
		FIXTURE_TEST(sleeping_thread),
		FIXTURE_TEST(running_thread),
		FIXTURE_TEST(who_is_there),
		FIXTURE_TEST(threads_have_ids),
		FIXTURE_TEST(standard_error_is_borrowed),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
