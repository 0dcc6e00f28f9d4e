/* task.c: see task.h. */
#include "probe/task.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/resource.h>

#include "probe/init.h"
#include "probe/real.h"
#include "probe/text.h"

struct table task_table = TABLE(sizeof(struct task), 0);
struct table creation_table = TABLE(CREATION_SIZE, 0);
int64_t task_clock;

__thread struct task *task_self
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/*
 * The carrier of the runtime's tasks that this thread runs: the thread's own
 * record. NULL in a thread that no runtime uses.
 */
static __thread struct task *carrier __attribute__((tls_model("initial-exec")));

/*
 * Set while the thread is inside task_adopt(), and after it has ended as a
 * task: there is no way in.
 */
static __thread bool adopting __attribute__((tls_model("initial-exec")));

static uint64_t last_id;
static pthread_key_t exit_key;
static bool have_exit_key;

/* ---- Records ----------------------------------------------------------- */

static struct task *
take(const char *name, uint32_t flags)
{
	uint32_t number = table_take(&task_table);
	struct task *task;

	if (number == 0) {
		return NULL;
	}
	task = table_hot(&task_table, number);
	/* The id and the link are still the table's: others look at them. */
	__builtin_memset(
	    &task->top, 0, sizeof(*task) - offsetof(struct task, top));
	task->number = number;
	task->flags = flags;
	task->created_ns = load_relaxed(&task_clock);
	if (name != NULL) {
		text_copy(task->name, name, sizeof(task->name));
	}
	return task;
}

uint64_t
task_new_id(void)
{
	return __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
}

/* From here on the agent sees it. */
static void
publish(struct task *task)
{
	store_release(&task->id, task_new_id());
}

static void
drop_creation(struct task *task)
{
	struct creation *creation;

	if (task->creation != 0) {
		creation = table_hot(&creation_table, task->creation);
		store_release(&creation->id, 0);
		table_give(&creation_table, task->creation);
		task->creation = 0;
	}
}

static void
note_creation(struct task *task, const struct stranded_place *by,
    const struct bounds *bounds)
{
	uint32_t number = table_take(&creation_table);
	struct creation *creation;

	if (number == 0) {
		return;
	}
	creation = table_hot(&creation_table, number);
	capture_take(&creation->capture, CREATION_BYTES, by, bounds);
	store_release(&creation->id, 1);
	task->creation = number;
}

struct task *
task_create(const char *name, uint32_t flags, const struct stranded_place *by)
{
	struct task *self = task_self != NULL ? task_self : task_adopt();
	struct task *task = take(name, flags);

	if (task == NULL) {
		return NULL;
	}
	if (self != NULL) {
		task->created_by = self->id;
		task->session = self->session;
		task->label = self->label;
		task->flags |= self->flags & TASK_ENTERED;
		note_creation(task, by, &self->stack);
	}
	publish(task);
	return task;
}

