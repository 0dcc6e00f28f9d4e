/*
 * strand.h: tasks, channels and sessions for C.
 *
 * Go's concurrency on POSIX threads: tasks that are cheap to start, typed
 * channels that connect them, select, wait groups, timers that are channels,
 * and a registry of the sessions that a server keeps. Link with -lstrand.
 *
 * Conventions, the same for every function here:
 *
 * Errors. A function that can fail returns 0 or an error number from
 * <errno.h>, as the pthread functions do; one that makes an object returns it,
 * or NULL with errno set. Nothing here prints, exits or raises a signal.
 *
 * Time. A function that can wait takes a deadline as its last argument: a
 * point on the clock of strand_now(), in nanoseconds. STRAND_NOWAIT (or any
 * point in the past) means "do not wait", STRAND_FOREVER "for ever". A wait
 * that could not be done at once fails with EAGAIN if its deadline was
 * STRAND_NOWAIT, and with ETIMEDOUT once any other deadline has passed.
 *
 * Ownership. Objects that tasks share are reference counted. The function that
 * makes one gives its caller a reference; _ref() takes a further one, _unref()
 * gives one back, and the last frees the object. A task that uses an object
 * must hold a reference to it, or know that somebody else does. _unref(NULL)
 * does nothing.
 *
 * Threads. Every function may be called from any thread at any time, be it a
 * task of this library, the main thread or a thread made by pthread_create().
 * None is async-signal-safe.
 */
#ifndef STRAND_H
#define STRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Time -------------------------------------------------------------- */

#define STRAND_NOWAIT  ((int64_t) 0)
#define STRAND_FOREVER INT64_MAX

#define STRAND_MICROSECOND INT64_C(1000)
#define STRAND_MILLISECOND INT64_C(1000000)
#define STRAND_SECOND      INT64_C(1000000000)

/* The monotonic clock (CLOCK_MONOTONIC) in nanoseconds. */
int64_t strand_now(void);

/* Blocks the calling task until `deadline`. Returns 0. */
int strand_sleep(int64_t deadline);

/* ---- Tasks ------------------------------------------------------------- */

/* What a task runs. */
typedef void strand_fn(void *arg);

/*
 * Starts a task that runs fn(arg) and ends when fn returns. It is detached:
 * there is nothing to join, use a channel or a wait group to learn its end.
 * `name` is what diagnostics call it (at most STRAND_NAME_MAX bytes are kept,
 * it is copied, NULL means "task"). The task inherits the session that the
 * calling task is in. Everything the caller did before is visible to fn.
 *
 * The threads of ended tasks are kept and reused, so a task that follows
 * another costs little more than a wake-up.
 *
 * Fails with EAGAIN (the kernel gives no more threads) or ENOMEM; no task has
 * been started then.
 */
int strand_go(const char *name, strand_fn *fn, void *arg);

#define STRAND_NAME_MAX 31

/*
 * Sets the stack size in bytes, for tasks started from now on, rounded up to
 * whole pages. The default is 64 KiB (128 on aarch64, where that is the least
 * there is), which a task that formats text and makes system calls does not
 * exceed. Each stack has a guard page below. Fails with EINVAL if it is less
 * than PTHREAD_STACK_MIN.
 */
int strand_set_stack_size(size_t bytes);

/* How many tasks have been started and have not ended yet. */
size_t strand_task_count(void);

/* ---- Channels ---------------------------------------------------------- */

/*
 * A queue of elements of one fixed size, with Go's semantics. Waiting senders
 * and waiting receivers are each served in the order in which they came; a task
 * counts as waiting some 20 microseconds after it has come, which it spends
 * looking for a partner.
 */
struct strand_chan;

/*
 * Makes a channel of elements of `elem_size` bytes (0 is allowed: a channel of
 * pure signals) that holds `capacity` of them. Capacity 0 is an unbuffered
 * channel: a send completes when a receiver takes the element.
 * Fails with ENOMEM, also where the buffer's size would overflow.
 */
