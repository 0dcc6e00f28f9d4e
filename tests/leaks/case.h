/*
 * case.h: what the leak cases have in common.
 *
 * A case is one bug that blocks tasks for ever, as people have made it, and its
 * twin, in which it is mended: `case_mended` says which of the two is wanted.
 * It says itself what has to be found in it (struct case_wait). All cases are
 * one program, whose argument names the case; a file and a CASE() in it are all
 * that a further one takes.
 *
 * Every case runs in a task of its own, which has ended, or is one of those
 * that leak, before anybody looks. The order in which things happen is forced:
 * case_settle() waits until nothing moves any more, and a barrier that two
 * tasks meet at lets both have their first lock before either wants its second.
 *
 * Memory comes zeroed, and with glibc that is an initialised mutex, condition
 * or read-write lock.
 */
#ifndef LEAKS_CASE_H
#define LEAKS_CASE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "strand.h"

/* Tasks that must be found: their verdict is "leaked", in a leaking case. */
struct case_wait {
	const char *function; /* that is in their stack */
	const char *state;    /* in the words of the tool */
	size_t count;         /* how many */
};

#define CASE_WAITS 8

struct case_entry {
	const char *name;
	const char *class; /* in the words of the catalogue */
	void (*run)(void);
	struct case_wait waits[CASE_WAITS]; /* the last has no function */
	bool silent;        /* they wait for ever, or may: nothing proves it */
	const char *cannot; /* why there is no such bug in C: nothing waits */
	const char *missed; /* why none of it need be proved */
};

/*
 * Makes what follows, an initialiser in braces, a case. The pointers lie side
 * by side in a section of their own: a table without a list.
 */
#define CASE(id)                                                               \
	static const struct case_entry case_##id;                              \
	static const struct case_entry *const case_##id##_in_table             \
	    __attribute__((used, section("leak_cases"))) = &case_##id;         \
	static const struct case_entry case_##id

extern const struct case_entry *const case_table[] __asm__(
    "__start_leak_cases");
extern const struct case_entry *const case_table_end[] __asm__(
    "__stop_leak_cases");

/* Is the twin wanted in which the bug is mended? */
extern bool case_mended;

/* How long the timers of the cases run, at most. */
#define CASE_TIMER (10 * STRAND_MILLISECOND)

/*
 * Waits until all other threads sleep, the main one aside, which waits for the
 * same; and none has run for a while. One thread at a time may call it.
 */
void case_settle(void);

/* Zeroed memory, which nobody frees. */
void *case_memory(size_t size);

#define NEW(type) ((type *) case_memory(sizeof(type)))

/* ---- Tasks and channels ------------------------------------------------ */

/* A task that bears its function's name. */
#define GO(fn, argument) case_go(#fn, (fn), (argument))
void case_go(const char *name, strand_fn *fn, void *argument);

/* A channel of ints. */
struct strand_chan *channel(size_t capacity);

struct strand_wg *wait_group(int count);

/* Sends something. False if the channel is closed. */
static inline bool
put(struct strand_chan *chan)
{
	int something = 1;

	return strand_chan_send(chan, &something, STRAND_FOREVER) == 0;
}

/* Receives something. False if the channel is closed, and empty. */
static inline bool
take(struct strand_chan *chan)
{
	return strand_chan_recv(chan, NULL, STRAND_FOREVER) == 0;
}

static inline void
wait_for(struct strand_wg *group)
{
	strand_wg_wait(group, STRAND_FOREVER);
}

/* The cases of a select. */
#define FROM(from)                                                             \
	{                                                                      \
		STRAND_RECV, (from), NULL, 0                                   \
	}
#define TO(to)                                                                 \
	{                                                                      \
		STRAND_SEND, (to), &(int) { 1 }, 0                             \
	}

/* Waits for one of the cases given, and returns its index. */
#define SELECT(...) SELECT_UNTIL(STRAND_FOREVER, __VA_ARGS__)

/* The same, unless it would have to wait: then it returns SIZE_MAX. */
#define SELECT_NOW(...) SELECT_UNTIL(STRAND_NOWAIT, __VA_ARGS__)

#define SELECT_UNTIL(deadline, ...)                                            \
	case_select((struct strand_case[]) { __VA_ARGS__ },                    \
	    sizeof((struct strand_case[]) { __VA_ARGS__ }) /                   \
		sizeof(struct strand_case),                                    \
	    (deadline))

static inline size_t
case_select(struct strand_case *cases, size_t count, int64_t deadline)
{
	size_t chosen;

	strand_select(cases, count, &chosen, deadline);
	return chosen;
}

/* ---- Locks ------------------------------------------------------------- */

static inline void
lock(pthread_mutex_t *mutex)
{
	pthread_mutex_lock(mutex);
}

static inline void
unlock(pthread_mutex_t *mutex)
{
	pthread_mutex_unlock(mutex);
}

/* A read-write lock that lets no reader in past a writer who waits. */
void rwlock_init(pthread_rwlock_t *rwlock);

/* Waits until a writer waits for the lock, which readers hold. */
void rwlock_await_writer(pthread_rwlock_t *rwlock);

static inline void
read_lock(pthread_rwlock_t *rwlock)
{
	pthread_rwlock_rdlock(rwlock);
}

static inline void
write_lock(pthread_rwlock_t *rwlock)
{
	pthread_rwlock_wrlock(rwlock);
}

static inline void
rw_unlock(pthread_rwlock_t *rwlock)
{
	pthread_rwlock_unlock(rwlock);
}

/* A place for two to meet. */
static inline void
meeting_init(pthread_barrier_t *meeting)
{
	pthread_barrier_init(meeting, NULL, 2);
}

static inline void
meet(pthread_barrier_t *meeting)
{
	pthread_barrier_wait(meeting);
}

#endif
