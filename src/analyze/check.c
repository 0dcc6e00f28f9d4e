/* check.c: see check.h. */
#include "analyze/check.h"

#include <stdlib.h>

#include "client/memory.h"

static int
compare_ids(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *) left;
	uint64_t b = *(const uint64_t *) right;

	return (a > b) - (a < b);
}

void
check_take_baseline(struct check *check, const struct snapshot *snapshot)
{
	free(check->baseline);
	check->baseline =
	    memory_new(snapshot->task_count + 1, sizeof(*check->baseline));
	check->baseline_count = snapshot->task_count;
	for (size_t i = 0; i < snapshot->task_count; i++) {
		check->baseline[i] = snapshot->tasks[i].id;
	}
}

static bool
is_known(const struct check *check, uint64_t id)
{
	for (size_t i = 0; i < check->reported_count; i++) {
		if (check->reported[i] == id) {
			return true;
		}
	}
	return check->baseline_count > 0 &&
	    bsearch(&id, check->baseline, check->baseline_count, sizeof(id),
		compare_ids) != NULL;
}

static void
report(struct check *check, uint64_t id)
{
	check->reported = memory_grow(check->reported, check->reported_count,
	    &check->reported_capacity, sizeof(id));
	check->reported[check->reported_count++] = id;
	check->leaked++;
}

static enum check_fate
judge_task(struct check *check, const struct task *task)
{
	bool leaked = task->verdict == VERDICT_LEAKED;

	if (task->state == STRANDED_RUNNING) {
		return CHECK_FINE;
	}
	if (is_known(check, task->id)) {
		return CHECK_KNOWN;
	}
	if (suppress_match(&check->suppressions, task)) {
		return CHECK_SUPPRESSED;
	}
	if (leaked) {
		report(check, task->id);
	}
	return leaked ? CHECK_LEAKED : CHECK_BLOCKED;
}

struct check_point *
check_judge(struct check *check, const struct snapshot *snapshot,
    const struct wire_check *where)
{
	struct check_point *point = memory_new(1, sizeof(*point));

	point->name = where->name;
	point->kind = where->kind;
	point->tid = where->tid;
	point->why_not = "";
	point->snapshot = snapshot;
	point->groups = analyze_groups(snapshot);
	point->fates =
	    memory_new(snapshot->task_count + 1, sizeof(*point->fates));
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		point->fates[i] = task->tid == where->tid ?
		    CHECK_FINE :
		    judge_task(check, task);
		point->count[point->fates[i]]++;
	}
	return point;
}

void
check_point_free(struct check_point *point)
{
	if (point != NULL) {
		analyze_groups_free(point->groups);
		free(point->fates);
		free(point);
	}
}

void
check_free(struct check *check)
{
	suppress_free(&check->suppressions);
	free(check->baseline);
	free(check->reported);
}

enum check_fate
check_fate(const struct check_point *point, const struct task *task)
{
	return point->fates[task - point->snapshot->tasks];
}
