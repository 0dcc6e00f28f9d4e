/*
 * wrap.h: what all wrappers have in common.
 *
 * A wrapper publishes a wait in its own frame, calls the real function with the
 * caller's arguments, and takes the wait back. Nothing else happens on that
 * way, and nothing in a wrap file decides anything.
 *
 * A thread that is cancelled inside the real function never comes back: its
 * stack is unwound instead. For that the wrapper's unwind information names
 * probe_personality(), which takes the wait back. It is written down by hand,
 * because a compiler's cleanup would need libgcc's unwinder in the target.
 */
#ifndef PROBE_WRAP_H
#define PROBE_WRAP_H

#include <errno.h>

#include "probe/probe.h"
#include "probe/real.h"
#include "probe/session.h"
#include "probe/task.h"

/* Publishes the wait; a part of the wrapper, whose frame it records. */
static inline __attribute__((always_inline)) void
wrap_publish(struct task *task, struct stranded_wait *wait, enum call call,
    enum call_state state, const void *object, uint32_t flags)
{
	wait->object = object;
	wait->cfa = __builtin_dwarf_cfa();
	wait->frame = __builtin_frame_address(0);
	wait->state = (uint16_t) state;
	wait->flags = (uint16_t) flags;
	wait->call = call;
	task_push(task, wait);
}

/* The same, and has it taken back if the wrapper is unwound. */
static inline __attribute__((always_inline)) void
wrap_begin(struct task *task, struct stranded_wait *wait, enum call call,
    enum call_state state, const void *object, uint32_t flags)
{
	__asm__ volatile(".cfi_personality 0x1b, probe_personality");
	wrap_publish(task, wait, call, state, object, flags);
}

/*
 * The first call in a thread that the probe has not seen begin: it gets its
 * record, and the call is made again. Kept apart from the wrapper proper, which
 * so needs no registers for it.
 */
#define WRAP_FIRST(result, name, parameters, arguments)                        \
	PROBE_COLD static result name##_first parameters                       \
	{                                                                      \
		if (task_adopt() == NULL) {                                    \
			return real.name arguments;                            \
		}                                                              \
		return name arguments;                                         \
	}

/*
 * Was the call broken off by the dump's signal, and by nothing else? Then errno
 * is again what it was before.
 */
PROBE_COLD bool wrap_is_ours(
    struct task *task, const struct stranded_wait *wait);

/*
 * The same, or by nobody? A signal to the process wakes one thread, but is
 * taken by whichever comes by first: some calls end all the same (signal(7) has
 * their names), with no handler having run where they were made. That is
 * believed only where the application has no handler at all that could have run
 * instead.
 */
PROBE_COLD bool wrap_goes_on(
    struct task *task, const struct stranded_wait *wait);

/* For calls that return -1 with errno, and are made again as they were. */
static inline __attribute__((always_inline)) bool
wrap_again(long outcome, struct task *task, const struct stranded_wait *wait)
{
	return unlikely(outcome == -1) && errno == EINTR &&
	    wrap_goes_on(task, wait);
}

/*
 * The same on a descriptor. The kernel breaks such calls off only if the socket
 * has a timeout of its own: what is left of it is waited for here. False, with
 * EAGAIN, if it has passed.
 */
PROBE_COLD bool wrap_goes_on_with(
    struct task *task, const struct stranded_wait *wait, int fd);

static inline __attribute__((always_inline)) bool
wrap_again_on(
    long outcome, struct task *task, const struct stranded_wait *wait, int fd)
{
	return unlikely(outcome == -1) && errno == EINTR &&
	    wrap_goes_on_with(task, wait, fd);
}

/*
 * How long the wait has lasted at least, in nanoseconds: as the agent has seen
 * it, so it may be a tick less than the truth.
 */
int64_t wrap_elapsed(const struct task *task, const struct stranded_wait *wait);

/*
 * What is left of `timeout`, written to `*left`, which is returned; NULL if
 * there is no timeout.
 */
const struct timespec *wrap_left(const struct task *task,
    const struct stranded_wait *wait, const struct timespec *timeout,
    struct timespec *left);

/*
 * The wrapper of `name`. In what is passed, `task` and `wait` are the thread's
 * record and the wait, `left` is a struct timespec to use at will, and
 * `outcome` the call's result.
 *
 * before      what to do before the wait is published
 * repeat      shall the call be made again, because only the dump's signal has
 *             broken it off?
 * again       the arguments then
 * after       what to do when it is over
 */
#define WRAP_CALL(result, name, object, flags, before, parameters, arguments,  \
    repeat, again, after)                                                      \
	WRAP_FIRST(result, name, parameters, arguments)                        \
	PROBE_EXPORT result name parameters                                    \
	{                                                                      \
		struct task *task = task_self;                                 \
		struct timespec left __attribute__((unused));                  \
		struct stranded_wait wait;                                     \
		result outcome;                                                \
                                                                               \
		if (unlikely(task == NULL)) {                                  \
			return name##_first arguments;                         \
		}                                                              \
		before;                                                        \
		wrap_begin(task, &wait, CALL_##name, STATE_##name, (object),   \
		    (flags));                                                  \
		outcome = real.name arguments;                                 \
		while (repeat) {                                               \
			outcome = real.name again;                             \
		}                                                              \
		task_pop(task, &wait);                                         \
		after;                                                         \
		return outcome;                                                \
	}

/* A call that returns -1 and errno, and is made again as it was. */
#define WRAP(result, name, object, flags, parameters, arguments)               \
	WRAP_CALL(result, name, object, flags, , parameters, arguments,        \
	    WRAP_AGAIN, arguments, )

#define WRAP_AGAIN wrap_again(outcome, task, &wait)

/* The same, working on a descriptor, which may be a session's. */
#define WRAP_FD(result, name, fd, parameters, arguments)                       \
	WRAP_CALL(result, name, WRAP_FD_OBJECT(fd), STRANDED_WAIT_FD,          \
	    session_touch(task, (fd)), parameters, arguments,                  \
	    wrap_again_on(outcome, task, &wait, (fd)), arguments, )

#define WRAP_FD_OBJECT(fd) ((const void *) (intptr_t) (fd))

/* A call that returns an error number, or that is not made again. */
#define WRAP_ONCE(result, name, object, flags, parameters, arguments)          \
	WRAP_CALL(result, name, object, flags, , parameters, arguments, false, \
	    arguments, )

#endif
