/* history.c: see history.h. */
#include "top/history.h"

void
history_add(struct history *history, uint32_t value)
{
	history->values[history->next] = value;
	history->next = (history->next + 1) % HISTORY_MAX;
	if (history->count < HISTORY_MAX) {
		history->count++;
	}
}

uint32_t
history_get(const struct history *history, size_t back)
{
	return history
	    ->values[(history->next + HISTORY_MAX - 1 - back) % HISTORY_MAX];
}

struct history_range
history_range(const struct history *history, size_t count)
{
	struct history_range range = { 0, 0 };

	for (size_t i = 0; i < count && i < history->count; i++) {
		uint32_t value = history_get(history, i);

		if (i == 0 || value < range.low) {
			range.low = value;
		}
		if (i == 0 || value > range.high) {
			range.high = value;
		}
	}
	return range;
}

/* What the lowest level stands for, and how much lies above it. */
struct scale {
	uint64_t low;
	uint64_t span;
};

/* A range that is too narrow is widened to both sides. */
static struct scale
scale_of(struct history_range range)
{
	struct scale scale = { range.low, range.high - range.low };
	uint64_t least = range.high / 20;

	if (least < HISTORY_LEVELS - 1) {
		least = HISTORY_LEVELS - 1;
	}
	if (scale.span < least) {
		uint64_t below = (least - scale.span) / 4;

		scale.low = scale.low > below ? scale.low - below : 0;
		scale.span = least;
	}
	return scale;
}

void
history_line(const struct history *history, int *levels, size_t width)
{
	struct scale scale = scale_of(history_range(history, width));

	for (size_t i = 0; i < width; i++) {
		size_t back = width - 1 - i;
		uint64_t above;

		if (back >= history->count) {
			levels[i] = -1;
			continue;
		}
		above = history_get(history, back) - scale.low;
		levels[i] =
		    (int) ((above * (HISTORY_LEVELS - 1) + scale.span / 2) /
			scale.span);
	}
}