struct strand_chan *strand_chan_new(size_t elem_size, size_t capacity);

struct strand_chan *strand_chan_ref(struct strand_chan *chan);
void strand_chan_unref(struct strand_chan *chan);

/*
 * Sends the element at `elem`, waiting until `deadline` for a receiver or for
 * room. The element is copied; `elem` may be NULL if the size is 0.
 *
 * EPIPE       the channel is closed, or was closed during the wait
 * EAGAIN      it would have had to wait, and the deadline is STRAND_NOWAIT
 * ETIMEDOUT   the deadline has passed
 *
 * On a NULL channel it blocks until the deadline: for ever, if that is
 * STRAND_FOREVER.
 */
int strand_chan_send(
    struct strand_chan *chan, const void *elem, int64_t deadline);

/*
 * Receives an element into `elem` (NULL: it is dropped), waiting until
 * `deadline` for one.
 *
 * EPIPE       the channel is closed and drained; the element is zeroed
 * EAGAIN, ETIMEDOUT, and a NULL channel: as in strand_chan_send(); the element
 *             is left alone
 */
int strand_chan_recv(struct strand_chan *chan, void *elem, int64_t deadline);

/*
 * Closes the channel: sends fail from now on, those that wait included;
 * receives drain what is buffered and fail then.
 * Fails with EPIPE if it is closed already, EINVAL if it is NULL.
 */
int strand_chan_close(struct strand_chan *chan);

/*
 * How many elements are buffered just now, and how many can be. 0 for NULL.
 */
size_t strand_chan_len(const struct strand_chan *chan);
size_t strand_chan_cap(const struct strand_chan *chan);

/* ---- Select ------------------------------------------------------------ */

enum strand_dir { STRAND_RECV, STRAND_SEND };

/* One case of a select. */
struct strand_case {
	enum strand_dir dir;
	struct strand_chan *chan; /* NULL: this case is never ready */
	void *elem;               /* received into, or sent from; may be NULL
	                             as in the plain calls */
	int error;                /* out, of the chosen case: what the plain
	                             call would have returned, 0 or EPIPE */
};

/*
 * Waits until one of the `count` cases can go on, does that one, and stores its
 * index in `*chosen`. Of several that are ready it takes one at random, each
 * with the same chance. With no cases, or with none but NULL channels, it
 * blocks until the deadline.
 *
 * Returns 0 if a case was chosen (look at its `error`), EAGAIN or ETIMEDOUT if
 * none was in time (`*chosen` is SIZE_MAX then), ENOMEM if there are so many
 * cases that memory is needed and cannot be had (nothing has happened then).
 * The cases belong to the caller and must stay where they are during the call.
 */
int strand_select(
    struct strand_case *cases, size_t count, size_t *chosen, int64_t deadline);

/* ---- Wait groups ------------------------------------------------------- */

/* Waits for a collection of tasks to finish. */
struct strand_wg;

/* Fails with ENOMEM. */
struct strand_wg *strand_wg_new(void);
struct strand_wg *strand_wg_ref(struct strand_wg *wg);
void strand_wg_unref(struct strand_wg *wg);

/*
 * Adds `delta`, which may be negative, to the counter; those that wait go on
 * when it becomes 0. Fails with EINVAL, and changes nothing, if it would become
 * negative or overflow.
 */
int strand_wg_add(struct strand_wg *wg, int delta);

/* The same as strand_wg_add(wg, -1). */
int strand_wg_done(struct strand_wg *wg);

/* Waits until the counter is 0. EAGAIN or ETIMEDOUT as everywhere. */
int strand_wg_wait(struct strand_wg *wg, int64_t deadline);

/* ---- Timers ------------------------------------------------------------ */

/* A timer delivers the time (an int64_t, as of strand_now()) on a channel. */
struct strand_timer;

/*
 * Delivers once, at `deadline`. Fails with ENOMEM or EAGAIN (no thread for the
 * timers could be started).
 */
