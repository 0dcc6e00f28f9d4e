/* history.c: see history.h. */
#include "top/history.h"

#include <stdbool.h>

#define MINUTE_NS UINT64_C(60000000000)

const struct history_window history_windows[HISTORY_WINDOWS] = {
	{ "1m", MINUTE_NS },
	{ "5m", 5 * MINUTE_NS },
	{ "15m", 15 * MINUTE_NS },
	{ "1h", 60 * MINUTE_NS },
	{ "6h", 360 * MINUTE_NS },
	{ "1d", 1440 * MINUTE_NS },
};

static uint32_t *
slot_at(struct history_ring *ring, uint64_t number)
{
	return &ring->values[number % HISTORY_SLOTS];
}

/* The value `back` slots before the newest; back < count. */
static uint32_t
value_at(const struct history_ring *ring, size_t back)
{
	return ring->values[(ring->newest - back) % HISTORY_SLOTS];
}

/* Drops the slots after `number`. */
static void
rewind_to(struct history_ring *ring, uint64_t number)
{
	uint64_t later = ring->newest - number;

	ring->count = ring->count > later ? ring->count - (size_t) later : 0;
	ring->newest = number;
}

/* Nothing was heard in between: it is taken to have been as it was last. */
static void
advance_to(struct history_ring *ring, uint64_t number)
{
	uint32_t last = *slot_at(ring, ring->newest);

	if (number - ring->newest >= HISTORY_SLOTS) {
		ring->newest = number - HISTORY_SLOTS;
		ring->count = HISTORY_SLOTS;
	}
	while (ring->newest < number) {
		*slot_at(ring, ++ring->newest) = last;
		ring->count += ring->count < HISTORY_SLOTS;
	}
}

static void
ring_add(struct history_ring *ring, uint64_t number, uint32_t value)
{
	uint64_t before = ring->newest;
	uint32_t *slot;

	if (ring->count > 0 && number < ring->newest) {
		rewind_to(ring, number);
	}
	if (ring->count == 0) {
		ring->newest = number;
		ring->count = 1;
		*slot_at(ring, number) = value;
		return;
	}
	if (number > ring->newest) {
		advance_to(ring, number);
	}
	slot = slot_at(ring, number);
	if (number != before || value > *slot) {
		*slot = value;
	}
}

void
history_add(struct history *history, uint64_t time_ns, uint32_t value)
{
	for (size_t i = 0; i < HISTORY_WINDOWS; i++) {
		uint64_t slot_ns = history_windows[i].span_ns / HISTORY_SLOTS;

		ring_add(&history->rings[i], time_ns / slot_ns, value);
	}
}

struct history_range
history_range(const struct history *history, size_t window)
{
	const struct history_ring *ring = &history->rings[window];
	struct history_range range = { 0, 0 };

	for (size_t i = 0; i < ring->count; i++) {
		uint32_t value = value_at(ring, i);

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

/* The highest of the slots that fall into a column; false if none does. */
static bool
highest(const struct history_ring *ring, size_t column, size_t width,
    uint32_t *value)
{
	size_t first = column * HISTORY_SLOTS / width;
	size_t end = (column + 1) * HISTORY_SLOTS / width;
	bool found = false;

	for (size_t i = first; i < end || i == first; i++) {
		size_t back = HISTORY_SLOTS - 1 - i;
		uint32_t here;

		if (back >= ring->count) {
			continue;
		}
		here = value_at(ring, back);
		*value = !found || here > *value ? here : *value;
		found = true;
	}
	return found;
}

void
history_line(
    const struct history *history, size_t window, int *levels, size_t width)
{
	const struct history_ring *ring = &history->rings[window];
	struct scale scale = scale_of(history_range(history, window));

	for (size_t i = 0; i < width; i++) {
		uint32_t value = 0;
		uint64_t above;

		if (!highest(ring, i, width, &value)) {
			levels[i] = -1;
			continue;
		}
		above = value > scale.low ? value - scale.low : 0;
		levels[i] =
		    (int) ((above * (HISTORY_LEVELS - 1) + scale.span / 2) /
			scale.span);
	}
}
