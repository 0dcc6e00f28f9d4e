/* Channels: semantics, errors, order, closing, deadlines. */
#include "strand_test.h"

#include <stdatomic.h>

enum { MANY = 32 };

/* A task that does one operation, and what came of it. */
struct op {
	struct strand_chan *chan;
	int64_t deadline;
	int64_t value;
	int error;
	struct strand_wg *done;
};

static void
do_send(void *arg)
{
	struct op *op = arg;

	op->error = strand_chan_send(op->chan, &op->value, op->deadline);
	strand_wg_done(op->done);
}

static void
do_recv(void *arg)
{
	struct op *op = arg;

	op->error = strand_chan_recv(op->chan, &op->value, op->deadline);
	strand_wg_done(op->done);
}

/* Starts `count` tasks one after the other, each blocked before the next. */
static struct strand_wg *
start_ops(struct op *ops, size_t count, struct strand_chan *chan, strand_fn *fn)
{
	struct strand_wg *done = strand_wg_new();

	for (size_t i = 0; i < count; i++) {
		ops[i] = (struct op) { chan, STRAND_FOREVER, (int64_t) i + 1,
			-1, done };
		assert_int_equal(strand_wg_add(done, 1), 0);
		test_go(fn, &ops[i]);
		settle();
	}
	return done;
}

static void
finish_ops(struct strand_wg *done)
{
	assert_int_equal(strand_wg_wait(done, STRAND_FOREVER), 0);
	strand_wg_unref(done);
	test_drain();
}

static void
buffer_is_fifo(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 3);
	int64_t value = 9;

	assert_int_equal(strand_chan_cap(chan), 3);
	for (int round = 0; round < 5; round++) {
		for (int64_t i = 0; i < 3; i++) {
			test_send(chan, i);
			assert_int_equal(strand_chan_len(chan), i + 1);
		}
		assert_int_equal(
		    strand_chan_send(chan, &value, STRAND_NOWAIT), EAGAIN);
		assert_int_equal(
		    strand_chan_send(chan, &value, test_soon()), ETIMEDOUT);
		assert_int_equal(test_recv(chan), 0);
		test_send(chan, 3);
		for (int64_t i = 1; i < 4; i++)
			assert_int_equal(test_recv(chan), i);
		assert_int_equal(
		    strand_chan_recv(chan, &value, STRAND_NOWAIT), EAGAIN);
		assert_int_equal(value, 9);
	}
	strand_chan_unref(chan);
}

static void
elements_of_any_size(void **state)
{
	static const size_t sizes[] = { 1, 3, 4, 8, 12, 16, 17, 24, 100, 5000 };
	static unsigned char in[5000];
	static unsigned char out[5001];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char) (i * 7 + 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct strand_chan *chan = strand_chan_new(sizes[i], 2);

		memset(out, 0xaa, sizeof(out));
		assert_int_equal(strand_chan_send(chan, in, STRAND_NOWAIT), 0);
		assert_int_equal(strand_chan_recv(chan, out, STRAND_NOWAIT), 0);
		assert_memory_equal(in, out, sizes[i]);
		assert_int_equal(out[sizes[i]], 0xaa);
		strand_chan_unref(chan);
	}
}

struct sized {
	struct strand_chan *chan;
	size_t size;
	bool sends;
};

/* The other end of hand_over: the k-th element's bytes are all k. */
static void
stream(void *arg)
{
	struct sized *sized = arg;
	unsigned char bytes[300];

	for (int k = 0; k < 2000; k++) {
		memset(bytes, sized->sends ? k : 0x55, sizeof(bytes));
		if (sized->sends) {
			if (strand_chan_send(
				sized->chan, bytes, STRAND_FOREVER) != 0)
				abort();
		} else if (strand_chan_recv(
			       sized->chan, bytes, STRAND_FOREVER) != 0 ||
		    bytes[0] != (unsigned char) k ||
		    bytes[sized->size - 1] != (unsigned char) k) {
			abort();
		}
	}
}

/* Through the seat, the queue and the buffer, of every size class. */
static void
hand_over(void **state)
{
	static const size_t sizes[] = { 1, 8, 16, 17, 300 };

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sized a = {
			.chan = strand_chan_new(sizes[i / 2], i % 2),
			.size = sizes[i / 2],
			.sends = true,
		};
		struct sized b = a;

		b.sends = false;
		test_go(stream, &a);
		stream(&b);
		test_drain();
		strand_chan_unref(a.chan);
	}
}

