/*
 * chan.c: channels.
 *
 * The rules are those of Go's runtime (runtime/chan.go). A channel has a lock,
 * a ring buffer, and two queues of tasks that wait to send or to receive. An
 * operation that finds a task waiting in the opposite queue serves the first of
 * them directly: it copies the element from or to that task's stack, takes the
 * task out of the queue and wakes it. So a task that is woken has nothing left
 * to do, and nobody can come in between. What holds under the lock:
 *
 * - receivers wait only if the buffer is empty and no sender waits;
 * - senders wait only if the buffer is full and no receiver waits;
 * - nobody waits if the channel is closed.
 *
 * Spinning. Between processors the time goes into moving cache lines, about a
 * tenth of a microsecond for each. A queue costs three a hand-over: the
 * channel's, the waiting task's, and the lock's again. Therefore an unbuffered
 * channel has two seats, one for each direction, in the same line as the lock.
 * The first task that has to wait takes the seat, with its element, and spins
 * on it; one line then carries everything. A seat counts as the place before
 * the first in the queue, is taken only if the queue is empty, and one who has
 * spun for too long moves to the front of the queue and sleeps. To serve the
 * task in a seat takes no lock, only the change from TAKEN to BUSY: whoever
 * makes it has the seat. The longer one works on the line, the likelier it is
 * that the other processor looks at it and takes it away. In steady exchange
 * each task serves the other and takes the seat for its own next element in one
 * go, so that the line travels once for each element.
 *
 * With a buffer, a task that would have to wait looks at the length a few times
 * before it queues up. It does not take the next element out of the sender's
 * hand: the sender can meanwhile fill the buffer, and the line moves once for
 * many elements.
 *
 * The order among waiters is that of the queues. A task that spins with a
 * buffer has not joined the queue yet, and does not spin if there is one.
 *
 * Users. If there is an observer, the channel keeps who used each side last and
 * from where, in two lines of its own behind the buffer: a dump can then say of
 * one that waits who would have served it. Without, all that is left of it is a
 * look at one pointer, next to what is looked at anyway.
 *
 * Rejected: a ring without a lock for the buffer (D. Vyukov's bounded queue),
 * in which both ends work side by side. The observer reads the length as one
 * word; as soon as both ends write that, the line travels for each element
 * again.
 */
#include "chan.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "self.h"
#include "spin.h"

enum {
	LOOK_STEPS_MIN = 4, /* of spin.h, between two looks at a buffer */
	LOOK_STEPS_MAX = 20
};

#define USERS_SIZE (2 * sizeof(struct strand_user))

_Static_assert(offsetof(struct strand_chan, queue) == 64,
    "what a busy channel changes is one cache line");
_Static_assert(sizeof(struct strand_chan) == STRAND_LINE,
    "what all operations look at is one more");
_Static_assert(
    offsetof(struct strand_user, task) == offsetof(struct stranded_user, task),
    "the observer reads what the channel writes");

/* ---- Elements ----------------------------------------------------------- */

/* The common sizes are copied without a call. */
static inline void
copy(void *to, const void *from, size_t size)
{
	if (size == 8)
		memcpy(to, from, 8);
	else if (size == 16)
		memcpy(to, from, 16);
	else
		memcpy(to, from, size);
}

/* Copies an element to where a receiver wants it, which may be nowhere. */
static inline void
copy_elem(const struct strand_chan *chan, void *to, const void *from)
{
	if (to && chan->elem_size > 0)
		copy(to, from, chan->elem_size);
}

void
strand_chan_zero(const struct strand_chan *chan, void *elem)
{
	if (elem && chan->elem_size > 0)
		memset(elem, 0, chan->elem_size);
}

/* ---- The buffer --------------------------------------------------------- */

static inline size_t
length_of(const struct strand_chan *chan)
{
	return atomic_load_explicit(&chan->length, memory_order_relaxed);
}

static inline void
set_length(struct strand_chan *chan, size_t length)
{
	atomic_store_explicit(&chan->length, length, memory_order_relaxed);
}

static inline bool
is_closed(const struct strand_chan *chan)
{
	return atomic_load_explicit(&chan->closed, memory_order_relaxed);
}

