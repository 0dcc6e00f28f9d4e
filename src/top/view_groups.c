/*
 * view_groups.c: the first screen: tasks that wait in the same way at the same
 * place. A leak is the row that grows.
 */
#include <math.h>
#include <stdio.h>

#include "render/words.h"
#include "top/views.h"

static const struct group_row *
group_of(const void *row)
{
	return row;
}

static const struct task *
oldest(const void *row)
{
	return group_of(row)->group->tasks[0];
}

static void
count_cell(const void *row, struct grid_cell *cell)
{
	snprintf(
	    cell->text, sizeof(cell->text), "%zu", group_of(row)->group->count);
}

/* Of equal ones that which waits longer comes first. */
static int64_t
count_number(const void *row)
{
	return -(int64_t) group_of(row)->rank;
}

static void
change_cell(const void *row, struct grid_cell *cell)
{
	long change = group_of(row)->change;

	if (change != 0) {
		snprintf(cell->text, sizeof(cell->text), "%+ld", change);
		cell->style = change > 0 ? STYLE_GROWING : STYLE_SHRINKING;
	}
}

static int64_t
change_number(const void *row)
{
	return group_of(row)->change;
}

static void
rate_cell(const void *row, struct grid_cell *cell)
{
	double rate = group_of(row)->rate;

	if (!group_of(row)->rated || fabs(rate) < 0.05) {
		return;
	}
	snprintf(cell->text, sizeof(cell->text),
	    fabs(rate) < 9.95 ? "%+.1f" : "%+.0f", rate);
	cell->style = rate > 0 ? STYLE_GROWING : STYLE_SHRINKING;
}

static int64_t
rate_number(const void *row)
{
	return group_of(row)->rated ? (int64_t) (group_of(row)->rate * 100) : 0;
}

/* How long the oldest waits; -1 if it runs. */
static int64_t
oldest_number(const void *row)
{
	const struct task *task = oldest(row);

	return task->state != STRANDED_RUNNING ? task->since_ns : -1;
}

static void
oldest_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, oldest_number(row));
}

static void
state_cell(const void *row, struct grid_cell *cell)
{
	snprintf(
	    cell->text, sizeof(cell->text), "%s", words_state(oldest(row)));
}

static void
verdict_cell(const void *row, struct grid_cell *cell)
{
	enum verdict verdict = group_of(row)->verdict;

	if (verdict != VERDICT_OK) {
		snprintf(cell->text, sizeof(cell->text), "%s",
		    words_verdict(verdict));
		cell->style = views_style(verdict);
	}
}

static int64_t
verdict_number(const void *row)
{
	return group_of(row)->verdict;
}

static void
where_cell(const void *row, struct grid_cell *cell)
{
	views_where(cell, &oldest(row)->stack, group_of(row)->own);
}

static void
by_cell(const void *row, struct grid_cell *cell)
{
	words_place(cell->text, sizeof(cell->text), group_of(row)->by);
}

/* It has grown since the watching began, and does so still. */
static bool
is_growing(const void *row)
{
	const struct group_row *group = row;

	return group->change > 0 && (!group->rated || group->rate > 0);
}

static const struct column columns[] = {
	{ "COUNT", 6, 0, 0, ALIGN_RIGHT, count_cell, count_number, true },
	{ "CHANGE", 7, 0, 0, ALIGN_RIGHT, change_cell, change_number, true },
	{ "/MIN", 6, 0, 68, ALIGN_RIGHT, rate_cell, rate_number, true },
	{ "OLDEST", 7, 0, 0, ALIGN_RIGHT, oldest_cell, oldest_number, true },
	{ "STATE", 12, 2, 0, ALIGN_LEFT, state_cell, NULL, false },
	{ "VERDICT", 7, 0, 80, ALIGN_LEFT, verdict_cell, verdict_number, true },
	{ "WHERE", 20, 3, 0, ALIGN_LEFT, where_cell, NULL, false },
	{ "CREATED BY", 20, 3, 104, ALIGN_LEFT, by_cell, NULL, false },
};

static const struct grid grid = {
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.empty = "no tasks",
	.stands_out = is_growing,
};

/* One that passes is enough. */
static bool
match(const struct model *model, const struct filter *filter, const void *row)
{
	const struct group *group = group_of(row)->group;

	for (size_t i = 0; i < group->count; i++) {
		if (views_match_task(model, filter, group->tasks[i])) {
			return true;
		}
	}
	return false;
}

static struct page_link
opens(const void *row)
{
	return (struct page_link) { PAGE_GROUP, group_of(row)->key };
}

const struct view_ops view_groups = {
	.title = "Groups",
	.name = "groups",
	.grid = &grid,
	.rows = model_groups,
	.match = match,
	.link = opens,
};
