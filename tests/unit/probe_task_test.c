/*
 * probe_task_test.c: waits that nest, that are jumped over, that lie on other
 * stacks; and the lives of threads' and runtimes' tasks.
 */
#include <limits.h>
#include <pthread.h>

#include "unit/probe_fixture.h"

static struct fixture_stack own, other;

/* A task on the stack `own`, that is nobody's thread's. */
static struct task *
task_on_own_stack(void)
{
	static struct task task;

	task = (struct task) { .id = 1, .stack = fixture_bounds(&own) };
	return &task;
}

/* ---- Waits ------------------------------------------------------------- */

static void
a_wait_begins_and_ends(void **state)
{
	struct task *task = task_on_own_stack();
	struct stranded_wait *wait = fixture_wait(&own, 4096);

	task_push(task, wait);
	assert_ptr_equal(task->top, wait);
	assert_null(wait->prev);
	assert_int_equal(wait->seq, 1);
	assert_int_equal(task->seq, 1);
	task_pop(task, wait);
	assert_null(task->top);
	task_push(task, wait);
	assert_int_equal(wait->seq, 2);
	task_pop(task, wait);
	assert_null(task->top);
	assert_int_equal(task->seq, 2);
}

static void
waits_nest(void **state)
{
	struct task *task = task_on_own_stack();
	struct stranded_wait *waits[4];

	for (int i = 0; i < 4; i++) {
		waits[i] = fixture_wait(&own, 8192 - (size_t) i * 512);
		task_push(task, waits[i]);
		assert_ptr_equal(waits[i]->prev, i > 0 ? waits[i - 1] : NULL);
	}
	for (int i = 3; i >= 0; i--) {
		assert_ptr_equal(task->top, waits[i]);
		task_pop(task, waits[i]);
	}
	assert_null(task->top);
}

/* What a jump nobody saw has left lies below what comes next, or at it. */
static void
waits_jumped_over_are_dropped(void **state)
{
	struct task *task = task_on_own_stack();

	task_push(task, fixture_wait(&own, 1024));
	task_push(task, fixture_wait(&own, 4096));
	assert_null(fixture_wait(&own, 4096)->prev);
	task_push(task, fixture_wait(&own, 4096)); /* at the same place */
	assert_null(fixture_wait(&own, 4096)->prev);
	task_pop(task, fixture_wait(&own, 4096));
	assert_null(task->top);
}

static void
waits_on_another_stack(void **state)
{
	struct task *task = task_on_own_stack();
	struct stranded_wait *outer = fixture_wait(&own, 4096);
	struct stranded_wait *inner = fixture_wait(&other, 4096);

	/* A handler on a signal stack blocks inside a wait. */
	task_push(task, outer);
	task_push(task, inner);
	assert_ptr_equal(inner->prev, outer);
	task_pop(task, inner);
	assert_ptr_equal(task->top, outer);
	/* It jumps back: the next wait on the own stack knows. */
	task_push(task, inner);
	task_push(task, fixture_wait(&own, 2048));
	assert_null(fixture_wait(&own, 2048)->prev);
}

/* ---- Jumps ------------------------------------------------------------- */

/*
 * For a jump the calling frame matters, so here the waits lie on the thread's
 * real stack.
 */
struct jump {
	struct task task;
	struct stranded_wait waits[3]; /* the innermost lies lowest */
};

static struct jump *
jump_prepare(struct jump *jump)
{
	*jump = (struct jump) { .task.id = 1 };
	jump->task.stack.low = (uintptr_t) jump - 65536;
	jump->task.stack.top = (uintptr_t) jump + sizeof *jump + 65536;
	for (int i = 2; i >= 0; i--) {
		task_push(&jump->task, &jump->waits[i]);
	}
	assert_ptr_equal(jump->waits[0].prev, &jump->waits[1]);
	assert_ptr_equal(jump->waits[1].prev, &jump->waits[2]);
	return jump;
}

static void
a_jump_leaves_what_lies_below(void **state)
{
	struct jump jump;

	/* To a frame above each of the waits in turn. */
	for (int i = 0; i < 3; i++) {
		jump_prepare(&jump);
		task_unwind_to(&jump.task, (uintptr_t) (&jump.waits[i] + 1));
		assert_ptr_equal(
		    jump.task.top, i < 2 ? &jump.waits[i + 1] : NULL);
	}
	/* To a frame below all. */
	jump_prepare(&jump);
	task_unwind_to(&jump.task, (uintptr_t) &jump.waits[0]);
	assert_ptr_equal(jump.task.top, &jump.waits[0]);
}

static void
a_jump_without_waits(void **state)
{
	struct jump jump;

	jump_prepare(&jump);
	jump.task.top = NULL;
	task_unwind_to(&jump.task, (uintptr_t) (&jump + 1));
	assert_null(jump.task.top);
}

