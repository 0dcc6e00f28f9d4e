/*
 * leaks_target.c: a process for leaks_bench.sh to look at.
 *
 * Usage: leaks_target TASKS MIB
 *
 * TASKS tasks wait on channels of their own, which a list refers to; the list,
 * and MIB mebibytes of small blocks that refer to each other, are in the heap.
 *
 * Built with the leak sanitizer, it answers a line on standard input with the
 * milliseconds that the sanitizer takes to look for leaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "strand.h"

#define WORDS 8 /* of a block */

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static struct strand_chan **chans;
static void **volatile blocks;

static void
wait_for_ever(void *chan)
{
	strand_chan_recv(chan, NULL, STRAND_FOREVER);
}

/* Each refers to the one before, and to one of long ago. */
static void
fill(size_t bytes)
{
	size_t count = bytes / ((WORDS + 1) * sizeof(void *));
	void **last = NULL;
	void **old = NULL;

	for (size_t i = 0; i < count; i++) {
		void **block = calloc(WORDS, sizeof(void *));

		if (!block)
			exit(1);
		block[0] = last;
		block[WORDS - 1] = old;
		if (i % 1000 == 0)
			old = last;
		last = block;
	}
	blocks = last;
}

static void
answer_questions(void)
{
	char line[16];

	while (fgets(line, sizeof(line), stdin)) {
		int64_t begin = strand_now();

		if (__lsan_do_recoverable_leak_check)
			__lsan_do_recoverable_leak_check();
		printf("%.3f\n", (double) (strand_now() - begin) / 1e6);
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	size_t tasks = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	size_t mib = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;

	fill(mib << 20);
	chans = calloc(tasks, sizeof(*chans));
	for (size_t i = 0; chans && i < tasks; i++) {
		chans[i] = strand_chan_new(0, 0);
		if (!chans[i] || strand_go("waits", wait_for_ever, chans[i]))
			return 1;
	}
	sleep(1);
	puts("ready");
	fflush(stdout);
	answer_questions();
	_exit(0); /* without another look */
}
