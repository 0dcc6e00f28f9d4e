/*
 * list.h: which row of a list is selected, and which rows are seen.
 *
 * Rows come and go and change places with every snapshot. The selection belongs
 * to a row, known by its key, not to a place: it follows the row, and the list
 * scrolls so that the row stays where the eye is. If the row is gone, the one
 * that took its place is selected.
 */
#ifndef TOP_LIST_H
#define TOP_LIST_H

#include <stddef.h>
#include <stdint.h>

/* Rows of any kind: structs that begin with their key, a uint64_t. */
struct rows {
	const void *first;
	size_t count;
	size_t size; /* of one row, in bytes */
};

const void *rows_at(struct rows rows, size_t index);
uint64_t rows_key(struct rows rows, size_t index);

/* All zeroes is a list whose first row will be selected. */
struct list {
	uint64_t key;  /* of the selected row; 0: none yet */
	size_t index;  /* where it is */
	size_t top;    /* the first row that is seen */
	size_t height; /* how many are seen */
};

/* The rows have changed, or the height: finds the selected one again. */
void list_settle(struct list *list, struct rows rows, size_t height);

/* Selects the row `by` rows away, or the nearest there is. */
void list_move(struct list *list, struct rows rows, long by);

/* The selected row; NULL if there is none. */
const void *list_selected(const struct list *list, struct rows rows);

#endif