/* Records that were left by a jump nobody saw may say anything by now. */
static void
a_jump_over_what_was_reused(void **state)
{
	struct jump jump;

	jump_prepare(&jump);
	jump.waits[1].prev = &jump.waits[1]; /* a ring of one */
	task_unwind_to(&jump.task, (uintptr_t) (&jump.waits[1] + 1));
	assert_null(jump.task.top);
	jump_prepare(&jump);
	jump.waits[1].prev = &jump.waits[0]; /* a ring of two */
	task_unwind_to(&jump.task, (uintptr_t) (&jump.waits[1] + 1));
	assert_null(jump.task.top);
	jump_prepare(&jump);
	jump.waits[0].prev = (void *) 1; /* nowhere */
	task_unwind_to(&jump.task, (uintptr_t) (&jump.waits[0] + 1));
	assert_null(jump.task.top);
}

static void
a_jump_from_another_stack(void **state)
{
	struct jump jump;

	jump_prepare(&jump);
	jump.task.top = fixture_wait(&other, 4096);
	task_unwind_to(&jump.task, (uintptr_t) (&jump + 1));
	assert_null(jump.task.top);
}

/* ---- Lives ------------------------------------------------------------- */

/* How many records are in use. */
static unsigned int
alive(void)
{
	unsigned int count = 0;

	for (uint32_t i = 1; i < table_end(&task_table); i++) {
		struct task *task = table_hot(&task_table, i);

		count += load_acquire(&task->id) != 0;
	}
	return count;
}

static unsigned int
creations_alive(void)
{
	unsigned int count = 0;

	for (uint32_t i = 1; i < table_end(&creation_table); i++) {
		struct creation *creation = table_hot(&creation_table, i);

		count += load_acquire(&creation->id) != 0;
	}
	return count;
}

/* The calling thread's task, with a stack that may be captured. */
static struct task *
self(void)
{
	struct task *task = task_self != NULL ? task_self : task_adopt();

	task->stack = fixture_bounds(&own);
	return task;
}

static void *
adopted(void *expected)
{
	struct task *task = task_adopt();

	assert_non_null(task);
	assert_ptr_equal(task_self, task);
	assert_int_equal(task->tid, gettid());
	assert_int_equal(task->flags & TASK_MAIN, 0);
	assert_int_equal(alive(), (uintptr_t) expected);
	fixture_end_thread();
	return NULL;
}

static void
a_thread_is_adopted_and_ends(void **state)
{
	pthread_t thread;
	unsigned int before;

	self();
	assert_int_equal(task_self->tid, gettid());
	assert_true(task_self->flags & TASK_MAIN);
	before = alive();
	for (int i = 0; i < 100; i++) {
		pthread_create(
		    &thread, NULL, adopted, (void *) (uintptr_t) (before + 1));
		pthread_join(thread, NULL);
		assert_int_equal(alive(), before);
	}
	assert_in_range(table_end(&task_table), before + 1, before + 2);
}

/* A destructor that comes after ours blocks: that makes no new record. */
static pthread_key_t late;

static void
on_late(void *rounds)
{
	if (task_self == NULL) {
		assert_null(task_adopt());
	}
	if (rounds > (void *) 1) {
		pthread_setspecific(late, (char *) rounds - 1);
	}
}

static void *
ends_late(void *argument)
{
	pthread_setspecific(late, (void *) PTHREAD_DESTRUCTOR_ITERATIONS);
	task_adopt();
	return NULL;
}

static void
an_ended_thread_is_not_adopted_again(void **state)
{
	unsigned int before;
	pthread_t thread;

	if (FIXTURE_TSAN) {
		skip();
	}
	self();
	before = alive();
	pthread_key_create(&late, on_late);
	for (int i = 0; i < 10; i++) {
		pthread_create(&thread, NULL, ends_late, NULL);
		pthread_join(thread, NULL);
		assert_int_equal(alive(), before);
	}
	pthread_key_delete(late);
}

static void
a_created_task(void **state)
{
	struct stranded_place by = fixture_place(&own, 1024);
	struct task *task, *creator = self();
	struct creation *creation;
	unsigned int before = alive();

	creator->session = 77;
	task = task_create("a name that is much longer than there is room for",
	    TASK_RUNTIME, &by);
	assert_non_null(task);
	assert_int_equal(task->created_by, creator->id);
	assert_true(task->id > creator->id);
	assert_int_equal(task->session, 77);
	assert_int_equal(strlen(task->name), WIRE_NAME_MAX - 1);
	assert_int_equal(task->tid, 0);
	creation = table_hot(&creation_table, task->creation);
	assert_int_equal(creation->capture.pc, 0x1234);
	assert_int_equal(creation->capture.size, CREATION_BYTES);
	assert_int_equal(alive(), before + 1);
	assert_int_equal(creations_alive(), 1);
	task_end(task);
	assert_int_equal(alive(), before);
	assert_int_equal(creations_alive(), 0);
	creator->session = 0;
}

