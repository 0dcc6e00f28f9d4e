/* aging.c: see aging.h. */
#include "probe/aging.h"

#include "probe/asleep.h"
#include "probe/session.h"
#include "probe/sys.h"
#include "probe/syscalls.h"

#define TRIES 3 /* at a task that goes from wait to wait */

/* Sessions are looked at once in so many ticks. */
#define SESSION_TICKS 4

/* Is it the wait that was read last? Then it need not be read again. */
static bool
recall(const struct task *task, struct view *view)
{
	const struct aging *aging = &task->aging;

	if (aging->id != view->id || aging->top != view->top ||
	    aging->seq != view->seq) {
		return false;
	}
	view->wait = aging->wait;
	return true;
}

void
aging_read(const struct task *task, struct view *view)
{
	view->id = load_acquire(&task->id);
	for (int i = 0; i < TRIES; i++) {
		view->top = load_acquire(&task->top);
		view->seq = load_acquire(&task->seq);
		if (view->top == NULL || recall(task, view)) {
			return;
		}
		if (sys_peek_all(view->top, &view->wait, sizeof(view->wait)) &&
		    aging_still(task, view)) {
			return;
		}
	}
	view->top = NULL; /* it does not stay anywhere: it runs */
}

bool
aging_still(const struct task *task, const struct view *view)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_acquire(&task->top) == view->top &&
	    load_relaxed(&task->seq) == view->seq;
}

int64_t
aging_since(struct task *task, const struct view *view, int64_t now)
{
	struct aging *aging = &task->aging;
	uint64_t seq = view->wait.seq;

	if (aging->id != view->id) {
		/* What is noted is of an earlier life of the record. */
		*aging = (struct aging) { .id = view->id, .since = now };
	} else if (seq == aging->wait_seq) {
		/* The same wait; perhaps one inside it has come and gone. */
	} else if (seq == aging->outer_seq) {
		aging->since = aging->outer_since;
	} else {
		/* Of what it lies in, if that is what was seen before it. */
		if (view->wait.prev != NULL && view->wait.prev == aging->top) {
			aging->outer_seq = aging->wait_seq;
			aging->outer_since = aging->since;
		}
		aging->since = now;
	}
	aging->top = view->top;
	aging->seq = view->seq;
	aging->wait = view->wait;
	/* The thread itself may look at both: wrap_elapsed(). */
	store_release(&aging->wait_seq, seq);
	return aging->since;
}

int64_t
aging_asleep(struct task *task, uint64_t runs, int64_t now)
{
	struct aging *aging = &task->aging;
	uint64_t id = load_acquire(&task->id);

	if (aging->id != id) {
		*aging = (struct aging) { .id = id };
	}
	if (aging->runs != runs || runs == 0) {
		aging->runs = runs;
		aging->asleep = now;
	}
	return aging->asleep;
}

bool
aging_is_shown(const struct task *task)
{
	return load_acquire(&task->id) != 0 &&
	    !(load_relaxed(&task->flags) & (TASK_CARRIER | TASK_STARTING));
}

/* Is what the agent has noted of the task still so, without a closer look? */
static bool
is_noted(const struct task *task)
{
	return task->aging.top == load_acquire(&task->top) &&
	    task->aging.seq == load_relaxed(&task->seq);
}

static void
look_at_tasks(int64_t now)
{
	uint32_t end = table_end(&task_table);
	struct view view;

	for (uint32_t number = 1; number < end; number++) {
		struct task *task = table_hot(&task_table, number);

		if (!aging_is_shown(task) || load_relaxed(&task->top) == NULL ||
		    is_noted(task)) {
			continue;
		}
		aging_read(task, &view);
		if (view.top != NULL) {
			aging_since(task, &view, now);
		}
	}
}

static void
look_at_sessions(int64_t now)
{
	uint32_t end = table_end(&session_table);

	for (uint32_t number = 1; number < end; number++) {
		struct session *session = table_hot(&session_table, number);
		uint64_t uses = load_relaxed(&session->uses);

		if (uses != session->seen_uses) {
			session->seen_uses = uses;
			session->used_ns = now;
		}
	}
}

void
aging_look(int64_t now)
{
	static unsigned int ticks;

	look_at_tasks(now);
	if (ticks++ % SESSION_TICKS == 0) {
		look_at_sessions(now);
	}
}

/* What the task does, without a closer look at a wait that was noted. */
static uint32_t
state_now(struct task *task, int64_t now, bool exact)
{
	struct view view;
	struct asleep asleep;

	if (load_relaxed(&task->top) != NULL && is_noted(task) &&
	    !(exact && task->aging.wait.state == STRANDED_COND)) {
		return task->aging.wait.state;
	}
	aging_read(task, &view);
	if (!exact) {
		return view.top != NULL ? view.wait.state : STRANDED_RUNNING;
	}
	if (view.top == NULL) {
		return asleep_task(task, now, &asleep) ?
		    syscalls_state(&asleep.kernel) :
		    STRANDED_RUNNING;
	}
	return asleep_for_mutex(task, &view, now, &asleep) ? STRANDED_MUTEX :
							     view.wait.state;
}

static void
count_state(struct wire_counts *counts, uint32_t state)
{
	counts->tasks++;
	counts->by_state[state < STRANDED_STATE_COUNT ? state :
							STRANDED_UNKNOWN]++;
}

/* Of the threads that are no tasks. */
static void
count_threads(struct wire_counts *counts, int64_t now)
{
	unsigned int count = asleep_look(now);
	struct asleep asleep;

	for (unsigned int i = 0; i < count; i++) {
		switch (asleep_thread(i, now, &asleep)) {
		case KERNEL_SLEEPS:
			count_state(counts, syscalls_state(&asleep.kernel));
			break;
		case KERNEL_RUNS:
			count_state(counts, STRANDED_RUNNING);
			break;
		case KERNEL_SILENT:
			break;
		}
	}
}

void
aging_counts(struct wire_counts *counts, bool exact)
{
	uint32_t end = table_end(&task_table);
	int64_t now = sys_now();

	*counts = (struct wire_counts) {
		.header = { sizeof(*counts), WIRE_COUNTS, 0 },
		.sessions_closed = load_relaxed(&session_closed),
	};
	counts->sessions_opened = load_relaxed(&session_opened);
	counts->sessions =
	    (uint32_t) (counts->sessions_opened - counts->sessions_closed);
	counts->connects = load_relaxed(&session_connects);
	for (uint32_t number = 1; number < end; number++) {
		struct task *task = table_hot(&task_table, number);

		if (aging_is_shown(task)) {
			count_state(counts, state_now(task, now, exact));
		}
	}
	if (exact) {
		count_threads(counts, now);
	} else {
		counts->tasks += asleep_count();
		counts->by_state[STRANDED_RUNNING] += asleep_count();
	}
}