static void
buffer_push(struct strand_chan *chan, const void *elem)
{
	size_t length = length_of(chan);
	size_t at = chan->head + length;

	if (at >= chan->capacity)
		at -= chan->capacity;
	copy_elem(chan, chan->buffer + at * chan->elem_size, elem);
	set_length(chan, length + 1);
}

static void
buffer_pop(struct strand_chan *chan, void *elem)
{
	copy_elem(chan, elem, chan->buffer + chan->head * chan->elem_size);
	if (++chan->head == chan->capacity)
		chan->head = 0;
	set_length(chan, length_of(chan) - 1);
}

/* ---- The lock ----------------------------------------------------------- */

/* Where there is a buffer, let the other side fill or empty it. */
static inline void
lock(struct strand_chan *chan)
{
	if (STRAND_UNLIKELY(!strand_lock_try(&chan->lock)))
		strand_lock_contend(&chan->lock, chan->capacity > 0);
}

static inline void
unlock(struct strand_chan *chan)
{
	strand_lock_release(&chan->lock);
}

/* ---- The queues --------------------------------------------------------- */

void
strand_chan_enqueue(
    struct strand_chan *chan, enum strand_dir dir, struct strand_waiter *waiter)
{
	struct strand_queue *queue = &chan->queue[dir];

	waiter->next = NULL;
	waiter->prev = queue->last;
	waiter->queued = true;
	if (queue->last)
		queue->last->next = waiter;
	else
		queue->first = waiter;
	queue->last = waiter;
}

/* For a task that gives up its seat, which is the place before the first. */
static void
enqueue_first(
    struct strand_chan *chan, enum strand_dir dir, struct strand_waiter *waiter)
{
	struct strand_queue *queue = &chan->queue[dir];

	waiter->next = queue->first;
	waiter->prev = NULL;
	waiter->queued = true;
	if (queue->first)
		queue->first->prev = waiter;
	else
		queue->last = waiter;
	queue->first = waiter;
}

void
strand_chan_withdraw(
    struct strand_chan *chan, enum strand_dir dir, struct strand_waiter *waiter)
{
	struct strand_queue *queue = &chan->queue[dir];

	if (!waiter->queued)
		return;
	waiter->queued = false;
	if (waiter->prev)
		waiter->prev->next = waiter->next;
	else
		queue->first = waiter->next;
	if (waiter->next)
		waiter->next->prev = waiter->prev;
	else
		queue->last = waiter->prev;
}

/*
 * Takes the first task out of the queue, with its wait claimed. Those that have
 * been served in another place, or have run out of time, are dropped.
 */
static struct strand_waiter *
dequeue(struct strand_chan *chan, enum strand_dir dir)
{
	struct strand_waiter *waiter;

	while ((waiter = chan->queue[dir].first)) {
		strand_chan_withdraw(chan, dir, waiter);
		if (strand_wait_claim(waiter->wait, waiter))
			return waiter;
	}
	return NULL;
}

/* ---- The seats ---------------------------------------------------------- */

static inline uint32_t
seat_state(const struct strand_chan *chan, enum strand_dir dir)
{
	return atomic_load_explicit(&chan->seat[dir], memory_order_acquire);
}

static inline void
set_seat(struct strand_chan *chan, enum strand_dir dir, uint32_t state)
{
	atomic_store_explicit(&chan->seat[dir], state, memory_order_release);
}

static inline bool
fits_seat(const struct strand_chan *chan)
{
	return chan->elem_size <= sizeof(chan->sat[0].bytes);
}

/* Where the element is to be read from, or written to, by one who serves. */
static inline void *
seat_elem(struct strand_chan *chan, enum strand_dir dir)
{
	return fits_seat(chan) ? chan->sat[dir].bytes : chan->sat[dir].address;
}

/*
 * The task holds a reference while it has the seat: with the element the other
 * side may get what it needs to give back its own, before this one has left.
 */
static void
seat_take(struct strand_chan *chan, enum strand_dir dir, void *elem)
{
	if (!fits_seat(chan))
		chan->sat[dir].address = elem;
	else if (dir == STRAND_SEND)
		copy_elem(chan, chan->sat[dir].bytes, elem);
	strand_chan_ref(chan);
	set_seat(chan, dir, STRAND_SEAT_TAKEN);
}

