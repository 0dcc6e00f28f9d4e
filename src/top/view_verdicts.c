/*
 * view_verdicts.c: the fifth screen: what is leaked or suspect, and why.
 */
#include <inttypes.h>
#include <stdio.h>

#include "render/words.h"
#include "top/views.h"

static const struct verdict_row *
row_of(const void *row)
{
	return row;
}

static int64_t
verdict_number(const void *row)
{
	return row_of(row)->verdict;
}

static void
verdict_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s",
	    words_verdict(row_of(row)->verdict));
	cell->style = views_style(row_of(row)->verdict);
}

/* Of a session: its tasks. */
static int64_t
count_number(const void *row)
{
	const struct verdict_row *verdict = row;

	return (int64_t) (verdict->session != NULL ?
		verdict->session->session->task_count :
		verdict->count);
}

static void
count_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%" PRId64, count_number(row));
}

static int64_t
age_number(const void *row)
{
	const struct verdict_row *verdict = row;

	return verdict->session != NULL ? verdict->session->session->used_ns :
					  verdict->task->since_ns;
}

static void
age_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, age_number(row));
}

static void
what_cell(const void *row, struct grid_cell *cell)
{
	const struct verdict_row *verdict = row;

	if (verdict->session != NULL) {
		snprintf(cell->text, sizeof(cell->text),
		    "session %" PRIu64 " %s", verdict->session->session->id,
		    words_session_state(verdict->session->session->state));
	} else {
		snprintf(cell->text, sizeof(cell->text), "%s",
		    words_state(verdict->task));
	}
}

static void
where_cell(const void *row, struct grid_cell *cell)
{
	const struct verdict_row *verdict = row;

	if (verdict->session != NULL) {
		snprintf(cell->text, sizeof(cell->text), "%s",
		    verdict->session->session->name);
	} else {
		views_where(cell, &verdict->task->stack, verdict->group->own);
	}
}

static void
why_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s",
	    row_of(row)->why != NULL ? row_of(row)->why : "");
}

static const struct column columns[] = {
	{ "VERDICT", 8, 0, 0, ALIGN_LEFT, verdict_cell, verdict_number, true },
	{ "TASKS", 6, 0, 0, ALIGN_RIGHT, count_cell, count_number, true },
	{ "AGE", 6, 0, 0, ALIGN_RIGHT, age_cell, age_number, true },
	{ "WHAT", 14, 1, 0, ALIGN_LEFT, what_cell, NULL, false },
	{ "WHERE", 20, 2, 0, ALIGN_LEFT, where_cell, NULL, false },
	{ "WHY", 30, 5, 100, ALIGN_LEFT, why_cell, NULL, false },
};

static const struct grid grid = {
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.empty = "nothing is known to be leaked, or suspect",
};

static bool
match(const struct model *model, const struct filter *filter, const void *row)
{
	const struct verdict_row *verdict = row;

	return verdict->session != NULL ?
	    views_match_session(model, filter, verdict->session) :
	    views_match_task(model, filter, verdict->task);
}

static struct page_link
opens(const void *row)
{
	const struct verdict_row *verdict = row;

	if (verdict->session != NULL) {
		return (
		    struct page_link) { PAGE_SESSION, verdict->session->key };
	}
	return (struct page_link) { PAGE_TASK, verdict->task->id };
}

const struct view_ops view_verdicts = {
	.title = "Verdicts",
	.name = "verdicts",
	.grid = &grid,
	.rows = model_verdicts,
	.match = match,
	.link = opens,
};
