/*
 * grid.h: rows in columns. Columns are a const table; what has no room is left
 * out, the least important first, and what room is left over goes to the
 * columns that can use it.
 */
#ifndef TOP_GRID_H
#define TOP_GRID_H

#include "top/canvas.h"
#include "top/list.h"

#define GRID_CELL_MAX 512

/* What a column shows of a row. */
struct grid_cell {
	char text[GRID_CELL_MAX];
	enum style style;
};

/* Fills `cell`, which comes empty and plain. */
typedef void grid_cell_fn(const void *row, struct grid_cell *cell);

struct column {
	const char *title;
	int width; /* at least */
	int share; /* of what is left over, in relation to others */
	int from;  /* shown if the grid is that wide */
	enum align align;
	grid_cell_fn *cell;
};

struct grid {
	const struct column *columns;
	size_t column_count;
	const char *empty; /* what is said if there are no rows */
};

#define GRID_COLUMNS_MAX 16

/* The widths of the columns in a grid of `width`; 0: not shown. */
void grid_fit(const struct grid *grid, int width, int *widths);

/*
 * Draws headings and rows; the selected row stands out. The list is settled
 * before it is drawn.
 */
void grid_draw(const struct grid *grid, struct list *list, struct rows rows,
    struct canvas *canvas, struct area area);

#endif
