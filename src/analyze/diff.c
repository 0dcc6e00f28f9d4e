/* diff.c: see diff.h. */
#include "analyze/diff.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/table.h"
#include "client/memory.h"

/* Ages are as exact as the probe's clock, and the moments of two dumps. */
#define SAME_MOMENT INT64_C(1000000000)

/* ---- One process, or two ----------------------------------------------- */

/* When it was created, by the clock of its process; -1 if it is not known. */
static int64_t
creation(const struct snapshot *snapshot, const struct task *task)
{
	return task->created_ns < 0 ?
	    -1 :
	    (int64_t) snapshot->began_ns - task->created_ns;
}

/*
 * A pid and a program may come back. Then a task that both have was created at
 * two moments: the first that both have decides.
 */
static bool
is_same_process(const struct snapshot *before, const struct snapshot *after)
{
	if (before->pid != after->pid || strcmp(before->exe, after->exe) != 0) {
		return false;
	}
	for (size_t i = 0; i < before->task_count; i++) {
		const struct task *task = &before->tasks[i];
		const struct task *later = snapshot_task(after, task->id);
		int64_t then, now;

		if (!later) {
			continue;
		}
		then = creation(before, task);
		now = creation(after, later);
		if (then >= 0 && now >= 0) {
			return llabs(then - now) <= SAME_MOMENT;
		}
	}
	return true;
}

/* ---- Groups ------------------------------------------------------------ */

static bool
waits(const struct group *group)
{
	return group->tasks[0]->state != STRANDED_RUNNING;
}

/* Equal for groups that are alike. */
static uint64_t
hash(const struct group *group)
{
	const struct task *task = group->tasks[0];
	uint64_t result = task->state;

	for (size_t i = 0; i < task->stack.frame_count; i++) {
		result = result * 31 + (uintptr_t) task->stack.frames[i];
	}
	return result;
}

static struct diff_group *
find(const struct table *table, const struct group *group)
{
	struct diff_group *change;
	size_t at = 0;

	while ((change = table_next(table, hash(group), &at))) {
		if (analyze_is_alike(
			change->before->tasks[0], group->tasks[0])) {
			return change;
		}
	}
	return NULL;
}

/* How many of the group's tasks were in this wait before? */
static size_t
count_stuck(const struct diff *diff, const struct group *group)
{
	size_t count = 0;

	for (size_t i = 0; diff->same_process && i < group->count; i++) {
		const struct task *task = group->tasks[i];
		const struct task *earlier =
		    snapshot_task(diff->before, task->id);

		count += task->wait_seq != 0 && earlier &&
		    earlier->wait_seq == task->wait_seq;
	}
	return count;
}

enum diff_change
diff_change(const struct diff_group *group)
{
	if (!group->before) {
		return DIFF_NEW;
	}
	if (!group->after) {
		return DIFF_GONE;
	}
	if (diff_growth(group) > 0) {
		return DIFF_GROWN;
	}
	return diff_growth(group) < 0 ? DIFF_FEWER : DIFF_SAME;
}

long
diff_growth(const struct diff_group *group)
{
	return (long) (group->after ? group->after->count : 0) -
	    (long) (group->before ? group->before->count : 0);
}

static uint64_t
first_id(const struct diff_group *group)
{
	return (group->after ? group->after : group->before)->tasks[0]->id;
}

/* By the kind of change, then by how much it is. */
static int
compare_changes(const void *left, const void *right)
{
	const struct diff_group *a = left;
	const struct diff_group *b = right;
	int order = (int) diff_change(a) - (int) diff_change(b);
	long more = labs(diff_growth(b)) - labs(diff_growth(a));

	if (!order) {
		order = (more > 0) - (more < 0);
	}
	if (!order && a->stuck != b->stuck) {
		order = a->stuck > b->stuck ? -1 : 1;
	}
	return order ?
	    order :
	    (first_id(a) > first_id(b)) - (first_id(a) < first_id(b));
}

static void
compare_groups(struct diff *diff)
{
	const struct groups *before = diff->groups[0];
	const struct groups *after = diff->groups[1];
	struct table table = { 0 };

	diff->changes = memory_new(
	    before->count + after->count + 1, sizeof(*diff->changes));
	for (size_t i = 0; i < before->count; i++) {
		if (waits(&before->list[i])) {
			struct diff_group *change =
			    &diff->changes[diff->change_count++];

			change->before = &before->list[i];
			table_add(&table, hash(change->before), change);
		}
	}
	for (size_t i = 0; i < after->count; i++) {
		const struct group *group = &after->list[i];
		struct diff_group *change;

		if (!waits(group)) {
			continue;
		}
		change = find(&table, group);
		if (!change) {
			change = &diff->changes[diff->change_count++];
		}
		change->after = group;
		change->stuck = count_stuck(diff, group);
	}
	table_clear(&table, NULL);
	qsort(diff->changes, diff->change_count, sizeof(*diff->changes),
	    compare_changes);
}

/* ---- Sessions ---------------------------------------------------------- */

/* Those of `some` that `others` do not have. */
static const struct session **
sessions_without(
    const struct snapshot *some, const struct snapshot *others, size_t *count)
{
	const struct session **list =
	    memory_new(some->session_count + 1, sizeof(struct session *));

	*count = 0;
	for (size_t i = 0; i < some->session_count; i++) {
		if (!snapshot_session(others, some->sessions[i].id)) {
			list[(*count)++] = &some->sessions[i];
		}
	}
	return list;
}

/* ---- All --------------------------------------------------------------- */

struct diff *
diff_new(const struct snapshot *before, const struct snapshot *after)
{
	struct diff *diff = memory_new(1, sizeof(*diff));

	diff->before = before;
	diff->after = after;
	diff->same_process = is_same_process(before, after);
	diff->groups[0] = analyze_groups(before);
	diff->groups[1] = analyze_groups(after);
	compare_groups(diff);
	if (diff->same_process) {
		diff->opened =
		    sessions_without(after, before, &diff->opened_count);
		diff->closed =
		    sessions_without(before, after, &diff->closed_count);
	}
	return diff;
}

void
diff_free(struct diff *diff)
{
	if (diff) {
		analyze_groups_free(diff->groups[0]);
		analyze_groups_free(diff->groups[1]);
		free(diff->changes);
		free(diff->opened);
		free(diff->closed);
		free(diff);
	}
}

bool
diff_has_grown(const struct diff *diff)
{
	return diff->opened_count > 0 ||
	    (diff->change_count > 0 &&
		diff_change(&diff->changes[0]) <= DIFF_GROWN);
}
