/*
 * probe_publish_test.c: waits are read while their tasks go on, and what is
 * believed is whole. The protocol of task.h on a real machine; the model is in
 * tests/model/wait_record.pml.
 *
 * Tasks push and pop waits as fast as they can, some nested. Each wait and the
 * stack above it are filled with its number before it is published, and spoilt
 * after it is taken back. The reader copies as the agent does.
 */
#include <pthread.h>

#include "unit/probe_fixture.h"

#include "probe/aging.h"

#define WORDS   32    /* of stack above a wait */
#define WHOLE   20000 /* copies that shall be had of each writer */
#define SECONDS 4     /* but not for longer */
#define WRITERS 2

/* A piece of stack as a wrapper's frame would be. */
struct frame {
	struct stranded_wait wait;
	uint64_t stack[WORDS];
};

struct writer {
	pthread_t thread;
	struct task task;
	struct frame frames[3]; /* the innermost lies lowest */
	uint64_t depth;         /* of nested waits */
	bool jumps;             /* leaves waits by jumping over them */
	int stop;
};

static struct writer writers[WRITERS];

/* Compilers may not know that somebody looks. */
static void
spoil(struct frame *frame, uint64_t with)
{
	volatile uint64_t *words = (volatile uint64_t *) frame->stack;

	*(const void *volatile *) &frame->wait.object = (void *) with;
	*(const void *volatile *) &frame->wait.pc = (void *) with;
	for (int i = 0; i < WORDS; i++) {
		words[i] = with;
	}
}

static void
begin(struct writer *writer, struct frame *frame)
{
	spoil(frame, writer->task.seq + 1);
	frame->wait.state = STRANDED_MUTEX;
	task_push(&writer->task, &frame->wait);
	/* Some last as long as a copy takes, some do not. */
	for (uint64_t i = writer->task.seq * 7 % 64 * 32; i > 0; i--) {
		__asm__ volatile("" : : : "memory");
	}
}

static void
end(struct writer *writer, struct frame *frame)
{
	task_pop(&writer->task, &frame->wait);
	spoil(frame, ~UINT64_C(0));
}

static __attribute__((no_sanitize("thread"))) void *
writes(void *argument)
{
	struct writer *writer = argument;
	struct frame *frames = writer->frames;

	while (!load_relaxed(&writer->stop)) {
		begin(writer, &frames[2]);
		for (uint64_t i = 0; i < writer->depth; i++) {
			begin(writer, &frames[1]);
			if (i % 2 == 0) {
				begin(writer, &frames[0]);
				end(writer, &frames[0]);
			}
			end(writer, &frames[1]);
		}
		if (writer->jumps) {
			/* Out of the inner ones, and on with the stack. */
			begin(writer, &frames[1]);
			begin(writer, &frames[0]);
			store_relaxed(&writer->task.top, &frames[2].wait);
			__atomic_thread_fence(__ATOMIC_RELEASE);
			spoil(&frames[0], ~UINT64_C(0));
			spoil(&frames[1], ~UINT64_C(0));
		}
		end(writer, &frames[2]);
	}
	return NULL;
}

/* Is the copy all of one wait? `view` was still right after it was taken. */
static void
assert_whole(const struct view *view, const struct frame *copy)
{
	uint64_t number = view->wait.seq;

	assert_true(number > 0 && number <= view->seq);
	assert_int_equal((uintptr_t) view->wait.object, number);
	assert_int_equal((uintptr_t) view->wait.pc, number);
	assert_int_equal(copy->wait.seq, number);
	for (int i = 0; i < WORDS; i++) {
		if (copy->stack[i] != number) {
			fail_msg("word %d of wait %llu is of %llu", i,
			    (unsigned long long) number,
			    (unsigned long long) copy->stack[i]);
		}
	}
}

/* Returns whether a whole copy could be had. */
static bool
read_one(const struct task *task)
{
	struct frame copy;
	struct view view;

	aging_read(task, &view);
	if (view.top == NULL ||
	    sys_peek(view.top, &copy, sizeof copy) != sizeof copy ||
	    !aging_still(task, &view)) {
		return false;
	}
	assert_whole(&view, &copy);
	return true;
}

static void
what_is_believed_is_whole(void **state)
{
	int64_t end_ns = sys_now() + SECONDS * NS_PER_SECOND;
	uint64_t whole[WRITERS] = { 0 }, least = 0;

	for (int i = 0; i < WRITERS; i++) {
		struct writer *writer = &writers[i];

		*writer = (struct writer) {
			.task.id = 1, .depth = (uint64_t) i * 3, .jumps = i == 1
		};
		writer->task.stack = (struct bounds) { (uintptr_t) writer,
			(uintptr_t) (writer + 1) };
		pthread_create(&writer->thread, NULL, writes, writer);
	}
	while (least < WHOLE && sys_now() < end_ns) {
		least = UINT64_MAX;
		for (int i = 0; i < WRITERS; i++) {
			whole[i] += read_one(&writers[i].task);
			least = whole[i] < least ? whole[i] : least;
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		store_relaxed(&writers[i].stop, 1);
		pthread_join(writers[i].thread, NULL);
	}
	/* That it was right to refuse all would prove nothing. */
	assert_true(least > WHOLE / 100);
}

/* Stays in a wait until it has been read, so that whole copies are many. */
static void
a_wait_that_lasts_is_read(void **state)
{
	struct writer *writer = &writers[0];

	*writer = (struct writer) { .task.id = 1 };
	writer->task.stack =
	    (struct bounds) { (uintptr_t) writer, (uintptr_t) (writer + 1) };
	for (int i = 0; i < 1000; i++) {
		begin(writer, &writer->frames[2]);
		assert_true(read_one(&writer->task));
		begin(writer, &writer->frames[1]);
		assert_true(read_one(&writer->task));
		end(writer, &writer->frames[1]);
		assert_true(read_one(&writer->task));
		end(writer, &writer->frames[2]);
		assert_false(read_one(&writer->task));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_wait_that_lasts_is_read),
		FIXTURE_TEST(what_is_believed_is_whole),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
