/*
 * task.c: tasks on threads.
 *
 * A task is run by a thread of a pool. A thread whose task has ended goes idle:
 * it puts itself in front of a list and sleeps. The next task is given to the
 * first in the list, the one that went idle last, whose stack and caches are
 * warm; those at the end are left to themselves, and end after IDLE_TIME.
 *
 * The stacks are small. glibc puts a thread's static thread-local storage into
 * its stack, which may be a good part of it; so the size of that is added.
 *
 * The observer is told of tasks, not of the threads: one that is idle is a
 * carrier without a task.
 *
 * fork: the child has one thread, the one that called. The handlers hold the
 * pool's lock meanwhile, so that the child finds the list whole, and forgets
 * it.
 */
#include "task.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lock.h"
#include "park.h"
#include "self.h"
#include "spin.h"
#include "stranded_observer.h"

#define IDLE_TIME (5 * STRAND_SECOND)

enum {
	IDLE_MAX = 256, /* threads that are kept for later */
	WIPED = 1024,   /* bytes of stack, when a task has ended */
	STACK_DEFAULT = 64 << 10,
	THREAD_NAME_MAX = 15 /* the kernel's limit */
};

/* What a thread is to run. */
struct job {
	strand_fn *fn; /* NULL: nothing; the thread shall end */
	void *arg;
	uint64_t handle;                /* the observer's */
	struct strand_session *session; /* inherited, with a reference; or
	                                   NULL */
	char name[STRAND_NAME_MAX + 1];
};

/* A thread of the pool. */
struct strand_worker {
	struct job job;             /* set before the thread is woken */
	struct strand_park park;    /* where it sleeps when idle */
	bool idle;                  /* it is in the list */
	struct strand_worker *next; /* in the list, if idle */
	struct strand_worker *prev;
	size_t stack_size; /* as of strand_set_stack_size() */
	char thread_name[THREAD_NAME_MAX + 1]; /* what the kernel calls it */
};

static struct {
	struct strand_lock lock;     /* guards the list */
	struct strand_worker *first; /* the idle threads, the latest first */
	size_t idle;                 /* how many they are */
} pool;

static _Atomic size_t stack_size = STACK_DEFAULT;
static size_t
    tls_size; /* of the program and its libraries; set before main() */
static _Atomic size_t task_count;

/* ---- The list of idle threads ------------------------------------------ */

static void
list_push(struct strand_worker *worker)
{
	worker->idle = true;
	worker->prev = NULL;
	worker->next = pool.first;
	if (pool.first)
		pool.first->prev = worker;
	pool.first = worker;
	pool.idle++;
}

static void
list_remove(struct strand_worker *worker)
{
	worker->idle = false;
	if (worker->prev)
		worker->prev->next = worker->next;
	else
		pool.first = worker->next;
	if (worker->next)
		worker->next->prev = worker->prev;
	pool.idle--;
}

/* Gives the job to an idle thread, if there is one. */
static bool
give_to_idle(const struct job *job)
{
	struct strand_worker *worker;

	strand_lock_acquire(&pool.lock);
	worker = pool.first;
	if (worker)
		list_remove(worker);
	strand_lock_release(&pool.lock);
	if (!worker)
		return false;
	worker->job = *job;
	strand_park_wake(&worker->park);
	return true;
}

/* Goes idle, unless there are enough idle threads already. */
static bool
try_idle(struct strand_worker *worker)
{
	bool wanted;

	strand_park_init(&worker->park);
	strand_lock_acquire(&pool.lock);
	wanted = pool.idle < IDLE_MAX &&
	    worker->stack_size == strand_task_stack_size();
	if (wanted)
		list_push(worker);
	strand_lock_release(&pool.lock);
	return wanted;
}

/* Leaves the list; false if somebody has taken the thread out for a job. */
static bool
try_leave(struct strand_worker *worker)
{
	bool left;

	strand_lock_acquire(&pool.lock);
	left = worker->idle;
	if (left)
		list_remove(worker);
	strand_lock_release(&pool.lock);
	return left;
}

/* ---- The thread -------------------------------------------------------- */

/* A failure to name the thread is of no consequence. */
static void
name_thread(struct strand_worker *worker)
{
	if (strncmp(worker->thread_name, worker->job.name, THREAD_NAME_MAX) ==
	    0)
		return;
	memcpy(worker->thread_name, worker->job.name, THREAD_NAME_MAX);
	prctl(PR_SET_NAME, worker->thread_name);
}

static void
end_task(struct strand_worker *worker)
{
	strand_self.in_task = false;
	strand_self.task = 0;
	strand_session_unref(strand_self.session);
	strand_self.session = NULL;
	stranded_task_end(worker->job.handle);
	stranded_task_run(0);
	strand_spin_runnable(-1);
	atomic_fetch_sub_explicit(&task_count, 1, memory_order_release);
}

/*
 * The job's pointers are wiped before the task runs: what is left of them here
 * must not look like a use of the argument. They are read last, so that they
 * need not be kept anywhere during another call.
 */
static void
run_task(struct strand_worker *worker)
{
	strand_fn *fn;
	void *arg;

	name_thread(worker);
	strand_self.session = worker->job.session;
	worker->job.session = NULL;
	strand_self.in_task = true;
	strand_self.task = worker->job.handle;
	stranded_task_run(worker->job.handle);
	fn = worker->job.fn;
	arg = worker->job.arg;
	worker->job.fn = NULL;
	worker->job.arg = NULL;
	fn(arg);
	end_task(worker);
}