/* Ends the state TAKEN; true for exactly one caller. */
static inline bool
seat_change(struct strand_chan *chan, enum strand_dir dir, uint32_t state)
{
	uint8_t taken = STRAND_SEAT_TAKEN;

	return seat_state(chan, dir) == taken &&
	    atomic_compare_exchange_strong_explicit(&chan->seat[dir], &taken,
		state, memory_order_acq_rel, memory_order_relaxed);
}

/*
 * Exchanges the element with the task in the seat, if there is one, which is
 * then to be served. The lock need not be held: as long as a receiver has its
 * seat nobody waits to send, and the other way round, so nobody is passed over.
 */
static inline bool
seat_exchange(struct strand_chan *chan, enum strand_dir dir, void *elem,
    struct strand_served *served)
{
	if (!seat_change(chan, dir, STRAND_SEAT_BUSY))
		return false;
	if (dir == STRAND_RECV)
		copy_elem(chan, seat_elem(chan, dir), elem);
	else
		copy_elem(chan, elem, seat_elem(chan, dir));
	served->chan = chan;
	served->dir = dir;
	return true;
}

/* Leaves a seat that has been served. Returns what the operation returns. */
static int
seat_leave(struct strand_chan *chan, enum strand_dir dir, void *elem)
{
	bool served = seat_state(chan, dir) == STRAND_SEAT_SERVED;

	if (served && dir == STRAND_RECV && fits_seat(chan))
		copy_elem(chan, elem, chan->sat[dir].bytes);
	if (!served && dir == STRAND_RECV)
		strand_chan_zero(chan, elem);
	set_seat(chan, dir, STRAND_SEAT_EMPTY);
	strand_chan_unref(chan);
	return served ? 0 : EPIPE;
}

/* ---- The users ---------------------------------------------------------- */

/* The caller's task, as the observer knows it. */
static uint64_t
own_task(void)
{
	if (strand_self.task == 0)
		strand_self.task = stranded_current_task();
	return strand_self.task;
}

/*
 * A task that works in a loop finds itself there, and writes nothing: the line
 * stays where it is, also if the tasks of one side all run the same code.
 */
STRAND_NOINLINE void
strand_chan_note(struct strand_user *user, const void *pc)
{
	uint64_t task = own_task();

	if (atomic_load_explicit(&user->pc, memory_order_relaxed) != pc)
		atomic_store_explicit(&user->pc, pc, memory_order_relaxed);
	if (atomic_load_explicit(&user->task, memory_order_relaxed) != task)
		atomic_store_explicit(&user->task, task, memory_order_release);
}

/* ---- One try, with the lock held ---------------------------------------- */

int
strand_chan_try_send(
    struct strand_chan *chan, const void *elem, struct strand_served *served)
{
	struct strand_waiter *waiter;

	if (is_closed(chan))
		return EPIPE;
	if (seat_exchange(chan, STRAND_RECV, (void *) elem, served))
		return 0;
	waiter = dequeue(chan, STRAND_RECV);
	if (waiter) {
		copy_elem(chan, waiter->elem, elem);
		served->wait = waiter->wait;
		return 0;
	}
	if (length_of(chan) == chan->capacity)
		return EAGAIN;
	buffer_push(chan, elem);
	return 0;
}

/* The buffer is not empty. A sender that waited for room gets it. */
static void
recv_buffered(
    struct strand_chan *chan, void *elem, struct strand_served *served)
{
	struct strand_waiter *waiter;

	buffer_pop(chan, elem);
	waiter = dequeue(chan, STRAND_SEND);
	if (waiter) {
		buffer_push(chan, waiter->elem);
		served->wait = waiter->wait;
	}
}

int
strand_chan_try_recv(
    struct strand_chan *chan, void *elem, struct strand_served *served)
{
	struct strand_waiter *waiter;

	if (length_of(chan) > 0) {
		recv_buffered(chan, elem, served);
		return 0;
	}
	if (seat_exchange(chan, STRAND_SEND, elem, served))
		return 0;
	waiter = dequeue(chan, STRAND_SEND);
	if (waiter) {
		copy_elem(chan, elem, waiter->elem);
		served->wait = waiter->wait;
		return 0;
	}
	if (!is_closed(chan))
		return EAGAIN;
	strand_chan_zero(chan, elem);
	return EPIPE;
}

