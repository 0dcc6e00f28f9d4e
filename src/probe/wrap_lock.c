/*
 * wrap_lock.c: mutexes, read-write locks, conditions, semaphores, barriers.
 *
 * Most come in three forms: without a limit, with one in real time, with one by
 * a clock of the caller's choice. C11's are the same under other names.
 *
 * Semaphores report by errno, and the kernel does not restart their timed
 * waits; the others report by what they return, and never break off.
 */
#include "probe/wrap.h"

#define TIMED STRANDED_WAIT_TIMED

#define WRAP_LOCK(how, name, type)                                             \
	how(int, name, lock, 0, (type * lock), (lock))
#define WRAP_LOCK_TIMED(how, name, type)                                       \
	how(int, name, lock, TIMED,                                            \
	    (type *restrict lock, const struct timespec *restrict deadline),   \
	    (lock, deadline))
#define WRAP_LOCK_CLOCK(how, name, type)                                       \
	how(int, name, lock, TIMED,                                            \
	    (type *restrict lock, clockid_t clock,                             \
		const struct timespec *restrict deadline),                     \
	    (lock, clock, deadline))

WRAP_LOCK(WRAP_ONCE, pthread_mutex_lock, pthread_mutex_t)
WRAP_LOCK_TIMED(WRAP_ONCE, pthread_mutex_timedlock, pthread_mutex_t)
WRAP_LOCK_CLOCK(WRAP_ONCE, pthread_mutex_clocklock, pthread_mutex_t)
WRAP_LOCK(WRAP_ONCE, mtx_lock, mtx_t)
WRAP_LOCK_TIMED(WRAP_ONCE, mtx_timedlock, mtx_t)

WRAP_LOCK(WRAP_ONCE, pthread_rwlock_rdlock, pthread_rwlock_t)
WRAP_LOCK_TIMED(WRAP_ONCE, pthread_rwlock_timedrdlock, pthread_rwlock_t)
WRAP_LOCK_CLOCK(WRAP_ONCE, pthread_rwlock_clockrdlock, pthread_rwlock_t)
WRAP_LOCK(WRAP_ONCE, pthread_rwlock_wrlock, pthread_rwlock_t)
WRAP_LOCK_TIMED(WRAP_ONCE, pthread_rwlock_timedwrlock, pthread_rwlock_t)
WRAP_LOCK_CLOCK(WRAP_ONCE, pthread_rwlock_clockwrlock, pthread_rwlock_t)

WRAP_LOCK(WRAP, sem_wait, sem_t)
WRAP_LOCK_TIMED(WRAP, sem_timedwait, sem_t)
WRAP_LOCK_CLOCK(WRAP, sem_clockwait, sem_t)

WRAP_LOCK(WRAP_ONCE, pthread_barrier_wait, pthread_barrier_t)

/* A wait for a condition, which ends with one for the mutex. */
#define WRAP_COND_CALL(name, flags, parameters, arguments)                     \
	WRAP_CALL(int, name, cond, (flags) | TASK_WAIT_MUTEX,                  \
	    wait.cases = (const void *) mutex, parameters, arguments, false,   \
	    arguments, )
#define WRAP_COND(name, type, mutex_type)                                      \
	WRAP_COND_CALL(name, 0,                                                \
	    (type *restrict cond, mutex_type *restrict mutex), (cond, mutex))
#define WRAP_COND_TIMED(name, type, mutex_type)                                \
	WRAP_COND_CALL(name, TIMED,                                            \
	    (type *restrict cond, mutex_type *restrict mutex,                  \
		const struct timespec *restrict deadline),                     \
	    (cond, mutex, deadline))

WRAP_COND(pthread_cond_wait, pthread_cond_t, pthread_mutex_t)
WRAP_COND_TIMED(pthread_cond_timedwait, pthread_cond_t, pthread_mutex_t)
WRAP_COND_CALL(pthread_cond_clockwait, TIMED,
    (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
	clockid_t clock, const struct timespec *restrict deadline),
    (cond, mutex, clock, deadline))
WRAP_COND(cnd_wait, cnd_t, mtx_t)
WRAP_COND_TIMED(cnd_timedwait, cnd_t, mtx_t)
