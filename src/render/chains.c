/*
 * chains.c: see chains.h.
 *
 * Those that nobody waits for in turn, and that wait for the same thing, share
 * a line. The others have one each. A chain of ten thousand makes neither a
 * line so far to the right, nor so many lines; nor is there recursion.
 */
#include "render/chains.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client/memory.h"
#include "render/output.h"
#include "render/words.h"

#define ROOTS_MAX 20 /* that are told with their waiters */
#define LINES_MAX 40 /* below one of them */
#define IDS_MAX   8  /* tasks that are named in one line */
#define DEEPEST   6  /* steps of indentation */
#define STEP      4  /* columns of one */

/* What is still to be told of one root. */
struct chain {
	FILE *out;
	const struct blame *blame;
	size_t root;
	bool round;   /* the root waits for one of its waiters */
	size_t *left; /* nodes whose waiters are to be told, the next last */
	size_t count;
	size_t lines; /* that may follow */
	const struct task *
	    *leaves; /* the waiters of one node that share lines */
};

/* ---- One node ---------------------------------------------------------- */

static void
put_node(FILE *out, const struct blame_node *node)
{
	const struct task *task = node->task;

	if (task == NULL) {
		fprintf(out, "thread %" PRIu32, node->tid);
		return;
	}
	fprintf(out, "task %" PRIu64, task->id);
	if (task->name[0]) {
		fputc(' ', out);
		output_quoted(out, task->name);
	}
}

/* "which is in IO read on fd 9, pipe". */
static void
put_doing(FILE *out, const struct blame_node *node)
{
	const struct task *task = node->task;

	if (task == NULL) {
		fputs(node->exited      ? ", which has exited" :
			node->elsewhere ? ", which is another process's" :
					  "",
		    out);
		return;
	}
	if (task->state == STRANDED_RUNNING) {
		fputs(", which runs", out);
		return;
	}
	fprintf(out, ", which is in %s", words_state(task));
	if (task->flags & WIRE_TASK_FD) {
		fprintf(out, " on fd %" PRIu64, task->object);
		if (task->fd_name) {
			fputs(", ", out);
			output_clean(out, task->fd_name);
		}
	}
}

/* "1 task waits", "312 tasks wait". */
static void
put_waiters(FILE *out, size_t count)
{
	fprintf(out, "%zu task%s", count, count == 1 ? " waits" : "s wait");
}

static void
put_root(FILE *out, const struct blame_node *root)
{
	if (root->cycle && root->holder != root->root) {
		put_waiters(out, root->waiters + 1);
		fputs(" for each other, or for one that does:\n", out);
		return;
	}
	if (root->cycle) {
		put_node(out, root);
		fprintf(out, " waits for itself, in %s, %s 0x%" PRIx64 "\n",
		    words_state(root->task), words_object(root->task),
		    root->task->object);
		if (root->waiters == 0) {
			return;
		}
	}
	put_waiters(out, root->waiters);
	fputs(" for ", out);
	put_node(out, root);
	put_doing(out, root);
	fputc('\n', out);
}

/* ---- Waiters ----------------------------------------------------------- */

/*
 * The beginning of a line; false if there shall be no more of them. A root that
 * stands among its waiters is as far to the right as the first of them.
 */
static bool
begin_line(struct chain *chain, size_t depth)
{
	if (chain->lines == 0) {
		return false;
	}
	chain->lines--;
	depth += chain->round;
	fprintf(chain->out, "%*s",
	    (int) ((depth < DEEPEST ? depth : DEEPEST) * STEP), "");
	return true;
}

static int
compare_leaves(const void *left, const void *right)
{
	const struct task *a = *(const struct task *const *) left;
	const struct task *b = *(const struct task *const *) right;

	if (a->state != b->state) {
		return a->state < b->state ? -1 : 1;
	}
	if (a->object != b->object) {
		return a->object < b->object ? -1 : 1;
	}
	return (a->id > b->id) - (a->id < b->id);
}

/* "mutex lock of 0x7f01: tasks 3, 4, 5 and 200 more" */
static void
put_leaves(
    struct chain *chain, const struct task **leaves, size_t count, size_t depth)
{
	FILE *out = chain->out;