static void
signals_without_content(void **state)
{
	struct strand_chan *chan = strand_chan_new(0, 2);

	assert_int_equal(strand_chan_send(chan, NULL, STRAND_NOWAIT), 0);
	assert_int_equal(strand_chan_send(chan, NULL, STRAND_NOWAIT), 0);
	assert_int_equal(strand_chan_send(chan, NULL, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(strand_chan_len(chan), 2);
	assert_int_equal(strand_chan_recv(chan, NULL, STRAND_NOWAIT), 0);
	assert_int_equal(strand_chan_close(chan), 0);
	assert_int_equal(strand_chan_recv(chan, NULL, STRAND_NOWAIT), 0);
	assert_int_equal(strand_chan_recv(chan, NULL, STRAND_NOWAIT), EPIPE);
	strand_chan_unref(chan);
}

static void
element_can_be_dropped(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
	struct op op[1];
	struct strand_wg *done = start_ops(op, 1, chan, do_send);

	assert_int_equal(strand_chan_recv(chan, NULL, STRAND_FOREVER), 0);
	finish_ops(done);
	assert_int_equal(op->error, 0);
	strand_chan_unref(chan);
}

static void
close_drains_then_fails(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 2);
	int64_t value = 7;

	test_send(chan, 1);
	test_send(chan, 2);
	assert_int_equal(strand_chan_close(chan), 0);
	assert_int_equal(strand_chan_close(chan), EPIPE);
	assert_int_equal(strand_chan_send(chan, &value, STRAND_FOREVER), EPIPE);
	assert_int_equal(strand_chan_send(chan, &value, STRAND_NOWAIT), EPIPE);
	assert_int_equal(test_recv(chan), 1);
	assert_int_equal(test_recv(chan), 2);
	assert_int_equal(strand_chan_recv(chan, &value, STRAND_FOREVER), EPIPE);
	assert_int_equal(value, 0);
	value = 7;
	assert_int_equal(strand_chan_recv(chan, &value, STRAND_NOWAIT), EPIPE);
	assert_int_equal(value, 0);
	strand_chan_unref(chan);
}

static void
senders_are_served_in_order(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
	struct op ops[8];
	struct strand_wg *done = start_ops(ops, 8, chan, do_send);

	for (int64_t i = 0; i < 8; i++)
		assert_int_equal(test_recv(chan), i + 1);
	finish_ops(done);
	strand_chan_unref(chan);
}

static void
senders_to_a_full_buffer_are_served_in_order(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 2);
	struct op ops[6];
	struct strand_wg *done = start_ops(ops, 6, chan, do_send);

	assert_int_equal(strand_chan_len(chan), 2);
	for (int64_t i = 0; i < 6; i++)
		assert_int_equal(test_recv(chan), i + 1);
	finish_ops(done);
	strand_chan_unref(chan);
}

static void
receivers_are_served_in_order(void **state)
{
	for (size_t capacity = 0; capacity < 2; capacity++) {
		struct strand_chan *chan =
		    strand_chan_new(sizeof(int64_t), capacity);
		struct op ops[8];
		struct strand_wg *done = start_ops(ops, 8, chan, do_recv);

		for (int64_t i = 0; i < 8; i++)
			test_send(chan, 100 + i);
		finish_ops(done);
		for (int64_t i = 0; i < 8; i++) {
			assert_int_equal(ops[i].error, 0);
			assert_int_equal(ops[i].value, 100 + i);
		}
		strand_chan_unref(chan);
	}
}

static void
close_wakes_everybody(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
		struct op ops[MANY];
		struct strand_wg *done =
		    start_ops(ops, MANY / 4, chan, i ? do_recv : do_send);

		assert_int_equal(strand_chan_close(chan), 0);
		finish_ops(done);
		for (int k = 0; k < MANY / 4; k++) {
			assert_int_equal(ops[k].error, EPIPE);
			if (i)
				assert_int_equal(ops[k].value, 0);
		}
		strand_chan_unref(chan);
	}
}