struct strand_timer *strand_after(int64_t deadline);

/*
 * Delivers every `period` nanoseconds, for the first time one period from now;
 * a tick that nobody has taken when the next is due is dropped. Fails with
 * EINVAL if the period is not positive, ENOMEM or EAGAIN.
 */
struct strand_timer *strand_tick(int64_t period);

/*
 * The timer's channel of int64_t, capacity 1. It belongs to the timer: take a
 * reference to keep it longer.
 */
struct strand_chan *strand_timer_chan(struct strand_timer *timer);

/*
 * Stops the timer and frees it. Nothing is delivered after this returns; the
 * channel is not closed. NULL does nothing.
 */
void strand_timer_stop(struct strand_timer *timer);

/* ---- Sessions ---------------------------------------------------------- */

/* A server's open sessions, found by name. */
struct strand_registry;

/*
 * One client's stay. It has a name, the owner's pointer, and an id that no
 * other session of this process bears.
 */
struct strand_session;

/* `name` is copied. Fails with ENOMEM. */
struct strand_registry *strand_registry_new(const char *name);
struct strand_registry *strand_registry_ref(struct strand_registry *registry);

/* The last reference closes the sessions that are still open. */
void strand_registry_unref(struct strand_registry *registry);

/*
 * Opens a session `name` (copied, any length) with the owner's pointer
 * `owner`, which is never looked at. The registry holds one reference until the
 * session is closed, the caller gets another. Fails with EEXIST if the name is
 * taken, EINVAL if it is NULL, or ENOMEM.
 */
struct strand_session *strand_session_open(
    struct strand_registry *registry, const char *name, void *owner);

/*
 * Finds the session `name`. The caller gets a reference. NULL with ENOENT if
 * there is none. Any number of tasks look up sessions side by side; they do not
 * queue behind each other.
 */
struct strand_session *strand_session_get(
    struct strand_registry *registry, const char *name);

/*
 * Finds the session `name`, or opens it with `owner`; `*opened` (may be NULL)
 * tells which. Of many tasks that ask at the same time exactly one opens it.
 * Fails with EINVAL or ENOMEM.
 */
struct strand_session *strand_session_get_or_open(
    struct strand_registry *registry, const char *name, void *owner,
    bool *opened);

/*
 * Closes the session: it is no longer found, and its name is free. References
 * stay valid. Fails with ENOENT if it is closed already.
 */
int strand_session_close(struct strand_session *session);

struct strand_session *strand_session_ref(struct strand_session *session);
void strand_session_unref(struct strand_session *session);

/* The name stays valid as long as the caller's reference. */
const char *strand_session_name(const struct strand_session *session);
void *strand_session_owner(const struct strand_session *session);
uint64_t strand_session_id(const struct strand_session *session);
bool strand_session_is_open(const struct strand_session *session);

/* How many sessions are open just now. */
size_t strand_registry_count(const struct strand_registry *registry);

/*
 * Calls fn(session, arg) for each open session, in no order, until it returns
 * false. Sessions opened or closed meanwhile may be visited or not; none is
 * visited twice. fn may do anything to sessions and registries, closing the one
 * it was given included; it holds a reference for the length of the call.
 */
typedef bool strand_session_fn(struct strand_session *session, void *arg);
void strand_session_each(
    struct strand_registry *registry, strand_session_fn *fn, void *arg);

/*
 * Puts the calling task into `session` (NULL: into none); it holds a reference
 * while it is there, and tasks that it starts inherit the session. Returns the
 * session the task was in before, whose reference passes to the caller.
 * A typical task calls enter at its start and never thinks of it again: a task
 * that ends leaves its session.
 */
struct strand_session *strand_session_enter(struct strand_session *session);

/* The session that the calling task is in, or NULL. No reference is taken. */
struct strand_session *strand_session_current(void);

#ifdef __cplusplus
}
#endif

#endif