void
task_end_if(struct task *task, uint64_t id)
{
	if (id != 0 &&
	    __atomic_compare_exchange_n(
		&task->id, &id, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		drop_creation(task);
		table_give(&task_table, task->number);
	}
}

void
task_end(struct task *task)
{
	task_end_if(task, task->id);
}

uint64_t
task_handle(const struct task *task)
{
	return table_handle(task->number, task->id);
}

/*
 * The handle has the id's lower half. The upper one is that of the latest id
 * that has been given out, or one less.
 */
uint64_t
task_id_of(uint64_t handle)
{
	uint64_t last = load_relaxed(&last_id);
	uint64_t id = (last & ~(uint64_t) UINT32_MAX) | handle >> 32;

	if (id <= last) {
		return id;
	}
	return id > UINT32_MAX ? id - (UINT64_C(1) << 32) : 0;
}

/* ---- Threads ----------------------------------------------------------- */

/*
 * The calling thread's id. libc keeps it, and writes it into every mutex that
 * the thread locks: so it can be had without a system call.
 */
static uint32_t
own_tid(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	if (real_libc_lock(&mutex) != 0) {
		return 0;
	}
	/* Left locked: nobody else has it. */
	return (uint32_t) mutex.__data.__owner;
}

/*
 * Called for each thread that ends, while libc destroys its thread-specific
 * data. Other destructors may still block, so the record is kept until the last
 * of the passes that POSIX promises.
 */
static void
thread_exits(void *argument)
{
	struct task *task = argument;

	if (++task->exit_round < PTHREAD_DESTRUCTOR_ITERATIONS &&
	    pthread_setspecific(exit_key, task) == 0) {
		return;
	}
	if (task_self != NULL && task_self != task) {
		task_end(task_self); /* it died while it ran a runtime's task */
	}
	task_self = NULL;
	carrier = NULL;
	adopting =
	    true; /* what blocks from now on would leave a record for good */
	task_end(task);
}

void
task_init(void)
{
	table_prepare(&task_table);
	table_prepare(&creation_table);
	have_exit_key = pthread_key_create(&exit_key, thread_exits) == 0;
}

static void
bind_thread(struct task *task)
{
	task->tid = own_tid();
	task->thread = (uintptr_t) pthread_self();
	task->flags &= ~(uint32_t) TASK_STARTING;
	task_self = task;
	if (have_exit_key) {
		pthread_setspecific(exit_key, task);
	}
}

void
task_begin_thread(struct task *task, uintptr_t top)
{
	uintptr_t size = task->stack.low;

	/* Just above lie libc's own frames, which end the unwinding. */
	task->stack.top = top;
	task->stack.low = size < top ? top - size : 0;
	bind_thread(task);
}

/* The first thread's stack ends where the kernel put the arguments. */
static struct bounds
main_bounds(void)
{
	extern void *__libc_stack_end __attribute__((weak));
	struct rlimit limit;
	uintptr_t size = 64 << 20;

	if (&__libc_stack_end == NULL || __libc_stack_end == NULL) {
		return (struct bounds) { 0 };
	}
	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < size) {
		size = limit.rlim_cur;
	}
	return (struct bounds) {
		.low = (uintptr_t) __libc_stack_end - size,
		.top = (uintptr_t) __libc_stack_end + 64,
	};
}

struct task *
task_adopt(void)
{
	static bool have_main;
	struct task *task;
	int saved_errno = errno;

	if (adopting) {
		return NULL;
	}
	adopting = true;
	task = init_probe() ? take(NULL, 0) : NULL;
	if (task != NULL) {
		if (!__atomic_exchange_n(&have_main, true, __ATOMIC_RELAXED)) {
			/* The loader's comes first: the main thread. */
			task->flags |= TASK_MAIN;
			task->stack = main_bounds();
		}
		bind_thread(task);
		publish(task);
	}
	adopting = false;
	errno = saved_errno;
	return task;
}

void
task_run(uint64_t handle)
{
	struct task *task;

	if (carrier == NULL) {
		carrier = task_self != NULL ? task_self : task_adopt();
		if (carrier == NULL) {
			return;
		}
		carrier->flags |= TASK_CARRIER;
		drop_creation(carrier);
	}
	if (task_self != NULL && task_self != carrier) {
		store_relaxed(&task_self->tid, 0);
	}
	task = table_find(&task_table, handle);
	if (task == NULL) {
		task_self = carrier;
		return;
	}
	task->stack = carrier->stack;
	store_relaxed(&task->tid, carrier->tid);
	task_self = task;
}

void
task_reset_after_fork(void)
{
	uint32_t end = table_end(&task_table);

	for (uint32_t number = 1; number < end; number++) {
		struct task *task = table_hot(&task_table, number);

		if (task->id != 0 && task != task_self && task != carrier) {
			task_end(task);
		}
	}
	if (task_self != NULL) {
		task_self->tid = own_tid();
		task_self->flags |= TASK_MAIN;
	}
	if (carrier != NULL) {
		carrier->tid = own_tid();
	}
}

/* ---- Waits ------------------------------------------------------------- */

void
task_unwind_to(struct task *task, uintptr_t sp)
{
	const struct stranded_wait *old = task->top;
	uintptr_t here = (uintptr_t) __builtin_frame_address(0);

	/*
	 * Nothing between here and there has been reused, save by a jump that
	 * nobody saw: so what is read is only followed upward.
	 */
	while (task_is_inside(task, (uintptr_t) old) &&
	    (uintptr_t) old > here && (uintptr_t) old < sp) {
		here = (uintptr_t) old;
		old = old->prev;
	}
	if (!task_is_inside(task, (uintptr_t) old) || (uintptr_t) old <= here) {
		old = NULL;
	}
	store_relaxed(&task->top, old);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}
