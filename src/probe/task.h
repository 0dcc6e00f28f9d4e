/*
 * task.h: the tasks of this process and what each waits for.
 *
 * Every thread, and every task of a runtime, has a record. The one that the
 * thread works for stands in `task_self`. A wait is a struct stranded_wait on
 * the blocked stack; the record points at the innermost one.
 *
 * How the agent reads a wait while its task goes on. The task publishes:
 *
 *     fill in the wait;  seq = seq + 1;  top = &wait;     (each a release)
 *     ... the real call ...
 *     top = wait.prev;                                    (fence)
 *
 * and the agent reads top, seq, then the memory from `top` upward, then top and
 * seq again, in this order. If both are what they were, the wait lasted all the
 * time and the copy is whole: had it ended, `top` would differ, or, if a later
 * wait lies at the same address, `seq` would. The memory may be gone by the
 * time it is read (the thread has exited): the agent reads through the kernel,
 * which then says so.
 */
#ifndef PROBE_TASK_H
#define PROBE_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"
#include "probe/capture.h"
#include "probe/probe.h"
#include "probe/table.h"
#include "stranded_observer.h"

enum task_flags {
	TASK_MAIN = 1,    /* the first thread */
	TASK_RUNTIME = 2, /* a runtime's task */
	TASK_CARRIER = 4, /* a thread that runs a runtime's tasks: not shown */
	TASK_ENTERED = 8, /* its session was entered, not guessed from use */
	TASK_STARTING = 16, /* its thread has not begun to run */
	TASK_LEAVING = 32   /* it ends the process */
};

/*
 * The probe's own flag of a wait, beside those of enum stranded_wait_flags: for
 * a condition, of which `cases` is the mutex that goes with it.
 */
#define TASK_WAIT_MUTEX 0x8000u

/* What the agent has seen of a task; nobody else writes it. */
struct aging {
	uint64_t id;                     /* the life of the record it is of */
	const struct stranded_wait *top; /* the record as last seen... */
	uint64_t seq;                    /* ... and the task's count then */
	uint64_t wait_seq;               /* the wait's own number */
	int64_t since;                   /* when that wait was first seen */
	uint64_t outer_seq;              /* the wait around it: number */
	int64_t outer_since;             /* and when it was first seen */
	struct stranded_wait wait;       /* ... as it was read then */
	uint64_t runs;  /* a sleep that is on no record: kernel_wait's runs */
	int64_t asleep; /* ... and when it was first seen */
};

struct task {
	/* The task's own. */
	uint64_t id;   /* never reused; 0: the record is free */
	uint64_t link; /* the table's, while it is free */
	const struct stranded_wait *top; /* innermost wait, NULL: it runs */
	uint64_t seq;                    /* waits so far */
	uint64_t session;     /* handle of the session it is in, or 0 */
	uint64_t interrupted; /* seq of a wait that our own signal broke */
	int errno_before;     /* ... and errno just before it did */
	uint32_t excuses;     /* how often nobody's did, */
	uint64_t excused;     /* ... of the wait with this seq */
	uint32_t tid;         /* of the thread that runs it, 0: none */
	uint32_t flags;       /* enum task_flags */
	/* Set when it is created. */
	uint64_t created_by; /* id of the task that did */
	int64_t created_ns;
	struct bounds stack; /* where its stack lies */
	uintptr_t thread;    /* the pthread_t of its thread, 0: none */
	uint32_t number;     /* of this record in the table */
	uint32_t label;      /* number of its label, or 0 */
	uint32_t creation;   /* number of its creation record, or 0 */
	uint32_t exit_round; /* passes of thread-specific data seen */
	void (*start)(void); /* what a new thread shall run */
	void *start_arg;
	char name[WIRE_NAME_MAX];
	/* The agent's own. */
	struct aging aging;
};

/* Bytes of stack that are kept of a task's creation. */
#define CREATION_BYTES 2944

