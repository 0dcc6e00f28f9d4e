/* viewer.c: see viewer.h. */
#include "top/viewer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "top/save.h"
#include "top/search.h"

_Static_assert(
    VIEW_COUNT == LAYOUT_TABS, "every screen has a place in the path");

#define WHEEL    3          /* lines that a wheel's step moves */
#define COPY_MAX (64 << 10) /* bytes: terminals take no more at a time */

/* ---- Beginning and end ------------------------------------------------- */

void
viewer_init(struct viewer *viewer)
{
	*viewer =
	    (struct viewer) { .pages = { .source = true }, .stopped_ns = -1 };
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		viewer->views[i].ops = views[i];
		viewer->views[i].sorted = views[i]->sorted;
	}
}

void
viewer_watch(struct viewer *viewer, pid_t pid, uint64_t start_ns)
{
	pages_close_all(&viewer->pages);
	model_fini(&viewer->model);
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		order_fini(&viewer->views[i].order);
		viewer->views[i].stale = true;
	}
	viewer->pid = pid;
	viewer->start_ns = start_ns;
}

void
viewer_fini(struct viewer *viewer)
{
	viewer_watch(viewer, 0, 0);
	pages_fini(&viewer->pages);
	free(viewer->copy);
	viewer->copy = NULL;
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
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		viewer->views[i].stale = true;
	}
	pages_refill(&viewer->pages, &viewer->model);
}

void
viewer_connection(
    struct viewer *viewer, enum source_state state, const char *text)
{
	viewer->state = state;
	snprintf(viewer->text, sizeof(viewer->text), "%s", text);
}

void
viewer_say(struct viewer *viewer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(viewer->notice, sizeof(viewer->notice), format, arguments);
	va_end(arguments);
}

/* ---- The screen -------------------------------------------------------- */

static void
make_order(const struct viewer *viewer, struct view *view)
{
	const struct view_ops *ops = views[viewer->screen];
	bool list = view->tree == 0;
	const struct view_tree *tree = &ops->trees[list ? 0 : view->tree - 1];
	const struct order_wish wish = {
		.model = &viewer->model,
		.rows = (list ? ops->rows : tree->rows)(&viewer->model),
		.column = &ops->grid->columns[view->sorted],
		.inverted = view->inverted,
		.filter = &view->filter,
		.match = ops->match,
		.parent = list ? NULL : tree->parent,
	};

	order_make(&view->order, &wish);
	view->stale = false;
}

struct view *
viewer_view(struct viewer *viewer)
{
	struct view *view = &viewer->views[viewer->screen];

	if (view->stale) {
		make_order(viewer, view);
		list_settle(
		    &view->list, order_rows(&view->order), view->list.height);
	}
	return view;
}

void
viewer_filter(struct viewer *viewer, const char *text)
{
	struct view *view = &viewer->views[viewer->screen];

	snprintf(view->filter_text, sizeof(view->filter_text), "%s", text);
	filter_parse(&view->filter, text);
	view->stale = true;
}

/* ---- Moving ------------------------------------------------------------ */

