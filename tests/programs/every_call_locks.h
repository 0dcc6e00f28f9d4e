/*
 * every_call_locks.h: locks, conditions, threads.
 */
#ifndef PROGRAMS_EVERY_CALL_LOCKS_H
#define PROGRAMS_EVERY_CALL_LOCKS_H

#include <threads.h>

#include "every_call.h"

/* ---- Locks ------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static mtx_t c11_mutex;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t cond_mutex = PTHREAD_MUTEX_INITIALIZER;
static cnd_t c11_cond;
static mtx_t c11_cond_mutex;
static bool released; /* guarded by both of the conditions' mutexes */
static sem_t posted;
static pthread_barrier_t barrier;

static void
post(intptr_t sem)
{
	sem_post((sem_t *) sem);
}

#define LOCKS(name, lock, unlock, ...)                                         \
	CASE(name, int error = name(on(&(lock)), ##__VA_ARGS__);               \
	     return error == 0 && unlock(&(lock)) == 0;)

LOCKS(pthread_mutex_lock, mutex, pthread_mutex_unlock)
LOCKS(pthread_mutex_timedlock, mutex, pthread_mutex_unlock, REAL_TIME)
LOCKS(pthread_mutex_clocklock, mutex, pthread_mutex_unlock, MONO_TIME)
LOCKS(mtx_lock, c11_mutex, mtx_unlock)
LOCKS(mtx_timedlock, c11_mutex, mtx_unlock, REAL_TIME)
LOCKS(pthread_rwlock_rdlock, rwlock, pthread_rwlock_unlock)
LOCKS(pthread_rwlock_timedrdlock, rwlock, pthread_rwlock_unlock, REAL_TIME)
LOCKS(pthread_rwlock_clockrdlock, rwlock, pthread_rwlock_unlock, MONO_TIME)
LOCKS(pthread_rwlock_wrlock, rwlock, pthread_rwlock_unlock)
LOCKS(pthread_rwlock_timedwrlock, rwlock, pthread_rwlock_unlock, REAL_TIME)
LOCKS(pthread_rwlock_clockwrlock, rwlock, pthread_rwlock_unlock, MONO_TIME)

#define WAITS_FOR(name, cond, mutex, lock, unlock, ...)                        \
	CASE(                                                                  \
	    name, int error = 0; lock(&(mutex)); on(&(cond));                  \
	    while (!released && error == 0) {                                  \
		    error = name(&(cond), &(mutex), ##__VA_ARGS__);            \
	    } return unlock(&(mutex)) == 0 &&                                  \
	    error == 0;)
#define WAITS_FOR_COND(name, ...)                                              \
	WAITS_FOR(name, cond, cond_mutex, pthread_mutex_lock,                  \
	    pthread_mutex_unlock, ##__VA_ARGS__)
#define WAITS_FOR_CND(name, ...)                                               \
	WAITS_FOR(name, c11_cond, c11_cond_mutex, mtx_lock, mtx_unlock,        \
	    ##__VA_ARGS__)

WAITS_FOR_COND(pthread_cond_wait)
WAITS_FOR_COND(pthread_cond_timedwait, REAL_TIME)
WAITS_FOR_COND(pthread_cond_clockwait, MONO_TIME)
WAITS_FOR_CND(cnd_wait)
WAITS_FOR_CND(cnd_timedwait, REAL_TIME)

#define WAITS_FOR_SEM(name, ...)                                               \
	CASE(name, later(post, (intptr_t) &posted);                            \
	     return name(on(&posted), ##__VA_ARGS__) == 0;)

WAITS_FOR_SEM(sem_wait)
WAITS_FOR_SEM(sem_timedwait, REAL_TIME)
WAITS_FOR_SEM(sem_clockwait, MONO_TIME)

static void
arrive(intptr_t unused)
{
	pthread_barrier_wait(&barrier);
}

CASE(pthread_barrier_wait, later(arrive, 0);
     int result = pthread_barrier_wait(on(&barrier));
     return result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD;)

static void
prepare_locks(void)
{
	mtx_init(&c11_mutex, mtx_timed);
	mtx_init(&c11_cond_mutex, mtx_plain);
	cnd_init(&c11_cond);
	sem_init(&posted, 0, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_mutex_lock(&mutex);
	mtx_lock(&c11_mutex);
	pthread_rwlock_wrlock(&rwlock);
}

static void
release_locks(void)
{
	pthread_mutex_unlock(&mutex);
	mtx_unlock(&c11_mutex);
	pthread_rwlock_unlock(&rwlock);
	pthread_mutex_lock(&cond_mutex);
	mtx_lock(&c11_cond_mutex);
	released = true;
	mtx_unlock(&c11_cond_mutex);
	pthread_mutex_unlock(&cond_mutex);
	pthread_cond_broadcast(&cond);
	cnd_broadcast(&c11_cond);
}

/* ---- Threads ----------------------------------------------------------- */

static sem_t gate; /* what others than the rows' own threads wait for */

static void *
keep(void *arg)
{
	while (sem_wait(&gate) == -1 && errno == EINTR) {
	}
	return arg;
}

static int
keep_c11(void *arg)
{
	keep(arg);
	return 3;
}

/* A thread that lasts until the release. */
static pthread_t
keeper(void)
{
	pthread_t thread;

	later(post, (intptr_t) &gate);
	program_check(pthread_create(&thread, NULL, keep, bytes()), "keeper");
	pthread_setname_np(thread, "keeper");
	return thread;
}

#define JOINS(name, ...)                                                       \
	CASE(name, pthread_t thread = keeper(); void *result;                  \
	     tell(OBJECT, (intptr_t) thread);                                  \
	     return name(thread, &result, ##__VA_ARGS__) == 0 &&               \
	     result == bytes();)

JOINS(pthread_join)
JOINS(pthread_timedjoin_np, REAL_TIME)
JOINS(pthread_clockjoin_np, MONO_TIME)

CASE(thrd_join, thrd_t thread; int result; later(post, (intptr_t) &gate);
     program_check(thrd_create(&thread, keep_c11, NULL), "thrd_create");
     pthread_setname_np(thread, "c11"); tell(OBJECT, (intptr_t) thread);
     return thrd_join(thread, &result) == thrd_success && result == 3;)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static once_flag c11_once = ONCE_FLAG_INIT;
static sem_t begun; /* posted when a routine runs */
static int runs;    /* of routines */

static void
routine(void)
{
	__atomic_add_fetch(&runs, 1, __ATOMIC_RELAXED);
	sem_post(&begun);
	keep(NULL);
}

static void *
run_once(void *arg)
{
	if (arg == &once) {
		pthread_once(&once, routine);
	} else {
		call_once(&c11_once, routine);
	}
	return NULL;
}

/* Starts a thread that runs the routine until the release. */
static pthread_t
runner(void *control)
{
	pthread_t thread;

	later(post, (intptr_t) &gate);
	program_check(
	    pthread_create(&thread, NULL, run_once, control), "runner");
	pthread_setname_np(thread, "runner");
	while (sem_wait(&begun) == -1 && errno == EINTR) {
	}
	return thread;
}

CASE(pthread_once, pthread_t thread = runner(&once);
     int error = pthread_once(on(&once), routine); pthread_join(thread, NULL);
     return error == 0 && runs == 2;)
CASE(call_once, pthread_t thread = runner(&c11_once);
     call_once(on(&c11_once), routine); pthread_join(thread, NULL);
     return runs == 2;)

#endif
