/*
 * canvas.h: a screen in memory.
 *
 * Views draw on a canvas and know no terminal; screen.c carries the cells to
 * curses, and tests read them. Whatever bytes a text holds, it takes up the
 * columns it was given and no other: control characters and broken UTF-8 are
 * replaced, marks and directions that have no width of their own left out, wide
 * characters never cut in half.
 */
#ifndef TOP_CANVAS_H
#define TOP_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

/* What a text means; screen.c knows what that looks like. */
enum style {
	STYLE_PLAIN,
	STYLE_FAINT,    /* of less interest */
	STYLE_STRONG,   /* names and numbers to look at first */
	STYLE_HEADING,  /* above columns */
	STYLE_SELECTED, /* the row that keys speak of */
	STYLE_MARKED,   /* the selected row, while they speak of a page */
	STYLE_GROWING,  /* more than there were */
	STYLE_SHRINKING,
	STYLE_WARNING, /* something may have gone wrong */
	STYLE_ALARM,   /* it has */
	STYLE_LINK,    /* leads to something else */
	STYLE_SOURCE,  /* the line of source that a frame is at */
	STYLE_GRAPH,
	STYLE_COUNT
};

enum align {
	ALIGN_LEFT,
	ALIGN_RIGHT,
	ALIGN_TAIL /* to the left; of a text too long, its end is shown */
};

struct cell {
	wchar_t symbol; /* 0: the right half of the cell before */
	enum style style;
};

struct area {
	int row;
	int column;
	int height;
	int width;
};

struct canvas {
	struct cell *cells; /* rows * columns */
	int rows;
	int columns;
	bool ascii; /* every symbol is ASCII */
};

/* Makes an empty canvas; the locale's wcwidth() is what counts. */
void canvas_init(struct canvas *canvas, bool ascii);
void canvas_fini(struct canvas *canvas);

/* Gives it a size, and blanks it. */
void canvas_resize(struct canvas *canvas, int rows, int columns);
void canvas_clear(struct canvas *canvas);

/* The whole of it. */
struct area canvas_area(const struct canvas *canvas);

/* NULL outside. */
const struct cell *canvas_cell(
    const struct canvas *canvas, int row, int column);

/*
 * Writes `text` into the one-row `area`: as much as there is room for, a mark
 * where it was cut, and blanks for the rest. What lies outside the canvas is
 * left out.
 */
void canvas_text(struct canvas *canvas, struct area area, enum align align,
    enum style style, const char *text);

/*
 * The same without padding, from (row, column) to the right end of `area`.
 * Returns the column after the text.
 */
int canvas_put(struct canvas *canvas, struct area area, int column,
    enum style style, const char *text);

/* One symbol of one column. */
void canvas_symbol(struct canvas *canvas, int row, int column, enum style style,
    wchar_t symbol);

/* Sets the style of a row of cells, their symbols unchanged. */
void canvas_style(struct canvas *canvas, struct area area, enum style style);

/* Writes the symbols, one line a row, in the locale's encoding. */
void canvas_print(const struct canvas *canvas, FILE *out);

/* How many columns `text` takes on this canvas. */
int canvas_width(const struct canvas *canvas, const char *text);

#endif
