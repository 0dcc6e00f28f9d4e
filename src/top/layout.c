/* layout.c: see layout.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "top/viewer.h"

#define NARROW     80  /* columns: with fewer words stand close */
#define LOW        12  /* rows: with fewer there is next to nothing but rows */
#define MEDIUM     18  /* rows: with fewer the header is two */
#define HIGH       32  /* rows: from here on it is all there is */
#define WIDE       170 /* columns: from here on a page is beside its list */
#define SPLIT      24  /* rows of both: from here on it is below the list */
#define LIST_LEAST 7   /* rows of a list above a page */

/* ---- Where ------------------------------------------------------------- */

static int
header_rows(int rows)
{
	return rows < LOW ? 1 : rows < MEDIUM ? 2 : rows < HIGH ? 5 : 7;
}

/* A page beside its list, below it, or in its place. */
static void
split(struct layout *layout, struct area body)
{
	layout->list = layout->page = body;
	layout->rule = (struct area) { 0 };
	if (body.width >= WIDE) {
		layout->list.width = body.width * 9 / 20;
		layout->page.column = layout->list.width + 2;
		layout->page.width = body.width - layout->page.column;
		layout->rule = body;
		layout->rule.column = layout->list.width;
		layout->rule.width = 1;
	} else if (body.height >= SPLIT) {
		int height = body.height / 3;

		layout->list.height = height < LIST_LEAST ? LIST_LEAST : height;
		layout->rule = body;
		layout->rule.row = body.row + layout->list.height;
		layout->rule.height = 1;
		layout->page.row = layout->rule.row + 1;
		layout->page.height = body.height - layout->list.height - 1;
	} else {
		layout->list.height = 0;
	}
}

static void
arrange(struct layout *layout, struct area all, bool page, bool plain)
{
	struct area body = all;
	int bottom = plain ? 0 : all.height < LOW ? 1 : 2;

	layout->header = layout->path = layout->bottom = all;
	layout->header.height = header_rows(all.height);
	layout->path.row = layout->header.height;
	layout->path.height = 1;
	layout->bottom.row = all.height - bottom;
	layout->bottom.height = bottom;
	body.row = layout->path.row + 1;
	body.height = layout->bottom.row - body.row;
	if (page) {
		split(layout, body);
	} else {
		layout->list = body;
		layout->page = layout->rule = (struct area) { 0 };
	}
}

/* ---- The path ---------------------------------------------------------- */

/*
 * "1 Groups  2 Tasks": which screens there are; and with a page open, how one
 * came there: "1 Groups  > Group > Task".
 */
static void
draw_path(struct viewer *viewer, struct canvas *canvas, struct area area)
{
	const struct pages *pages = &viewer->pages;
	const char *gap = area.width < NARROW ? " " : "  ";
	int column = area.column;
	char text[96];

	for (size_t i = 0; i < VIEW_COUNT; i++) {
		bool here = i == viewer->screen;

		if (here || pages->count == 0) {
			snprintf(text, sizeof(text), "%zu %s%s", i + 1,
			    viewer->views[i].ops->title, gap);
			column = canvas_put(canvas, area, column,
			    here ? STYLE_STRONG : STYLE_FAINT, text);
		}
		viewer->layout.tabs[i] = column;
	}
	for (size_t i = 0; i < pages->count; i++) {
		const struct open_page *open = &pages->list[i];

		snprintf(text, sizeof(text), "> %s%s ",
		    view_pages[open->about.kind].title,
		    open->gone ? " (gone)" : "");
		column = canvas_put(canvas, area, column, STYLE_STRONG, text);
	}
}

/* "by holder, 12 of 40 match": what is special about the list. */
static size_t
describe(const struct view *view, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	if (view->tree > 0) {
		used += (size_t) snprintf(
		    text, size, "%s  ", view->ops->trees[view->tree - 1].name);
	}
	if (view->filter_text[0] != '\0' && used < size) {
		used += (size_t) snprintf(text + used, size - used,
		    " filter: %.80s ", view->filter_text);
	}
	return used < size ? used : size - 1;
}

static void
describe_place(struct viewer *viewer, char *text, size_t size)
{
	struct open_page *open = pages_current(&viewer->pages);
	struct view *view = viewer_view(viewer);
	size_t used;

	if (open != NULL) {
		snprintf(text, size, " line %zu of %zu",
		    open->page.count > 0 ? open->page.cursor + 1 : 0,
		    open->page.count);
		return;
	}
	used = describe(view, text, size);
	snprintf(text + used, size - used, " %zu of %zu",
	    view->order.count > 0 ? view->list.index + 1 : 0,
	    view->order.count);
}

/* To the right of it: what is wrong, or where in how much one is. */
static void
draw_place(struct viewer *viewer, struct canvas *canvas, struct area area)
{
	enum style style = STYLE_FAINT;
	char text[260];
	int width;

	if (viewer->state != SOURCE_LIVE) {
		snprintf(text, sizeof(text), " %s", viewer->text);
		style = STYLE_ALARM;
	} else {
		describe_place(viewer, text, sizeof(text));
	}
	width = canvas_width(canvas, text);
	if (width > area.width) {
		width = area.width;
	}
	area.column += area.width - width;
	area.width = width;
	canvas_text(canvas, area, ALIGN_LEFT, style, text);
}

/* ---- The bottom -------------------------------------------------------- */

