/* Select: choice, fairness, closing, deadlines, exactly one. */
#include "strand_test.h"

#include <stdatomic.h>

static struct strand_chan *
filled(int64_t value)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 1);

	test_send(chan, value);
	return chan;
}

static void
takes_what_is_ready(void **state)
{
	struct strand_chan *empty = strand_chan_new(sizeof(int64_t), 1);
	struct strand_chan *full = filled(5);
	int64_t in = 0;
	int64_t out = 9;
	size_t chosen;
	struct strand_case cases[] = {
		{ STRAND_RECV, empty, &in, 0 },
		{ STRAND_SEND, full, &out, 0 },
		{ STRAND_RECV, NULL, &in, 0 },
		{ STRAND_RECV, full, &in, -1 },
	};

	assert_int_equal(strand_select(cases, 4, &chosen, STRAND_FOREVER), 0);
	assert_int_equal(chosen, 3);
	assert_int_equal(cases[3].error, 0);
	assert_int_equal(in, 5);

	assert_int_equal(strand_select(cases, 2, &chosen, STRAND_FOREVER), 0);
	assert_int_equal(chosen, 1);
	assert_int_equal(test_recv(full), 9);

	strand_chan_unref(empty);
	strand_chan_unref(full);
}

static void
none_is_ready(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
	int64_t value = 4;
	size_t chosen = 0;
	struct strand_case cases[] = {
		{ STRAND_RECV, chan, &value, 0 },
		{ STRAND_SEND, chan, &value, 0 },
	};

	assert_int_equal(
	    strand_select(cases, 2, &chosen, STRAND_NOWAIT), EAGAIN);
	assert_true(chosen == SIZE_MAX);
	assert_int_equal(
	    strand_select(cases, 2, &chosen, test_soon()), ETIMEDOUT);
	assert_true(chosen == SIZE_MAX);
	assert_int_equal(strand_select(cases, 2, &chosen, -1), ETIMEDOUT);
	assert_int_equal(value, 4);
	strand_chan_unref(chan);
}