/*
 * Wipes the stack below. What a task that has ended has left there would stand
 * in gaps of the frames of the idle thread, where it looks like a use.
 */
static STRAND_NOINLINE void
wipe_stack(void)
{
	unsigned char below[WIPED];

	memset(below, 0, sizeof(below));
	__asm__ volatile("" : : "r"(below) : "memory");
}

/* Waits for the next job; false if there is none, and the thread shall end. */
static bool
next_job(struct strand_worker *worker)
{
	wipe_stack();
	if (!try_idle(worker))
		return false;
	if (!strand_park_spin(&worker->park) &&
	    strand_park_wait(&worker->park, strand_now() + IDLE_TIME) != 0) {
		if (try_leave(worker))
			return false;
		strand_park_wait(&worker->park, STRAND_FOREVER);
	}
	return worker->job.fn != NULL;
}

/* Without memory for the watch only a task's pthread_exit() goes unnoticed. */
static void *
worker_main(void *arg)
{
	struct strand_worker *worker = arg;

	strand_self.worker = worker;
	strand_self_watch();
	do
		run_task(worker);
	while (next_job(worker));
	strand_self.worker = NULL;
	free(worker);
	return NULL;
}

/* Also where a task calls pthread_exit(). */
void
strand_task_thread_ends(void)
{
	struct strand_worker *worker = strand_self.worker;

	if (worker) {
		end_task(worker);
		strand_self.worker = NULL;
		free(worker);
	}
	strand_session_unref(strand_self.session);
	strand_self.session = NULL;
}

static int
add_tls_size(struct dl_phdr_info *object, size_t size, void *total)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];

		if (header->p_type == PT_TLS)
			*(size_t *) total += header->p_memsz + header->p_align;
	}
	return 0;
}

/* The size is that of the stack alone. The default guard is one page. */
int
strand_task_thread(size_t size, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	if (size < (size_t) PTHREAD_STACK_MIN)
		size = (size_t) PTHREAD_STACK_MIN; /* as on aarch64 */
	if (pthread_attr_init(&attr) != 0)
		return EAGAIN;
	error = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (!error)
		error = pthread_attr_setstacksize(&attr, size + tls_size);
	if (!error)
		error = pthread_create(&thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return error ? EAGAIN : 0;
}

static int
give_to_new(const struct job *job)
{
	struct strand_worker *worker = calloc(1, sizeof(*worker));
	int error;

	if (!worker)
		return ENOMEM;
	worker->job = *job;
	worker->stack_size = strand_task_stack_size();
	error = strand_task_thread(worker->stack_size, worker_main, worker);
	if (error)
		free(worker);
	return error;
}

/* ---- Public ------------------------------------------------------------ */

static int
start(const struct job *job)
{
	int error = 0;

	atomic_fetch_add_explicit(&task_count, 1, memory_order_relaxed);
	strand_spin_runnable(+1);
	if (!give_to_idle(job))
		error = give_to_new(job);
	if (error) {
		strand_spin_runnable(-1);
		atomic_fetch_sub_explicit(&task_count, 1, memory_order_relaxed);
	}
	return error;
}

STRAND_NOINLINE int
strand_go(const char *name, strand_fn *fn, void *arg)
{
	struct stranded_place place = STRANDED_CALLER();
	struct job job = { .fn = fn, .arg = arg };
	int error;

	strncpy(job.name, name ? name : "task", STRAND_NAME_MAX);
	job.session = strand_session_ref(strand_self.session);
	job.handle = stranded_task_create(job.name, &place);
	error = start(&job);
	if (error) {
		stranded_task_end(job.handle);
		strand_session_unref(job.session);
	}
	return error;
}

size_t
strand_task_stack_size(void)
{
	return atomic_load_explicit(&stack_size, memory_order_relaxed);
}

/* The idle threads have stacks of the old size, and are sent home. */
int
strand_set_stack_size(size_t bytes)
{
	static const struct job nothing;
	size_t page = (size_t) sysconf(_SC_PAGESIZE);

	if (bytes < (size_t) PTHREAD_STACK_MIN || bytes > SIZE_MAX / 2)
		return EINVAL;
	bytes = (bytes + page - 1) / page * page;
	if (atomic_exchange(&stack_size, bytes) == bytes)
		return 0;
	while (give_to_idle(&nothing))
		;
	return 0;
}

size_t
strand_task_count(void)
{
	return atomic_load_explicit(&task_count, memory_order_acquire);
}

/* ---- fork -------------------------------------------------------------- */

static void
before_fork(void)
{
	strand_lock_acquire(&pool.lock);
}

static void
after_fork_in_parent(void)
{
	strand_lock_release(&pool.lock);
}

static void
after_fork_in_child(void)
{
	struct strand_worker *worker;

	strand_lock_init(&pool.lock);
	while ((worker = pool.first)) {
		list_remove(worker);
		free(worker);
	}
	atomic_store(&task_count, strand_self.in_task);
	strand_spin_reset(strand_self.in_task);
}

__attribute__((constructor)) static void
prepare(void)
{
	dl_iterate_phdr(add_tls_size, &tls_size);
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