/* Which keys have their hints shown now. */
static bool
is_hinted(const struct viewer *viewer, const struct key *key)
{
	unsigned int place =
	    viewer->pages.count > 0 ? KEY_ON_PAGE : KEY_ON_LIST;

	if (viewer->moment.recorded) {
		place |= KEY_ON_RECORDING;
	}
	return key->hint != NULL && key->where & place;
}

/* The keys that matter here, as many as there is room for. */
static void
draw_hints(const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	struct area line = { area.row, area.column, 1, area.width };
	int column = area.column;

	for (const struct key *key = keys_table; key->code != KEY_CODE_NONE;
	     key++) {
		char text[32];
		int width;

		if (!is_hinted(viewer, key)) {
			continue;
		}
		snprintf(text, sizeof(text), " %s  ", key->hint);
		width = canvas_width(canvas, key->name) +
		    canvas_width(canvas, text);
		if (column + width > area.column + area.width) {
			column = area.column;
			line.row++;
		}
		if (line.row >= area.row + area.height) {
			break;
		}
		column =
		    canvas_put(canvas, line, column, STYLE_STRONG, key->name);
		column = canvas_put(canvas, line, column, STYLE_FAINT, text);
	}
}

static void
draw_prompt(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	static const char *const labels[] = {
		[PROMPT_NONE] = "",
		[PROMPT_SEARCH] = "Search: ",
		[PROMPT_FILTER] = "Filter: ",
		[PROMPT_DUMP] = "Write a dump to the file: ",
	};
	int column = canvas_put(canvas, area, area.column, STYLE_STRONG,
	    labels[viewer->prompt.kind]);
	struct area text = area;

	text.column = column;
	text.width -= column - area.column + 1;
	column = canvas_width(canvas, viewer->prompt.text);
	canvas_text(canvas, text, ALIGN_TAIL, STYLE_PLAIN, viewer->prompt.text);
	text.column += column < text.width ? column : text.width;
	text.width = 1;
	canvas_style(canvas, text, STYLE_SELECTED);
}

/* Says beforehand what it is going to do to the target, in 60 columns. */
static void
draw_question(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	char text[200];
	char last[64] = "";

	if (viewer->stopped_ns >= 0) {
		snprintf(last, sizeof(last), " (last time: %.1f ms)",
		    (double) viewer->stopped_ns / 1e6);
	}
	snprintf(text, sizeof(text), "Stop process %d for a proof? y/n%s",
	    (int) viewer->pid, last);
	canvas_text(canvas, area, ALIGN_LEFT, STYLE_ALARM, text);
}

static void
draw_bottom(
    const struct viewer *viewer, struct canvas *canvas, struct area area)
{
	struct area last = area;

	if (area.height == 0) {
		return;
	}
	last.row += area.height - 1;
	last.height = 1;
	if (viewer->prompt.kind == PROMPT_PROOF) {
		draw_question(viewer, canvas, last);
		area.height--;
	} else if (viewer->prompt.kind != PROMPT_NONE) {
		draw_prompt(viewer, canvas, last);
		area.height--;
	} else if (viewer->notice[0] != '\0') {
		canvas_text(
		    canvas, last, ALIGN_LEFT, STYLE_STRONG, viewer->notice);
		area.height--;
	}
	draw_hints(viewer, canvas, area);
}

/* ---- The middle -------------------------------------------------------- */

static void
draw_list(struct viewer *viewer, struct canvas *canvas, struct area area)
{
	struct view *view = viewer_view(viewer);
	const struct grid *grid = view->ops->grid;
	const struct grid_look look = {
		.sorted = view->sorted,
		.down =
		    grid->columns[view->sorted].descending != view->inverted,
		.tree = view->tree > 0,
		.unfocused = viewer->pages.count > 0,
		.empty = view->order.total > 0 ? "no row passes the filter" :
						 grid->empty,
	};

	grid_draw(
	    grid, &look, &view->list, order_rows(&view->order), canvas, area);
}

static void
draw_rule(struct canvas *canvas, struct area area)
{
	bool upright = area.width == 1;
	wchar_t symbol = upright ? (canvas->ascii ? L'|' : 0x2502) :
				   (canvas->ascii ? L'-' : 0x2500);

	for (int row = 0; row < area.height; row++) {
		for (int column = 0; column < area.width; column++) {
			canvas_symbol(canvas, area.row + row,
			    area.column + column, STYLE_FAINT, symbol);
		}
	}
}

static void
draw_middle(struct viewer *viewer, struct canvas *canvas)
{
	const struct layout *layout = &viewer->layout;
	struct open_page *open = pages_current(&viewer->pages);

	if (layout->list.height > 0) {
		draw_list(viewer, canvas, layout->list);
	}
	draw_rule(canvas, layout->rule);
	if (open != NULL) {
		page_draw(&open->page, canvas, layout->page);
	}
}

void
layout_draw(struct viewer *viewer, struct canvas *canvas)
{
	struct layout *layout = &viewer->layout;

	arrange(layout, canvas_area(canvas), viewer->pages.count > 0,
	    viewer->plain);
	canvas_clear(canvas);
	header_draw(viewer, canvas, layout->header);
	draw_middle(viewer, canvas);
	draw_path(viewer, canvas, layout->path);
	draw_place(viewer, canvas, layout->path);
	draw_bottom(viewer, canvas, layout->bottom);
}
