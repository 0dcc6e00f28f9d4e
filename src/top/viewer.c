/* viewer.c: see viewer.h. */
#include <stdio.h>
#include <string.h>

#include "top/viewer.h"

#define LOW_SCREEN 13 /* rows: with fewer the header is one row */

static const struct view_ops *const screens[VIEWER_SCREENS] = {
	&view_groups,
	&view_sessions,
};

void
viewer_init(struct viewer *viewer, pid_t pid, uint64_t start_ns)
{
	*viewer = (struct viewer) { .pid = pid, .start_ns = start_ns };
	for (size_t i = 0; i < VIEWER_SCREENS; i++) {
		viewer->screens[i].ops = screens[i];
	}
}

static struct view *
current(struct viewer *viewer)
{
	return viewer->page_count > 0 ? &viewer->pages[viewer->page_count - 1] :
					&viewer->screens[viewer->screen];
}

/* ---- Pages ------------------------------------------------------------- */

/* Writes a page anew; one whose subject has gone stays as it was. */
static void
refill(struct viewer *viewer, struct view *view)
{
	struct page fresh = { .top = view->page.top,
		.height = view->page.height };

	view->gone = !view->ops->fill(&fresh, &viewer->model, view->subject);
	if (!view->gone) {
		page_fini(&view->page);
		view->page = fresh;
	}
}

static void
open_page(struct viewer *viewer, const struct view_ops *ops, uint64_t subject)
{
	struct view *view;

	if (viewer->page_count == VIEWER_PAGES) {
		return;
	}
	view = &viewer->pages[viewer->page_count++];
	*view = (struct view) { .ops = ops, .subject = subject };
	refill(viewer, view);
}

static void
close_page(struct viewer *viewer)
{
	if (viewer->page_count > 0) {
		page_fini(&viewer->pages[--viewer->page_count].page);
	}
}

static void
close_pages(struct viewer *viewer)
{
	while (viewer->page_count > 0) {
		close_page(viewer);
	}
}

void
viewer_fini(struct viewer *viewer)
{
	close_pages(viewer);
	model_fini(&viewer->model);
}

/* ---- News -------------------------------------------------------------- */

static void
set_name(struct viewer *viewer, const char *path)
{
	const char *slash = strrchr(path, '/');

	snprintf(viewer->name, sizeof(viewer->name), "%s",
	    slash != NULL ? slash + 1 : path);
}

void
viewer_feed(struct viewer *viewer, struct snapshot *snapshot)
{
	set_name(viewer, snapshot->name[0] ? snapshot->name : snapshot->exe);
	model_feed(&viewer->model, snapshot);
	for (size_t i = 0; i < viewer->page_count; i++) {
		refill(viewer, &viewer->pages[i]);
	}
}

void
viewer_connection(
    struct viewer *viewer, enum source_state state, const char *text)
{
	viewer->state = state;
	snprintf(viewer->text, sizeof(viewer->text), "%s", text);
}

/* ---- Keys -------------------------------------------------------------- */

/* How far an action moves, in lines; 0 if it is no move. */
static long
distance(enum action action, size_t height)
{
	const long far = 1L << 30;
	long page = height > 1 ? (long) height - 1 : 1;

	switch (action) {
	case ACTION_UP:
		return -1;
	case ACTION_DOWN:
		return 1;
	case ACTION_PAGE_UP:
		return -page;
	case ACTION_PAGE_DOWN:
		return page;
	case ACTION_FIRST:
		return -far;
	case ACTION_LAST:
		return far;
	default:
		return 0;
	}
}

static void
move(struct viewer *viewer, enum action action)
{
	struct view *view = current(viewer);

	if (view->ops->place == KEY_ON_PAGE) {
		page_scroll(&view->page, distance(action, view->page.height));
	} else {
		list_move(&view->list, view->ops->rows(&viewer->model),
		    distance(action, view->list.height));
	}
}

static void
open_selected(struct viewer *viewer)
{
	struct view *view = current(viewer);
	const void *row;

	if (view->ops->place != KEY_ON_LIST) {
		return;
	}
	row = list_selected(&view->list, view->ops->rows(&viewer->model));
	if (row != NULL) {
		open_page(viewer, view->ops->opens, *(const uint64_t *) row);
	}
}

static void
go_to_screen(struct viewer *viewer, size_t screen)
{
	close_pages(viewer);
	viewer->screen = screen % VIEWER_SCREENS;
}

static void
help(struct viewer *viewer)
{
	if (current(viewer)->ops != &view_help) {
		open_page(viewer, &view_help, 0);
	}
}

