/*
 * verdicts.c: which waits never end. See analyze.h.
 *
 * Some waits prove by themselves that nothing can end them: there is no channel
 * that somebody could use, or no case that could become ready. With a deadline
 * they are only an unusual way to sleep.
 *
 * Others are proved by who waits for whom (blame.h). Only the owner may unlock
 * a mutex, and only a thread's end ends a join: so nobody in a cycle goes on,
 * and nobody behind it, or behind a thread that is no more.
 *
 * That holds although nobody was stopped and each task was looked at in its own
 * moment, because only waits count that had begun before the snapshot was. Let
 * all waits of a cycle have begun before, each be read later, and each holder
 * when its waiter is. If one of them ended before the last was read, consider
 * the first to end. Its holder had to let go of the lock, so it ran, so its own
 * wait ended even before: but the one considered was the first.
 */
#include "analyze/analyze.h"
#include "analyze/blame.h"
#include "client/memory.h"

#include <inttypes.h>

static const char *const proofs[STRANDED_STATE_COUNT] = {
	[STRANDED_CHAN_SEND_NIL] =
	    "It sends on no channel at all, and waits for no deadline: "
	    "nothing can end that.",
	[STRANDED_CHAN_RECV_NIL] =
	    "It receives from no channel at all, and waits for no deadline: "
	    "nothing can end that.",
	[STRANDED_SELECT_NO_CASES] =
	    "It selects among no cases, and waits for no deadline: "
	    "nothing can end that.",
};

void
analyze_prove(struct task *task, enum rule rule, const char *why)
{
	task->verdict = VERDICT_LEAKED;
	task->rule = rule;
	task->why = why;
}

/* A select in which no case has a channel is one without cases. */
static bool
has_no_channel(const struct task *task)
{
	if (task->state != STRANDED_SELECT || task->case_count == 0) {
		return false;
	}
	for (size_t i = 0; i < task->case_count; i++) {
		if (task->cases[i].object != 0) {
			return false;
		}
	}
	return task->case_count < WIRE_CASES_MAX;
}

static void
judge_alone(struct task *task)
{
	const char *why = NULL;

	task->verdict = VERDICT_OK;
	task->rule = RULE_NONE;
	task->why = NULL;
	task->cure = NULL;
	if (task->flags & WIRE_TASK_TIMED) {
		return;
	}
	if (task->state < STRANDED_STATE_COUNT) {
		why = proofs[task->state];
	}
	if (why == NULL && has_no_channel(task)) {
		why = "It selects among cases that all have no channel, and "
		      "waits for no deadline: nothing can end that.";
	}
	if (why != NULL) {
		analyze_prove(task, RULE_NOTHING, why);
	}
}

/* ---- Who waits for whom ------------------------------------------------ */

/* What only the holder can end, and had begun before the snapshot began. */
static bool
depends(const struct blame_node *node)
{
	const struct task *task = node->task;

	return task != NULL && !(task->flags & WIRE_TASK_TIMED) &&
	    task->wait_seq != 0 && task->since_ns > 0;
}

static const char *
what_held(const struct task *task)
{
	switch (task->state) {
	case STRANDED_JOIN:
		return "thread";
	case STRANDED_MUTEX:
		return "mutex";
	default:
		return "rwlock";
	}
}

/* In whom a chain ends that will never move, for those that stand in it. */
static const char *
explain_behind(struct snapshot *snapshot, const struct task *task,
    const struct blame_node *holder)
{
	if (task->state == STRANDED_JOIN) {
		return snapshot_keep(snapshot,
		    memory_print("It joins the thread of task %" PRIu64
				 ", which is leaked itself and never ends.",
			holder->task->id));
	}
	return snapshot_keep(snapshot,
	    memory_print("It waits for a %s that task %" PRIu64
			 " holds, which is leaked itself.",
		what_held(task), holder->task->id));
}

static const char *
explain_exited(struct snapshot *snapshot, const struct task *task)
{
	return snapshot_keep(snapshot,
	    memory_print("The thread that holds the %s, %" PRIu32
			 ", has ended without giving it back, and nobody else "
			 "may.",
		what_held(task), task->holder_tid));
}

static const char *
explain_self(const struct task *task)
{
	return task->state == STRANDED_JOIN ?
	    "It joins its own thread." :
	    "It holds the lock that it waits for: only it could give it back.";
}

static const char *
explain_cycle(struct snapshot *snapshot, const struct blame *blame,
    const struct blame_node *node)
{
	const struct blame_node *next = &blame->nodes[node->holder];
	const struct blame_node *third = &blame->nodes[next->holder];

	if (third == node) {
		return snapshot_keep(snapshot,
		    memory_print("It waits for task %" PRIu64
				 ", which waits for it.",
			next->task->id));
	}
	return snapshot_keep(snapshot,
	    memory_print("It waits for task %" PRIu64
			 ", which waits for task %" PRIu64
			 ", and so on, back to this one.",
		next->task->id, third->task->id));
}

static bool
is_proved(const struct blame_node *node)
{
	return node->exited ||
	    (node->task != NULL && node->task->verdict == VERDICT_LEAKED);
}

/* All of a cycle must wait as depends() has it. */
static bool
cycle_holds(const struct blame *blame, const struct blame_node *root)
{
	const struct blame_node *node = root;

	do {
		if (!depends(node)) {
			return false;
		}
		node = &blame->nodes[node->holder];
	} while (node != root);
	return true;
}

static void
judge_member(struct snapshot *snapshot, const struct blame *blame,
    const struct blame_node *node, struct task *task)
{
	if (&blame->nodes[node->holder] == node) {
		analyze_prove(task, RULE_SELF, explain_self(task));
	} else {
		analyze_prove(
		    task, RULE_CYCLE, explain_cycle(snapshot, blame, node));
	}
}

static void
judge_waiter(struct snapshot *snapshot, const struct blame *blame,
    const struct blame_node *node)
{
	struct task *task = snapshot_task(snapshot, node->task->id);
	const struct blame_node *holder = &blame->nodes[node->holder];

	if (task->verdict == VERDICT_LEAKED || !depends(node)) {
		return;
	}
	if (node->cycle) {
		if (cycle_holds(blame, &blame->nodes[node->root])) {
			judge_member(snapshot, blame, node, task);
		}
	} else if (holder->exited) {
		analyze_prove(
		    task, RULE_EXITED, explain_exited(snapshot, task));
	} else if (is_proved(holder)) {
		analyze_prove(
		    task, RULE_BEHIND, explain_behind(snapshot, task, holder));
	}
}

void
analyze_spread(struct snapshot *snapshot)
{
	struct blame *blame = blame_new(snapshot);

	/* Each comes after the one that it waits for. */
	for (size_t i = 0; i < blame->count; i++) {
		const struct blame_node *node = &blame->nodes[blame->inward[i]];

		if (node->task != NULL && node->holder != BLAME_NONE) {
			judge_waiter(snapshot, blame, node);
		}
	}
	blame_free(blame);
}

void
analyze_verdicts(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		judge_alone(&snapshot->tasks[i]);
	}
	analyze_spread(snapshot);
}