/* How far an action moves, in lines; 0 if it is no move. */
static long
distance(enum action action, size_t height)
{
	const long far = 1L << 30;
	long page = height > 1 ? (long) height - 1 : 1;

	switch (action) {
	case ACTION_UP:
	case ACTION_PREVIOUS_ROW:
		return -1;
	case ACTION_DOWN:
	case ACTION_NEXT_ROW:
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
move_row(struct viewer *viewer, enum action action)
{
	struct view *view = viewer_view(viewer);

	list_move(&view->list, order_rows(&view->order),
	    distance(action, view->list.height));
}

static void
move(struct viewer *viewer, enum action action)
{
	struct open_page *open = pages_current(&viewer->pages);

	if (open != NULL) {
		page_move(&open->page, distance(action, open->page.height));
	} else {
		move_row(viewer, action);
	}
}

/* ---- Opening and closing ----------------------------------------------- */

/* What the selected row leads to. */
static struct page_link
selected(struct viewer *viewer)
{
	struct view *view = viewer_view(viewer);
	const struct order_row *row =
	    list_selected(&view->list, order_rows(&view->order));

	return row != NULL ? view->ops->link(row->row) :
			     (struct page_link) { PAGE_NONE, 0 };
}

static void
open_link(struct viewer *viewer, enum action action)
{
	const struct open_page *open = pages_current(&viewer->pages);
	const struct page_line *line =
	    open != NULL ? page_current(&open->page) : NULL;
	struct page_link link = { PAGE_NONE, 0 };

	if (open == NULL) {
		link = selected(viewer);
	} else if (line != NULL) {
		link = line->link;
	}
	if (link.kind != PAGE_NONE) {
		pages_open(&viewer->pages, &viewer->model, link);
	}
}

static void
back(struct viewer *viewer, enum action action)
{
	pages_close(&viewer->pages);
}

static void
quit(struct viewer *viewer, enum action action)
{
	viewer->quit = viewer->pages.count == 0;
	pages_close(&viewer->pages);
}

/* The page of another row, in place of those that are open. */
static void
other_row(struct viewer *viewer, enum action action)
{
	bool open = viewer->pages.count > 0;

	move_row(viewer, action);
	if (open) {
		pages_close_all(&viewer->pages);
		open_link(viewer, action);
	}
}

static void
go_to(struct viewer *viewer, size_t screen)
{
	pages_close_all(&viewer->pages);
	viewer->screen = screen % VIEW_COUNT;
}

static void
screen(struct viewer *viewer, enum action action)
{
	go_to(viewer, (size_t) (action - ACTION_SCREEN_GROUPS));
}

static void
next_screen(struct viewer *viewer, enum action action)
{
	go_to(viewer,
	    viewer->screen +
		(action == ACTION_NEXT_SCREEN ? 1 : VIEW_COUNT - 1));
}

static void
help(struct viewer *viewer, enum action action)
{
	const struct open_page *open = pages_current(&viewer->pages);

	if (open == NULL || open->about.kind != PAGE_HELP) {
		pages_open(&viewer->pages, &viewer->model,
		    (struct page_link) { PAGE_HELP, 0 });
	}
}

/* ---- What is shown, and how -------------------------------------------- */

static void
sort_by(struct view *view, size_t column)
{
	view->inverted = column == view->sorted && !view->inverted;
	view->sorted = column;
	view->stale = true;
}

static void
sort(struct viewer *viewer, enum action action)
{
	struct view *view = viewer_view(viewer);
	size_t count = view->ops->grid->column_count;
	size_t step = action == ACTION_SORT_NEXT ? 1 : count - 1;

	view->inverted = false;
	sort_by(view, (view->sorted + step) % count);
	viewer_say(viewer, "sorted by %s",
	    view->ops->grid->columns[view->sorted].title);
}

static void
invert(struct viewer *viewer, enum action action)
{
	struct view *view = viewer_view(viewer);

	sort_by(view, view->sorted);
}

static void
tree(struct viewer *viewer, enum action action)
{
	struct view *view;

	if (viewer->views[viewer->screen].ops->trees[0].name == NULL) {
		go_to(viewer, ACTION_SCREEN_TASKS - ACTION_SCREEN_GROUPS);
	}
	view = &viewer->views[viewer->screen];
	view->tree = (view->tree + 1) % (VIEW_TREES + 1);
	view->stale = true;
	viewer_say(viewer, "tasks %s",
	    view->tree > 0 ? view->ops->trees[view->tree - 1].name :
			     "as a list");
}

static void
window(struct viewer *viewer, enum action action)
{
	viewer->window = (viewer->window + 1) % HISTORY_WINDOWS;
	viewer_say(viewer, "the lines above show the last %s",
	    history_windows[viewer->window].name);
}

static void
source(struct viewer *viewer, enum action action)
{
	viewer->pages.source = !viewer->pages.source;
	pages_refill(&viewer->pages, &viewer->model);
}

/* ---- Looking for ------------------------------------------------------- */

static void
search(struct viewer *viewer, enum action action)
{
	search_begin(viewer);
	prompt_open(&viewer->prompt, PROMPT_SEARCH, "");
}

static void
find_again(struct viewer *viewer, enum action action)
{
	search_next(viewer, action == ACTION_FIND_PREVIOUS);
}

static void
filter(struct viewer *viewer, enum action action)
{
	pages_close_all(&viewer->pages);
	prompt_open(
	    &viewer->prompt, PROMPT_FILTER, viewer_view(viewer)->filter_text);
}

/* ---- The rest ---------------------------------------------------------- */

static void
pause_or_go_on(struct viewer *viewer, enum action action)
{
	viewer->paused = !viewer->paused;
}

static void
seek(struct viewer *viewer, enum action action)
{
	if (!viewer->moment.recorded) {
		viewer_say(viewer,
		    "only a recording can be gone back in: "
		    "stranded top --replay=FILE");
		return;
	}
	viewer->paused = true;
	viewer->far =
	    action == ACTION_SEEK_FAR_BACK || action == ACTION_SEEK_FAR_ON;
	viewer->seek +=
	    action == ACTION_SEEK_BACK || action == ACTION_SEEK_FAR_BACK ? -1 :
									   1;
}

static void
dump(struct viewer *viewer, enum action action)
{
	char name[PROMPT_MAX];

	if (viewer->model.snapshot != NULL) {
		save_name(name, sizeof(name), viewer->model.snapshot);
		prompt_open(&viewer->prompt, PROMPT_DUMP, name);
	}
}

/* What is open, or would be. */
static void
copy(struct viewer *viewer, enum action action)
{
	bool open = viewer->pages.count > 0;

	if (!open) {
		open_link(viewer, ACTION_OPEN);
	}
	if (viewer->pages.count == 0) {
		return;
	}
	free(viewer->copy);
	viewer->copy = save_page(&pages_current(&viewer->pages)->page);
	if (strlen(viewer->copy) > COPY_MAX) {
		viewer->copy[COPY_MAX] = '\0';
	}
	if (!open) {
		pages_close(&viewer->pages);
	}
	viewer_say(viewer, "copied to the terminal's clipboard, if it has one");
}

/* Asks first: it is the one thing here that the target notices. */
static void
prove(struct viewer *viewer, enum action action)
{
	if (viewer->moment.recorded || viewer->state != SOURCE_LIVE) {
		viewer_say(viewer, "there is no process to stop for a proof");
	} else {
		prompt_open(&viewer->prompt, PROMPT_PROOF, "");
	}
}

void
viewer_proved(struct viewer *viewer, const struct proof *proof)
{
	if (proof->why_not[0] != '\0') {
		viewer_say(viewer, "no proof: %.200s", proof->why_not);
		return;
	}
	viewer->stopped_ns = proof->stopped_ns;
	viewer_say(viewer,
	    "proved %zu of %zu tasks leaked; %zu threads stopped for %.1f ms",
	    proof->proved, proof->candidates, proof->threads,
	    (double) proof->stopped_ns / 1e6);
}

static void
redraw(struct viewer *viewer, enum action action)
{
	viewer->redraw = true;
}

typedef void act_fn(struct viewer *viewer, enum action action);

static act_fn *const acts[] = {
	[ACTION_UP] = move,
	[ACTION_DOWN] = move,
	[ACTION_PAGE_UP] = move,
	[ACTION_PAGE_DOWN] = move,
	[ACTION_FIRST] = move,
	[ACTION_LAST] = move,
	[ACTION_OPEN] = open_link,
	[ACTION_BACK] = back,
	[ACTION_NEXT_ROW] = other_row,
	[ACTION_PREVIOUS_ROW] = other_row,
	[ACTION_SCREEN_GROUPS] = screen,
	[ACTION_SCREEN_TASKS] = screen,
	[ACTION_SCREEN_SESSIONS] = screen,
	[ACTION_SCREEN_CHANNELS] = screen,
	[ACTION_SCREEN_VERDICTS] = screen,
	[ACTION_NEXT_SCREEN] = next_screen,
	[ACTION_PREVIOUS_SCREEN] = next_screen,
	[ACTION_SEARCH] = search,
	[ACTION_FIND_NEXT] = find_again,
	[ACTION_FIND_PREVIOUS] = find_again,
	[ACTION_FILTER] = filter,
	[ACTION_SORT_NEXT] = sort,
	[ACTION_SORT_PREVIOUS] = sort,
	[ACTION_INVERT] = invert,
	[ACTION_TREE] = tree,
	[ACTION_WINDOW] = window,
	[ACTION_SOURCE] = source,
	[ACTION_PAUSE] = pause_or_go_on,
	[ACTION_DUMP] = dump,
	[ACTION_COPY] = copy,
	[ACTION_SEEK_BACK] = seek,
	[ACTION_SEEK_ON] = seek,
	[ACTION_SEEK_FAR_BACK] = seek,
	[ACTION_SEEK_FAR_ON] = seek,
	[ACTION_PROVE] = prove,
	[ACTION_REDRAW] = redraw,
	[ACTION_HELP] = help,
	[ACTION_QUIT] = quit,
};

/* ---- Typing ------------------------------------------------------------ */

static void
use_dump(struct viewer *viewer)
{
	int error = save_dump(viewer->prompt.text, viewer->model.snapshot);

	if (error == 0) {
		viewer_say(viewer, "written to %s", viewer->prompt.text);
	} else {
		viewer_say(viewer, "cannot write %s: %s", viewer->prompt.text,
		    strerror(error));
	}
}

static void
typed(struct viewer *viewer)
{
	if (viewer->prompt.kind == PROMPT_SEARCH) {
		search_typed(viewer);
	} else if (viewer->prompt.kind == PROMPT_FILTER) {
		viewer_filter(viewer, viewer->prompt.text);
	}
}

static void
cancelled(struct viewer *viewer)
{
	if (viewer->prompt.kind == PROMPT_SEARCH) {
		search_cancel(viewer);
	} else if (viewer->prompt.kind == PROMPT_FILTER) {
		viewer_filter(viewer, "");
	}
}

static void
type(struct viewer *viewer, int code)
{
	switch (prompt_key(&viewer->prompt, code)) {
	case PROMPT_CHANGED:
		typed(viewer);
		return;
	case PROMPT_DONE:
		if (viewer->prompt.kind == PROMPT_DUMP) {
			use_dump(viewer);
		}
		break;
	case PROMPT_CANCELLED:
		cancelled(viewer);
		break;
	default:
		return;
	}
	viewer->prompt.kind = PROMPT_NONE;
}

void
viewer_key(struct viewer *viewer, int code)
{
	enum action action;

	viewer->notice[0] = '\0';
	if (viewer->prompt.kind == PROMPT_PROOF) {
		viewer->prompt.kind = PROMPT_NONE;
		viewer->prove = code == 'y';
		return;
	}
	if (viewer->prompt.kind != PROMPT_NONE) {
		type(viewer, code);
		return;
	}
	action = keys_action(code);
	if (action != ACTION_NONE) {
		acts[action](viewer, action);
	}
}

/* ---- The mouse --------------------------------------------------------- */

static bool
is_in(struct area area, int row, int column)
{
	return row >= area.row && row < area.row + area.height &&
	    column >= area.column && column < area.column + area.width;
}

/* A heading sorts, a row is selected, the selected one is opened. */
static void
click_list(struct viewer *viewer, int row, int column)
{
	struct view *view = viewer_view(viewer);
	struct area area = viewer->layout.list;
	size_t at = view->list.top + (size_t) (row - area.row) - 1;
	int heading;

	if (row == area.row) {
		heading = grid_column_at(
		    view->ops->grid, area.width, column - area.column);
		if (heading >= 0) {
			sort_by(view, (size_t) heading);
		}
		return;
	}
	if (at >= view->order.count) {
		return;
	}
	if (at == view->list.index && viewer->pages.count == 0) {
		open_link(viewer, ACTION_OPEN);
		return;
	}
	list_move(&view->list, order_rows(&view->order),
	    (long) at - (long) view->list.index);
	if (viewer->pages.count > 0) {
		pages_close_all(&viewer->pages);
		open_link(viewer, ACTION_OPEN);
	}
}

/* A line of a page gets the cursor; the one that has it is followed. */
static void
click_page(struct viewer *viewer, int row)
{
	struct page *page = &pages_current(&viewer->pages)->page;
	size_t at = page->top + (size_t) (row - viewer->layout.page.row);

	if (at == page->cursor) {
		open_link(viewer, ACTION_OPEN);
	} else if (at < page->count) {
		page_move(page, (long) at - (long) page->cursor);
	}
}

static void
click_path(struct viewer *viewer, int column)
{
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		if (column < viewer->layout.tabs[i]) {
			go_to(viewer, i);
			return;
		}
	}
}

static void
click(struct viewer *viewer, int row, int column)
{
	if (is_in(viewer->layout.path, row, column)) {
		click_path(viewer, column);
	} else if (is_in(viewer->layout.list, row, column)) {
		click_list(viewer, row, column);
	} else if (is_in(viewer->layout.page, row, column)) {
		click_page(viewer, row);
	}
}

static void
wheel(struct viewer *viewer, int row, int column, long by)
{
	struct view *view = viewer_view(viewer);

	if (is_in(viewer->layout.list, row, column)) {
		list_move(&view->list, order_rows(&view->order), by);
	} else if (viewer->pages.count > 0) {
		page_scroll(&pages_current(&viewer->pages)->page, by);
	}
}

void
viewer_mouse(struct viewer *viewer, int code, int row, int column)
{
	viewer->notice[0] = '\0';
	if (viewer->prompt.kind != PROMPT_NONE) {
		return;
	}
	if (code == KEY_CODE_CLICK) {
		click(viewer, row, column);
	} else {
		wheel(viewer, row, column,
		    code == KEY_CODE_WHEEL_UP ? -WHEEL : WHEEL);
	}
}