void
viewer_act(struct viewer *viewer, enum action action)
{
	switch (action) {
	case ACTION_OPEN:
		open_selected(viewer);
		break;
	case ACTION_BACK:
		close_page(viewer);
		break;
	case ACTION_QUIT:
		viewer->quit = viewer->page_count == 0;
		close_page(viewer);
		break;
	case ACTION_SCREEN_GROUPS:
		go_to_screen(viewer, 0);
		break;
	case ACTION_SCREEN_SESSIONS:
		go_to_screen(viewer, 1);
		break;
	case ACTION_NEXT_SCREEN:
		go_to_screen(viewer, viewer->screen + 1);
		break;
	case ACTION_PREVIOUS_SCREEN:
		go_to_screen(viewer, viewer->screen + VIEWER_SCREENS - 1);
		break;
	case ACTION_PAUSE:
		viewer->paused = !viewer->paused;
		break;
	case ACTION_REDRAW:
		viewer->redraw = true;
		break;
	case ACTION_HELP:
		help(viewer);
		break;
	default:
		move(viewer, action);
		break;
	}
}

/* ---- Drawing ----------------------------------------------------------- */

/*
 * "1 Groups  2 Sessions": which screens there are; and with a page open, how
 * one came there: "1 Groups  > Stack".
 */
static void
draw_path(struct viewer *viewer, struct canvas *canvas, struct area area)
{
	int column = area.column;
	char text[64];

	for (size_t i = 0; i < VIEWER_SCREENS; i++) {
		bool here = i == viewer->screen;

		if (!here && viewer->page_count > 0) {
			continue;
		}
		snprintf(text, sizeof(text), "%zu %s  ", i + 1,
		    viewer->screens[i].ops->title);
		column = canvas_put(canvas, area, column,
		    here ? STYLE_STRONG : STYLE_FAINT, text);
	}
	for (size_t i = 0; i < viewer->page_count; i++) {
		snprintf(text, sizeof(text), "> %s%s ",
		    viewer->pages[i].ops->title,
		    viewer->pages[i].gone ? " (gone)" : "");
		column = canvas_put(canvas, area, column, STYLE_STRONG, text);
	}
}

/* To the right of it: what is wrong, or how much of how much is seen. */
static void
draw_place(struct viewer *viewer, struct canvas *canvas, struct area area)
{
	struct view *view = current(viewer);
	enum style style = STYLE_FAINT;
	char text[260];
	int width;

	if (viewer->state != SOURCE_LIVE) {
		snprintf(text, sizeof(text), " %s", viewer->text);
		style = STYLE_ALARM;
	} else if (view->ops->place == KEY_ON_PAGE) {
		size_t end = view->page.top + view->page.height;
		size_t count = view->page.count;

		snprintf(text, sizeof(text), "%zu-%zu of %zu lines",
		    view->page.top + 1, end < count ? end : count, count);
	} else {
		size_t count = view->ops->rows(&viewer->model).count;

		snprintf(text, sizeof(text), "%zu of %zu",
		    count > 0 ? view->list.index + 1 : 0, count);
	}
	width = canvas_width(canvas, text);
	if (width > area.width) {
		width = area.width;
	}
	area.column += area.width - width;
	area.width = width;
	canvas_text(canvas, area, ALIGN_LEFT, style, text);
}

/* The keys that matter here, as many as there is room for. */
static void
draw_hints(struct viewer *viewer, struct canvas *canvas, struct area area)
{
	int column = area.column;

	for (const struct key *key = keys_table; key->code != KEY_CODE_NONE;
	     key++) {
		char text[32];
		int width;

		if (!(key->where & current(viewer)->ops->place)) {
			continue;
		}
		snprintf(text, sizeof(text), " %s  ", key->hint);
		width = canvas_width(canvas, key->name) +
		    canvas_width(canvas, text);
		if (column + width > area.column + area.width) {
			break;
		}
		column =
		    canvas_put(canvas, area, column, STYLE_STRONG, key->name);
		column = canvas_put(canvas, area, column, STYLE_FAINT, text);
	}
}

static void
draw_view(struct viewer *viewer, struct canvas *canvas, struct area area)
{
	struct view *view = current(viewer);

	if (view->ops->place == KEY_ON_PAGE) {
		page_draw(&view->page, canvas, area);
	} else {
		grid_draw(view->ops->grid, &view->list,
		    view->ops->rows(&viewer->model), canvas, area);
	}
}

void
viewer_draw(struct viewer *viewer, struct canvas *canvas)
{
	struct area all = canvas_area(canvas);
	struct area header = all;
	struct area path = all;
	struct area body = all;
	struct area hints = all;

	header.height = all.height < LOW_SCREEN ? 1 : HEADER_ROWS;
	path.row = header.height;
	body.row = path.row + 1;
	body.height = all.height - body.row - 1;
	hints.row = all.height - 1;
	canvas_clear(canvas);
	header_draw(viewer, canvas, header);
	draw_view(viewer, canvas, body);
	draw_path(viewer, canvas, path);
	draw_place(viewer, canvas, path);
	draw_hints(viewer, canvas, hints);
}
