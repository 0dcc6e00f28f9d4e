/*
 * viewer.h: what is on the screen, and what keys do to it.
 *
 * There are screens, each a list of rows (views.h), and pages that are opened
 * on top of them and closed again (pages.h). The viewer knows no terminal: what
 * only the loop can do, it leaves as a wish in its fields.
 */
#ifndef TOP_VIEWER_H
#define TOP_VIEWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "top/canvas.h"
#include "top/keys.h"
#include "top/layout.h"
#include "top/model.h"
#include "top/order.h"
#include "top/pages.h"
#include "top/prompt.h"
#include "top/source.h"
#include "top/views.h"

/* A screen with its state. */
struct view {
	const struct view_ops *ops;
	struct list list;
	struct order order; /* what is shown */
	bool stale;         /* the order is not of the newest snapshot */
	size_t sorted;      /* the column it is sorted by */
	bool inverted;
	size_t tree; /* 0: a list; n: trees[n - 1] of the operations */
	struct filter filter;
	char filter_text[PROMPT_MAX]; /* as it was typed */
};

/* Where in a recording the viewer is. */
struct moment {
	bool recorded; /* a recording is shown, and not a process */
	size_t index;
	size_t count;
	int64_t unix_ns; /* by the wall clock then */
};

struct viewer {
	struct model model;
	char name[64]; /* of the target's program */
	pid_t pid;
	uint64_t start_ns;       /* when it began, CLOCK_MONOTONIC */
	enum source_state state; /* of what the snapshots come from */
	char text[256];          /* a sentence about the state, or "" */
	struct view views[VIEW_COUNT];
	size_t screen; /* which of them */
	struct pages pages;
	struct prompt prompt;
	char search[PROMPT_MAX]; /* what was looked for last */
	size_t search_from;      /* where the cursor was before */
	char notice[256];        /* a sentence for the user, until a key */
	size_t window;           /* of history_windows, in the header */
	struct layout layout;    /* of what was drawn last */
	struct moment moment;
	const char *recording; /* what is said of the one being made; NULL:
	                          none is */
	int64_t stopped_ns;    /* how long the last proof stopped the
				    target; negative: there was none */
	bool paused;
	bool plain; /* for reading only: no word of keys */

	/* For the loop. */
	bool quit;   /* the user wants to leave */
	bool redraw; /* the user sees a broken screen */
	char *copy;  /* to the terminal's clipboard; malloc'ed, or NULL */
	bool prove;  /* a proof is wanted */
	long seek;   /* steps in a recording, */
	bool far;    /* each of a minute */
};

void viewer_init(struct viewer *viewer);
void viewer_fini(struct viewer *viewer);

/* Forgets the target, and shows another from now on. */
void viewer_watch(struct viewer *viewer, pid_t pid, uint64_t start_ns);

/* Takes the next snapshot, analysed, and owns it from now on. */
void viewer_feed(struct viewer *viewer, struct snapshot *snapshot);

/* Says where the snapshots come from, or why they do not. */
void viewer_connection(
    struct viewer *viewer, enum source_state state, const char *text);

/* Does what a key, or a mouse at a place of the canvas, asks for. */
void viewer_key(struct viewer *viewer, int code);
void viewer_mouse(struct viewer *viewer, int code, int row, int column);

/* Tells what came of a proof. */
void viewer_proved(struct viewer *viewer, const struct proof *proof);

/* Tells the user something, in printf's manner. */
void viewer_say(struct viewer *viewer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The screen that is shown, its order made. */
struct view *viewer_view(struct viewer *viewer);

/* Shows only what the text says, from now on; "" shows everything. */
void viewer_filter(struct viewer *viewer, const char *text);

#endif
