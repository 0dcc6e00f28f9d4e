/*
 * table.h: a hash table from numbers to pointers.
 *
 * Several values may stand under one key: table_next() goes on to the next.
 * That makes it serve as a table by hash, too. A zeroed struct is empty.
 */
#ifndef ANALYZE_TABLE_H
#define ANALYZE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t key;
	void *value; /* NULL: the slot is free */
};

struct table {
	struct table_slot *slots;
	size_t size;  /* of slots: 0 or a power of two */
	size_t count; /* slots in use, at most 3/4 of size */
};

/* Adds a value, which is not NULL. */
void table_add(struct table *table, uint64_t key, void *value);

/* The first value under the key, or NULL. */
void *table_find(const struct table *table, uint64_t key);

/* Values under the key one by one, from *at = 0; NULL after the last. */
void *table_next(const struct table *table, uint64_t key, size_t *at);

/* Empties the table; each value is given to `release`, if there is one. */
void table_clear(struct table *table, void (*release)(void *value));

#endif
