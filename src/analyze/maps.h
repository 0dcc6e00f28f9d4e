/*
 * maps.h: what is mapped where in the target.
 *
 * Only what code and its tables can lie in is kept: files, and memory that can
 * be executed. The two mappings that each of ten thousand threads' stacks takes
 * are not.
 */
#ifndef ANALYZE_MAPS_H
#define ANALYZE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file;
struct object;

struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* of `start` in the file */
	uint64_t inode;  /* 0: no file */
	dev_t device;
	bool writable;
	bool executable;
	char *path; /* as the kernel says it; "" if it has no name */

	/* Filled by objects.c, when first asked for. */
	struct file *file;
	struct object *object;
};

struct maps {
	struct mapping *list; /* by address */
	size_t count;
};

/* Can the map of `pid` be read? Returns 0, or -1 and errno. */
int maps_check(pid_t pid);

/* Reads the map of `pid`. Returns 0, or -1 and errno. */
int maps_read(pid_t pid, struct maps *maps);
void maps_free(struct maps *maps);

/* Do both say the same? */
bool maps_equal(const struct maps *a, const struct maps *b);

/* The mapping that holds the address, or NULL. */
struct mapping *maps_find(const struct maps *maps, uint64_t address);

#endif
