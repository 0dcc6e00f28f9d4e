/*
 * header.c: the numbers to look at first: is it alive, how many sessions are
 * there, how many tasks wait, and which way is all of it going?
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "render/words.h"
#include "top/viewer.h"

#define LABEL_WIDTH 9  /* "Sessions" and its like */
#define GRAPH_FROM  35 /* where the lines begin */
#define RANGE_WIDTH 18 /* what they span, to the right of them */
#define STATE_WIDTH 10 /* "no answer" */

/* ---- The target -------------------------------------------------------- */

static void
draw_state(const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	static const char *const names[] = {
		[SOURCE_LIVE] = "live",
		[SOURCE_LOST] = "no answer",
		[SOURCE_ENDED] = "ended",
	};
	const char *name = names[viewer->state];
	enum style style = STYLE_GRAPH;

	if (viewer->state != SOURCE_LIVE) {
		style = STYLE_ALARM;
	} else if (viewer->paused) {
		name = "paused";
		style = STYLE_ALARM;
	} else if (viewer->moment.recorded) {
		name = "replay";
	}
	area.column += area.width - canvas_width(canvas, name);
	(void) canvas_put(canvas, area, area.column, style, name);
}

/* "  moment 3 of 40, 12:30:01", of a recording. */
static void
describe_moment(const struct moment *moment, char *text, size_t size)
{
	time_t seconds = (time_t) (moment->unix_ns / WORDS_SECOND);
	char stamp[32] = "";
	struct tm local;

	text[0] = '\0';
	if (moment->recorded && localtime_r(&seconds, &local) != NULL) {
		(void) strftime(stamp, sizeof(stamp), "%F %T", &local);
		snprintf(text, size, "  moment %zu of %zu, %s",
		    moment->index + 1, moment->count, stamp);
	}
}

static void
draw_target(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct snapshot *snapshot = viewer->model.snapshot;
	char age[WORDS_MAX] = "-";
	char moment[96];
	char text[192];
	int column;

	draw_state(viewer, canvas, area);
	if (snapshot != NULL) {
		words_age(
		    age, (int64_t) (snapshot->began_ns - viewer->start_ns));
	}
	describe_moment(&viewer->moment, moment, sizeof(moment));
	area.width -= STATE_WIDTH;
	column =
	    canvas_put(canvas, area, area.column, STYLE_STRONG, viewer->name);
	snprintf(text, sizeof(text), "  pid %d  up %s%s", (int) viewer->pid,
	    age, moment);
	column = canvas_put(canvas, area, column, STYLE_PLAIN, text);
	if (viewer->recording != NULL) {
		column = canvas_put(
		    canvas, area, column + 2, STYLE_PLAIN, viewer->recording);
	}
	if (snapshot != NULL && snapshot->uncovered_count > 0) {
		snprintf(text, sizeof(text), "  not covered: %zu",
		    snapshot->uncovered_count);
		(void) canvas_put(canvas, area, column, STYLE_WARNING, text);
	}
}

/* ---- Numbers with their past ------------------------------------------- */

/* The symbols of a line, from low to high. */
static wchar_t
graph_symbol(const struct canvas *canvas, int level)
{
	static const char ascii[HISTORY_LEVELS + 1] = "_.-:=+*#";

	if (level < 0) {
		return L' ';
	}
	return canvas->ascii ? (wchar_t) ascii[level] : 0x2581 + level;
}

static void
draw_graph(const struct viewer *viewer, enum metric metric,
    struct canvas *canvas, struct area area)
{
	const struct history *history = &viewer->model.past[metric];
	int levels[HISTORY_SLOTS];
	int width = area.width - RANGE_WIDTH;
	struct history_range range;
	char text[48];

	if (width < 4) {
		return;
	}
	if (width > HISTORY_SLOTS) {
		width = HISTORY_SLOTS;
	}
	history_line(history, viewer->window, levels, (size_t) width);
	for (int i = 0; i < width; i++) {
		canvas_symbol(canvas, area.row, area.column + i, STYLE_GRAPH,
		    graph_symbol(canvas, levels[i]));
	}
	range = history_range(history, viewer->window);
	snprintf(text, sizeof(text), " %" PRIu32 "..%" PRIu32 " in %s",
	    range.low, range.high, history_windows[viewer->window].name);
	(void) canvas_put(canvas, area, area.column + width, STYLE_FAINT, text);
}

/* "Sessions      42  +1.0/s  -0.5/s" and the line. */
static void
draw_number(const struct viewer *viewer, enum metric metric, const char *more,
    struct canvas *canvas, struct area area)
{
	static const char *const labels[METRIC_COUNT] = {
		[METRIC_SESSIONS] = "Sessions",
		[METRIC_BLOCKED] = "Blocked",
		[METRIC_LEAKED] = "Leaked",
		[METRIC_SUSPECT] = "Suspect",
		[METRIC_TASKS] = "Tasks",
	};
	uint32_t number = viewer->model.now[metric];
	struct area graph = area;
	enum style style = STYLE_STRONG;
	char text[16];
	int column;

	if (metric == METRIC_LEAKED && number > 0) {
		style = STYLE_ALARM;
	} else if (metric == METRIC_SUSPECT && number > 0) {
		style = STYLE_WARNING;
	}
	(void) canvas_put(
	    canvas, area, area.column, STYLE_PLAIN, labels[metric]);
	snprintf(text, sizeof(text), "%7" PRIu32, number);
	column =
	    canvas_put(canvas, area, area.column + LABEL_WIDTH, style, text);
	(void) canvas_put(canvas, area, column + 1, STYLE_PLAIN, more);
	graph.column += GRAPH_FROM;
	graph.width -= GRAPH_FROM;
	draw_graph(viewer, metric, canvas, graph);
}

