/*
 * search.h: looking for a text in the list or the page that is shown.
 */
#ifndef TOP_SEARCH_H
#define TOP_SEARCH_H

#include <stdbool.h>

struct viewer;

/* Remembers where the cursor is, for search_cancel(). */
void search_begin(struct viewer *viewer);
void search_cancel(struct viewer *viewer);

/* Looks again from there: the text has changed while it is typed. */
void search_typed(struct viewer *viewer);

/* The next row or line that has it, or the one before. */
void search_next(struct viewer *viewer, bool backward);

#endif
