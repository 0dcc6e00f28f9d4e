/*
 * chan.h: a channel's inside, for chan.c and select.c.
 */
#ifndef STRAND_CHAN_H
#define STRAND_CHAN_H

#include <stdatomic.h>

#include "lock.h"
#include "public.h"
#include "wait.h"

/* A task in the queue of a channel. It lies on the task's stack. */
struct strand_waiter {
	struct strand_waiter *next; /* in the queue */
	struct strand_waiter *prev;
	struct strand_wait *wait; /* the wait that this is part of */
	void *elem;               /* received into or sent from; or NULL */
	bool queued;              /* it is in the queue; guarded by the
	                               channel's lock */
};

struct strand_queue {
	struct strand_waiter *first; /* the one that has waited longest */
	struct strand_waiter *last;
};

enum strand_seat_state {
	STRAND_SEAT_EMPTY,
	STRAND_SEAT_TAKEN,  /* a task spins, and may be served */
	STRAND_SEAT_BUSY,   /* somebody serves it just now */
	STRAND_SEAT_SERVED, /* it was, and has not left the seat yet */
	STRAND_SEAT_CLOSED  /* likewise: the channel has been closed */
};

/* An element that waits in a seat, or the address of one that is too large. */
union strand_seat_elem {
	unsigned char bytes[16];
	void *address;
};

/* Who used a side last. A line of its own, which that side's users share. */
struct strand_user {
	_Alignas(STRAND_LINE /
	    2) _Atomic(const void *) pc; /* struct stranded_user, but atomic */
	_Atomic uint64_t task;
};

struct strand_chan {
	/* One cache line, which holds all that a busy channel changes. */
	struct strand_lock lock; /* guards everything but taken seats,
	                                   and the reference count */
	_Atomic uint32_t refs;   /* the users', and one for each task in
	                                   a seat */
	_Atomic uint8_t seat[2]; /* enum strand_seat_state, by enum
	                                   strand_dir */
	_Atomic uint8_t closed;
	_Atomic size_t length;         /* elements in the buffer */
	size_t head;                   /* index of the oldest of them */
	union strand_seat_elem sat[2]; /* of the seats, by direction */

	/* The next line, which changes when tasks go to sleep. */
	struct strand_queue queue[2]; /* waiting tasks, by direction */
	size_t elem_size;
	size_t capacity;           /* elements in the buffer, at most */
	uint64_t handle;           /* the observer's */
	struct strand_user *users; /* by direction, behind the buffer; NULL:
	                                 nobody asked when it was made */
	_Alignas(STRAND_LINE) unsigned char buffer[]; /* a ring */
};

/* strand_chan_new() on behalf of `place`. */
struct strand_chan *strand_chan_make(
    size_t elem_size, size_t capacity, const struct stranded_place *place);

/* The slow half of the function below. */
void strand_chan_note(struct strand_user *user, const void *pc);

/* The calling task uses that side, in a call that returns to `pc`. */
static inline void
strand_chan_use(struct strand_chan *chan, enum strand_dir dir, const void *pc)
{
	if (STRAND_UNLIKELY(chan->users))
		strand_chan_note(&chan->users[dir], pc);
}

/*
 * A task that an operation has served, by which it may go on: nobody, one that
 * was in a queue, or one in a seat.
 */
struct strand_served {
	struct strand_wait *wait; /* of the one in a queue; or NULL */
	struct strand_chan *chan; /* of the one in a seat; or NULL */
	enum strand_dir dir;      /* its seat */
};

/*
 * The operations, tried once, with the lock held. They return what the public
 * functions return: EAGAIN if the task would have to wait. `*served` is nobody
 * before, and the caller calls strand_chan_serve() with it after it has
 * released the lock. That is the last that it does to the channel: the task
 * served may give back the last reference.
 */
int strand_chan_try_send(
    struct strand_chan *chan, const void *elem, struct strand_served *served);
int strand_chan_try_recv(
    struct strand_chan *chan, void *elem, struct strand_served *served);

static inline void
strand_chan_serve(struct strand_served *served)
{
	if (served->chan)
		atomic_store_explicit(&served->chan->seat[served->dir],
		    STRAND_SEAT_SERVED, memory_order_release);
	if (served->wait)
		strand_wait_serve(served->wait, 0);
}

/* Would the operation go on now? The lock is held. */
bool strand_chan_is_ready(struct strand_chan *chan, enum strand_dir dir);

/* Puts a task at the end of the queue, or takes it out if it is still there. */
void strand_chan_enqueue(struct strand_chan *chan, enum strand_dir dir,
    struct strand_waiter *waiter);
void strand_chan_withdraw(struct strand_chan *chan, enum strand_dir dir,
    struct strand_waiter *waiter);

/* Fills the receiver's element with zeros: the channel is closed. */
void strand_chan_zero(const struct strand_chan *chan, void *elem);

#endif
