/*
 * asleep.c: see asleep.h.
 *
 * Threads that are no tasks are kept in the order in which the kernel lists
 * them, which is that of their creation. So the next look mostly finds each one
 * where it was, or a few places further on.
 */
#include "probe/asleep.h"

#include <pthread.h>

#include "probe/agent.h"
#include "probe/probe.h"
#include "probe/sys.h"

#define THREADS_MAX 8192

/* What is done at ticks takes at most one part in so many of the time. */
#define REST    400
#define REST_NS NS_PER_SECOND /* and this much lies between two looks */

/* ---- Tasks ------------------------------------------------------------- */

bool
asleep_task(struct task *task, int64_t now, struct asleep *asleep)
{
	uint32_t tid = load_relaxed(&task->tid);

	/* Of a thread that is in no call a page is being read in. */
	if (tid == 0 || kernel_wait(tid, &asleep->kernel) != KERNEL_SLEEPS ||
	    asleep->kernel.call < 0 || load_acquire(&task->top) != NULL) {
		return false;
	}
	asleep->since = aging_asleep(task, asleep->kernel.runs, now);
	return true;
}

/*
 * Its first word says whether anybody waits for the mutex. Of the kinds of
 * which it does not the kernel has to be asked.
 */
static bool
somebody_waits(const void *mutex)
{
	uint32_t word;

	return sys_peek_all(mutex, &word, sizeof(word)) && word > 1;
}

bool
asleep_for_mutex(struct task *task, const struct view *view, int64_t now,
    struct asleep *asleep)
{
	const struct stranded_wait *wait = &view->wait;
	uintptr_t mutex = (uintptr_t) wait->cases;
	uint32_t tid = load_relaxed(&task->tid);

	if (!(wait->flags & TASK_WAIT_MUTEX) || tid == 0 ||
	    !somebody_waits(wait->cases) ||
	    kernel_wait(tid, &asleep->kernel) != KERNEL_SLEEPS ||
	    asleep->kernel.call != SYS_futex ||
	    asleep->kernel.arguments[0] != mutex || !aging_still(task, view)) {
		return false;
	}
	asleep->since = aging_asleep(task, asleep->kernel.runs, now);
	return true;
}

/* ---- Threads that are no tasks ----------------------------------------- */

/* Two lists, the newer and the one that it is made from. */
static struct asleep_thread lists[2][THREADS_MAX];
static struct asleep_thread *threads = lists[0];
static unsigned int thread_count;

/* The thread among those that are known; the search begins at `from`. */
static const struct asleep_thread *
find_known(uint32_t tid, int64_t started, unsigned int from)
{
	for (unsigned int i = 0; i < thread_count; i++) {
		const struct asleep_thread *thread =
		    &threads[(from + i) % thread_count];

		if (thread->tid == tid) {
			return thread->started == started ? thread : NULL;
		}
	}
	return NULL;
}

/*
 * Are there no more threads than tasks have, and the agent? To count them takes
 * little; to list ten thousand does not.
 */
static bool
all_are_tasks(void)
{
	uint32_t end = table_end(&task_table);
	uint32_t with_thread = agent_tid != 0;
	uint32_t count = kernel_thread_count();

	for (uint32_t number = 1; number < end; number++) {
		const struct task *task = table_hot(&task_table, number);

		with_thread += load_acquire(&task->id) != 0 &&
		    load_relaxed(&task->tid) != 0;
	}
	return count > 0 && with_thread >= count;
}

unsigned int
asleep_look(int64_t now)
{
	static uint32_t tids[THREADS_MAX];
	struct asleep_thread *list = threads == lists[0] ? lists[1] : lists[0];
	unsigned int count =
	    all_are_tasks() ? 0 : kernel_uncovered(tids, THREADS_MAX);
	unsigned int from = 0;

	for (unsigned int i = 0; i < count; i++) {
		int64_t started = kernel_started(tids[i]);
		const struct asleep_thread *known =
		    find_known(tids[i], started, from);

		if (known != NULL) {
			list[i] = *known;
			from = (unsigned int) (known - threads) + 1;
		} else {
			list[i] = (struct asleep_thread) {
				.id = task_new_id(),
				.started = started,
				.since = now,
				.tid = tids[i],
			};
		}
	}
	threads = list;
	thread_count = count;
	return count;
}

unsigned int
asleep_count(void)
{
	return thread_count;
}

const struct asleep_thread *
asleep_at(unsigned int index)
{
	return &threads[index];
}

enum kernel_answer
asleep_thread(unsigned int index, int64_t now, struct asleep *asleep)
{
	struct asleep_thread *thread = &threads[index];
	enum kernel_answer answer = kernel_wait(thread->tid, &asleep->kernel);

	if (answer == KERNEL_SLEEPS) {
		uint64_t runs = asleep->kernel.runs;

		if (thread->runs != runs || runs == 0) {
			thread->runs = runs;
			thread->since = now;
		}
		asleep->since = thread->since;
	}
	return answer;
}

/* ---- Now and then ------------------------------------------------------ */

/* Looks at those that the probe thinks to run. */
static void
look_at_tasks(int64_t now)
{
	uint32_t end = table_end(&task_table);
	struct asleep asleep;

	for (uint32_t number = 1; number < end; number++) {
		struct task *task = table_hot(&task_table, number);

		if (aging_is_shown(task) && load_relaxed(&task->top) == NULL) {
			asleep_task(task, now, &asleep);
		}
	}
}

void
asleep_tick(int64_t now)
{
	static int64_t next;
	struct asleep asleep;
	int64_t cost;

	if (now < next) {
		return;
	}
	look_at_tasks(now);
	asleep_look(now);
	for (unsigned int i = 0; i < thread_count; i++) {
		asleep_thread(i, now, &asleep);
	}
	cost = (sys_now() - now) * REST;
	next = now + (cost > REST_NS ? cost : REST_NS);
}

void
asleep_reset(void)
{
	thread_count = 0;
}