/* The creation of a task: kept apart, because not every thread needs one. */
struct creation {
	uint64_t id;   /* 0: the record is free */
	uint64_t link; /* the table's */
	struct capture capture;
	/* and its bytes */
};

#define CREATION_SIZE (sizeof(struct creation) + CREATION_BYTES)

extern struct table task_table;
extern struct table creation_table;

/* The time as of the agent's last look: the probe's clock. */
extern int64_t task_clock;

/* The record that the calling thread's waits go to; NULL: none yet. */
extern __thread struct task *task_self
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* ---- The life of a task ------------------------------------------------ */

/*
 * A record for a task that the calling thread creates at `by`, in the caller's
 * session. NULL if there is no room.
 */
struct task *task_create(
    const char *name, uint32_t flags, const struct stranded_place *by);

/* Frees the record; the second, if it is still that life of it. */
void task_end(struct task *task);
void task_end_if(struct task *task, uint64_t id);

/* An id for a task that has no record: see asleep.h. */
uint64_t task_new_id(void);

/* The task's handle, for runtimes. */
uint64_t task_handle(const struct task *task);

/* The id of the task that a handle means, or has meant; 0 for none. */
uint64_t task_id_of(uint64_t handle);

/*
 * The calling thread is `task`'s from now on; its stack lies below `top`, and
 * is as large as was asked for when it was created (task->stack.low).
 */
void task_begin_thread(struct task *task, uintptr_t top);

/*
 * Gives the calling thread, which libc or somebody else has made behind our
 * back, a record. NULL if that cannot be, for the moment or for good. Makes
 * sure, too, that the probe is ready for use: see init.h.
 */
PROBE_COLD struct task *task_adopt(void);

/* What a thread that a runtime uses for its tasks runs from now on; 0: none. */
void task_run(uint64_t handle);

/* Makes the thread-specific key that tells of a thread's end. */
void task_init(void);

/* After fork, in the child: only the calling thread's tasks are left. */
void task_reset_after_fork(void);

/* ---- Waits ------------------------------------------------------------- */

static inline __attribute__((always_inline)) bool
task_is_inside(const struct task *task, uintptr_t address)
{
	return address >= task->stack.low && address < task->stack.top;
}

/*
 * Is the wait at `outer` still there, when one at `wait` begins? What encloses
 * the new one lies above it on the same stack; what lies below was jumped over,
 * and its memory is used for something else by now. Of a wait on another stack
 * (a signal stack, a coroutine's) only this is known: a thread that is back on
 * its own has left it. Inline, and without a call, so that the hot path saves
 * no registers for it.
 */
static inline __attribute__((always_inline)) bool
task_encloses(const struct task *task, const struct stranded_wait *outer,
    const struct stranded_wait *wait)
{
	uintptr_t old = (uintptr_t) outer;
	uintptr_t new = (uintptr_t) wait;
	bool inside = task_is_inside(task, new);

	return task_is_inside(task, old) == inside ? old > new : !inside;
}

/*
 * Publishes `wait`, whose fields are filled in save those that are the
 * probe's.
 */
static inline __attribute__((always_inline)) void
task_push(struct task *task, struct stranded_wait *wait)
{
	uint64_t seq = task->seq + 1;

	wait->prev = (struct stranded_wait *) task->top;
	if (unlikely(wait->prev != NULL) &&
	    !task_encloses(task, wait->prev, wait)) {
		wait->prev = NULL;
	}
	wait->seq = seq;
	store_release(&task->seq, seq);
	store_release(&task->top, wait);
}

/*
 * After a longjmp to a frame whose stack pointer is `sp`: the waits below it
 * are over.
 */
void task_unwind_to(struct task *task, uintptr_t sp);

static inline __attribute__((always_inline)) void
task_pop(struct task *task, struct stranded_wait *wait)
{
	store_relaxed(&task->top, wait->prev);
	/* The stack is reused next: not before the agent can know it. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

#endif
