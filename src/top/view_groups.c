/*
 * view_groups.c: the first screen: tasks that wait in the same way at the same
 * place. A leak is the row that grows.
 */
#include <stdio.h>

#include "top/viewer.h"
#include "render/words.h"

static const struct task *
oldest(const void *row)
{
	return ((const struct group_row *) row)->group->tasks[0];
}

static void
count_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%zu",
	    ((const struct group_row *) row)->group->count);
}

static void
change_cell(const void *row, struct grid_cell *cell)
{
	long change = ((const struct group_row *) row)->change;

	if (change != 0) {
		snprintf(cell->text, sizeof(cell->text), "%+ld", change);
		cell->style = change > 0 ? STYLE_GROWING : STYLE_SHRINKING;
	}
}

static void
oldest_cell(const void *row, struct grid_cell *cell)
{
	const struct task *task = oldest(row);

	words_age(
	    cell->text, task->state != STRANDED_RUNNING ? task->since_ns : -1);
}

static void
state_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s",
	    words_state(oldest(row)));
}

/* Without code of the user's own, whatever frame there is. */
static void
where_cell(const void *row, struct grid_cell *cell)
{
	const struct frame *frame = ((const struct group_row *) row)->own;
	const struct stack *stack = &oldest(row)->stack;

	if (frame == NULL && stack->frame_count > 0) {
		frame = stack->frames[0];
		cell->style = STYLE_FAINT;
	}
	words_place(cell->text, sizeof(cell->text), frame);
}

static void
by_cell(const void *row, struct grid_cell *cell)
{
	words_place(cell->text, sizeof(cell->text),
	    ((const struct group_row *) row)->by);
}

static const struct column columns[] = {
	{ "COUNT", 6, 0, 0, ALIGN_RIGHT, count_cell },
	{ "CHANGE", 6, 0, 0, ALIGN_RIGHT, change_cell },
	{ "OLDEST", 6, 0, 0, ALIGN_RIGHT, oldest_cell },
	{ "STATE", 12, 1, 0, ALIGN_LEFT, state_cell },
	{ "WHERE", 20, 4, 0, ALIGN_LEFT, where_cell },
	{ "CREATED BY", 20, 3, 90, ALIGN_LEFT, by_cell },
};

static const struct grid grid = {
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.empty = "no tasks",
};

const struct view_ops view_groups = {
	.title = "Groups",
	.place = KEY_ON_LIST,
	.grid = &grid,
	.rows = model_groups,
	.opens = &view_group_detail,
};
