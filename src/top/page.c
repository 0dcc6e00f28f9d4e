/* page.c: see page.h. */
#include "top/page.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"

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

void
page_link(struct page *page, enum page_kind kind, uint64_t key)
{
	page->lines[page->count - 1].link = (struct page_link) { kind, key };
}

/* ---- Moving ------------------------------------------------------------ */

/* `from` moved by `by`, from 0 to `last`. */
static size_t
moved(size_t from, long by, size_t last)
{
	if (by < 0) {
		size_t up = 0 - (size_t) by;

		return from > up ? from - up : 0;
	}
	return from < last && last - from > (size_t) by ? from + (size_t) by :
							  last;
}

/* How far down the top may be. */
static size_t
last_top(const struct page *page)
{
	return page->count > page->height ? page->count - page->height : 0;
}

/* No further than the lines go, and the cursor in sight. */
static void
settle(struct page *page)
{
	if (page->cursor >= page->count) {
		page->cursor = page->count > 0 ? page->count - 1 : 0;
	}
	if (page->top > last_top(page)) {
		page->top = last_top(page);
	}
	if (page->top > page->cursor) {
		page->top = page->cursor;
	}
	if (page->height > 0 && page->cursor >= page->top + page->height) {
		page->top = page->cursor - page->height + 1;
	}
}

void
page_move(struct page *page, long by)
{
	page->cursor =
	    moved(page->cursor, by, page->count > 0 ? page->count - 1 : 0);
	settle(page);
}

void
page_scroll(struct page *page, long by)
{
	page->top = moved(page->top, by, last_top(page));
	if (page->cursor < page->top) {
		page->cursor = page->top;
	} else if (page->height > 0 &&
	    page->cursor >= page->top + page->height) {
		page->cursor = page->top + page->height - 1;
	}
	settle(page);
}

static bool
line_has(const struct page_line *line, const char *text)
{
	return strcasestr(line->text, text) != NULL ||
	    (line->tail != NULL && strcasestr(line->tail, text) != NULL);
}

bool
page_find(struct page *page, const char *text, bool here, bool backward)
{
	size_t step = backward ? page->count - 1 : 1;
	size_t at = page->cursor;

	for (size_t i = 0; i < page->count; i++) {
		if (i > 0 || !here) {
			at = (at + step) % page->count;
		}
		if (line_has(&page->lines[at], text)) {
			page->cursor = at;
			settle(page);
			return true;
		}
	}
	return false;
}

const struct page_line *
page_current(const struct page *page)
{
	return page->cursor < page->count ? &page->lines[page->cursor] : NULL;
}

/* ---- Drawing ----------------------------------------------------------- */

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
	canvas_text(canvas, first, ALIGN_LEFT,
	    line->link.kind != PAGE_NONE ? STYLE_LINK : line->style,
	    line->text);
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
	settle(page);
	second = second_column(page, canvas, area.width);
	for (size_t i = page->top;
	     i < page->count && i < page->top + page->height; i++) {
		draw_line(&page->lines[i], second, canvas, line);
		if (i == page->cursor) {
			canvas_style(canvas, line, STYLE_SELECTED);
		}
		line.row++;
	}
}
