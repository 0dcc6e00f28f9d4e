/* table.c: see table.h. */
#include "probe/table.h"

#include <stdbool.h>

#include "probe/init.h"
#include "probe/probe.h"
#include "probe/sys.h"

/* The hot part, as far as the table knows it. */
struct record {
	uint64_t id;   /* 0: the record is free */
	uint64_t next; /* while it is free: the number below it on the stack */
};

static uint32_t
pop(struct table *table)
{
	uint64_t head = load_acquire(&table->free);

	while ((uint32_t) head != 0) {
		struct record *record = table_hot(table, (uint32_t) head);
		uint64_t next = ((head >> 32) + 1) << 32 |
		    (uint32_t) load_relaxed(&record->next);

		if (__atomic_compare_exchange_n(&table->free, &head, next,
			false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
			return (uint32_t) head;
		}
	}
	return 0;
}

void
table_give(struct table *table, uint32_t number)
{
	struct record *record = table_hot(table, number);
	uint64_t head = load_relaxed(&table->free);
	uint64_t next;

	do {
		store_relaxed(&record->next, (uint32_t) head);
		next = ((head >> 32) + 1) << 32 | number;
	} while (!__atomic_compare_exchange_n(&table->free, &head, next, false,
	    __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* Makes sure that the chunk is there. Of two that map it one gives way. */
static bool
have_chunk(struct table *table, uint32_t index)
{
	size_t size =
	    (size_t) TABLE_CHUNK * (table->hot_size + table->cold_size);
	uint8_t *none = NULL;
	uint8_t *chunk;

	if (load_acquire(&table->chunks[index]) != NULL) {
		return true;
	}
	chunk = sys_map(size);
	if (chunk == NULL) {
		return false;
	}
	if (!__atomic_compare_exchange_n(&table->chunks[index], &none, chunk,
		false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
		sys_unmap(chunk, size);
	}
	return true;
}

void
table_prepare(struct table *table)
{
	uint32_t next = load_relaxed(&table->used) + TABLE_CHUNK / 2;

	if (next < TABLE_CHUNK * TABLE_CHUNKS) {
		have_chunk(table, next / TABLE_CHUNK);
	}
}

static uint32_t
extend(struct table *table)
{
	uint32_t used = load_relaxed(&table->used);

	do {
		uint32_t index = (used + 1) / TABLE_CHUNK;

		if (index >= TABLE_CHUNKS ||
		    !(init_is_confined() ?
			    load_acquire(&table->chunks[index]) != NULL :
			    have_chunk(table, index))) {
			__atomic_fetch_add(&table->missed, 1, __ATOMIC_RELAXED);
			return 0;
		}
	} while (!__atomic_compare_exchange_n(&table->used, &used, used + 1,
	    false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	return used + 1;
}

uint32_t
table_take(struct table *table)
{
	uint32_t number = pop(table);

	return number != 0 ? number : extend(table);
}

void *
table_find(const struct table *table, uint64_t handle)
{
	uint32_t number = (uint32_t) handle;
	struct record *record;

	if (number == 0 || number >= table_end(table)) {
		return NULL;
	}
	record = table_hot(table, number);
	return (uint32_t) load_acquire(&record->id) == handle >> 32 &&
		load_relaxed(&record->id) != 0 ?
	    record :
	    NULL;
}
