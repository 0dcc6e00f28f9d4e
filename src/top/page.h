/*
 * page.h: text to read, longer than its place: a stack, the help. A line may be
 * a link to something else; one line is where the cursor is.
 */
#ifndef TOP_PAGE_H
#define TOP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top/canvas.h"

/* What a page may be about, and what a link may lead to. */
enum page_kind {
	PAGE_NONE,
	PAGE_GROUP,
	PAGE_TASK,
	PAGE_SESSION,
	PAGE_CHANNEL,
	PAGE_OBJECT, /* a lock, a condition: whoever waits for it */
	PAGE_HELP,
	PAGE_KINDS
};

struct page_link {
	enum page_kind kind; /* PAGE_NONE: no link */
	uint64_t key;        /* a task's id, a lock's address, ... */
};

struct page_line {
	char *text;
	/*
	 * A second column, or NULL. Of one too long its end is shown, for that
	 * is where a path has its file and line.
	 */
	char *tail;
	int indent;
	enum style style;
	struct page_link link;
};

/* All zeroes is an empty page. */
struct page {
	struct page_line *lines;
	size_t count;
	size_t room;   /* lines that fit into the array */
	size_t cursor; /* the line that keys speak of */
	size_t top;    /* the first line that is seen */
	size_t height; /* how many lines were seen when it was last drawn */
};

void page_fini(struct page *page);

/* Takes the lines away, and stays where it was scrolled to. */
void page_clear(struct page *page);

/* Appends a line; its texts are malloc'ed, and belong to the page from now. */
void page_add(
    struct page *page, int indent, enum style style, char *text, char *tail);

/* Makes a link of the line that was added last. */
void page_link(struct page *page, enum page_kind kind, uint64_t key);

/* Moves the cursor by that many lines, or as far as it goes. */
void page_move(struct page *page, long by);

/* Scrolls by that many lines; the cursor stays in sight. */
void page_scroll(struct page *page, long by);

/* The next line with `text` in it, on or after the cursor, or before it. */
bool page_find(struct page *page, const char *text, bool here, bool backward);

/* The line of the cursor; NULL on an empty page. */
const struct page_line *page_current(const struct page *page);

void page_draw(struct page *page, struct canvas *canvas, struct area area);

#endif
