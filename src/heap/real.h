/* real.h: the functions themselves, of the allocator that the program has. */
#ifndef HEAP_REAL_H
#define HEAP_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct real_heap {
#define FUNCTION(name, result, parameters) result(*name) parameters;
#include "heap/functions.def"
#undef FUNCTION
};

/* Valid where real_ready() has said so. */
extern struct real_heap real;

/*
 * Do C++'s operators take their memory from the allocator itself, and not by
 * way of malloc()? Only then are they looked at.
 */
extern bool real_has_operators;

/*
 * Is that an address of a library that is an allocator and nothing else, as its
 * name tells? Then what it maps is for blocks, or for its own bookkeeping.
 */
bool real_is_allocator(const void *address);

/*
 * Looks for them, the first time. False while that goes on: who looks may
 * allocate, and has to be content with memory of ours.
 */
bool real_resolve(void);

/* An operator that has come to the process later, with its library. */
void *real_operator(const char *name);

#endif
