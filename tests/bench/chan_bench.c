/*
 * chan_bench: what libstrand's channels and tasks cost. `chan_bench NAME` does
 * one measurement and prints nanoseconds per operation:
 *
 *	unbuffered  elements from one task to another, unbuffered
 *	buffered    the same with a buffer of 128
 *	spawn       starting a task that does nothing, until it has run
 *	burst       starting 1,000 such tasks at once, until all have run
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strand.h"

enum { ELEMENTS = 1000000, SPAWNS = 20000, BURST = 1000 };

static void
check(bool good)
{
	if (!good)
		abort();
}

struct stream {
	struct strand_chan *chan;
	struct strand_chan *sum; /* gets the sum of what was received */
};

static void
receive(void *arg)
{
	struct stream stream = *(struct stream *) arg;
	int64_t sum = 0;
	int64_t value;

	while (strand_chan_recv(stream.chan, &value, STRAND_FOREVER) == 0)
		sum += value;
	strand_chan_send(stream.sum, &sum, STRAND_FOREVER);
}

static double
measure_stream(size_t capacity)
{
	struct stream stream = {
		.chan = strand_chan_new(sizeof(int64_t), capacity),
		.sum = strand_chan_new(sizeof(int64_t), 1),
	};
	int64_t expected = (int64_t) ELEMENTS * (ELEMENTS - 1) / 2;
	int64_t begin = strand_now();
	int64_t sum;

	check(strand_go("receiver", receive, &stream) == 0);
	for (int64_t i = 0; i < ELEMENTS; i++)
		strand_chan_send(stream.chan, &i, STRAND_FOREVER);
	strand_chan_close(stream.chan);
	strand_chan_recv(stream.sum, &sum, STRAND_FOREVER);
	begin = strand_now() - begin;
	check(sum == expected);
	return (double) begin / ELEMENTS;
}

static void
done(void *arg)
{
	strand_wg_done(arg);
}

static double
measure_spawn(int at_once)
{
	struct strand_wg *wg = strand_wg_new();
	int64_t begin = strand_now();

	for (int i = 0; i < SPAWNS; i += at_once) {
		strand_wg_add(wg, at_once);
		for (int k = 0; k < at_once; k++)
			check(strand_go("spawned", done, wg) == 0);
		strand_wg_wait(wg, STRAND_FOREVER);
	}
	return (double) (strand_now() - begin) / SPAWNS;
}

int
main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	double ns;

	if (strcmp(what, "unbuffered") == 0)
		ns = measure_stream(0);
	else if (strcmp(what, "buffered") == 0)
		ns = measure_stream(128);
	else if (strcmp(what, "spawn") == 0)
		ns = measure_spawn(1);
	else if (strcmp(what, "burst") == 0)
		ns = measure_spawn(BURST);
	else
		return 2;
	printf("%.1f\n", ns);
	return 0;
}
