/*
 * driver.c: runs a fuzz target without libFuzzer. See fuzz.h.
 *
 * It mutates blindly: it finds what seeds with a few bytes changed can find,
 * and that on every machine, with the same numbers each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

#define COUNT_DEFAULT 20000

static uint64_t random_state;

/* xorshift64* */
static uint64_t
random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

static size_t
random_below(size_t limit)
{
	return (size_t) (random_next() % limit);
}

/* Numbers at which sums and comparisons go wrong. */
static uint64_t
random_number(void)
{
	static const uint64_t odd[] = { 0, 1, 7, 8, 63, 64, 65, 255, 256,
		0x7fff, 0xffff, 0x40000, 0x40001, 0x100000, 0x7fffffff,
		0x80000000, 0xffffffff, UINT64_MAX, UINT64_MAX - 7 };

	return odd[random_below(sizeof(odd) / sizeof(odd[0]))];
}

static void
mutate_bytes(uint8_t *data, size_t size)
{
	static const size_t widths[] = { 1, 2, 4, 8 };
	uint64_t number = random_number();
	size_t width = widths[random_below(4)];
	size_t at = random_below(size);

	if (random_below(3) == 0) {
		data[at] ^= (uint8_t) (1u << random_below(8));
		return;
	}
	at -= at % width;
	if (at + width <= size) {
		memcpy(data + at, &number, width);
	}
}

/* Copies or drops a stretch; returns the new size. */
static size_t
mutate_shape(uint8_t *data, size_t size)
{
	size_t from = random_below(size);
	size_t length = 1 + random_below(size - from);

	if (random_below(2) == 0) {
		memmove(
		    data + from, data + from + length, size - from - length);
		return size - length;
	}
	if (size + length > FUZZ_SIZE_MAX) {
		return size;
	}
	memmove(data + from + length, data + from, size - from);
	return size + length;
}

static size_t
mutate(uint8_t *data, size_t size)
{
	size_t changes = 1 + random_below(6);

	while (changes-- > 0 && size > 0) {
		if (random_below(8) == 0) {
			size = mutate_shape(data, size);
		} else {
			mutate_bytes(data, size);
		}
	}
	return size;
}

static void
run_seeds(long count)
{
	static uint8_t data[FUZZ_SIZE_MAX];
	unsigned int seeds = 0;

	while (fuzz_seed(seeds, data) > 0) {
		seeds++;
	}
	for (unsigned int i = 0; i < seeds; i++) {
		LLVMFuzzerTestOneInput(data, fuzz_seed(i, data));
	}
	for (long i = 0; i < count; i++) {
		unsigned int seed = (unsigned int) random_below(seeds);

		LLVMFuzzerTestOneInput(
		    data, mutate(data, fuzz_seed(seed, data)));
	}
	printf("%u seeds and %ld mutations: nothing found\n", seeds, count);
}

static void
write_seeds(const char *directory)
{
	static uint8_t data[FUZZ_SIZE_MAX];
	char path[4096];
	size_t size;

	for (unsigned int i = 0; (size = fuzz_seed(i, data)) > 0; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/seed-%u", directory, i);
		file = fopen(path, "w");
		if (file == NULL || fwrite(data, 1, size, file) != size ||
		    fclose(file) != 0) {
			perror(path);
			exit(1);
		}
	}
}

static void
run_file(const char *path)
{
	static uint8_t data[FUZZ_SIZE_MAX];
	FILE *file = fopen(path, "r");

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), file));
	fclose(file);
}

int
main(int argc, char **argv)
{
	const char *directory = NULL;
	long count = COUNT_DEFAULT;
	int option;

	random_state = 1;
	while ((option = getopt(argc, argv, "n:s:w:")) != -1) {
		switch (option) {
		case 'n':
			count = strtol(optarg, NULL, 10);
			break;
		case 's':
			random_state = strtoull(optarg, NULL, 10) * 2 + 1;
			break;
		case 'w':
			directory = optarg;
			break;
		default:
			return 2;
		}
	}
	if (directory != NULL) {
		write_seeds(directory);
	} else if (optind < argc) {
		for (int i = optind; i < argc; i++) {
			run_file(argv[i]);
		}
	} else {
		run_seeds(count);
	}
	return 0;
}
