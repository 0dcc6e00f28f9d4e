/*
 * kernel.h: what the kernel keeps for the process, and may hand back to it:
 * words that are nowhere in the process's own memory.
 */
#ifndef PROOF_KERNEL_H
#define PROOF_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct stop;

struct kernel {
	uint64_t *words; /* of epoll entries and timers */
	size_t word_count;
	size_t word_room;
	uint8_t *bytes; /* that lie in pipes, local sockets and signals */
	size_t byte_count;
	size_t byte_room;
	const char *hidden; /* it keeps more, which nobody can look at: what;
	                       or NULL */
	uint64_t caught;    /* signals that have handlers, bit n - 1 for n */
};

/* Looks at a process that is stopped. */
void kernel_look(struct kernel *kernel, const struct stop *stop);

/*
 * Some of what it was given shows in the mappings alone: io_submit() has no
 * descriptor, and io_uring need not keep one.
 */
void kernel_look_at_maps(struct kernel *kernel, const struct image *image);
void kernel_free(struct kernel *kernel);

#endif
