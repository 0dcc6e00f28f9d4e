/* grid.c: see grid.h. */
#include "top/grid.h"

#define GAP 1 /* blank columns between two columns */

void
grid_fit(const struct grid *grid, int width, int *widths)
{
	int left = width;
	int shares = 0;

	for (size_t i = 0; i < grid->column_count; i++) {
		const struct column *column = &grid->columns[i];
		bool shown = width >= column->from;

		widths[i] = shown ? column->width : 0;
		left -= shown ? column->width + GAP : 0;
		shares += shown ? column->share : 0;
	}
	left += GAP; /* none after the last */
	for (size_t i = 0; i < grid->column_count && left > 0; i++) {
		const struct column *column = &grid->columns[i];

		if (widths[i] > 0 && column->share > 0) {
			int more = left * column->share / shares;

			widths[i] += more;
			left -= more;
			shares -= column->share;
		}
	}
}

static void
draw_headings(const struct grid *grid, const int *widths, struct canvas *canvas,
    struct area area)
{
	struct area place = { area.row, area.column, 1, 0 };

	canvas_text(canvas,
	    (struct area) { area.row, area.column, 1, area.width }, ALIGN_LEFT,
	    STYLE_HEADING, "");
	for (size_t i = 0; i < grid->column_count; i++) {
		const struct column *column = &grid->columns[i];

		place.width = widths[i];
		canvas_text(canvas, place,
		    column->align == ALIGN_RIGHT ? ALIGN_RIGHT : ALIGN_LEFT,
		    STYLE_HEADING, column->title);
		place.column += widths[i] > 0 ? widths[i] + GAP : 0;
	}
}

static void
draw_row(const struct grid *grid, const int *widths, const void *row,
    bool selected, struct canvas *canvas, struct area area)
{
	struct area place = area;

	for (size_t i = 0; i < grid->column_count; i++) {
		struct grid_cell cell = { .text = "" };

		if (widths[i] == 0) {
			continue;
		}
		grid->columns[i].cell(row, &cell);
		place.width = widths[i];
		canvas_text(canvas, place, grid->columns[i].align, cell.style,
		    cell.text);
		place.column += widths[i] + GAP;
	}
	if (selected) {
		canvas_style(canvas, area, STYLE_SELECTED);
	}
}

void
grid_draw(const struct grid *grid, struct list *list, struct rows rows,
    struct canvas *canvas, struct area area)
{
	int widths[GRID_COLUMNS_MAX];
	size_t height = area.height > 1 ? (size_t) area.height - 1 : 1;
	struct area line = { area.row + 1, area.column, 1, area.width };

	list_settle(list, rows, height);
	grid_fit(grid, area.width, widths);
	draw_headings(grid, widths, canvas, area);
	if (rows.count == 0) {
		canvas_text(canvas, line, ALIGN_LEFT, STYLE_FAINT, grid->empty);
	}
	for (size_t i = list->top; i < rows.count && i < list->top + height;
	     i++) {
		draw_row(grid, widths, rows_at(rows, i), i == list->index,
		    canvas, line);
		line.row++;
	}
}
