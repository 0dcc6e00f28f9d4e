/*
 * wrap_sysv.c: System V semaphores and message queues. The kernel never restarts
 * them after a signal that is handled: what the dump's has broken off is done
 * again here.
 */
#include "probe/wrap.h"

#define WRAP_SYSV(result, name, state, flags, parameters, arguments)       \
	WRAP_FIRST(result, name, parameters, arguments)                    \
	PROBE_EXPORT result name parameters                                \
	{                                                                  \
		struct task *task = task_self;                             \
		struct stranded_wait wait;                                 \
		result result_;                                            \
                                                                           \
		if (unlikely(task == NULL)) {                              \
			return name##_first arguments;                     \
		}                                                          \
		wrap_begin(task, &wait, STRANDED_##state,                  \
		    WRAP_FD_OBJECT(id), (flags), CALL_##name);             \
		do {                                                       \
			result_ = real.name arguments;                     \
		} while (wrap_again(result_, task, &wait));                \
		task_pop(task, &wait);                                     \
		return result_;                                            \
	}

WRAP_SYSV(int, semop, SEMAPHORE, 0,
    (int id, struct sembuf *operations, size_t count),
    (id, operations, count))
WRAP_SYSV(ssize_t, msgrcv, IO_READ, 0,
    (int id, void *message, size_t size, long type, int flags),
    (id, message, size, type, flags))
WRAP_SYSV(int, msgsnd, IO_WRITE, 0,
    (int id, const void *message, size_t size, int flags),
    (id, message, size, flags))

WRAP_FIRST(int, semtimedop,
    (int id, struct sembuf *operations, size_t count,
	const struct timespec *timeout),
    (id, operations, count, timeout))

PROBE_EXPORT int
semtimedop(int id, struct sembuf *operations, size_t count,
    const struct timespec *timeout)
{
	struct task *task = task_self;
	struct stranded_wait wait;
	struct timespec left;
	int result;

	if (unlikely(task == NULL)) {
		return semtimedop_first(id, operations, count, timeout);
	}
	wrap_begin(task, &wait, STRANDED_SEMAPHORE, WRAP_FD_OBJECT(id),
	    timeout != NULL ? STRANDED_WAIT_TIMED : 0, CALL_semtimedop);
	result = real.semtimedop(id, operations, count, timeout);
	while (wrap_again(result, task, &wait)) {
		result = real.semtimedop(id, operations, count,
		    wrap_left(task, &wait, timeout, &left));
	}
	task_pop(task, &wait);
	return result;
}
