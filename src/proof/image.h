/*
 * image.h: a copy of what a stopped process has in its writable memory.
 *
 * Copied are the pages that are there: what was never touched is zero, and
 * holds no address. The room for them is made, and touched, before the process
 * is stopped.
 */
#ifndef PROOF_IMAGE_H
#define PROOF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct failure;
struct stop;

/* A mapping of the process, as /proc/PID/maps has it. */
struct image_map {
	uint64_t start;
	uint64_t end;
	bool readable;
	bool writable;
	bool executable;
	bool shared;    /* with other processes, or with a file */
	bool anonymous; /* of no file */
	bool is_brk;    /* what brk() has given: "[heap]" */
	char *path;     /* of its file, or what the kernel calls it, or "" */
};

/* Bytes that were copied; two extents never touch. */
struct image_extent {
	uint64_t start;
	uint64_t end;
	const uint8_t *bytes;
};

struct image {
	struct image_map *maps; /* by address */
	size_t map_count;
	struct image_extent *extents; /* by address */
	size_t extent_count;
	size_t bytes; /* that were copied, one after the other */

	/* The copy itself. */
	uint8_t *memory;
	size_t memory_size;
	size_t map_room;
	size_t extent_room;
};

/*
 * Makes room, by how much there is to copy at the moment: the process is not
 * stopped yet. 0, or -1 and `failure`.
 */
int image_prepare(struct image *image, pid_t pid, struct failure *failure);

/* Copies. The process is stopped. 0, or -1 and `failure`. */
int image_take(
    struct image *image, const struct stop *stop, struct failure *failure);

void image_free(struct image *image);

/* The mapping that holds the address, or NULL. */
const struct image_map *image_map(const struct image *image, uint64_t address);

/* The first extent that ends after the address, or NULL. */
const struct image_extent *image_extent(
    const struct image *image, uint64_t address);

/*
 * Reads `size` bytes; those that are mapped and were not copied are 0. False if
 * they are not all in one mapping.
 */
bool image_read(
    const struct image *image, uint64_t address, void *buffer, size_t size);
uint64_t image_word(const struct image *image, uint64_t address);

#endif
