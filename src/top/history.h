/*
 * history.h: the last values of a number, and their line.
 */
#ifndef TOP_HISTORY_H
#define TOP_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define HISTORY_MAX    300 /* values: as many as the widest screen shows */
#define HISTORY_LEVELS 8   /* heights of a line's columns */

/* A ring; all zeroes is an empty one. */
struct history {
	uint32_t values[HISTORY_MAX];
	size_t next;  /* where the next value goes */
	size_t count; /* values that are valid, at most HISTORY_MAX */
};

void history_add(struct history *history, uint32_t value);

/* The value `back` steps before the newest; back < count. */
uint32_t history_get(const struct history *history, size_t back);

/* What the newest `count` values span; both 0 if there are none. */
struct history_range {
	uint32_t low;
	uint32_t high;
};

struct history_range history_range(const struct history *history, size_t count);

/*
 * The heights, 0 to HISTORY_LEVELS - 1, of the newest `width` values, the
 * newest last; -1 for columns before the first value.
 *
 * The scale begins near the lowest value, so that a slow climb of a large
 * number is seen, but it never spans less than one step a level, nor less than
 * a twentieth of the value, so that a quiet number makes a quiet line, a
 * quarter of the way up.
 */
void history_line(const struct history *history, int *levels, size_t width);

#endif
