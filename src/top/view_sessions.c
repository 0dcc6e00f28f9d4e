/*
 * view_sessions.c: the third screen: who is connected. The one to look for is a
 * session whose peer has gone, or the task that used it last, and whose tasks
 * stay: it comes first, and stands out.
 */
#include <inttypes.h>
#include <stdio.h>

#include "render/words.h"
#include "top/views.h"

static const struct session_row *
row_of(const void *row)
{
	return row;
}

static const struct session *
session_of(const void *row)
{
	return row_of(row)->session;
}

static int64_t
id_number(const void *row)
{
	return (int64_t) session_of(row)->id;
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

static bool
is_abandoned(const void *row)
{
	return model_is_abandoned(row);
}

/* Is it that rather than the peer that has gone? */
static bool
is_user_gone(const void *row)
{
	return row_of(row)->left && session_of(row)->state == SESSION_OPEN;
}

static void
state_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s",
	    is_user_gone(row) ? "user ended" :
				words_session_state(session_of(row)->state));
	if (is_abandoned(row)) {
		cell->style = STYLE_ALARM;
	}
}

/* The worst first. */
static int64_t
state_number(const void *row)
{
	return (is_abandoned(row) ? 4 : 0) + (int64_t) session_of(row)->state;
}

/* For how long the peer or the user has been gone; -1 if it is there. */
static int64_t
gone_number(const void *row)
{
	if (is_user_gone(row)) {
		return session_of(row)->used_ns;
	}
	return session_of(row)->state != SESSION_OPEN ?
	    session_of(row)->peer_closed_ns :
	    -1;
}

static void
gone_cell(const void *row, struct grid_cell *cell)
{
	if (gone_number(row) >= 0) {
		words_age(cell->text, gone_number(row));
		cell->style = is_abandoned(row) ? STYLE_ALARM : STYLE_PLAIN;
	}
}

static int64_t
age_number(const void *row)
{
	return session_of(row)->opened_ns;
}

static void
age_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, age_number(row));
}

static int64_t
idle_number(const void *row)
{
	return session_of(row)->used_ns;
}

static void
idle_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, idle_number(row));
}

static int64_t
tasks_number(const void *row)
{
	return (int64_t) session_of(row)->task_count;
}

static void
tasks_cell(const void *row, struct grid_cell *cell)
{
	snprintf(
	    cell->text, sizeof(cell->text), "%zu", session_of(row)->task_count);
}

static int64_t
blocked_number(const void *row)
{
	return (int64_t) row_of(row)->blocked;
}

static void
blocked_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%zu", row_of(row)->blocked);
}

static void
by_cell(const void *row, struct grid_cell *cell)
{
	words_place(cell->text, sizeof(cell->text),
	    analyze_own_frame(&session_of(row)->opened_by, STRANDED_RUNNING));
}

static const struct column columns[] = {
	{ "ID", 6, 0, 0, ALIGN_RIGHT, id_cell, id_number, false },
	{ "PEER/NAME", 20, 1, 0, ALIGN_LEFT, name_cell, NULL, false },
	{ "KIND", 8, 0, 86, ALIGN_LEFT, kind_cell, NULL, false },
	{ "STATE", 11, 0, 0, ALIGN_LEFT, state_cell, state_number, true },
	{ "GONE", 6, 0, 78, ALIGN_RIGHT, gone_cell, gone_number, true },
	{ "AGE", 6, 0, 0, ALIGN_RIGHT, age_cell, age_number, true },
	{ "IDLE", 6, 0, 0, ALIGN_RIGHT, idle_cell, idle_number, true },
	{ "TASKS", 6, 0, 0, ALIGN_RIGHT, tasks_cell, tasks_number, true },
	{ "BLOCKED", 8, 0, 70, ALIGN_RIGHT, blocked_cell, blocked_number,
	    true },
	{ "OPENED BY", 14, 3, 100, ALIGN_LEFT, by_cell, NULL, false },
};

static const struct grid grid = {
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.empty = "no sessions",
	.stands_out = is_abandoned,
};

/* The session itself passes, or one of its tasks does. */
static bool
match(const struct model *model, const struct filter *filter, const void *row)
{
	const struct session *session = session_of(row);

	if (views_match_session(model, filter, row)) {
		return true;
	}
	for (size_t i = 0; i < session->task_count; i++) {
		const struct task *task =
		    snapshot_task(model->snapshot, session->tasks[i]);

		if (task != NULL && views_match_task(model, filter, task)) {
			return true;
		}
	}
	return false;
}

static struct page_link
opens(const void *row)
{
	return (struct page_link) { PAGE_SESSION, row_of(row)->key };
}

const struct view_ops view_sessions = {
	.title = "Sessions",
	.name = "sessions",
	.grid = &grid,
	.sorted = 3,
	.rows = model_sessions,
	.match = match,
	.link = opens,
};
