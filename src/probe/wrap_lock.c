/* wrap_lock.c: mutexes, read-write locks, conditions, semaphores, barriers. */
#include "probe/wrap.h"

#define TIMED STRANDED_WAIT_TIMED

WRAP(int, pthread_mutex_lock, MUTEX, mutex, 0,
    (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_mutex_timedlock, MUTEX, mutex, TIMED,
    (pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline),
    (mutex, deadline))
WRAP(int, pthread_mutex_clocklock, MUTEX, mutex, TIMED,
    (pthread_mutex_t *restrict mutex, clockid_t clock,
	const struct timespec *restrict deadline),
    (mutex, clock, deadline))

WRAP(int, pthread_rwlock_rdlock, RWLOCK_READ, lock, 0,
    (pthread_rwlock_t * lock), (lock))
WRAP(int, pthread_rwlock_timedrdlock, RWLOCK_READ, lock, TIMED,
    (pthread_rwlock_t *restrict lock, const struct timespec *restrict deadline),
    (lock, deadline))
WRAP(int, pthread_rwlock_clockrdlock, RWLOCK_READ, lock, TIMED,
    (pthread_rwlock_t *restrict lock, clockid_t clock,
	const struct timespec *restrict deadline),
    (lock, clock, deadline))
WRAP(int, pthread_rwlock_wrlock, RWLOCK_WRITE, lock, 0,
    (pthread_rwlock_t * lock), (lock))
WRAP(int, pthread_rwlock_timedwrlock, RWLOCK_WRITE, lock, TIMED,
    (pthread_rwlock_t *restrict lock, const struct timespec *restrict deadline),
    (lock, deadline))
WRAP(int, pthread_rwlock_clockwrlock, RWLOCK_WRITE, lock, TIMED,
    (pthread_rwlock_t *restrict lock, clockid_t clock,
	const struct timespec *restrict deadline),
    (lock, clock, deadline))

WRAP(int, pthread_cond_wait, COND, cond, 0,
    (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex),
    (cond, mutex))
WRAP(int, pthread_cond_timedwait, COND, cond, TIMED,
    (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
	const struct timespec *restrict deadline),
    (cond, mutex, deadline))
WRAP(int, pthread_cond_clockwait, COND, cond, TIMED,
    (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
	clockid_t clock, const struct timespec *restrict deadline),
    (cond, mutex, clock, deadline))

WRAP(int, pthread_barrier_wait, BARRIER, barrier, 0,
    (pthread_barrier_t * barrier), (barrier))

/* Semaphores report by errno, and the kernel does not restart timed waits. */
#define WRAP_SEMAPHORE(name, flags, parameters, arguments)                 \
	WRAP_FIRST(int, name, parameters, arguments)                       \
	PROBE_EXPORT int name parameters                                   \
	{                                                                  \
		struct task *task = task_self;                             \
		struct stranded_wait wait;                                 \
		int result;                                                \
                                                                           \
		if (unlikely(task == NULL)) {                              \
			return name##_first arguments;                     \
		}                                                          \
		wrap_begin(task, &wait, STRANDED_SEMAPHORE, sem, (flags),  \
		    CALL_##name);                                          \
		do {                                                       \
			result = real.name arguments;                      \
		} while (wrap_again(result, task, &wait));                 \
		task_pop(task, &wait);                                     \
		return result;                                             \
	}

WRAP_SEMAPHORE(sem_wait, 0, (sem_t * sem), (sem))
WRAP_SEMAPHORE(sem_timedwait, TIMED,
    (sem_t *restrict sem, const struct timespec *restrict deadline),
    (sem, deadline))
WRAP_SEMAPHORE(sem_clockwait, TIMED,
    (sem_t *restrict sem, clockid_t clock,
	const struct timespec *restrict deadline),
    (sem, clock, deadline))
