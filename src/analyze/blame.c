/*
 * blame.c: see blame.h.
 *
 * Nodes that nobody waits for are taken away, then those that nobody else waits
 * for, and so on: what stays are the cycles. In the opposite order each node
 * comes after the one it waits for, and learns its root from that.
 */
#include "analyze/blame.h"

#include <stdlib.h>

#include "analyze/table.h"
#include "client/memory.h"

/* ---- Nodes and edges --------------------------------------------------- */

/* The node of a thread that is no task: `task` waits for it. */
static size_t
stranger(struct blame *blame, struct table *threads, const struct task *task)
{
	struct blame_node *node = table_find(threads, task->holder_tid);

	if (node == NULL) {
		node = &blame->nodes[blame->count++];
		*node = (struct blame_node) { .tid = task->holder_tid };
		table_add(threads, task->holder_tid, node);
	}
	node->exited |= (task->flags & WIRE_TASK_HOLDER_EXITED) != 0;
	node->elsewhere |= (task->flags & WIRE_TASK_HOLDER_ELSEWHERE) != 0;
	return (size_t) (node - blame->nodes);
}

static size_t
find_holder(struct blame *blame, const struct snapshot *snapshot,
    struct table *threads, const struct task *task)
{
	const struct task *holder =
	    task->holder ? snapshot_task(snapshot, task->holder) : NULL;

	if (holder) {
		return (size_t) (holder - snapshot->tasks);
	}
	return task->holder_tid ? stranger(blame, threads, task) : BLAME_NONE;
}

/* From the last on, so that each list has the lowest first. */
static void
link_waiters(struct blame *blame)
{
	for (size_t i = 0; i < blame->count; i++) {
		blame->nodes[i].first = BLAME_NONE;
	}
	for (size_t i = blame->count; i-- > 0;) {
		struct blame_node *node = &blame->nodes[i];

		node->next = BLAME_NONE;
		if (node->holder != BLAME_NONE) {
			node->next = blame->nodes[node->holder].first;
			blame->nodes[node->holder].first = i;
		}
	}
}

static void
make_nodes(struct blame *blame, const struct snapshot *snapshot)
{
	struct table threads = { 0 };

	blame->count = snapshot->task_count;
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		blame->nodes[i].task = task;
		blame->nodes[i].tid = task->tid;
		blame->nodes[i].holder =
		    find_holder(blame, snapshot, &threads, task);
	}
	for (size_t i = snapshot->task_count; i < blame->count; i++) {
		blame->nodes[i].holder = BLAME_NONE;
	}
	table_clear(&threads, NULL);
	link_waiters(blame);
}

/* ---- The order --------------------------------------------------------- */

/*
 * Writes the nodes that are in no cycle into `inward` from its end backward,
 * each before the node that it waits for, and counts the waiters of all. What
 * stays free at the beginning is for the others; returns how much that is.
 */
static size_t
peel(struct blame *blame)
{
	size_t *waiting = memory_new(blame->count, sizeof(*waiting));
	size_t bottom = blame->count, next = blame->count;

	for (size_t i = 0; i < blame->count; i++) {
		if (blame->nodes[i].holder != BLAME_NONE) {
			waiting[blame->nodes[i].holder]++;
		}
	}
	for (size_t i = 0; i < blame->count; i++) {
		if (waiting[i] == 0) {
			blame->inward[--bottom] = i;
		}
	}
	while (next > bottom) {
		const struct blame_node *node =
		    &blame->nodes[blame->inward[--next]];

		if (node->holder != BLAME_NONE) {
			blame->nodes[node->holder].waiters += node->waiters + 1;
			if (--waiting[node->holder] == 0) {
				blame->inward[--bottom] = node->holder;
			}
		}
	}
	for (size_t i = 0; i < blame->count; i++) {
		blame->nodes[i].cycle = waiting[i] > 0;
	}
	free(waiting);
	return bottom;
}

/* The one of the cycle that waits for `at`: others may, too. */
static size_t
waiter_in_cycle(const struct blame *blame, size_t at)
{
	size_t waiter = blame->nodes[at].first;

	while (!blame->nodes[waiter].cycle) {
		waiter = blame->nodes[waiter].next;
	}
	return waiter;
}

/* Puts the cycle of which `root` is the lowest member behind `used` nodes. */
static size_t
put_cycle(struct blame *blame, size_t root, size_t used)
{
	size_t all = blame->nodes[root].waiters;
	size_t at = root;

	blame->nodes[root].depth = 0;
	do {
		size_t depth = blame->nodes[at].depth;

		blame->nodes[at].root = root;
		blame->inward[used++] = at;
		at = waiter_in_cycle(blame, at);
		if (at != root) {
			blame->nodes[at].depth = depth + 1;
			all += blame->nodes[at].waiters + 1;
		}
	} while (at != root);
	blame->nodes[root].waiters = all;
	return used;
}

static void
put_cycles(struct blame *blame)
{
	size_t used = 0;

	for (size_t i = 0; i < blame->count; i++) {
		blame->nodes[i].root = BLAME_NONE;
	}
	for (size_t i = 0; i < blame->count; i++) {
		if (blame->nodes[i].cycle &&
		    blame->nodes[i].root == BLAME_NONE) {
			used = put_cycle(blame, i, used);
		}
	}
}

static void
put_roots(struct blame *blame, size_t from)
{
	for (size_t i = from; i < blame->count; i++) {
		struct blame_node *node = &blame->nodes[blame->inward[i]];

		if (node->holder == BLAME_NONE) {
			node->root = blame->inward[i];
		} else {
			node->root = blame->nodes[node->holder].root;
			node->depth = blame->nodes[node->holder].depth + 1;
		}
	}
}

/* ---- Who is to blame --------------------------------------------------- */

static int
compare_roots(const void *left, const void *right, void *argument)
{
	const struct blame *blame = argument;
	size_t a = *(const size_t *) left;
	size_t b = *(const size_t *) right;
	size_t for_a = blame->nodes[a].waiters;
	size_t for_b = blame->nodes[b].waiters;

	if (for_a != for_b) {
		return for_a > for_b ? -1 : 1;
	}
	return (a > b) - (a < b);
}

static void
list_roots(struct blame *blame)
{
	for (size_t i = 0; i < blame->count; i++) {
		const struct blame_node *node = &blame->nodes[i];

		if (node->root == i && (node->waiters > 0 || node->cycle)) {
			blame->roots[blame->root_count++] = i;
		}
	}
	qsort_r(blame->roots, blame->root_count, sizeof(*blame->roots),
	    compare_roots, blame);
}

struct blame *
blame_new(const struct snapshot *snapshot)
{
	struct blame *blame = memory_new(1, sizeof(*blame));
	size_t most = 2 * snapshot->task_count; /* a stranger for each */
	size_t cyclic;

	blame->nodes = memory_new(most, sizeof(*blame->nodes));
	make_nodes(blame, snapshot);
	blame->inward = memory_new(blame->count, sizeof(*blame->inward));
	blame->roots = memory_new(blame->count, sizeof(*blame->roots));
	cyclic = peel(blame);
	put_cycles(blame);
	put_roots(blame, cyclic);
	list_roots(blame);
	return blame;
}

void
blame_free(struct blame *blame)
{
	if (blame) {
		free(blame->nodes);
		free(blame->inward);
		free(blame->roots);
		free(blame);
	}
}

const struct blame_node *
blame_find(
    const struct blame *blame, const struct snapshot *snapshot, uint64_t id)
{
	const struct task *task = snapshot_task(snapshot, id);

	return task ? &blame->nodes[task - snapshot->tasks] : NULL;
}
