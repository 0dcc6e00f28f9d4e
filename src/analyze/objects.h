/*
 * objects.h: the programs and libraries in the target's memory.
 *
 * An object is one ELF file at one place. It is looked into when an address in
 * it is first asked for; a target with five hundred libraries, three of which
 * have somebody waiting in them, costs three.
 */
#ifndef ANALYZE_OBJECTS_H
#define ANALYZE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyze/file.h"

struct client;
struct objects;
struct symbols;

/*
 * The binary search table over the object's unwind information, as the section
 * .eh_frame_hdr has it; all addresses are the target's.
 */
struct unwind_table {
	uint64_t base;  /* what the table's entries are relative to */
	uint64_t start; /* of the table; 0 if there is none */
	uint64_t words; /* of the machine, in the table */
};

struct object {
	const struct file *file;
	uint64_t bias; /* address in the target - address in the file */
	bool probe;    /* it is libstranded.so */
	struct unwind_table table;
	struct symbols *symbols; /* NULL before the first question */
};

struct objects *objects_new(pid_t pid, struct client *client);
void objects_free(struct objects *objects);

/*
 * Looks again at what is mapped. Returns -1 and errno if that cannot be read,
 * 1 if it has changed since the last call, 0 if it is the same. What was known
 * of an object that is still there stays.
 */
int objects_refresh(struct objects *objects);

/* The object whose code is at the address, or NULL. */
struct object *objects_find(struct objects *objects, uint64_t address);

/* The executable mapping at the address, or NULL. */
const struct mapping *objects_code(
    const struct objects *objects, uint64_t address);

/*
 * Reads what the file, or the target's memory, has at an address of code or of
 * constant data. All of it, or it says no.
 */
bool objects_read(
    struct objects *objects, uint64_t address, void *buffer, size_t size);

#endif
