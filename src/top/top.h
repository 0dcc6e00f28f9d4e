/*
 * top.h: the live viewer.
 *
 * The files of this folder, from the terminal inward:
 *
 *     top.c      the loop: signals, keys, the clock
 *     screen.c   curses; no other file knows it
 *     viewer.c   what is shown and what keys do; header.c, grid.c, page.c and
 *                one view_*.c for each screen draw it on a canvas
 *     model.c    what is known: rows, changes, histories
 *     source.c   where snapshots come from, and how that ends; taker.c is the
 *                thread that fetches them
 */
#ifndef TOP_TOP_H
#define TOP_TOP_H

#include <stdbool.h>
#include <sys/types.h>

#include "client/client.h"

struct top_options {
	pid_t pid;       /* the process to watch */
	int interval_ms; /* between two snapshots */
	bool color;      /* colours, if the terminal has them */
	bool ascii;      /* nothing but ASCII, whatever the locale */
};

/*
 * Shows the process until the user has seen enough. Returns 0, or -1 and
 * `failure` if it did not come to that: no terminal, no such target. A signal
 * that ends the process does so after the terminal is as it was.
 */
int top_run(const struct top_options *options, struct failure *failure);

#endif
