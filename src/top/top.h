/*
 * top.h: the live viewer.
 *
 * The files of this folder, from the terminal inward:
 *
 *     top.c        the loop: what to wait for, and what to do then
 *     interrupts.c signals; screen.c: curses, which no other file knows
 *     layout.c     draws everything on a canvas; header.c the numbers, grid.c
 *                  lists, page.c text
 *     viewer.c     what is shown, and what keys do; search.c, prompt.c, pages.c
 *     view_*.c     a screen, or a kind of page, each: const tables
 *     order.c      rows filtered (filter.c), sorted, as a tree
 *     model.c      what is known: rows; trend.c, history.c: and what was
 *     source.c     where snapshots come from, and how that ends; taker.c is the
 *                  thread that fetches them; known.c spares it the stacks that
 *                  were sent before; replay.c: snapshots of a recording
 */
#ifndef TOP_TOP_H
#define TOP_TOP_H

#include <stdbool.h>
#include <sys/types.h>

#include "client/client.h"

struct top_options {
	pid_t pid;          /* the process to watch */
	int interval_ms;    /* between two snapshots; 0: as set, or 1000 */
	const char *screen; /* the first one's name; NULL: as set */
	bool color;         /* colours, if the terminal has them */
	bool ascii;         /* nothing but ASCII, whatever the locale */
	bool no_mouse;      /* leave the mouse to the terminal */
	bool once;          /* print one screen, and that is all */
	const char *record; /* the file to record to, or NULL */
	const char *replay; /* the recording to show in place of a process, */
	size_t moment;      /* and where in it, from 1; 0: at the end */
	bool follow;        /* when the process has ended, watch the next of
			       its name */
};

/*
 * Shows the process until the user has seen enough. Returns 0, or -1 and
 * `failure` if it did not come to that: no terminal, no such target. A signal
 * that ends the process does so after the terminal is as it was.
 */
int top_run(const struct top_options *options, struct failure *failure);

/* Is there a screen of that name? */
bool top_has_screen(const char *name);

#endif
