/*
 * probe_capture_test.c: a piece of stack, kept: never read beyond what is sure
 * to be there, never written beyond its room, never sent as more than it is.
 */
#include <sys/mman.h>

#include "unit/probe_fixture.h"

#include "probe/capture.h"

#define ROOM 512

static struct fixture_stack stack;
static union {
	struct capture capture;
	uint8_t bytes[sizeof(struct capture) + ROOM + 8];
} kept;

static void
fill_stack(void)
{
	for (size_t i = 0; i < sizeof stack.bytes; i++) {
		stack.bytes[i] = (uint8_t) (i * 31 >> 2);
	}
}

/* Captures from `offset`; the room's end is guarded. */
static void
take(size_t offset, const struct bounds *bounds)
{
	struct stranded_place by = fixture_place(&stack, offset);

	memset(&kept, 0xee, sizeof kept);
	capture_take(&kept.capture, ROOM, &by, bounds);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(
		    kept.bytes[sizeof(struct capture) + ROOM + i], 0xee);
	}
	assert_true(kept.capture.size <= ROOM);
	assert_memory_equal(
	    kept.capture.bytes, stack.bytes + offset, kept.capture.size);
}

static void
as_much_as_there_is_room_for(void **state)
{
	struct bounds bounds = fixture_bounds(&stack);

	fill_stack();
	take(1024, &bounds);
	assert_int_equal(kept.capture.size, ROOM);
	assert_true(kept.capture.truncated);
	assert_int_equal(kept.capture.pc, 0x1234);
	assert_int_equal(kept.capture.fp, 0x5678);
	assert_int_equal(kept.capture.sp, (uintptr_t) stack.bytes + 1024);
}

static void
no_more_than_there_is(void **state)
{
	struct bounds bounds = fixture_bounds(&stack);

	fill_stack();
	take(sizeof stack.bytes - 64, &bounds);
	assert_int_equal(kept.capture.size, 64);
	assert_false(kept.capture.truncated);
	take(sizeof stack.bytes - ROOM, &bounds);
	assert_int_equal(kept.capture.size, ROOM);
	assert_false(kept.capture.truncated);
}

/* Outside the known stack only the page that the pointer is on is sure. */
static void
to_the_end_of_the_page(void **state)
{
	static const struct bounds nowhere;
	uint8_t *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct stranded_place by = { (void *) 1, pages + 4096 - 48, NULL };

	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + 4096, 4096, PROT_NONE), 0);
	capture_take(&kept.capture, ROOM, &by, &nowhere);
	assert_int_equal(kept.capture.size, 48);
	assert_true(kept.capture.truncated);
	by.sp = pages + 8;
	capture_take(&kept.capture, ROOM, &by, &nowhere);
	assert_int_equal(kept.capture.size, ROOM);
	/* The frame ends with the page: nothing is known of the next. */
	by.sp = pages + 4096;
	capture_take(&kept.capture, ROOM, &by, &nowhere);
	assert_int_equal(kept.capture.size, 0);
	munmap(pages, 8192);
}

static void
is_sent_as_it_was(void **state)
{
	struct bounds bounds = fixture_bounds(&stack);
	uint8_t to[ROOM];
	struct wire_stack sent;

	fill_stack();
	take(sizeof stack.bytes - 64, &bounds);
	assert_int_equal(capture_send(&kept.capture, ROOM, &sent, to), 64);
	assert_int_equal(sent.pc, 0x1234);
	assert_int_equal(sent.fp, 0x5678);
	assert_int_equal(sent.sp, kept.capture.sp);
	assert_int_equal(sent.base, kept.capture.sp);
	assert_int_equal(sent.size, 64);
	assert_int_equal(sent.flags, 0);
	assert_int_equal(sent.leaf_pc, 0);
	assert_memory_equal(to, stack.bytes + sizeof stack.bytes - 64, 64);
	take(0, &bounds);
	assert_int_equal(capture_send(&kept.capture, ROOM, &sent, to), ROOM);
	assert_int_equal(sent.flags, WIRE_STACK_TRUNCATED);
}

/* A record that changes hands meanwhile may say anything. */
static void
nonsense_is_not_sent(void **state)
{
	uint8_t to[ROOM + 8];
	struct wire_stack sent;

	memset(to, 0xee, sizeof to);
	kept.capture = (struct capture) { .pc = 1, .sp = 64, .size = ~0u };
	assert_int_equal(capture_send(&kept.capture, ROOM, &sent, to), ROOM);
	assert_int_equal(to[ROOM], 0xee);
	kept.capture.pc = 0;
	assert_int_equal(capture_send(&kept.capture, ROOM, &sent, to), 0);
	assert_int_equal(sent.size, 0);
	kept.capture.pc = 1;
	kept.capture.sp = UINT64_MAX - 8;
	assert_int_equal(capture_send(&kept.capture, ROOM, &sent, to), 0);
	assert_int_equal(sent.pc, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(as_much_as_there_is_room_for),
		FIXTURE_TEST(no_more_than_there_is),
		FIXTURE_TEST(to_the_end_of_the_page),
		FIXTURE_TEST(is_sent_as_it_was),
		FIXTURE_TEST(nonsense_is_not_sent),
	};

	return cmocka_run_group_tests(tests, fixture_begin, NULL);
}
