/*
 * table.h: records of one kind that come and go, without a lock.
 *
 * Records are numbered from 1. They lie in chunks that are mapped when they are
 * first needed and never unmapped, so a number that was once good can always be
 * looked at, by the agent too, while the record comes and goes: its owner keeps
 * an id in it that tells whether it is still the same one.
 *
 * Each record has a hot part, which the agent looks at often, and may have a
 * cold one, which it does not; they lie apart, so that a walk over the hot
 * parts runs through memory in order.
 *
 * Records that were given back form a stack (Treiber, "Systems Programming:
 * Coping with Parallelism", 1986). Its head counts each change in its upper
 * half, so a compare-and-swap does not mistake a head that went away and came
 * back for one that stayed.
 */
#ifndef PROBE_TABLE_H
#define PROBE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_CHUNK  256  /* records in a chunk */
#define TABLE_CHUNKS 4096 /* chunks in a table */

struct table {
	uint32_t hot_size;  /* of a record; at least 8, a multiple of 8 */
	uint32_t cold_size; /* may be 0 */
	uint32_t used;      /* how many numbers were ever given out */
	uint32_t missed;    /* how often there was none to give */
	uint64_t free;      /* head: change count << 32 | number */
	uint8_t *chunks[TABLE_CHUNKS];
};

#define TABLE(hot, cold)                                                       \
	{                                                                      \
		.hot_size = (hot), .cold_size = (cold)                         \
	}

/*
 * A record's number, or 0 if there is no memory. Its content is what it was
 * when it was given back, or zero.
 */
uint32_t table_take(struct table *table);

/*
 * Sees to it that the next records need no memory: threads under a seccomp
 * filter can get none. Called at the start, and by the agent.
 */
void table_prepare(struct table *table);

/*
 * Gives a record back. The first word of its hot part must be the record's id,
 * 0 by now: the table keeps its link in the second.
 */
void table_give(struct table *table, uint32_t number);

/* All numbers are below this; those from 1 on have been given out before. */
static inline uint32_t
table_end(const struct table *table)
{
	return __atomic_load_n(&table->used, __ATOMIC_ACQUIRE) + 1;
}

static inline uint8_t *
table_chunk(const struct table *table, uint32_t number)
{
	return __atomic_load_n(
	    &table->chunks[number / TABLE_CHUNK], __ATOMIC_ACQUIRE);
}

/* The hot part of a number that table_take() has once returned. */
static inline void *
table_hot(const struct table *table, uint32_t number)
{
	return table_chunk(table, number) +
	    (size_t) (number % TABLE_CHUNK) * table->hot_size;
}

static inline void *
table_cold(const struct table *table, uint32_t number)
{
	return table_chunk(table, number) +
	    (size_t) TABLE_CHUNK * table->hot_size +
	    (size_t) (number % TABLE_CHUNK) * table->cold_size;
}

/*
 * A handle names a record and which of its lives is meant: the number below,
 * the lower half of the id above. 0 is no record.
 */
static inline uint64_t
table_handle(uint32_t number, uint64_t id)
{
	return id << 32 | number;
}

/* The hot part that a handle means, NULL if that life is over. */
void *table_find(const struct table *table, uint64_t handle);

#endif
