/*
 * canvas.c: see canvas.h.
 *
 * Texts come from the target: names of tasks, of sessions, of functions. They
 * are decoded here and not by mbrtowc(), whose answer depends on the locale and
 * which loses its place after a broken sequence. What remains of each character
 * is one symbol and its width, 1 or 2, as the terminal will see it.
 */
#include <limits.h>
#include <stdlib.h>

#include "client/memory.h"
#include "top/canvas.h"

#define REPLACEMENT 0xfffd
#define ELLIPSIS    0x2026

void
canvas_init(struct canvas *canvas, bool ascii)
{
	*canvas = (struct canvas) { .ascii = ascii };
}

void
canvas_fini(struct canvas *canvas)
{
	free(canvas->cells);
	canvas->cells = NULL;
	canvas->rows = canvas->columns = 0;
}

void
canvas_resize(struct canvas *canvas, int rows, int columns)
{
	free(canvas->cells);
	canvas->rows = rows > 0 ? rows : 1;
	canvas->columns = columns > 0 ? columns : 1;
	canvas->cells =
	    memory_new((size_t) canvas->rows * (size_t) canvas->columns,
		sizeof(*canvas->cells));
	canvas_clear(canvas);
}

void
canvas_clear(struct canvas *canvas)
{
	size_t count = (size_t) canvas->rows * (size_t) canvas->columns;

	for (size_t i = 0; i < count; i++) {
		canvas->cells[i] = (struct cell) { L' ', STYLE_PLAIN };
	}
}

struct area
canvas_area(const struct canvas *canvas)
{
	return (struct area) { 0, 0, canvas->rows, canvas->columns };
}

static struct cell *
cell_at(const struct canvas *canvas, int row, int column)
{
	if (row < 0 || row >= canvas->rows || column < 0 ||
	    column >= canvas->columns) {
		return NULL;
	}
	return &canvas->cells[(size_t) row * (size_t) canvas->columns +
	    (size_t) column];
}

const struct cell *
canvas_cell(const struct canvas *canvas, int row, int column)
{
	return cell_at(canvas, row, column);
}

/* Of the character that `byte`, not an ASCII one, begins; 0 if it cannot. */
static int
length_of(unsigned char byte)
{
	if (byte < 0xc2 || byte > 0xf4) {
		return 0;
	}
	return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/* Is `byte` the second, third or fourth of a character? */
static bool
continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/*
 * Decodes the character at *text and steps over it; a broken sequence is one
 * REPLACEMENT for each byte that belongs to no character. 0 at the end.
 */
static wchar_t
decode(const char **text)
{
	const unsigned char *s = (const unsigned char *) *text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int length;
	uint32_t code;

	if (s[0] == 0) {
		return 0;
	}
	if (s[0] < 0x80) {
		*text += 1;
		return (wchar_t) s[0];
	}
	length = length_of(s[0]);
	code = length ? s[0] & (0x7fu >> length) : 0;
	for (int i = 1; i < length; i++) {
		if (!continues(s[i])) {
			length = 0;
			break;
		}
		code = code << 6 | (s[i] & 0x3f);
	}
	if (length == 0 || code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000)) {
		*text += 1;
		return REPLACEMENT;
	}
	*text += length;
	return (wchar_t) code;
}

/*
 * The next symbol of `text` as this canvas shows it, and its width; steps over
 * what has no width. 0 at the end.
 */
static wchar_t
next_symbol(const struct canvas *canvas, const char **text, int *width)
{
	for (;;) {
		wchar_t symbol = decode(text);

		*width = 1;
		if (symbol == 0) {
			return 0;
		}
		if (symbol < 0x80) {
			return symbol < 0x20 || symbol == 0x7f ? L'?' : symbol;
		}
		*width = wcwidth(symbol);
		if (*width == 0) {
			continue;
		}
		if (*width < 0) {
			*width = 1;
			symbol = REPLACEMENT;
		}
		if (canvas->ascii) {
			*width = 1;
			symbol = L'?';
		}
		return symbol;
	}
}

int
canvas_width(const struct canvas *canvas, const char *text)
{
	int total = 0;
	int width;

	while (next_symbol(canvas, &text, &width) != 0) {
		total += width;
	}
	return total;
}

