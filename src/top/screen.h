/*
 * screen.h: the terminal. screen.c is the only file that knows curses.
 */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include <stdbool.h>

#include "client/client.h"
#include "top/canvas.h"

/* Can the locale show more than ASCII? Sets the locale from the environment. */
bool screen_unicode(void);

/* Are input and output a terminal? Returns 0, or -1 and `failure`. */
int screen_check(struct failure *failure);

/*
 * Takes over the terminal. Returns 0, or -1 and `failure` if curses does not
 * know it.
 */
int screen_open(bool color, bool mouse, struct failure *failure);

/* Gives the terminal back as it was, if it was taken. */
void screen_close(void);

/* For a while, as when the process is stopped; and back. */
void screen_suspend(void);
void screen_resume(void);

/* Asks the terminal for its size, and gives it to curses. */
void screen_measure(int *rows, int *columns);

/* Shows the canvas; with `all`, every cell, whatever is thought to be there. */
void screen_show(const struct canvas *canvas, bool all);

/* A key that was pressed, or something that the mouse did. */
struct screen_event {
	int code;   /* a character or enum key_code; KEY_CODE_NONE: none */
	int row;    /* of the mouse, */
	int column; /* if it is one of its codes */
};

struct screen_event screen_event(void);

/* Gives a text to the terminal's clipboard (OSC 52), if it has one. */
void screen_copy(const char *text);

#endif
