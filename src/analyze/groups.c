/*
 * groups.c: who waits in the same way. See analyze.h.
 *
 * Frames are interned, so two stacks are equal if their pointers are; and the
 * stacks of one symbolizer share their lists, so mostly one comparison says it.
 */
#include "analyze/analyze.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Any order will do, as long as equal stacks are neighbours. */
static int
compare_stacks(const struct stack *a, const struct stack *b)
{
	if (a->cut != b->cut) {
		return a->cut ? 1 : -1;
	}
	if (a->frame_count != b->frame_count) {
		return compare_numbers(a->frame_count, b->frame_count);
	}
	if (a->frames == b->frames || a->frame_count == 0) {
		return 0;
	}
	return memcmp(
	    a->frames, b->frames, a->frame_count * sizeof(*a->frames));
}

/* Who is shown to have created it; who called that in turn does not matter. */
static uintptr_t
creator(const struct task *task)
{
	return (uintptr_t) analyze_own_frame(
	    &task->created_by, STRANDED_RUNNING);
}

/*
 * What else tells two waits of one state apart: which system call it is, who
 * has seen it, what it was before.
 */
static uint64_t
kind(const struct task *task)
{
	uint32_t flags = task->flags & (WIRE_TASK_KERNEL | WIRE_TASK_WOKEN);

	return (uint64_t) flags << 32 | task->call;
}

static int
compare_kinds(const struct task *a, const struct task *b)
{
	int order = compare_numbers(a->state, b->state);

	if (!order) {
		order = compare_numbers(kind(a), kind(b));
	}
	if (!order) {
		order = compare_stacks(&a->stack, &b->stack);
	}
	if (!order && a->created_by.frames != b->created_by.frames) {
		order = compare_numbers(creator(a), creator(b));
	}
	return order;
}

bool
analyze_is_alike(const struct task *a, const struct task *b)
{
	return compare_kinds(a, b) == 0;
}

/* By kind; among equals the longest waiting first. */
static int
compare_tasks(const void *left, const void *right)
{
	const struct task *a = *(const struct task *const *) left;
	const struct task *b = *(const struct task *const *) right;
	int order = compare_kinds(a, b);

	if (!order && a->since_ns != b->since_ns) {
		order = a->since_ns > b->since_ns ? -1 : 1;
	}
	return order ? order : compare_numbers(a->id, b->id);
}

/* The largest first, then the one that has waited longest. */
static int
compare_groups(const void *left, const void *right)
{
	const struct group *a = left;
	const struct group *b = right;
	const struct task *x = a->tasks[0];
	const struct task *y = b->tasks[0];

	if (a->count != b->count) {
		return compare_numbers(b->count, a->count);
	}
	if (x->since_ns != y->since_ns) {
		return x->since_ns > y->since_ns ? -1 : 1;
	}
	return compare_numbers(x->id, y->id);
}

struct groups *
analyze_groups(const struct snapshot *snapshot)
{
	struct groups *groups = memory_new(1, sizeof(*groups));
	size_t count = snapshot->task_count;
	struct group *group = NULL;

	groups->tasks = memory_new(count, sizeof(*groups->tasks));
	groups->list = memory_new(count, sizeof(*groups->list));
	for (size_t i = 0; i < count; i++) {
		groups->tasks[i] = &snapshot->tasks[i];
	}
	qsort(groups->tasks, count, sizeof(*groups->tasks), compare_tasks);
	for (size_t i = 0; i < count; i++) {
		struct task **task = &groups->tasks[i];

		if (group == NULL ||
		    compare_kinds(group->tasks[0], *task) != 0) {
			group = &groups->list[groups->count++];
			group->tasks = task;
		}
		group->count++;
	}
	qsort(
	    groups->list, groups->count, sizeof(*groups->list), compare_groups);
	return groups;
}

void
analyze_groups_free(struct groups *groups)
{
	if (groups) {
		free(groups->list);
		free(groups->tasks);
		free(groups);
	}
}