/* Blanks the other half of a wide symbol that (row, column) is one half of. */
static void
split(struct canvas *canvas, int row, int column)
{
	struct cell *left = cell_at(canvas, row, column - 1);
	struct cell *right = cell_at(canvas, row, column + 1);

	if (left != NULL && cell_at(canvas, row, column)->symbol == 0) {
		left->symbol = L' ';
	}
	if (right != NULL && right->symbol == 0) {
		right->symbol = L' ';
	}
}

/* A symbol of either width; half of one at the right edge is a blank. */
static void
set(struct canvas *canvas, int row, int column, enum style style,
    wchar_t symbol, int width)
{
	struct cell *cell = cell_at(canvas, row, column);
	struct cell *right =
	    width == 2 ? cell_at(canvas, row, column + 1) : NULL;

	if (cell == NULL) {
		return;
	}
	split(canvas, row, column);
	if (right != NULL) {
		split(canvas, row, column + 1);
		*right = (struct cell) { 0, style };
	} else if (width == 2) {
		symbol = L' ';
	}
	*cell = (struct cell) { symbol, style };
}

void
canvas_symbol(struct canvas *canvas, int row, int column, enum style style,
    wchar_t symbol)
{
	set(canvas, row, column, style, symbol, 1);
}

void
canvas_style(struct canvas *canvas, struct area area, enum style style)
{
	for (int i = 0; i < area.width; i++) {
		struct cell *cell = cell_at(canvas, area.row, area.column + i);

		if (cell != NULL) {
			cell->style = style;
		}
	}
}

/* Writes what fits between `column` and `end`; returns the column reached. */
static int
put_until(struct canvas *canvas, int row, int column, int end, enum style style,
    const char *text)
{
	wchar_t symbol;
	int width;

	while ((symbol = next_symbol(canvas, &text, &width)) != 0) {
		if (column + width > end) {
			break;
		}
		set(canvas, row, column, style, symbol, width);
		column += width;
	}
	return column;
}

int
canvas_put(struct canvas *canvas, struct area area, int column,
    enum style style, const char *text)
{
	return put_until(
	    canvas, area.row, column, area.column + area.width, style, text);
}

static void
blank(struct canvas *canvas, int row, int column, int end, enum style style)
{
	for (; column < end; column++) {
		set(canvas, row, column, style, L' ', 1);
	}
}

/* Steps over the beginning of `text` until at most `room` columns remain. */
static const char *
skip_to_tail(const struct canvas *canvas, const char *text, int room)
{
	int rest = canvas_width(canvas, text);
	int width;

	while (rest > room) {
		(void) next_symbol(canvas, &text, &width);
		rest -= width;
	}
	return text;
}

void
canvas_text(struct canvas *canvas, struct area area, enum align align,
    enum style style, const char *text)
{
	int start = area.column;
	int end = area.column + area.width;
	int width = canvas_width(canvas, text);
	wchar_t mark = canvas->ascii ? L'~' : ELLIPSIS;

	if (area.width <= 0) {
		return;
	}
	blank(canvas, area.row, start, end, style);
	if (width <= area.width) {
		if (align == ALIGN_RIGHT) {
			start = end - width;
		}
		(void) put_until(canvas, area.row, start, end, style, text);
	} else if (align == ALIGN_TAIL) {
		text = skip_to_tail(canvas, text, area.width - 1);
		set(canvas, area.row, start, style, mark, 1);
		(void) put_until(canvas, area.row, start + 1, end, style, text);
	} else {
		start =
		    put_until(canvas, area.row, start, end - 1, style, text);
		set(canvas, area.row, start, style, mark, 1);
	}
}

/* The column after the last that is not blank. */
static int
end_of_row(const struct canvas *canvas, int row)
{
	int end = canvas->columns;

	while (end > 0 && canvas_cell(canvas, row, end - 1)->symbol == L' ') {
		end--;
	}
	return end;
}

void
canvas_print(const struct canvas *canvas, FILE *out)
{
	for (int row = 0; row < canvas->rows; row++) {
		int end = end_of_row(canvas, row);

		for (int column = 0; column < end; column++) {
			wchar_t symbol =
			    canvas_cell(canvas, row, column)->symbol;
			char bytes[MB_LEN_MAX];
			int size = symbol != 0 ? wctomb(bytes, symbol) : 0;

			fwrite(bytes, 1, size > 0 ? (size_t) size : 0, out);
		}
		fputc('\n', out);
	}
}