/* Only a session that was entered is inherited as one. */
static void
an_entered_session_is_inherited(void **state)
{
	struct stranded_place by = fixture_place(&own, 1024);
	struct task *task;

	self()->flags |= TASK_ENTERED;
	task = task_create(NULL, 0, &by);
	assert_true(task->flags & TASK_ENTERED);
	task_end(task);
	self()->flags &= ~(uint32_t) TASK_ENTERED;
	task = task_create(NULL, 0, &by);
	assert_false(task->flags & TASK_ENTERED);
	task_end(task);
}

static void *
carries(void *argument)
{
	uint64_t *handles = argument;
	struct task *first = table_find(&task_table, handles[0]);
	struct task *second = table_find(&task_table, handles[1]);
	struct task *thread;

	task_run(handles[0]);
	assert_ptr_equal(task_self, first);
	assert_int_equal(first->tid, gettid());
	task_run(handles[1]);
	assert_ptr_equal(task_self, second);
	assert_int_equal(first->tid, 0);
	assert_int_equal(second->tid, gettid());
	task_run(0);
	thread = task_self;
	assert_true(thread->flags & TASK_CARRIER);
	assert_int_equal(second->tid, 0);
	assert_int_equal(thread->tid, gettid());
	task_run(12345); /* a dead handle is none */
	assert_ptr_equal(task_self, thread);
	task_run(handles[0]); /* and ends with the thread */
	return NULL;
}

static void
a_thread_carries_tasks(void **state)
{
	struct stranded_place by = fixture_place(&own, 1024);
	unsigned int before;
	uint64_t handles[2];
	pthread_t thread;

	if (FIXTURE_TSAN) {
		skip();
	}
	self();
	before = alive();
	handles[0] = task_handle(task_create("one", TASK_RUNTIME, &by));
	handles[1] = task_handle(task_create("two", TASK_RUNTIME, &by));
	pthread_create(&thread, NULL, carries, handles);
	pthread_join(thread, NULL);
	assert_null(table_find(&task_table, handles[0]));
	task_end(table_find(&task_table, handles[1]));
	assert_int_equal(alive(), before);
}

/* In a child of fork only the calling thread is left. */
static void
after_fork(void **state)
{
	struct stranded_place by = fixture_place(&own, 1024);
	struct task *task = self();

	for (int i = 0; i < 5; i++) {
		task_create("lost", TASK_RUNTIME, &by);
	}
	task->tid = 1;
	task_reset_after_fork();
	assert_int_equal(alive(), 1);
	assert_int_equal(creations_alive(), 0);
	assert_ptr_equal(task_self, task);
	assert_int_equal(task->tid, gettid());
}

/* Ids are never the same twice, numbers are. */
static void *
creates_and_ends(void *argument)
{
	struct stranded_place by = { NULL, argument, NULL };
	uint64_t last = 0;

	task_adopt()->stack = (struct bounds) { 0 };
	for (int i = 0; i < 5000; i++) {
		struct task *task = task_create("brief", TASK_RUNTIME, &by);

		assert_true(task->id > last);
		last = task->id;
		assert_int_equal(task->seq, 0);
		assert_null(task->top);
		task->seq = 99;
		task_end(task);
	}
	fixture_end_thread();
	return NULL;
}

static void
tasks_come_and_go_from_many_threads(void **state)
{
	pthread_t threads[4];
	unsigned int before;

	self();
	before = alive();
	for (int i = 0; i < 4; i++) {
		pthread_create(&threads[i], NULL, creates_and_ends, own.bytes);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	assert_int_equal(alive(), before);
	assert_in_range(table_end(&task_table), 1, 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_wait_begins_and_ends),
		FIXTURE_TEST(waits_nest),
		FIXTURE_TEST(waits_jumped_over_are_dropped),
		FIXTURE_TEST(waits_on_another_stack),
		FIXTURE_TEST(a_jump_leaves_what_lies_below),
		FIXTURE_TEST(a_jump_without_waits),
		FIXTURE_TEST(a_jump_over_what_was_reused),
		FIXTURE_TEST(a_jump_from_another_stack),
		FIXTURE_TEST(a_thread_is_adopted_and_ends),
		FIXTURE_TEST(an_ended_thread_is_not_adopted_again),
		FIXTURE_TEST(a_created_task),
		FIXTURE_TEST(an_entered_session_is_inherited),
		FIXTURE_TEST(a_thread_carries_tasks),
		FIXTURE_TEST(after_fork),
		FIXTURE_TEST(tasks_come_and_go_from_many_threads),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
