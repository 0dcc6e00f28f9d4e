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

static void *
thread_start(void *argument)
{
	struct task *task = argument;
	void *(*start)(void *) = task->start;
	void *start_argument = task->start_arg;
	void *result;

	task->start = NULL;
	task->start_arg = NULL;
	task_begin_thread(
	    task, (uintptr_t) __builtin_frame_address(0) + LIBC_FRAMES);
	result = start(start_argument);
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

PROBE_EXPORT int
pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
    void *(*start)(void *), void *restrict argument)
{
	struct stranded_place by = STRANDED_CALLER();
	struct task *task = task_create(NULL, TASK_STARTING, &by);
	int error;

	if (task == NULL) {
		return real.pthread_create(thread, attr, start, argument);
	}
	task->start = start;
	task->start_arg = argument;
	task->stack.low = stack_size(attr);
	error = real.pthread_create(thread, attr, thread_start, task);
	if (error != 0) {
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
