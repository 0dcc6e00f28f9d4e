/* early.c: see early.h. */
#include "heap/early.h"

#include <stdint.h>

static char memory[16u << 10] __attribute__((aligned(16)));
static size_t used;

void *
early_take(size_t size)
{
	size_t rounded = (size + 15) / 16 * 16;
	void *block = memory + used;

	if (size > sizeof(memory) || rounded > sizeof(memory) - used) {
		return NULL;
	}
	used += rounded;
	return block;
}

bool
early_has(const void *block)
{
	return (uintptr_t) block - (uintptr_t) memory < sizeof(memory);
}

size_t
early_size(const void *block)
{
	return (size_t) (memory + used - (const char *) block);
}
