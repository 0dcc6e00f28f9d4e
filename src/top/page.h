/*
 * page.h: text to read, longer than the screen: a stack, the help.
 */
#ifndef TOP_PAGE_H
#define TOP_PAGE_H

#include <stddef.h>

#include "top/canvas.h"

struct page_line {
	char *text;
	/*
	 * A second column, or NULL. Of one too long its end is shown, for that
	 * is where a path has its file and line.
	 */
	char *tail;
	int indent;
	enum style style;
};

/* All zeroes is an empty page. */
struct page {
	struct page_line *lines;
	size_t count;
	size_t room;   /* lines that fit into the array */
	size_t top;    /* the first line that is seen */
	size_t height; /* how many lines were seen when it was last drawn */
};

void page_fini(struct page *page);

/* Takes the lines away, and stays where it was scrolled to. */
void page_clear(struct page *page);

/* Appends a line; its texts are malloc'ed, and belong to the page from now. */
void page_add(
    struct page *page, int indent, enum style style, char *text, char *tail);

/* Scrolls by that many lines, or as far as it goes. */
void page_scroll(struct page *page, long by);

void page_draw(struct page *page, struct canvas *canvas, struct area area);

#endif
