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

/* What a row is sorted by. */
typedef int64_t grid_number_fn(const void *row);

struct column {
	const char *title;
	int width; /* at least */
	int share; /* of what is left over, in relation to others */
	int from;  /* shown if the grid is that wide */
	enum align align;
	grid_cell_fn *cell;
	grid_number_fn *number; /* NULL: sorted by the cell's text */
	bool descending;        /* sorted from the largest down */
};

struct grid {
	const struct column *columns;
	size_t column_count;
	size_t tree;       /* the column that a tree's lines are drawn in */
	const char *empty; /* what is said if there are no rows */
	/* Does the whole row stand out? NULL: none does. */
	bool (*stands_out)(const void *row);
};

#define GRID_COLUMNS_MAX 16

/* How the grid is drawn now. */
struct grid_look {
	size_t sorted;     /* the column that the rows are sorted by */
	bool down;         /* and from the largest down */
	bool tree;         /* the rows are a tree */
	bool unfocused;    /* keys speak of something else */
	const char *empty; /* said if there are no rows */
};

/* The widths of the columns in a grid of `width`; 0: not shown. */
void grid_fit(const struct grid *grid, int width, int *widths);

/* The column at so many cells from the left of a grid of `width`; -1: none. */
int grid_column_at(const struct grid *grid, int width, int at);

/*
 * Draws headings and rows, which are those of an order; the selected row stands
 * out. The list is settled before it is drawn.
 */
void grid_draw(const struct grid *grid, const struct grid_look *look,
    struct list *list, struct rows rows, struct canvas *canvas,
    struct area area);

/* Is the text in one of the cells of the row? Case does not matter. */
bool grid_has(const struct grid *grid, const void *row, const char *text);

#endif
