/* wrap_lock.c: mutexes, read-write locks, conditions, semaphores, barriers. */
#include "probe/wrap.h"

#define TIMED STRANDED_WAIT_TIMED

WRAP_ONCE(int, pthread_mutex_lock, mutex, 0, (pthread_mutex_t * mutex), (mutex))
WRAP_ONCE(int, pthread_mutex_timedlock, mutex, TIMED,
    (pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline),
    (mutex, deadline))
WRAP_ONCE(int, pthread_mutex_clocklock, mutex, TIMED,
    (pthread_mutex_t *restrict mutex, clockid_t clock,
	const struct timespec *restrict deadline),
    (mutex, clock, deadline))

/* C11's are the same under another name. */
WRAP_ONCE(int, mtx_lock, mutex, 0, (mtx_t * mutex), (mutex))
WRAP_ONCE(int, mtx_timedlock, mutex, TIMED,
    (mtx_t *restrict mutex, const struct timespec *restrict deadline),
    (mutex, deadline))

WRAP_ONCE(
    int, pthread_rwlock_rdlock, lock, 0, (pthread_rwlock_t * lock), (lock))
WRAP_ONCE(int, pthread_rwlock_timedrdlock, lock, TIMED,
    (pthread_rwlock_t *restrict lock, const struct timespec *restrict deadline),
    (lock, deadline))
WRAP_ONCE(int, pthread_rwlock_clockrdlock, lock, TIMED,
    (pthread_rwlock_t *restrict lock, clockid_t clock,
	const struct timespec *restrict deadline),
    (lock, clock, deadline))
WRAP_ONCE(
    int, pthread_rwlock_wrlock, lock, 0, (pthread_rwlock_t * lock), (lock))
WRAP_ONCE(int, pthread_rwlock_timedwrlock, lock, TIMED,
    (pthread_rwlock_t *restrict lock, const struct timespec *restrict deadline),
    (lock, deadline))
WRAP_ONCE(int, pthread_rwlock_clockwrlock, lock, TIMED,
    (pthread_rwlock_t *restrict lock, clockid_t clock,
	const struct timespec *restrict deadline),
    (lock, clock, deadline))

/* A wait for a condition, which ends with one for the mutex. */
#define WRAP_COND(name, cond, mutex, flags, parameters, arguments)             \
	WRAP_CALL(int, name, cond, (flags) | TASK_WAIT_MUTEX,                  \
	    wait.cases = (const void *) (mutex), parameters, arguments, false, \
	    arguments, )

WRAP_COND(pthread_cond_wait, cond, mutex, 0,
    (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex),
    (cond, mutex))
WRAP_COND(pthread_cond_timedwait, cond, mutex, TIMED,
    (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
	const struct timespec *restrict deadline),
    (cond, mutex, deadline))
WRAP_COND(pthread_cond_clockwait, cond, mutex, TIMED,
    (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
	clockid_t clock, const struct timespec *restrict deadline),
    (cond, mutex, clock, deadline))
WRAP_COND(cnd_wait, cond, mutex, 0, (cnd_t * cond, mtx_t *mutex), (cond, mutex))
WRAP_COND(cnd_timedwait, cond, mutex, TIMED,
    (cnd_t *restrict cond, mtx_t *restrict mutex,
	const struct timespec *restrict deadline),
    (cond, mutex, deadline))

WRAP_ONCE(int, pthread_barrier_wait, barrier, 0, (pthread_barrier_t * barrier),
    (barrier))

/* Semaphores report by errno, and the kernel does not restart timed waits. */
WRAP(int, sem_wait, sem, 0, (sem_t * sem), (sem))
WRAP(int, sem_timedwait, sem, TIMED,
    (sem_t *restrict sem, const struct timespec *restrict deadline),
    (sem, deadline))
WRAP(int, sem_clockwait, sem, TIMED,
    (sem_t *restrict sem, clockid_t clock,
	const struct timespec *restrict deadline),
    (sem, clock, deadline))
