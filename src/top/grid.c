/* grid.c: see grid.h. */
#include "top/grid.h"

#include <stdio.h>
#include <string.h>

#include "top/order.h"

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

int
grid_column_at(const struct grid *grid, int width, int at)
{
	int widths[GRID_COLUMNS_MAX];

	grid_fit(grid, width, widths);
	for (size_t i = 0; i < grid->column_count; i++) {
		if (widths[i] == 0) {
			continue;
		}
		if (at < widths[i] + GAP) {
			return (int) i;
		}
		at -= widths[i] + GAP;
	}
	return -1;
}

/* ---- Headings ---------------------------------------------------------- */

/* The title; of the column that is sorted by, with an arrow. */
static void
draw_title(const struct column *column, const char *arrow,
    struct canvas *canvas, struct area place)
{
	char text[64];

	if (*arrow == '\0') {
		snprintf(text, sizeof(text), "%s", column->title);
	} else if ((int) strlen(column->title) < place.width) {
		snprintf(text, sizeof(text), "%s%s", column->title, arrow);
	} else {
		snprintf(text, sizeof(text), "%.*s%s",
		    place.width > 0 ? place.width - 1 : 0, column->title,
		    arrow);
	}
	canvas_text(canvas, place,
	    column->align == ALIGN_RIGHT ? ALIGN_RIGHT : ALIGN_LEFT,
	    STYLE_HEADING, text);
}

static void
draw_headings(const struct grid *grid, const struct grid_look *look,
    const int *widths, struct canvas *canvas, struct area area)
{
	struct area place = { area.row, area.column, 1, 0 };
	const char *arrow = look->down ? (canvas->ascii ? "v" : "▾") :
					 (canvas->ascii ? "^" : "▴");

	canvas_text(canvas,
	    (struct area) { area.row, area.column, 1, area.width }, ALIGN_LEFT,
	    STYLE_HEADING, "");
	for (size_t i = 0; i < grid->column_count; i++) {
		place.width = widths[i];
		if (widths[i] > 0) {
			draw_title(&grid->columns[i],
			    i == look->sorted ? arrow : "", canvas, place);
			place.column += widths[i] + GAP;
		}
	}
}

/* ---- Rows -------------------------------------------------------------- */

/* "│ └─ ": the lines of a tree that lead to a row. */
static void
draw_branch(const struct order_row *row, bool ascii, char *text, size_t size)
{
	unsigned int depth =
	    row->depth < ORDER_LEVELS ? row->depth : ORDER_LEVELS;
	size_t used = 0;

	for (unsigned int i = 1; i <= depth && used < size; i++) {
		bool open = row->open & (UINT32_C(1) << (i - 1));
		const char *part = i < depth ?
		    (open ? (ascii ? "| " : "│ ") : "  ") :
		    open ? (ascii ? "|-" : "├─") :
			   (ascii ? "`-" : "└─");

		used += (size_t) snprintf(text + used, size - used, "%s", part);
	}
}

static void
draw_cell(const struct grid *grid, size_t index, const struct order_row *row,
    bool tree, struct canvas *canvas, struct area place)
{
	const struct column *column = &grid->columns[index];
	struct grid_cell cell = { .text = "" };
	char branch[ORDER_LEVELS * 8] = "";
	int end;

	column->cell(row->row, &cell);
	if (row->faint) {
		cell.style = STYLE_FAINT;
	} else if (grid->stands_out != NULL && cell.style == STYLE_PLAIN &&
	    grid->stands_out(row->row)) {
		cell.style = STYLE_STRONG;
	}
	if (tree && index == grid->tree) {
		draw_branch(row, canvas->ascii, branch, sizeof(branch));
		end = canvas_put(
		    canvas, place, place.column, STYLE_FAINT, branch);
		place.width -= end - place.column;
		place.column = end;
	}
	canvas_text(canvas, place, column->align, cell.style, cell.text);
}

static void
draw_row(const struct grid *grid, const struct grid_look *look,
    const int *widths, const struct order_row *row, struct canvas *canvas,
    struct area area)
{
	struct area place = area;

	for (size_t i = 0; i < grid->column_count; i++) {
		if (widths[i] > 0) {
			place.width = widths[i];
			draw_cell(grid, i, row, look->tree, canvas, place);
			place.column += widths[i] + GAP;
		}
	}
}

void
grid_draw(const struct grid *grid, const struct grid_look *look,
    struct list *list, struct rows rows, struct canvas *canvas,
    struct area area)
{
	int widths[GRID_COLUMNS_MAX];
	size_t height = area.height > 1 ? (size_t) area.height - 1 : 1;
	struct area line = { area.row + 1, area.column, 1, area.width };

	list_settle(list, rows, height);
	grid_fit(grid, area.width, widths);
	draw_headings(grid, look, widths, canvas, area);
	if (rows.count == 0) {
		canvas_text(canvas, line, ALIGN_LEFT, STYLE_FAINT, look->empty);
	}
	for (size_t i = list->top; i < rows.count && i < list->top + height;
	     i++) {
		draw_row(grid, look, widths, rows_at(rows, i), canvas, line);
		if (i == list->index) {
			canvas_style(canvas, line,
			    look->unfocused ? STYLE_MARKED : STYLE_SELECTED);
		}
		line.row++;
	}
}

bool
grid_has(const struct grid *grid, const void *row, const char *text)
{
	for (size_t i = 0; i < grid->column_count; i++) {
		struct grid_cell cell = { .text = "" };

		grid->columns[i].cell(row, &cell);
		if (strcasestr(cell.text, text) != NULL) {
			return true;
		}
	}
	return false;
}