static void
without_cases(void **state)
{
	struct strand_case nil = { STRAND_SEND, NULL, NULL, 0 };
	size_t chosen = 0;

	assert_int_equal(
	    strand_select(NULL, 0, &chosen, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(
	    strand_select(NULL, 0, &chosen, test_soon()), ETIMEDOUT);
	assert_true(chosen == SIZE_MAX);
	assert_int_equal(
	    strand_select(&nil, 1, &chosen, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(
	    strand_select(&nil, 1, &chosen, test_soon()), ETIMEDOUT);
}

/*
 * Of 4 ready cases each is taken 2,500 times of 10,000 on average, with a
 * standard deviation of 43: less than 2,000 is farther off than 11 of them.
 */
static void
is_fair(void **state)
{
	struct strand_case cases[6];
	int64_t value;
	size_t taken[6] = { 0 };
	size_t chosen;

	for (size_t i = 0; i < 6; i++) {
		cases[i] = (struct strand_case) { STRAND_RECV,
			i % 3 == 2 ? NULL : filled(0), &value, 0 };
	}
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(
		    strand_select(cases, 6, &chosen, STRAND_FOREVER), 0);
		taken[chosen]++;
		test_send(cases[chosen].chan, 0);
	}
	for (size_t i = 0; i < 6; i++) {
		if (cases[i].chan)
			assert_true(taken[i] > 2000);
		strand_chan_unref(cases[i].chan);
	}
}

static void
closed_channels_are_ready(void **state)
{
	struct strand_chan *chan = strand_chan_new(sizeof(int64_t), 0);
	int64_t value = 4;
	size_t chosen;
	struct strand_case recv = { STRAND_RECV, chan, &value, 0 };
	struct strand_case send = { STRAND_SEND, chan, &value, 0 };

	assert_int_equal(strand_chan_close(chan), 0);
	assert_int_equal(strand_select(&send, 1, &chosen, STRAND_NOWAIT), 0);
	assert_int_equal(send.error, EPIPE);
	assert_int_equal(value, 4);
	assert_int_equal(strand_select(&recv, 1, &chosen, STRAND_NOWAIT), 0);
	assert_int_equal(recv.error, EPIPE);
	assert_int_equal(value, 0);
	strand_chan_unref(chan);
}

/* ---- With a task on the other side ------------------------------------- */

struct later {
	struct strand_chan *chan;
	enum { SEND_LATER, RECV_LATER, CLOSE_LATER } what;
	int64_t value;
};

static void
do_later(void *arg)
{
	struct later *later = arg;

	settle();
	if (later->what == SEND_LATER)
		test_send(later->chan, 11);
	else if (later->what == RECV_LATER)
		later->value = test_recv(later->chan);
	else
		strand_chan_close(later->chan);
}

/* The same channel may occur several times, in both directions. */
static void
waits_for_all_cases(void **state)
{
	enum { CASES = 20 };

	for (int what = SEND_LATER; what <= CLOSE_LATER; what++) {
		struct strand_chan *other = strand_chan_new(8, 0);
		struct later later = { strand_chan_new(8, 0), what, 0 };
		struct strand_case cases[CASES];
		int64_t in = 1;
		int64_t out = 12;
		size_t chosen;

		for (int i = 0; i < CASES; i++) {
			cases[i] = (struct strand_case) { i % 2 ? STRAND_SEND :
								  STRAND_RECV,
				i < 6 ? other : later.chan, i % 2 ? &out : &in,
				-1 };
		}
		cases[19].chan = NULL;
		test_go(do_later, &later);
		assert_int_equal(
		    strand_select(cases, CASES, &chosen, STRAND_FOREVER), 0);
		test_drain();
		assert_true(chosen >= 6 && chosen < 19);
		if (what == SEND_LATER)
			assert_int_equal(in, 11);
		if (what == RECV_LATER)
			assert_int_equal(later.value, 12);
		assert_int_equal(
		    cases[chosen].error, what == CLOSE_LATER ? EPIPE : 0);
		if (what == CLOSE_LATER && chosen % 2 == 0)
			assert_int_equal(in, 0);
		if (what != CLOSE_LATER)
			assert_int_equal(chosen % 2, what == RECV_LATER);
		strand_chan_unref(other);
		strand_chan_unref(later.chan);
	}
}

/* A select that was left leaves nothing in the queues. */
static void
leaves_all_queues(void **state)
{
	struct strand_chan *a = strand_chan_new(8, 0);
	struct strand_chan *b = strand_chan_new(8, 0);
	int64_t value = 0;
	size_t chosen;
	struct strand_case cases[] = {
		{ STRAND_RECV, a, &value, 0 },
		{ STRAND_RECV, b, &value, 0 },
	};
	struct later later = { a, SEND_LATER, 0 };

	test_go(do_later, &later);
	assert_int_equal(strand_select(cases, 2, &chosen, STRAND_FOREVER), 0);
	assert_int_equal(chosen, 0);
	assert_int_equal(strand_chan_send(b, &value, STRAND_NOWAIT), EAGAIN);
	assert_int_equal(
	    strand_select(cases, 2, &chosen, test_soon()), ETIMEDOUT);
	assert_int_equal(strand_chan_send(a, &value, STRAND_NOWAIT), EAGAIN);
	test_drain();
	strand_chan_unref(a);
	strand_chan_unref(b);
}

/* ---- Many selects against each other ----------------------------------- */

enum { CHANS = 3, TASKS = 6, ROUNDS = 3000 };

struct mesh {
	struct strand_chan *chans[CHANS];
	struct strand_wg *done;
	_Atomic int64_t sent; /* sums of what was sent and received */
	_Atomic int64_t received;
	_Atomic int64_t balance; /* sends less receives: 0 at the end */
};

/*
 * Each task either sends or receives on any of the channels, whichever comes
 * first. At the end the sums agree only if each element has been handed over
 * exactly once.
 */
static void
mesh_task(void *arg)
{
	struct mesh *mesh = arg;
	struct strand_case cases[2 * CHANS];
	int64_t in[CHANS];
	int64_t out[CHANS];
	size_t chosen;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < CHANS; i++) {
			out[i] = round * CHANS + i + 1;
			cases[2 * i] = (struct strand_case) { STRAND_SEND,
				mesh->chans[i], &out[i], 0 };
			cases[2 * i + 1] = (struct strand_case) { STRAND_RECV,
				mesh->chans[i], &in[i], 0 };
		}
		if (strand_select(cases, 2 * CHANS, &chosen,
			strand_now() + round % 100 * STRAND_MICROSECOND) != 0)
			continue;
		if (chosen % 2 == 0) {
			atomic_fetch_add(&mesh->sent, out[chosen / 2]);
			atomic_fetch_add(&mesh->balance, 1);
		} else {
			atomic_fetch_add(&mesh->received, in[chosen / 2]);
			atomic_fetch_sub(&mesh->balance, 1);
		}
	}
	strand_wg_done(mesh->done);
}

static void
selects_meet_selects(void **state)
{
	struct mesh mesh = { .done = strand_wg_new() };

	for (int i = 0; i < CHANS; i++)
		mesh.chans[i] = strand_chan_new(sizeof(int64_t), 0);
	strand_wg_add(mesh.done, TASKS);
	for (int i = 0; i < TASKS; i++)
		test_go(mesh_task, &mesh);
	strand_wg_wait(mesh.done, STRAND_FOREVER);
	assert_int_equal(mesh.sent, mesh.received);
	assert_int_equal(mesh.balance, 0);
	assert_true(mesh.sent > 0);
	test_drain();
	for (int i = 0; i < CHANS; i++)
		strand_chan_unref(mesh.chans[i]);
	strand_wg_unref(mesh.done);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(takes_what_is_ready),
	cmocka_unit_test(none_is_ready),
	cmocka_unit_test(without_cases),
	cmocka_unit_test(is_fair),
	cmocka_unit_test(closed_channels_are_ready),
	cmocka_unit_test(waits_for_all_cases),
	cmocka_unit_test(leaves_all_queues),
	cmocka_unit_test(selects_meet_selects),
};

test_main(tests)
