/*
 * probe_table_test.c: records that come and go, and no two owners of one.
 */
#include <pthread.h>

#include "unit/probe_fixture.h"

struct thing {
	uint64_t id;
	uint64_t link;
	uint64_t owner; /* 0: nobody's */
	uint64_t fill;
};

#define TABLE_OF_THINGS TABLE(sizeof(struct thing), 16)

static void
numbers_begin_at_one(void **state)
{
	static struct table table = TABLE_OF_THINGS;

	assert_int_equal(table_end(&table), 1);
	assert_int_equal(table_take(&table), 1);
	assert_int_equal(table_take(&table), 2);
	assert_int_equal(table_end(&table), 3);
}

static void
what_was_given_back_comes_first(void **state)
{
	static struct table table = TABLE_OF_THINGS;

	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(table_take(&table), i);
	}
	table_give(&table, 1);
	table_give(&table, 3);
	assert_int_equal(table_take(&table), 3);
	assert_int_equal(table_take(&table), 1);
	assert_int_equal(table_take(&table), 4);
	assert_int_equal(table_end(&table), 5);
}

/* Hot and cold parts of all records lie apart from each other. */
static void
parts_do_not_overlap(void **state)
{
	static struct table table = TABLE_OF_THINGS;
	enum { COUNT = 3 * TABLE_CHUNK };

	for (uint32_t i = 1; i <= COUNT; i++) {
		assert_int_equal(table_take(&table), i);
		memset(table_hot(&table, i), (int) (i % 251),
		    sizeof(struct thing));
		memset(table_cold(&table, i), (int) (i % 241), 16);
	}
	for (uint32_t i = 1; i <= COUNT; i++) {
		const uint8_t *hot = table_hot(&table, i);
		const uint8_t *cold = table_cold(&table, i);

		assert_int_equal((uintptr_t) hot % 8, 0);
		for (size_t n = 0; n < sizeof(struct thing); n++) {
			assert_int_equal(hot[n], i % 251);
		}
		for (size_t n = 0; n < 16; n++) {
			assert_int_equal(cold[n], i % 241);
		}
	}
}

static void
handles_mean_one_life(void **state)
{
	static struct table table = TABLE_OF_THINGS;
	uint32_t number = table_take(&table);
	struct thing *thing = table_hot(&table, number);
	uint64_t handle;

	thing->id = 7;
	handle = table_handle(number, thing->id);
	assert_ptr_equal(table_find(&table, handle), thing);
	assert_null(table_find(&table, 0));
	assert_null(table_find(&table, table_handle(number, 8)));
	assert_null(table_find(&table, table_handle(number + 1, 7)));
	assert_null(table_find(&table, table_handle(~0u, 7)));
	thing->id = 0;
	table_give(&table, number);
	assert_null(table_find(&table, handle));
	assert_null(table_find(&table, table_handle(number, 0)));
	assert_int_equal(table_take(&table), number);
	thing->id = 9;
	assert_null(table_find(&table, handle));
	assert_ptr_equal(table_find(&table, table_handle(number, 9)), thing);
}

/* A handle holds the lower half of an id: the upper one does not matter. */
static void
handles_of_large_ids(void **state)
{
	static struct table table = TABLE_OF_THINGS;
	uint32_t number = table_take(&table);
	struct thing *thing = table_hot(&table, number);

	thing->id = (UINT64_C(1) << 32) + 5;
	assert_ptr_equal(
	    table_find(&table, table_handle(number, thing->id)), thing);
	thing->id = UINT64_C(1) << 32;
	assert_ptr_equal(
	    table_find(&table, table_handle(number, thing->id)), thing);
}

/* Memory is only touched where records are taken: a full table costs little. */
static void
a_full_table(void **state)
{
	static struct table table = TABLE(16, 0);
	const uint32_t most = TABLE_CHUNK * TABLE_CHUNKS - 1;

	for (uint32_t i = 1; i <= most; i++) {
		if (table_take(&table) != i) {
			fail_msg("number %u was not given", i);
		}
	}
	assert_int_equal(table.missed, 0);
	assert_int_equal(table_take(&table), 0);
	assert_int_equal(table_take(&table), 0);
	assert_int_equal(table.missed, 2);
	assert_int_equal(table_end(&table), most + 1);
	table_give(&table, 77);
	assert_int_equal(table_take(&table), 77);
	assert_int_equal(table_take(&table), 0);
	for (uint32_t i = 0; i < TABLE_CHUNKS; i++) {
		sys_unmap(table.chunks[i], (size_t) TABLE_CHUNK * 16);
	}
}

#define TAKERS 4
#define ROUNDS 50000
#define HELD   8

static struct table contended = TABLE_OF_THINGS;

/* Takes and gives; a record that somebody else has too is told by its owner. */
static void *
take_and_give(void *argument)
{
	uint64_t self = (uintptr_t) argument, conflicts = 0;
	uint32_t held[HELD] = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t *place = &held[round % HELD];
		struct thing *thing;

		if (*place != 0) {
			thing = table_hot(&contended, *place);
			conflicts += __atomic_exchange_n(&thing->owner, 0,
					 __ATOMIC_RELAXED) != self;
			table_give(&contended, *place);
		}
		*place = table_take(&contended);
		thing = table_hot(&contended, *place);
		conflicts += __atomic_exchange_n(
				 &thing->owner, self, __ATOMIC_RELAXED) != 0;
		thing->fill = self; /* not atomic: the sanitizer looks on */
	}
	for (int i = 0; i < HELD; i++) {
		struct thing *thing = table_hot(&contended, held[i]);

		thing->owner = 0;
		table_give(&contended, held[i]);
	}
	return (void *) (uintptr_t) conflicts;
}

static void
no_record_has_two_owners(void **state)
{
	pthread_t threads[TAKERS];
	uint32_t used;

	for (uintptr_t i = 0; i < TAKERS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL,
				     take_and_give, (void *) (i + 1)),
		    0);
	}
	for (int i = 0; i < TAKERS; i++) {
		void *conflicts;

		pthread_join(threads[i], &conflicts);
		assert_null(conflicts);
	}
	/* None is lost either: each comes again, once, before a new one. */
	used = contended.used;
	assert_in_range(used, HELD, TAKERS * HELD);
	for (uint32_t left = used; left > 0; left--) {
		uint32_t number = table_take(&contended);
		struct thing *thing = table_hot(&contended, number);

		assert_int_equal(thing->owner, 0);
		thing->owner = 1;
	}
	assert_int_equal(contended.used, used);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(numbers_begin_at_one),
		FIXTURE_TEST(what_was_given_back_comes_first),
		FIXTURE_TEST(parts_do_not_overlap),
		FIXTURE_TEST(handles_mean_one_life),
		FIXTURE_TEST(handles_of_large_ids),
		FIXTURE_TEST(a_full_table),
		FIXTURE_TEST(no_record_has_two_owners),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
