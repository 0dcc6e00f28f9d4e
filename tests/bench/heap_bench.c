/*
 * heap_bench.c: takes and gives memory, for heap_bench.sh to compare.
 *
 * Prints the nanoseconds that a pair of malloc() and free() took, each of a
 * length and at a distance in time that servers have: a pool of blocks, one of
 * which is replaced at a time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BLOCKS 4096
#define PAIRS  20000000

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

int
main(void)
{
	static void *blocks[BLOCKS];
	uint32_t random = 1;
	int64_t began = now();

	for (long i = 0; i < PAIRS; i++) {
		void **block;

		random = random * 1664525 + 1013904223;
		block = &blocks[random >> 20];
		free(*block);
		*block = malloc(random >> 8 & 511);
	}
	printf("%.2f\n", (double) (now() - began) / PAIRS);
	for (int i = 0; i < BLOCKS; i++) {
		free(blocks[i]);
	}
	return 0;
}
