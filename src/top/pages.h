/*
 * pages.h: the pages that are open, each on top of the one it was opened from.
 */
#ifndef TOP_PAGES_H
#define TOP_PAGES_H

#include "top/views.h"

#define PAGES_MAX 32 /* open at a time; of more, the oldest way back is lost */

struct open_page {
	struct page_link about;
	struct page page;
	bool gone; /* what it is about is, and the lines are old */
};

/* All zeroes has none open. */
struct pages {
	struct open_page list[PAGES_MAX];
	size_t count;
	struct snippets *snippets; /* NULL until lines of source are wanted */
	bool source;               /* they are */
};

void pages_fini(struct pages *pages);

void pages_open(
    struct pages *pages, const struct model *model, struct page_link about);

/* Closes the one on top, or all. */
void pages_close(struct pages *pages);
void pages_close_all(struct pages *pages);

/* Writes all of them anew; one whose subject has gone stays as it was. */
void pages_refill(struct pages *pages, const struct model *model);

/* The one on top; NULL if none is open. */
struct open_page *pages_current(struct pages *pages);

#endif
