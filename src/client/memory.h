/*
 * memory.h: memory for the tool. These do not return without it: a command that
 * finds none says so and ends, for there is nothing better that it could do.
 */
#ifndef CLIENT_MEMORY_H
#define CLIENT_MEMORY_H

#include <stddef.h>

/* `count` times `size` bytes, zeroed. */
void *memory_new(size_t count, size_t size);

/*
 * Makes room for one more: `array` holds `count` elements of `size` bytes and
 * has room for `*capacity`. Returns where the array is now.
 */
void *memory_grow(void *array, size_t count, size_t *capacity, size_t size);

/* What printf would print, as a string of its own. */
char *memory_print(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
