/* bookkeeping.c: see bookkeeping.h. */
#include "probe/bookkeeping.h"

#include "common/wire.h"
#include "probe/agent.h"
#include "probe/channel.h"
#include "probe/probe.h"
#include "probe/serve.h"
#include "probe/session.h"
#include "probe/task.h"

static const struct table *const tables[] = {
	&task_table,
	&creation_table,
	&session_table,
	&channel_table,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* The linker's: where our own variables lie, copies of stacks among them. */
extern uint8_t own_start[] __asm__("__bss_start")
    __attribute__((visibility("hidden")));
extern uint8_t own_end[] __asm__("_end") __attribute__((visibility("hidden")));

static uint32_t
put_own(struct wire_range *ranges)
{
	*ranges =
	    (struct wire_range) { (uintptr_t) own_start, (uintptr_t) own_end };
	return 1;
}

/* A table's chunks: its ranges, as many as there is room for. */
static uint32_t
put_chunks(const struct table *table, struct wire_range *ranges, size_t room)
{
	size_t size =
	    (size_t) TABLE_CHUNK * (table->hot_size + table->cold_size);
	uint32_t count = 0;

	for (size_t i = 0; i < TABLE_CHUNKS && count < room; i++) {
		uintptr_t chunk = (uintptr_t) load_acquire(&table->chunks[i]);

		if (chunk != 0) {
			ranges[count++] =
			    (struct wire_range) { chunk, chunk + size };
		}
	}
	return count;
}

/*
 * A thread that has not begun to run has its argument in its record, and
 * perhaps nowhere else.
 */
static uint32_t
put_arguments(uint64_t *arguments, size_t room)
{
	uint32_t end = table_end(&task_table);
	uint32_t count = 0;

	for (uint32_t number = 1; number < end && count < room; number++) {
		const struct task *task = table_hot(&task_table, number);
		uintptr_t argument = (uintptr_t) load_relaxed(&task->start_arg);

		if (load_acquire(&task->id) != 0 && argument != 0) {
			arguments[count++] = argument;
		}
	}
	return count;
}

size_t
bookkeeping_tell(void *out, size_t room)
{
	struct wire_bookkeeping *message = out;
	struct wire_range *ranges = (void *) (message + 1);
	size_t range_room = (room - sizeof(*message)) / 2 / sizeof(*ranges);
	size_t argument_room = range_room; /* half the size each */

	*message = (struct wire_bookkeeping) { 0 };
	message->range_count = put_own(ranges);
	message->range_count += agent_ranges(ranges + message->range_count);
	message->range_count += serve_ranges(ranges + message->range_count);
	for (size_t i = 0; i < TABLES; i++) {
		uint32_t *count = &message->range_count;

		*count +=
		    put_chunks(tables[i], ranges + *count, range_room - *count);
	}
	message->argument_count = put_arguments(
	    (uint64_t *) (ranges + message->range_count), argument_room);
	message->header = (struct wire_header) {
		(uint32_t) ((uint8_t *) ((uint64_t *) (ranges +
					     message->range_count) +
				message->argument_count) -
		    (uint8_t *) out),
		WIRE_BOOKKEEPING,
		0,
	};
	return message->header.length;
}
