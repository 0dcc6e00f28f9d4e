/*
 * wrap_sysv.c: System V semaphores and message queues. The kernel never
 * restarts them after a signal that is handled: what the dump's has broken off
 * is done again here. They are named by their numbers.
 */
#include "probe/wrap.h"

WRAP(int, semop, WRAP_FD_OBJECT(id), 0,
    (int id, struct sembuf *operations, size_t count), (id, operations, count))
WRAP_CALL(int, semtimedop, WRAP_FD_OBJECT(id),
    timeout != NULL ? STRANDED_WAIT_TIMED : 0, ,
    (int id, struct sembuf *operations, size_t count,
	const struct timespec *timeout),
    (id, operations, count, timeout), WRAP_AGAIN,
    (id, operations, count, wrap_left(task, &wait, timeout, &left)), )
WRAP(ssize_t, msgrcv, WRAP_FD_OBJECT(id), 0,
    (int id, void *message, size_t size, long type, int flags),
    (id, message, size, type, flags))
WRAP(int, msgsnd, WRAP_FD_OBJECT(id), 0,
    (int id, const void *message, size_t size, int flags),
    (id, message, size, flags))