static void
draw_sessions(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	struct rates rates = model_rates(&viewer->model);
	char text[64];

	snprintf(
	    text, sizeof(text), "+%.1f/s -%.1f/s", rates.opened, rates.closed);
	draw_number(viewer, METRIC_SESSIONS, text, canvas, area);
}

static void
draw_blocked(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	char text[64];

	snprintf(text, sizeof(text), "of %" PRIu32 " tasks",
	    viewer->model.now[METRIC_TASKS]);
	draw_number(viewer, METRIC_BLOCKED, text, canvas, area);
}

static void
draw_leaked(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	char text[64];

	snprintf(text, sizeof(text), "suspect %" PRIu32,
	    viewer->model.now[METRIC_SUSPECT]);
	draw_number(viewer, METRIC_LEAKED, text, canvas, area);
}

static void
draw_suspect(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	draw_number(viewer, METRIC_SUSPECT, "", canvas, area);
}

/* ---- States ------------------------------------------------------------ */

struct state_count {
	uint32_t state;
	uint32_t count;
};

static int
compare_counts(const void *a, const void *b)
{
	const struct state_count *x = a;
	const struct state_count *y = b;

	if (x->count != y->count) {
		return x->count < y->count ? 1 : -1;
	}
	return x->state < y->state ? -1 : x->state > y->state;
}

/* What is left of a line after its first columns; its width may be negative. */
static struct area
after(struct area area, int columns)
{
	area.column += columns;
	area.width -= columns;
	return area;
}

/* "Tasks  96 chan send  12 IO read": the most frequent states first. */
static void
draw_states(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct wire_counts *counts = &viewer->model.snapshot->counts;
	struct state_count states[STRANDED_STATE_COUNT];

	for (uint32_t i = 0; i < STRANDED_STATE_COUNT; i++) {
		states[i] = (struct state_count) { i, counts->by_state[i] };
	}
	qsort(states, STRANDED_STATE_COUNT, sizeof(states[0]), compare_counts);
	(void) canvas_put(canvas, area, area.column, STYLE_PLAIN, "Tasks");
	area = after(area, LABEL_WIDTH);
	for (size_t i = 0;
	     i < STRANDED_STATE_COUNT && states[i].count > 0 && area.width > 0;
	     i++) {
		const char *name = state_name(states[i].state);
		char count[16];

		snprintf(count, sizeof(count), "%" PRIu32, states[i].count);
		canvas_text(canvas, area, ALIGN_LEFT, STYLE_STRONG, count);
		area = after(area, canvas_width(canvas, count) + 1);
		canvas_text(canvas, area, ALIGN_LEFT, STYLE_PLAIN, name);
		area = after(area, canvas_width(canvas, name) + 2);
	}
}

/* "Not covered  2 threads: ...": the first reason stands for the others. */
static void
draw_uncovered(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct snapshot *snapshot = viewer->model.snapshot;
	char text[256];

	if (snapshot->uncovered_count == 0) {
		(void) canvas_put(canvas, area, area.column, STYLE_FAINT,
		    "Not covered: nothing");
		return;
	}
	snprintf(text, sizeof(text),
	    "Not covered: %zu thread%s, %" PRIu32 ": %s",
	    snapshot->uncovered_count,
	    snapshot->uncovered_count == 1 ? "" : "s",
	    snapshot->uncovered[0].tid, snapshot->uncovered[0].why);
	(void) canvas_put(canvas, area, area.column, STYLE_WARNING, text);
}

/* Where there is one row for all of it. */
static void
draw_summary(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const uint32_t *now = viewer->model.now;
	struct rates rates = model_rates(&viewer->model);
	char text[160];

	snprintf(text, sizeof(text),
	    "Sessions %" PRIu32 " +%.1f/s -%.1f/s  Blocked %" PRIu32
	    " of %" PRIu32 "  Leaked %" PRIu32 " +%" PRIu32 "?",
	    now[METRIC_SESSIONS], rates.opened, rates.closed,
	    now[METRIC_BLOCKED], now[METRIC_TASKS], now[METRIC_LEAKED],
	    now[METRIC_SUSPECT]);
	(void) canvas_put(canvas, area, area.column,
	    now[METRIC_LEAKED] > 0 ? STYLE_ALARM : STYLE_PLAIN, text);
}

/* ---- The whole --------------------------------------------------------- */

typedef void row_fn(
    const struct viewer *viewer, struct canvas *canvas, struct area area);

/* By how many rows there are. */
static row_fn *const low[] = { draw_target, draw_summary };
static row_fn *const medium[] = { draw_target, draw_sessions, draw_blocked,
	draw_leaked, draw_states };
static row_fn *const high[HEADER_ROWS] = { draw_target, draw_sessions,
	draw_blocked, draw_leaked, draw_suspect, draw_states, draw_uncovered };

void
header_draw(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	row_fn *const *draw = area.height < 3 ? low :
	    area.height < HEADER_ROWS         ? medium :
						high;
	struct area row = { area.row, area.column, 1, area.width };

	for (int i = 0; i < area.height; i++) {
		if (i == 0 || viewer->model.snapshot != NULL) {
			draw[i](viewer, canvas, row);
		}
		row.row++;
	}
}
