/* page.c: see page.h. */
#include <stdlib.h>

#include "client/memory.h"
#include "top/page.h"

void
page_clear(struct page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		free(page->lines[i].text);
		free(page->lines[i].tail);
	}
	page->count = 0;
}

void
page_fini(struct page *page)
{
	page_clear(page);
	free(page->lines);
	*page = (struct page) { 0 };
}

void
page_add(
    struct page *page, int indent, enum style style, char *text, char *tail)
{
	page->lines = memory_grow(
	    page->lines, page->count, &page->room, sizeof(*page->lines));
	page->lines[page->count++] = (struct page_line) {
		.text = text,
		.tail = tail,
		.indent = indent,
		.style = style,
	};
}

static void
clamp(struct page *page)
{
	size_t last =
	    page->count > page->height ? page->count - page->height : 0;

	if (page->top > last) {
		page->top = last;
	}
}

void
page_scroll(struct page *page, long by)
{
	clamp(page);
	if (by < 0) {
		size_t up = 0 - (size_t) by;

		page->top = page->top > up ? page->top - up : 0;
	} else {
		size_t down = (size_t) by;

		page->top = page->count - page->top > down ? page->top + down :
							     page->count;
	}
	clamp(page);
}

/*
 * Where the second column begins: as far left as the lines that are seen let
 * it, and no further right than three fifths, so that it has some room.
 */
static int
second_column(const struct page *page, const struct canvas *canvas, int width)
{
	int column = 0;

	for (size_t i = page->top;
	     i < page->count && i < page->top + page->height; i++) {
		const struct page_line *line = &page->lines[i];
		int end;

		if (line->tail == NULL) {
			continue;
		}
		end = line->indent + canvas_width(canvas, line->text) + 2;
		column = end > column ? end : column;
	}
	return column < width * 3 / 5 ? column : width * 3 / 5;
}

static void
draw_line(const struct page_line *line, int second, struct canvas *canvas,
    struct area area)
{
	struct area first = area;

	first.column += line->indent;
	first.width =
	    (line->tail != NULL ? second - 2 : area.width) - line->indent;
	canvas_text(canvas, first, ALIGN_LEFT, line->style, line->text);
	if (line->tail != NULL) {
		area.column += second;
		area.width -= second;
		canvas_text(canvas, area, ALIGN_TAIL, line->style, line->tail);
	}
}

void
page_draw(struct page *page, struct canvas *canvas, struct area area)
{
	struct area line = { area.row, area.column, 1, area.width };
	int second;

	page->height = area.height > 0 ? (size_t) area.height : 0;
	clamp(page);
	second = second_column(page, canvas, area.width);
	for (size_t i = page->top;
	     i < page->count && i < page->top + page->height; i++) {
		draw_line(&page->lines[i], second, canvas, line);
		line.row++;
	}
}