	if (!begin_line(chain, depth)) {
		return;
	}
	fprintf(out, "%s, %s 0x%" PRIx64 ": task%s ", words_state(leaves[0]),
	    words_object(leaves[0]), leaves[0]->object, count == 1 ? "" : "s");
	for (size_t i = 0; i < count && i < IDS_MAX; i++) {
		fprintf(out, "%s%" PRIu64, i > 0 ? ", " : "", leaves[i]->id);
	}
	if (count > IDS_MAX) {
		fprintf(out, " and %zu more", count - IDS_MAX);
	}
	fputc('\n', out);
}

/* Those for whom nobody waits, by what they wait for. */
static void
put_all_leaves(struct chain *chain, const struct blame_node *node, size_t depth)
{
	const struct blame *blame = chain->blame;
	const struct task **leaves = chain->leaves;
	size_t count = 0, from = 0;

	for (size_t i = node->first; i != BLAME_NONE;
	     i = blame->nodes[i].next) {
		if (blame->nodes[i].first == BLAME_NONE) {
			leaves[count++] = blame->nodes[i].task;
		}
	}
	if (count > 1) {
		qsort(leaves, count, sizeof(*leaves), compare_leaves);
	}
	for (size_t i = 1; i <= count; i++) {
		if (i == count || leaves[i]->state != leaves[from]->state ||
		    leaves[i]->object != leaves[from]->object) {
			put_leaves(chain, leaves + from, i - from, depth);
			from = i;
		}
	}
}

/* "task 22 "worker", mutex lock, mutex 0x7f02: 11 tasks wait for it" */
static void
put_waiter(struct chain *chain, size_t index)
{
	const struct blame_node *node = &chain->blame->nodes[index];
	FILE *out = chain->out;

	if (!begin_line(chain, node->depth)) {
		return;
	}
	put_node(out, node);
	fprintf(out, ", %s, %s 0x%" PRIx64, words_state(node->task),
	    words_object(node->task), node->task->object);
	if (node->waiters > 0) {
		fputs(": ", out);
		put_waiters(out, node->waiters);
		fputs(" for it", out);
	}
	fputc('\n', out);
}

/* Leaves the others to be told next, those of the lowest ids first. */
static void
push_others(struct chain *chain, const struct blame_node *node)
{
	const struct blame *blame = chain->blame;
	size_t from = chain->count;

	for (size_t i = node->first; i != BLAME_NONE;
	     i = blame->nodes[i].next) {
		if (blame->nodes[i].first != BLAME_NONE && i != chain->root) {
			chain->left[chain->count++] = i;
		}
	}
	for (size_t to = chain->count; from + 1 < to; from++, to--) {
		size_t swapped = chain->left[from];

		chain->left[from] = chain->left[to - 1];
		chain->left[to - 1] = swapped;
	}
}

static void
put_chain(struct chain *chain)
{
	chain->lines = LINES_MAX;
	chain->count = 0;
	chain->left[chain->count++] = chain->root;
	while (chain->count > 0 && chain->lines > 0) {
		size_t index = chain->left[--chain->count];
		const struct blame_node *node = &chain->blame->nodes[index];

		if (index != chain->root || chain->round) {
			put_waiter(chain, index);
		}
		put_all_leaves(chain, node, node->depth + 1);
		push_others(chain, node);
	}
	if (chain->lines == 0) {
		fprintf(chain->out, "%*s...\n", STEP, "");
	}
}

void
chains_put(FILE *out, const struct blame *blame)
{
	struct chain chain = {
		.out = out,
		.blame = blame,
		.left = memory_new(blame->count, sizeof(*chain.left)),
		.leaves = memory_new(blame->count, sizeof(*chain.leaves)),
	};

	for (size_t i = 0; i < blame->root_count && i < ROOTS_MAX; i++) {
		const struct blame_node *root = &blame->nodes[blame->roots[i]];

		chain.root = blame->roots[i];
		chain.round = root->cycle && root->holder != chain.root;
		put_root(out, root);
		put_chain(&chain);
	}
	if (blame->root_count > ROOTS_MAX) {
		fprintf(out, "and %zu more for whom others wait\n",
		    blame->root_count - ROOTS_MAX);
	}
	free(chain.left);
	free(chain.leaves);
}
