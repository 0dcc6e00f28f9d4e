/*
 * viewer.h: what is on the screen, and what keys do to it.
 *
 * A view is a const table of operations, struct view_ops, and stands in a file
 * of its own. There are two kinds: lists, one for each screen, and pages that
 * are opened on top of them and closed again. The viewer draws and moves both
 * kinds; a view only says what its rows or its lines are.
 */
#ifndef TOP_VIEWER_H
#define TOP_VIEWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "top/canvas.h"
#include "top/keys.h"
#include "top/list.h"
#include "top/model.h"
#include "top/page.h"
#include "top/source.h"
#include "top/grid.h"

struct view_ops {
	const char *title;    /* one word */
	enum key_place place; /* a list or a page */

	/* Of lists. */
	const struct grid *grid;
	struct rows (*rows)(const struct model *model);
	const struct view_ops *opens; /* by the selected row's key */

	/*
	 * Of pages: appends the lines about the subject `key`. False, and no
	 * line, if there is no such subject now.
	 */
	bool (*fill)(
	    struct page *page, const struct model *model, uint64_t key);
};

/* The screens, in the order of their digits, and the pages. */
extern const struct view_ops view_groups;
extern const struct view_ops view_sessions;
extern const struct view_ops view_group_detail;
extern const struct view_ops view_session_detail;
extern const struct view_ops view_help;

/* A view with its state. */
struct view {
	const struct view_ops *ops;
	struct list list; /* of a list */
	struct page page; /* of a page */
	uint64_t subject; /* of a page: the key of what it is about */
	bool gone;        /* the subject is, and the lines are old */
};

#define VIEWER_SCREENS 2
#define VIEWER_PAGES   4 /* opened on top of each other */

struct viewer {
	struct model model;
	char name[64]; /* of the target's program */
	pid_t pid;
	uint64_t start_ns;       /* when it began, CLOCK_MONOTONIC */
	enum source_state state; /* of what the snapshots come from */
	char text[256];          /* a sentence about the state, or "" */
	struct view screens[VIEWER_SCREENS];
	size_t screen; /* which of them */
	struct view pages[VIEWER_PAGES];
	size_t page_count; /* how many are open */
	bool paused;
	bool quit;   /* the user wants to leave */
	bool redraw; /* the user sees a broken screen */
};

void viewer_init(struct viewer *viewer, pid_t pid, uint64_t start_ns);
void viewer_fini(struct viewer *viewer);

/* Takes the next snapshot, analysed, and owns it from now on. */
void viewer_feed(struct viewer *viewer, struct snapshot *snapshot);

/* Says where the snapshots come from, or why they do not. */
void viewer_connection(
    struct viewer *viewer, enum source_state state, const char *text);

/* Does what a key asks for. */
void viewer_act(struct viewer *viewer, enum action action);

/* Draws everything. */
void viewer_draw(struct viewer *viewer, struct canvas *canvas);

/* header.c: the part that stands above every view; `area` may be one row. */
void header_draw(
    const struct viewer *viewer, struct canvas *canvas, struct area area);

#define HEADER_ROWS 4

#endif
