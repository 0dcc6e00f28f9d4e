/* table.c: open addressing with linear probing. See table.h. */
#include "analyze/table.h"

#include <stdlib.h>

#include "client/memory.h"

#define TABLE_FIRST 64 /* slots at first */

/* Spreads keys that differ in few bits over the whole table. */
static size_t
place(const struct table *table, uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15u >> 20) & (table->size - 1);
}

static void
put(struct table *table, uint64_t key, void *value)
{
	size_t i = place(table, key);

	while (table->slots[i].value) {
		i = (i + 1) & (table->size - 1);
	}
	table->slots[i] = (struct table_slot) { key, value };
	table->count++;
}

static void
grow(struct table *table)
{
	struct table larger = {
		.size = table->size ? 2 * table->size : TABLE_FIRST,
	};

	larger.slots = memory_new(larger.size, sizeof(*larger.slots));
	for (size_t i = 0; i < table->size; i++) {
		if (table->slots[i].value) {
			put(&larger, table->slots[i].key,
			    table->slots[i].value);
		}
	}
	free(table->slots);
	*table = larger;
}

void
table_add(struct table *table, uint64_t key, void *value)
{
	if (4 * table->count >= 3 * table->size) {
		grow(table);
	}
	put(table, key, value);
}

void *
table_next(const struct table *table, uint64_t key, size_t *at)
{
	if (table->size == 0) {
		return NULL;
	}
	for (;;) {
		const struct table_slot *slot =
		    &table
			 ->slots[(place(table, key) + *at) & (table->size - 1)];

		if (!slot->value) {
			return NULL;
		}
		(*at)++;
		if (slot->key == key) {
			return slot->value;
		}
	}
}

void *
table_find(const struct table *table, uint64_t key)
{
	size_t at = 0;

	return table_next(table, key, &at);
}

void
table_clear(struct table *table, void (*release)(void *value))
{
	for (size_t i = 0; release && i < table->size; i++) {
		if (table->slots[i].value) {
			release(table->slots[i].value);
		}
	}
	free(table->slots);
	*table = (struct table) { 0 };
}
