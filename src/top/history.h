/*
 * history.h: the past of a number, and its line.
 *
 * A history keeps, for each of a few windows of time, the highest value of each
 * of HISTORY_SLOTS equal stretches. So it is as large after a day as after a
 * minute, and the window may be changed at any time. Time is what the caller
 * says; when it goes back, as in a recording, what came later is forgotten.
 */
#ifndef TOP_HISTORY_H
#define TOP_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define HISTORY_WINDOWS 6
#define HISTORY_SLOTS   300 /* of one window: as many as a wide screen shows */
#define HISTORY_LEVELS  8   /* heights of a line's columns */

/* A stretch of time up to now. */
struct history_window {
	const char *name; /* "5m" */
	uint64_t span_ns;
};

extern const struct history_window history_windows[HISTORY_WINDOWS];

/* One window's slots; all zeroes is an empty ring. */
struct history_ring {
	uint32_t values[HISTORY_SLOTS]; /* that of slot n at n modulo their
					   number */
	uint64_t newest;                /* number of the newest slot */
	size_t count;                   /* of slots that are valid, up to it */
};

/* All zeroes is an empty history. */
struct history {
	struct history_ring rings[HISTORY_WINDOWS];
};

void history_add(struct history *history, uint64_t time_ns, uint32_t value);

/* What the values in a window span; both 0 if there are none. */
struct history_range {
	uint32_t low;
	uint32_t high;
};

struct history_range history_range(
    const struct history *history, size_t window);

/*
 * A window as a line of `width` columns, the newest last: their heights, 0 to
 * HISTORY_LEVELS - 1; -1 for columns before the first value.
 *
 * The scale begins near the lowest value, so that a slow climb of a large
 * number is seen, but it never spans less than one step a level, nor less than
 * a twentieth of the value, so that a quiet number makes a quiet line, a
 * quarter of the way up.
 */
void history_line(
    const struct history *history, size_t window, int *levels, size_t width);

#endif