static int
try_once(struct strand_chan *chan, enum strand_dir dir, void *elem,
    struct strand_served *served)
{
	return dir == STRAND_SEND ? strand_chan_try_send(chan, elem, served) :
				    strand_chan_try_recv(chan, elem, served);
}

bool
strand_chan_is_ready(struct strand_chan *chan, enum strand_dir dir)
{
	enum strand_dir other = dir == STRAND_SEND ? STRAND_RECV : STRAND_SEND;
	size_t length = length_of(chan);

	if (is_closed(chan) || seat_state(chan, other) == STRAND_SEAT_TAKEN)
		return true;
	if (dir == STRAND_SEND ? length < chan->capacity : length > 0)
		return true;
	for (struct strand_waiter *waiter = chan->queue[other].first; waiter;
	     waiter = waiter->next) {
		if (!strand_wait_is_claimed(waiter->wait))
			return true;
	}
	return false;
}

/* ---- Waiting ------------------------------------------------------------ */

/*
 * Spins in the seat. The lock is held at the beginning, and also at the end, if
 * it returns EAGAIN: nobody came, and the task has left the seat.
 */
static int
spin_in_seat(struct strand_chan *chan, enum strand_dir dir, void *elem,
    struct strand_spin *spin)
{
	seat_take(chan, dir, elem);
	unlock(chan);
	while (strand_spin_step(spin)) {
		if (seat_state(chan, dir) > STRAND_SEAT_BUSY) {
			strand_spin_end(true);
			return seat_leave(chan, dir, elem);
		}
	}
	strand_spin_end(false);
	lock(chan);
	if (seat_change(chan, dir, STRAND_SEAT_EMPTY)) {
		strand_chan_unref(chan);
		return EAGAIN;
	}
	unlock(chan);
	while (seat_state(chan, dir) == STRAND_SEAT_BUSY)
		sched_yield();
	return seat_leave(chan, dir, elem);
}

/* The lock is not held: a glance. */
static bool
may_be_ready(const struct strand_chan *chan, enum strand_dir dir)
{
	size_t length = length_of(chan);

	return is_closed(chan) ||
	    (dir == STRAND_SEND ? length < chan->capacity : length > 0);
}

/* Lets some steps pass; false when it has been long enough. */
static bool
let_pass(struct strand_spin *spin, int steps)
{
	bool more = true;

	while (more && steps-- > 0)
		more = strand_spin_step(spin);
	return more;
}

/*
 * How many steps to let pass between two looks. Each takes the line away from
 * the other side, which fills or empties the buffer in the meantime: the larger
 * the buffer, the longer that is of use.
 */
static inline int
look_steps(const struct strand_chan *chan)
{
	size_t steps = LOOK_STEPS_MIN + chan->capacity / 4;

	return steps < LOOK_STEPS_MAX ? (int) steps : LOOK_STEPS_MAX;
}

/* Spins for room or an element in the buffer; with the lock as above. */
static int
spin_at_buffer(struct strand_chan *chan, enum strand_dir dir, void *elem,
    struct strand_spin *spin)
{
	struct strand_served served = { 0 };
	int error = EAGAIN;
	bool more;

	do {
		unlock(chan);
		do
			more = let_pass(spin, look_steps(chan));
		while (more && !may_be_ready(chan, dir));
		lock(chan);
		error = try_once(chan, dir, elem, &served);
	} while (error == EAGAIN && more && !chan->queue[dir].first);
	strand_spin_end(error != EAGAIN);
	if (error == EAGAIN)
		return EAGAIN;
	unlock(chan);
	strand_chan_serve(&served);
	return error;
}

/* Spins, if this wait may; with the lock as above. */
static int
spin_first(
    struct strand_chan *chan, enum strand_dir dir, void *elem, bool *spun)
{
	struct strand_spin spin;

	*spun = !chan->queue[dir].first &&
	    seat_state(chan, dir) == STRAND_SEAT_EMPTY &&
	    strand_spin_begin(&spin);
	if (!*spun)
		return EAGAIN;
	return chan->capacity > 0 ? spin_at_buffer(chan, dir, elem, &spin) :
				    spin_in_seat(chan, dir, elem, &spin);
}

