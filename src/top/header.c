/*
 * header.c: the numbers to look at first: is it alive, how many sessions are
 * there, how many tasks wait, and which way is all of it going?
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "top/viewer.h"
#include "render/words.h"

#define LABEL_WIDTH 9  /* "Sessions" and its like */
#define GRAPH_FROM  35 /* where the lines begin */
#define RANGE_WIDTH 13 /* what they span, to the right of them */

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
	}
	area.column += area.width - (int) canvas_width(canvas, name);
	(void) canvas_put(canvas, area, area.column, style, name);
}

static void
draw_target(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct snapshot *snapshot = viewer->model.snapshot;
	char age[32] = "-";
	char text[96];
	int column;

	if (snapshot != NULL) {
		words_age(
		    age, (int64_t) (snapshot->began_ns - viewer->start_ns));
	}
	area.width -= 10; /* the state's */
	column =
	    canvas_put(canvas, area, area.column, STYLE_STRONG, viewer->name);
	snprintf(text, sizeof(text), "  pid %d  up %s", (int) viewer->pid, age);
	(void) canvas_put(canvas, area, column, STYLE_PLAIN, text);
}

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
draw_graph(
    const struct history *history, struct canvas *canvas, struct area area)
{
	int levels[HISTORY_MAX];
	int width = area.width - RANGE_WIDTH;
	struct history_range range;
	char text[32];

	if (width < 4) {
		return;
	}
	if (width > HISTORY_MAX) {
		width = HISTORY_MAX;
	}
	history_line(history, levels, (size_t) width);
	for (int i = 0; i < width; i++) {
		canvas_symbol(canvas, area.row, area.column + i, STYLE_GRAPH,
		    graph_symbol(canvas, levels[i]));
	}
	range = history_range(history, (size_t) width);
	snprintf(text, sizeof(text), " %" PRIu32 "..%" PRIu32, range.low,
	    range.high);
	(void) canvas_put(canvas, area, area.column + width, STYLE_FAINT, text);
}

/* "Sessions      42  +1.0/s  -0.5/s" and the line. */
static void
draw_number(const char *label, uint32_t number, const char *more,
    const struct history *history, struct canvas *canvas, struct area area)
{
	struct area graph = area;
	char text[16];
	int column;

	(void) canvas_put(canvas, area, area.column, STYLE_PLAIN, label);
	snprintf(text, sizeof(text), "%7" PRIu32, number);
	column = canvas_put(
	    canvas, area, area.column + LABEL_WIDTH, STYLE_STRONG, text);
	(void) canvas_put(canvas, area, column + 1, STYLE_PLAIN, more);
	graph.column += GRAPH_FROM;
	graph.width -= GRAPH_FROM;
	draw_graph(history, canvas, graph);
}

static void
draw_sessions(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct model *model = &viewer->model;
	struct rates rates = model_rates(model);
	char text[64];

	snprintf(
	    text, sizeof(text), "+%.1f/s -%.1f/s", rates.opened, rates.closed);
	draw_number("Sessions", model->snapshot->counts.sessions, text,
	    &model->live, canvas, area);
}

static void
draw_blocked(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct model *model = &viewer->model;
	char text[64];

	snprintf(text, sizeof(text), "of %" PRIu32 " tasks",
	    model->snapshot->counts.tasks);
	draw_number("Blocked", (uint32_t) model->blocked, text, &model->waiting,
	    canvas, area);
}

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

/* "Tasks  96 chan send  12 IO read": the most frequent states first. */
static void
draw_states(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct wire_counts *counts = &viewer->model.snapshot->counts;
	struct state_count states[STRANDED_STATE_COUNT];
	int column = area.column + LABEL_WIDTH;

	for (uint32_t i = 0; i < STRANDED_STATE_COUNT; i++) {
		states[i] = (struct state_count) { i, counts->by_state[i] };
	}
	qsort(states, STRANDED_STATE_COUNT, sizeof(states[0]), compare_counts);
	(void) canvas_put(canvas, area, area.column, STYLE_PLAIN, "Tasks");
	for (size_t i = 0; i < STRANDED_STATE_COUNT && states[i].count > 0;
	     i++) {
		char text[64];

		snprintf(text, sizeof(text), "%" PRIu32 " ", states[i].count);
		column = canvas_put(canvas, area, column, STYLE_STRONG, text);
		snprintf(
		    text, sizeof(text), "%s  ", state_name(states[i].state));
		column = canvas_put(canvas, area, column, STYLE_PLAIN, text);
	}
}

typedef void row_fn(
    const struct viewer *viewer, struct canvas *canvas, struct area area);

void
header_draw(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	static row_fn *const draw[HEADER_ROWS] = {
		draw_target,
		draw_sessions,
		draw_blocked,
		draw_states,
	};
	struct area row = { area.row, area.column, 1, area.width };

	draw_state(viewer, canvas, row);
	for (int i = 0; i < area.height && i < HEADER_ROWS; i++) {
		if (i == 0 || viewer->model.snapshot != NULL) {
			draw[i](viewer, canvas, row);
		}
		row.row++;
	}
}
