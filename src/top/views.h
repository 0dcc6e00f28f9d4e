/*
 * views.h: the screens and the pages, each a const table of operations in a
 * file of its own. The viewer draws and moves them; a view only says what its
 * rows or its lines are.
 */
#ifndef TOP_VIEWS_H
#define TOP_VIEWS_H

#include "top/filter.h"
#include "top/grid.h"
#include "top/model.h"
#include "top/order.h"
#include "top/page.h"
#include "top/snippet.h"

/* A way to show rows as a tree. */
struct view_tree {
	const char *name; /* "by holder" */
	struct rows (*rows)(const struct model *model);
	order_parent_fn *parent;
};

#define VIEW_TREES 2

/* A screen. */
struct view_ops {
	const char *title; /* one word */
	const char *name;  /* the same in small letters: options, settings */
	const struct grid *grid;
	size_t sorted; /* the column it is sorted by at first */
	struct rows (*rows)(const struct model *model);
	order_match_fn *match;
	struct page_link (*link)(const void *row); /* what a row opens */
	struct view_tree trees[VIEW_TREES];        /* name NULL: none */
};

/* In the order of their digits. */
#define VIEW_COUNT 5
extern const struct view_ops view_groups;
extern const struct view_ops view_tasks;
extern const struct view_ops view_sessions;
extern const struct view_ops view_channels;
extern const struct view_ops view_verdicts;
extern const struct view_ops *const views[VIEW_COUNT];

/* What pages are made from. */
struct page_context {
	const struct model *model;
	struct snippets *snippets; /* NULL: no lines of source */
};

/*
 * A page: appends the lines about `key`. False, and no line, if there is no
 * such thing now.
 */
typedef bool page_fill_fn(
    struct page *page, const struct page_context *context, uint64_t key);

/* A kind of page. */
struct page_ops {
	const char *title; /* one word */
	page_fill_fn *fill;
};

extern const struct page_ops view_pages[PAGE_KINDS];

page_fill_fn view_fill_help;

/* ---- What views have in common: views.c --------------------------------- */

/* Does a filter let a task, a session pass? */
bool views_match_task(const struct model *model, const struct filter *filter,
    const struct task *task);
bool views_match_session(const struct model *model, const struct filter *filter,
    const struct session_row *row);

/* "fd 9 tcp 10.0.0.1:80", "0x55e0"; "" if there is none. */
#define VIEWS_OBJECT_MAX 256
void views_object(char *text, size_t size, const struct task *task);

/* Where a task waits: its own code's frame, or else the innermost. */
void views_where(
    struct grid_cell *cell, const struct stack *stack, const struct frame *own);

/* How a verdict is shown. */
enum style views_style(enum verdict verdict);

/* Where a page's link for what a task waits for leads. */
struct page_link views_object_link(
    const struct model *model, const struct task *task);

#endif
