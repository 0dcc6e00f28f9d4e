/*
 * view_tasks.c: the second screen: each task for itself; or as a tree by who
 * waits for whom, the one to blame at the root; or by who created whom.
 */
#include <inttypes.h>
#include <stdio.h>

#include "render/words.h"
#include "top/views.h"

static const struct task_row *
row_of(const void *row)
{
	return row;
}

static const struct task *
task_of(const void *row)
{
	return row_of(row)->task;
}

static int64_t
id_number(const void *row)
{
	return task_of(row) != NULL ? (int64_t) row_of(row)->key : INT64_MAX;
}

static void
id_cell(const void *row, struct grid_cell *cell)
{
	if (task_of(row) != NULL) {
		snprintf(cell->text, sizeof(cell->text), "%" PRIu64,
		    row_of(row)->key);
	}
}

static void
name_cell(const void *row, struct grid_cell *cell)
{
	if (task_of(row) != NULL) {
		snprintf(
		    cell->text, sizeof(cell->text), "%s", task_of(row)->name);
	} else {
		snprintf(cell->text, sizeof(cell->text), "thread %" PRIu32,
		    row_of(row)->node->tid);
	}
}

/* What is said of a thread that is no task. */
static const char *
thread_state(const struct blame_node *node)
{
	return node->exited ? "exited" :
	    node->elsewhere ? "elsewhere" :
			      "unknown";
}

static void
state_cell(const void *row, struct grid_cell *cell)
{
	const struct task_row *task = row;

	snprintf(cell->text, sizeof(cell->text), "%s",
	    task->task != NULL ? words_state(task->task) :
				 thread_state(task->node));
	if (task->task == NULL) {
		cell->style = STYLE_ALARM;
	}
}

static int64_t
since_number(const void *row)
{
	const struct task *task = task_of(row);

	return task != NULL && task->state != STRANDED_RUNNING ?
	    task->since_ns :
	    -1;
}

static void
since_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, since_number(row));
}

static void
object_cell(const void *row, struct grid_cell *cell)
{
	if (task_of(row) != NULL) {
		views_object(cell->text, sizeof(cell->text), task_of(row));
	}
}

static void
holder_cell(const void *row, struct grid_cell *cell)
{
	const struct task_row *task = row;

	if (task->holder == 0) {
		return;
	}
	if (task->node->cycle) {
		cell->style = STYLE_ALARM;
	}
	if (task->holder & MODEL_THREAD) {
		snprintf(cell->text, sizeof(cell->text), "thread %" PRIu32,
		    (uint32_t) task->holder);
	} else {
		snprintf(cell->text, sizeof(cell->text), "task %" PRIu64 "%s",
		    task->holder, task->node->cycle ? " (cycle)" : "");
	}
}

static int64_t
holder_number(const void *row)
{
	return (int64_t) (row_of(row)->holder & ~MODEL_THREAD);
}

static int64_t
waiters_number(const void *row)
{
	return (int64_t) row_of(row)->node->waiters;
}

static void
waiters_cell(const void *row, struct grid_cell *cell)
{
	if (row_of(row)->node->waiters > 0) {
		snprintf(cell->text, sizeof(cell->text), "%zu",
		    row_of(row)->node->waiters);
	}
}

static void
session_cell(const void *row, struct grid_cell *cell)
{
	const struct session *session = row_of(row)->session;

	if (session != NULL) {
		snprintf(cell->text, sizeof(cell->text), "%" PRIu64 " %s",
		    session->id, session->name);
		if (session->state != SESSION_OPEN) {
			cell->style = STYLE_WARNING;
		}
	}
}

static void
verdict_cell(const void *row, struct grid_cell *cell)
{
	const struct task *task = task_of(row);

	if (task != NULL && task->verdict != VERDICT_OK) {
		snprintf(cell->text, sizeof(cell->text), "%s",
		    words_verdict(task->verdict));
		cell->style = views_style(task->verdict);
	}
}

static int64_t
verdict_number(const void *row)
{
	return task_of(row) != NULL ? task_of(row)->verdict : VERDICT_OK;
}

static void
where_cell(const void *row, struct grid_cell *cell)
{
	const struct task *task = task_of(row);

	if (task != NULL) {
		views_where(cell, &task->stack,
		    analyze_own_frame(&task->stack, task->state));
	}
}

static void
by_cell(const void *row, struct grid_cell *cell)
{
	const struct task *task = task_of(row);

	if (task != NULL) {
		words_place(cell->text, sizeof(cell->text),
		    analyze_own_frame(&task->created_by, STRANDED_RUNNING));
	}
}

static const struct column columns[] = {
	{ "ID", 6, 0, 0, ALIGN_RIGHT, id_cell, id_number, false },
	{ "NAME", 12, 1, 0, ALIGN_LEFT, name_cell, NULL, false },
	{ "STATE", 12, 2, 0, ALIGN_LEFT, state_cell, NULL, false },
	{ "SINCE", 6, 0, 0, ALIGN_RIGHT, since_cell, since_number, true },
	{ "OBJECT", 14, 2, 132, ALIGN_LEFT, object_cell, NULL, false },
	{ "HOLDER", 13, 0, 76, ALIGN_LEFT, holder_cell, holder_number, false },
	{ "WAITERS", 8, 0, 118, ALIGN_RIGHT, waiters_cell, waiters_number,
	    true },
	{ "SESSION", 15, 1, 92, ALIGN_LEFT, session_cell, NULL, false },
	{ "VERDICT", 7, 0, 110, ALIGN_LEFT, verdict_cell, verdict_number,
	    true },
	{ "WHERE", 20, 3, 0, ALIGN_LEFT, where_cell, NULL, false },
	{ "CREATED BY", 20, 3, 150, ALIGN_LEFT, by_cell, NULL, false },
};

static const struct grid grid = {
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.tree = 1,
	.empty = "no tasks",
};

static bool
match(const struct model *model, const struct filter *filter, const void *row)
{
	return task_of(row) != NULL &&
	    views_match_task(model, filter, task_of(row));
}

static struct page_link
opens(const void *row)
{
	return (struct page_link) { PAGE_TASK, row_of(row)->key };
}

static uint64_t
holder(const void *row)
{
	return row_of(row)->holder;
}

static uint64_t
creator(const void *row)
{
	return task_of(row) != NULL ? task_of(row)->created_by_id : 0;
}

const struct view_ops view_tasks = {
	.title = "Tasks",
	.name = "tasks",
	.grid = &grid,
	.rows = model_tasks,
	.match = match,
	.link = opens,
	.trees = {
		{ "by holder", model_waiters, holder },
		{ "by creator", model_tasks, creator },
	},
};
