/* wrap_thread.c: creating and joining threads, and jumping out of calls. */
#include "probe/arch.h"
#include "probe/init.h"
#include "probe/wrap.h"

/*
 * How many bytes above the first function's frame belong to libc's own two
 * functions below it, which end the unwinding. The thread's control block
 * follows, so there are as many.
 */
#define LIBC_FRAMES 512

/*
 * A thread's first functions have no frame pointer: a thread of which the
 * kernel tells (asleep.h) is unwound without that register, and would end here.
 */
#define FRAMELESS __attribute__((optimize("omit-frame-pointer")))

/* What the new thread shall run. */
struct beginning {
	void (*start)(void); /* of another type */
	void *argument;
};

/* A part of the new thread's first function, whose frame ends its stack. */
static inline FRAMELESS __attribute__((always_inline)) struct beginning
begin_thread(struct task *task)
{
	struct beginning beginning = { task->start, task->start_arg };
	uint8_t here;

	task->start = NULL;
	task->start_arg = NULL;
	task_begin_thread(task, (uintptr_t) &here + LIBC_FRAMES);
	return beginning;
}

static FRAMELESS void *
thread_start(void *task)
{
	struct beginning beginning = begin_thread(task);
	void *result =
	    ((void *(*) (void *) ) beginning.start)(beginning.argument);

	__asm__ volatile("" : : : "memory"); /* a call, not a jump */
	return result;
}

/* The same for C11, where a thread returns a number. */
static FRAMELESS int
thread_start_c11(void *task)
{
	struct beginning beginning = begin_thread(task);
	int result = ((thrd_start_t) beginning.start)(beginning.argument);

	__asm__ volatile("" : : : "memory"); /* a call, not a jump */
	return result;
}

/* What the thread's stack will measure at most. */
static size_t
stack_size(const pthread_attr_t *attr)
{
	pthread_attr_t standard;
	size_t size = 0;

	if (attr != NULL) {
		pthread_attr_getstacksize(attr, &size);
	} else if (pthread_attr_init(&standard) == 0) {
		pthread_attr_getstacksize(&standard, &size);
		pthread_attr_destroy(&standard);
	}
	return size;
}

/* NULL if there is no room. */
static struct task *
prepare(const struct stranded_place *by, const pthread_attr_t *attr,
    struct beginning beginning)
{
	struct task *task = task_create(NULL, TASK_STARTING, by);

	if (task != NULL) {
		task->start = beginning.start;
		task->start_arg = beginning.argument;
		task->stack.low = stack_size(attr);
	}
	return task;
}

PROBE_EXPORT int
pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
    void *(*start)(void *), void *restrict argument)
{
	struct stranded_place by = STRANDED_CALLER();
	struct task *task = prepare(
	    &by, attr, (struct beginning) { (void (*)(void)) start, argument });
	int error;

	if (task == NULL) {
		return real.pthread_create(thread, attr, start, argument);
	}
	error = real.pthread_create(thread, attr, thread_start, task);
	if (error != 0) {
		task_end(task);
	}
	return error;
}

PROBE_EXPORT int
thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
	struct stranded_place by = STRANDED_CALLER();
	struct task *task = prepare(
	    &by, NULL, (struct beginning) { (void (*)(void)) start, argument });
	int error;

	if (task == NULL) {
		return real.thrd_create(thread, start, argument);
	}
	error = real.thrd_create(thread, thread_start_c11, task);
	if (error != thrd_success) {
		task_end(task);
	}
	return error;
}

#define THREAD_OBJECT ((const void *) (uintptr_t) thread)

WRAP_ONCE(int, pthread_join, THREAD_OBJECT, 0,
    (pthread_t thread, void **result), (thread, result))
WRAP_ONCE(int, pthread_timedjoin_np, THREAD_OBJECT, STRANDED_WAIT_TIMED,
    (pthread_t thread, void **result, const struct timespec *deadline),
    (thread, result, deadline))
WRAP_ONCE(int, pthread_clockjoin_np, THREAD_OBJECT, STRANDED_WAIT_TIMED,
    (pthread_t thread, void **result, clockid_t clock,
	const struct timespec *deadline),
    (thread, result, clock, deadline))
WRAP_ONCE(int, thrd_join, THREAD_OBJECT, 0, (thrd_t thread, int *result),
    (thread, result))

/* The waits that the jump leaves are over. */
static void
leave_waits(const struct __jmp_buf_tag *env)
{
	struct task *task = task_self;

	init_probe();
	if (task != NULL && task->top != NULL) {
		uintptr_t sp = arch_jump_sp(env);

		if (sp != 0) {
			task_unwind_to(task, sp);
		}
	}
}

#define WRAP_JUMP(name)                                                        \
	PROBE_EXPORT void name(struct __jmp_buf_tag env[1], int value)         \
	{                                                                      \
		leave_waits(env);                                              \
		real.name(env, value);                                         \
		__builtin_unreachable();                                       \
	}

WRAP_JUMP(longjmp)
WRAP_JUMP(_longjmp)
WRAP_JUMP(siglongjmp)
WRAP_JUMP(__longjmp_chk)