/*
 * Waits. The lock is held at the beginning, and not at the end. The record of
 * the wait begins at the caller of this, which is the public function.
 */
static STRAND_NOINLINE int
block(
    struct strand_chan *chan, enum strand_dir dir, void *elem, int64_t deadline)
{
	struct stranded_wait record;
	struct strand_wait wait;
	struct strand_waiter waiter = { .wait = &wait, .elem = elem };
	bool spun;
	int error;

	error = spin_first(chan, dir, elem, &spun);
	if (error != EAGAIN)
		return error;
	strand_wait_init(&wait);
	if (spun && chan->capacity == 0)
		enqueue_first(chan, dir, &waiter);
	else
		strand_chan_enqueue(chan, dir, &waiter);
	unlock(chan);

	if (spun || !strand_park_spin(&wait.park)) {
		stranded_wait_begin(&record,
		    dir == STRAND_SEND ? STRANDED_CHAN_SEND :
					 STRANDED_CHAN_RECV,
		    chan, strand_wait_flags(deadline), NULL);
		if (!strand_wait_sleep(&wait, deadline))
			wait.error = ETIMEDOUT;
		stranded_wait_end(&record);
	}
	if (wait.error == ETIMEDOUT) {
		lock(chan);
		strand_chan_withdraw(chan, dir, &waiter);
		unlock(chan);
	} else if (wait.error == EPIPE && dir == STRAND_RECV) {
		strand_chan_zero(chan, elem);
	}
	return wait.error;
}

/* What both operations do after the first try, with the lock held. */
static inline __attribute__((always_inline)) int
finish(struct strand_chan *chan, int error, struct strand_served *served,
    int64_t deadline)
{
	unlock(chan);
	strand_chan_serve(served);
	return error == EAGAIN ? strand_wait_expired(deadline) : error;
}

/*
 * The common cases, with the lock held: there is a buffer with room or with an
 * element, and nobody waits at the other end.
 */
static inline bool
can_push(const struct strand_chan *chan)
{
	return length_of(chan) < chan->capacity &&
	    !chan->queue[STRAND_RECV].first && !is_closed(chan);
}

static inline bool
can_pop(const struct strand_chan *chan)
{
	return length_of(chan) > 0 && !chan->queue[STRAND_SEND].first;
}

int
strand_chan_send(struct strand_chan *chan, const void *elem, int64_t deadline)
{
	struct strand_served served = { 0 };
	int error;

	if (!chan) {
		error = strand_wait_in_vain(STRANDED_CHAN_SEND_NIL, deadline);
		STRAND_KEEP_FRAME();
		return error;
	}
	if (chan->capacity == 0 &&
	    seat_exchange(chan, STRAND_RECV, (void *) elem, &served)) {
		strand_chan_use(chan, STRAND_SEND, __builtin_return_address(0));
		strand_chan_serve(&served);
		return 0;
	}
	lock(chan);
	strand_chan_use(chan, STRAND_SEND, __builtin_return_address(0));
	if (can_push(chan)) {
		buffer_push(chan, elem);
		unlock(chan);
		return 0;
	}
	error = strand_chan_try_send(chan, elem, &served);
	if (error == EAGAIN && !strand_wait_is_over(deadline)) {
		error = block(chan, STRAND_SEND, (void *) elem, deadline);
		STRAND_KEEP_FRAME();
		return error;
	}
	return finish(chan, error, &served, deadline);
}

int
strand_chan_recv(struct strand_chan *chan, void *elem, int64_t deadline)
{
	struct strand_served served = { 0 };
	int error;

	if (!chan) {
		error = strand_wait_in_vain(STRANDED_CHAN_RECV_NIL, deadline);
		STRAND_KEEP_FRAME();
		return error;
	}
	if (chan->capacity == 0 &&
	    seat_exchange(chan, STRAND_SEND, elem, &served)) {
		strand_chan_use(chan, STRAND_RECV, __builtin_return_address(0));
		strand_chan_serve(&served);
		return 0;
	}
	lock(chan);
	strand_chan_use(chan, STRAND_RECV, __builtin_return_address(0));
	if (can_pop(chan)) {
		buffer_pop(chan, elem);
		unlock(chan);
		return 0;
	}
	error = strand_chan_try_recv(chan, elem, &served);
	if (error == EAGAIN && !strand_wait_is_over(deadline)) {
		error = block(chan, STRAND_RECV, elem, deadline);
		STRAND_KEEP_FRAME();
		return error;
	}
	return finish(chan, error, &served, deadline);
}

