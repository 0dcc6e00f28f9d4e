/*
 * view_sessions.c: the second screen: who is connected. The one to look for is
 * a session whose peer has gone and whose tasks stay.
 */
#include <inttypes.h>
#include <stdio.h>

#include "top/viewer.h"
#include "render/words.h"

static const struct session *
session_of(const void *row)
{
	return ((const struct session_row *) row)->session;
}

static void
id_cell(const void *row, struct grid_cell *cell)
{
	snprintf(
	    cell->text, sizeof(cell->text), "%" PRIu64, session_of(row)->id);
}

static void
name_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s", session_of(row)->name);
}

static void
kind_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s",
	    words_session_kind(session_of(row)->kind));
}

static void
state_cell(const void *row, struct grid_cell *cell)
{
	const struct session *session = session_of(row);

	snprintf(cell->text, sizeof(cell->text), "%s",
	    words_session_state(session->state));
	if (session->state != SESSION_OPEN && session->task_count > 0) {
		cell->style = STYLE_ALARM;
	}
}

static void
age_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, session_of(row)->opened_ns);
}

static void
idle_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, session_of(row)->used_ns);
}

static void
tasks_cell(const void *row, struct grid_cell *cell)
{
	snprintf(
	    cell->text, sizeof(cell->text), "%zu", session_of(row)->task_count);
}

static void
blocked_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%zu",
	    ((const struct session_row *) row)->blocked);
}

static const struct column columns[] = {
	{ "ID", 6, 0, 0, ALIGN_RIGHT, id_cell },
	{ "PEER/NAME", 15, 1, 0, ALIGN_LEFT, name_cell },
	{ "KIND", 8, 0, 80, ALIGN_LEFT, kind_cell },
	{ "STATE", 11, 0, 0, ALIGN_LEFT, state_cell },
	{ "AGE", 6, 0, 0, ALIGN_RIGHT, age_cell },
	{ "IDLE", 6, 0, 0, ALIGN_RIGHT, idle_cell },
	{ "TASKS", 5, 0, 0, ALIGN_RIGHT, tasks_cell },
	{ "BLOCKED", 7, 0, 70, ALIGN_RIGHT, blocked_cell },
};

static const struct grid grid = {
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.empty = "no sessions",
};

const struct view_ops view_sessions = {
	.title = "Sessions",
	.place = KEY_ON_LIST,
	.grid = &grid,
	.rows = model_sessions,
	.opens = &view_session_detail,
};
