/*
 * world.c: see world.h.
 *
 * A thread's stack, its thread-local storage and its record lie in one mapping
 * in this order, with a guard below. Each is a span of its own. The main
 * thread's stack is the kernel's, with the arguments and the environment above
 * the frames, and its record lies elsewhere.
 */
#include "proof/world.h"

#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "proof/tracked.h"

#define PAGE      4096u
#define RED_ZONE  128u /* bytes below the stack pointer that may be in use */
#define LISTS_MAX (1u << 22)

/* libc's own signals: for cancelling, and for changing user ids */
#define LIBC_SIGNALS (UINT64_C(3) << (32 - 1))

bool
world_has_handlers(const struct world *world)
{
	uint64_t caught = world->kernel.caught & ~LIBC_SIGNALS;
	uint32_t number = world->signal.number;

	if (number > 0 && number <= 64 &&
	    world->signal.flags == WIRE_SIGNAL_TAKEN) {
		caught &= ~(UINT64_C(1) << (number - 1));
	}
	return caught != 0;
}

/* ---- Stacks ------------------------------------------------------------ */

static void
add(struct world *world, uint64_t start, uint64_t end, enum span_kind kind,
    size_t index)
{
	spans_add(&world->spans, (struct span) { start, end, kind, index });
}

/* Is the mapping one stack with a guard below it, and nothing else? */
static bool
is_stack_map(const struct world *world, const struct image_map *map)
{
	const struct image_map *guard;

	if (map == world->image.maps || !map->anonymous || map->shared ||
	    !map->writable || map->is_brk) {
		return false;
	}
	guard = map - 1;
	return guard->end == map->start && !guard->readable &&
	    !guard->writable && guard->anonymous;
}

static uint64_t
live_from(const struct stop_thread *thread)
{
	return thread->quiet ? thread->sp : thread->sp - RED_ZONE;
}

static void
divide_stack(struct world *world, size_t index)
{
	struct member *member = &world->members[index];
	const struct stop_thread *thread = member->thread;
	uint64_t control = thread->control;
	const struct image_map *map = image_map(&world->image, control);
	uint64_t tls = control - world->libc.tls_size;

	if (map == NULL || !is_stack_map(world, map) ||
	    thread->sp < map->start + RED_ZONE || thread->sp >= tls ||
	    tls < map->start || control + world->libc.size > map->end) {
		return;
	}
	member->apart = true;
	member->stack = live_from(thread);
	member->stack_end = tls;
	member->tls = tls;
	member->control_end = control + world->libc.size;
	add(world, map->start, member->stack, SPAN_NOTHING, 0);
	add(world, member->stack, tls, SPAN_STACK, index);
	add(world, tls, control, SPAN_TLS, index);
	add(world, control, member->control_end, SPAN_CONTROL, index);
}

static void
divide_main_stack(struct world *world, size_t index)
{
	struct member *member = &world->members[index];
	const struct stop_thread *thread = member->thread;
	const struct image_map *map = image_map(&world->image, thread->sp);
	uint64_t control = thread->control;

	if (map == NULL || strcmp(map->path, "[stack]") != 0 ||
	    thread->sp < map->start + RED_ZONE ||
	    world->main_stack_end <= thread->sp ||
	    world->main_stack_end > map->end ||
	    image_map(&world->image, control) == NULL) {
		return;
	}
	member->apart = true;
	member->stack = live_from(thread);
	member->stack_end = world->main_stack_end;
	member->tls = control;
	member->control_end = control + world->libc.size;
	add(world, map->start, member->stack, SPAN_NOTHING, 0);
	add(world, member->stack, member->stack_end, SPAN_STACK, index);
	add(world, control, member->control_end, SPAN_CONTROL, index);
}

/* ---- Stacks of threads that have ended --------------------------------- */

/*
 * The thread whose record is at `control` has ended. What is left on its stack
 * refers to nothing. `whole`: nor does its record, because libc keeps it only
 * to use it again.
 */
static void
divide_ended(struct world *world, uint64_t control, bool whole)
{
	const struct image_map *map = image_map(&world->image, control);
	uint64_t tls = control - world->libc.tls_size;

	if (map != NULL && is_stack_map(world, map) && tls > map->start &&
	    control + world->libc.size <= map->end) {
		add(world, map->start, whole ? map->end : tls, SPAN_NOTHING, 0);
	}
}

/* Walks one of libc's lists of threads. */
static void
divide_list(struct world *world, uint64_t head, bool cached)
{
	const struct image *image = &world->image;
	uint64_t at = image_word(image, head);
	uint64_t before = head;

	for (size_t i = 0; at != head && i < LISTS_MAX; i++) {
		uint64_t control = at - world->libc.list_at;
		uint32_t tid =
		    (uint32_t) image_word(image, control + world->libc.tid_at);

		if (image_map(image, at) == NULL ||
		    image_word(image, at + 8) != before) {
			return; /* it is being changed just now */
		}
		if ((int32_t) tid <= 0) {
			divide_ended(world, control, cached);
		}
		before = at;
		at = image_word(image, at);
	}
}

/* ---- All --------------------------------------------------------------- */

static void
divide_heaps(struct world *world)
{
	for (size_t i = 0; i < world->heaps.count; i++) {
		add(world, world->heaps.list[i].start, world->heaps.list[i].end,
		    SPAN_HEAP, i);
	}
	for (size_t i = 0; i < world->heaps.state_count; i++) {
		add(world, world->heaps.states[i].start,
		    world->heaps.states[i].end, SPAN_NOTHING, 0);
	}
}

static void
divide_bookkeeping(struct world *world)
{
	const struct wire_range *ranges =
	    wire_bookkeeping_ranges(world->bookkeeping);

	for (uint32_t i = 0; i < world->bookkeeping->range_count; i++) {
		add(world, ranges[i].start, ranges[i].end, SPAN_NOTHING, 0);
	}
}

void
world_divide(struct world *world)
{
	heaps_find(&world->heaps, &world->image, world->libc.data,
	    world->libc.data_end);
	tracked_find(&world->heaps, &world->image, world->stop.pid);
	divide_heaps(world);
	divide_bookkeeping(world);
	if (world->libc.known) {
		for (size_t i = 0; i < world->member_count; i++) {
			divide_stack(world, i);
			if (!world->members[i].apart) {
				divide_main_stack(world, i);
			}
		}
		divide_list(world, world->libc.used, false);
		divide_list(world, world->libc.cached, true);
	}
	spans_seal(&world->spans);
}

void
world_free(struct world *world)
{
	reach_free(&world->reach);
	spans_free(&world->spans);
	kernel_free(&world->kernel);
	heaps_free(&world->heaps);
	stop_end(&world->stop);
	image_free(&world->image);
	libc_free(&world->libc);
	snapshot_free(world->waits);
	free(world->bookkeeping);
	table_clear(&world->by_tid, NULL);
	table_clear(&world->by_control, NULL);
	free(world->members);
}