/* ---- Life --------------------------------------------------------------- */

/* Tells the observer. */
static void
show(struct strand_chan *chan, const struct stranded_place *place)
{
	struct stranded_channel seen = {
		.object = chan,
		.capacity = chan->capacity,
		.length = (const size_t *) &chan->length,
		.closed = (const uint8_t *) &chan->closed,
	};

	chan->handle = stranded_channel_create(&seen, place);
	if (chan->users)
		stranded_channel_users(chan->handle,
		    (const struct stranded_user *) &chan->users[STRAND_SEND],
		    (const struct stranded_user *) &chan->users[STRAND_RECV]);
}

struct strand_chan *
strand_chan_make(
    size_t elem_size, size_t capacity, const struct stranded_place *place)
{
	bool watched = STRANDED_HAS(stranded_observer(), channel_users);
	struct strand_chan *chan;
	size_t size;

	if (__builtin_mul_overflow(elem_size, capacity, &size) ||
	    __builtin_add_overflow(
		size, sizeof(*chan) + USERS_SIZE + STRAND_LINE, &size)) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size - USERS_SIZE - 1) & ~(size_t) (STRAND_LINE - 1);
	chan = aligned_alloc(STRAND_LINE, size + (watched ? USERS_SIZE : 0));
	if (!chan)
		return NULL;
	memset(chan, 0, sizeof(*chan));
	if (watched)
		chan->users =
		    memset((unsigned char *) chan + size, 0, USERS_SIZE);
	chan->elem_size = elem_size;
	chan->capacity = capacity;
	atomic_init(&chan->refs, 1);
	show(chan, place);
	return chan;
}

STRAND_NOINLINE struct strand_chan *
strand_chan_new(size_t elem_size, size_t capacity)
{
	struct stranded_place place = STRANDED_CALLER();

	return strand_chan_make(elem_size, capacity, &place);
}

struct strand_chan *
strand_chan_ref(struct strand_chan *chan)
{
	if (chan)
		atomic_fetch_add_explicit(&chan->refs, 1, memory_order_relaxed);
	return chan;
}

void
strand_chan_unref(struct strand_chan *chan)
{
	if (!chan ||
	    atomic_fetch_sub_explicit(&chan->refs, 1, memory_order_acq_rel) > 1)
		return;
	stranded_channel_destroy(chan->handle);
	free(chan);
}

/* Adds all that wait in the queue, claimed, to the list at `waiter`. */
static struct strand_waiter *
claim_all(
    struct strand_chan *chan, enum strand_dir dir, struct strand_waiter *list)
{
	struct strand_waiter *waiter;

	while ((waiter = dequeue(chan, dir))) {
		waiter->next = list;
		list = waiter;
	}
	return list;
}

int
strand_chan_close(struct strand_chan *chan)
{
	struct strand_waiter *list = NULL;

	if (!chan)
		return EINVAL;
	lock(chan);
	if (is_closed(chan)) {
		unlock(chan);
		return EPIPE;
	}
	atomic_store_explicit(&chan->closed, 1, memory_order_relaxed);
	seat_change(chan, STRAND_SEND, STRAND_SEAT_CLOSED);
	seat_change(chan, STRAND_RECV, STRAND_SEAT_CLOSED);
	list = claim_all(chan, STRAND_SEND, list);
	list = claim_all(chan, STRAND_RECV, list);
	unlock(chan);

	while (list) {
		struct strand_waiter *waiter = list;

		list = waiter->next;
		strand_wait_serve(waiter->wait, EPIPE);
	}
	return 0;
}

size_t
strand_chan_len(const struct strand_chan *chan)
{
	return chan ? length_of(chan) : 0;
}

size_t
strand_chan_cap(const struct strand_chan *chan)
{
	return chan ? chan->capacity : 0;
}