/* Without the pause: those that spin at that moment are woken as well. */
static void
close_meets_spinning_tasks(void **state)
{
	for (int i = 0; i < 300; i++) {
		struct strand_chan *chan =
		    strand_chan_new(sizeof(int64_t), i % 3 == 2);
		struct strand_wg *done = strand_wg_new();
		struct op op = { chan, STRAND_FOREVER, 5, -1, done };

		if (strand_chan_cap(chan) == 1 && i % 2)
			test_send(chan, 1);
		assert_int_equal(strand_wg_add(done, 1), 0);
		test_go(i % 2 ? do_send : do_recv, &op);
		if (i % 5)
			strand_sleep(strand_now() + i * 100);
		assert_int_equal(strand_chan_close(chan), 0);
		finish_ops(done);
		assert_int_equal(op.error, EPIPE);
		assert_int_equal(op.value, i % 2 ? 5 : 0);
		strand_chan_unref(chan);
	}
}

static void
deadlines(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
	int64_t value = 3;
	int64_t deadline = test_soon();

	errno = EDOM;
	assert_int_equal(strand_chan_recv(chan, &value, deadline), ETIMEDOUT);
	assert_true(strand_now() >= deadline);
	assert_int_equal(value, 3);
	deadline = test_soon();
	assert_int_equal(strand_chan_send(chan, &value, deadline), ETIMEDOUT);
	assert_true(strand_now() >= deadline);
	assert_int_equal(strand_chan_send(chan, &value, 1), ETIMEDOUT);
	assert_int_equal(strand_chan_send(chan, &value, -1), ETIMEDOUT);
	assert_int_equal(strand_chan_recv(chan, &value, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(errno, EDOM);
	strand_chan_unref(chan);
}

/* One that has timed out is not served; the others keep their order. */
static void
timed_out_tasks_leave_the_queue(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
	struct strand_wg *done = strand_wg_new();
	struct op ops[3];

	assert_int_equal(strand_wg_add(done, 3), 0);
	for (int i = 0; i < 3; i++) {
		ops[i] = (struct op) { chan, STRAND_FOREVER, i, -1, done };
		if (i == 1)
			ops[i].deadline = strand_now() + STRAND_MILLISECOND;
		test_go(do_send, &ops[i]);
		settle();
	}
	assert_int_equal(test_recv(chan), 0);
	assert_int_equal(test_recv(chan), 2);
	finish_ops(done);
	assert_int_equal(ops[1].error, ETIMEDOUT);
	strand_chan_unref(chan);
}

static void
null_channel_blocks(void **state)
{
	int64_t value = 1;

	assert_int_equal(strand_chan_send(NULL, &value, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(strand_chan_recv(NULL, &value, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(
	    strand_chan_send(NULL, &value, test_soon()), ETIMEDOUT);
	assert_int_equal(
	    strand_chan_recv(NULL, &value, test_soon()), ETIMEDOUT);
	assert_int_equal(value, 1);
	assert_int_equal(strand_chan_close(NULL), EINVAL);
	assert_int_equal(strand_chan_len(NULL), 0);
	assert_int_equal(strand_chan_cap(NULL), 0);
	strand_chan_unref(NULL);
}

static void
sizes_that_overflow(void **state)
{
	errno = 0;
	assert_null(strand_chan_new(16, SIZE_MAX / 8));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(strand_chan_new(1, SIZE_MAX));
	assert_int_equal(errno, ENOMEM);
}

static void
references(void **state)
{
	struct strand_chan *chan = strand_chan_new(1, 1);

	assert_ptr_equal(strand_chan_ref(chan), chan);
	strand_chan_unref(chan);
	assert_int_equal(strand_chan_send(chan, "x", STRAND_NOWAIT), 0);
	strand_chan_unref(chan);
}

static void
answer(void *arg)
{
	struct strand_chan *requests = arg;
	struct strand_chan *reply;
	int64_t value[5] = { 42 };

	while (strand_chan_recv(requests, &reply, STRAND_FOREVER) == 0)
		strand_chan_send(reply, value, STRAND_FOREVER);
}

/*
 * One who has got its answer may free the channel it came on, whatever the
 * sender is still about to do inside its send.
 */
static void
receiver_may_free_the_channel(void **state)
{
	struct strand_chan *requests = strand_chan_new(sizeof(void *), 0);

	test_go(answer, requests);
	test_go(answer, requests);
	for (int i = 0; i < 20000; i++) {
		struct strand_chan *reply =
		    strand_chan_new(i % 3 ? 8 : 40, i % 2);
		int64_t value[5];

		assert_int_equal(
		    strand_chan_send(requests, &reply, STRAND_FOREVER), 0);
		assert_int_equal(
		    strand_chan_recv(reply, value, STRAND_FOREVER), 0);
		assert_int_equal(value[0], 42);
		strand_chan_unref(reply);
	}
	strand_chan_close(requests);
	test_drain();
	strand_chan_unref(requests);
}

/* ---- Many to many ------------------------------------------------------ */

struct crowd {
	struct strand_chan *chan;
	struct strand_wg *senders;
	struct strand_wg *all;
	int64_t each;
	_Atomic int64_t sum;
	_Atomic int64_t count;
	_Atomic int64_t gave_up;
};

static void
crowd_send(void *arg)
{
	struct crowd *crowd = arg;

	for (int64_t i = 1; i <= crowd->each; i++) {
		int64_t deadline = i % 3 ?
		    STRAND_FOREVER :
		    strand_now() + i % 50 * STRAND_MICROSECOND;

		while (
		    strand_chan_send(crowd->chan, &i, deadline) == ETIMEDOUT) {
			atomic_fetch_add(&crowd->gave_up, 1);
			deadline = STRAND_FOREVER;
		}
	}
	strand_wg_done(crowd->senders);
	strand_wg_done(crowd->all);
}

static void
crowd_recv(void *arg)
{
	struct crowd *crowd = arg;
	int64_t value;
	int error;

	for (;;) {
		error = strand_chan_recv(crowd->chan, &value,
		    atomic_load(&crowd->count) % 4 ?
			STRAND_FOREVER :
			strand_now() + 20 * STRAND_MICROSECOND);
		if (error == EPIPE)
			break;
		if (error)
			continue;
		atomic_fetch_add(&crowd->sum, value);
		atomic_fetch_add(&crowd->count, 1);
	}
	strand_wg_done(crowd->all);
}

static void
run_crowd(size_t capacity, int senders, int receivers)
{
	struct crowd crowd = {
		.chan = strand_chan_new(sizeof(int64_t), capacity),
		.senders = strand_wg_new(),
		.all = strand_wg_new(),
		.each = 2000,
	};

	strand_wg_add(crowd.senders, senders);
	strand_wg_add(crowd.all, senders + receivers);
	for (int i = 0; i < receivers; i++)
		test_go(crowd_recv, &crowd);
	for (int i = 0; i < senders; i++)
		test_go(crowd_send, &crowd);
	strand_wg_wait(crowd.senders, STRAND_FOREVER);
	assert_int_equal(strand_chan_close(crowd.chan), 0);
	strand_wg_wait(crowd.all, STRAND_FOREVER);
	assert_int_equal(crowd.count, senders * crowd.each);
	assert_int_equal(
	    crowd.sum, senders * (crowd.each * (crowd.each + 1) / 2));
	test_drain();
	strand_wg_unref(crowd.senders);
	strand_wg_unref(crowd.all);
	strand_chan_unref(crowd.chan);
}

static void
nothing_is_lost(void **state)
{
	static const size_t capacities[] = { 0, 1, 7, 128 };

	for (size_t i = 0; i < sizeof(capacities) / sizeof(size_t); i++) {
		run_crowd(capacities[i], 1, 1);
		run_crowd(capacities[i], 2, 1);
		run_crowd(capacities[i], 8, 8);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(buffer_is_fifo),
	cmocka_unit_test(elements_of_any_size),
	cmocka_unit_test(hand_over),
	cmocka_unit_test(signals_without_content),
	cmocka_unit_test(element_can_be_dropped),
	cmocka_unit_test(close_drains_then_fails),
	cmocka_unit_test(senders_are_served_in_order),
	cmocka_unit_test(senders_to_a_full_buffer_are_served_in_order),
	cmocka_unit_test(receivers_are_served_in_order),
	cmocka_unit_test(close_wakes_everybody),
	cmocka_unit_test(close_meets_spinning_tasks),
	cmocka_unit_test(deadlines),
	cmocka_unit_test(timed_out_tasks_leave_the_queue),
	cmocka_unit_test(null_channel_blocks),
	cmocka_unit_test(sizes_that_overflow),
	cmocka_unit_test(references),
	cmocka_unit_test(receiver_may_free_the_channel),
	cmocka_unit_test(nothing_is_lost),
};

test_main(tests)
