/* wrap_malloc.c: C's allocation functions. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap/early.h"
#include "heap/heap.h"
#include "heap/real.h"

#define READY(name)                                                            \
	(likely(real.name != NULL) || (real_resolve() && real.name != NULL))

PROBE_EXPORT void *
malloc(size_t size)
{
	if (unlikely(!READY(malloc))) {
		return early_take(size);
	}
	size = heap_at_least(size);
	return heap_mark(real.malloc(size), size);
}

PROBE_EXPORT void *
calloc(size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	if (unlikely(!READY(calloc))) {
		return early_take(all);
	}
	all = heap_at_least(all);
	return heap_mark(real.calloc(1, all), all);
}

PROBE_EXPORT void
free(void *block)
{
	if (likely(block != NULL) && likely(!early_has(block)) && READY(free)) {
		heap_unmark(block);
		real.free(block);
	}
}

static void *
leave_early(void *block, size_t size)
{
	size_t held = early_size(block);
	void *moved = malloc(size);

	if (moved != NULL) {
		memcpy(moved, block, held < size ? held : size);
	}
	return moved;
}

/* Length 0 is left to the allocator: they differ about it. */
static void *
move(void *block, size_t size)
{
	uint32_t *moving = heap_enter_move();
	uint8_t code = heap_unmark(block);
	void *moved = real.realloc(block, size);

	if (moved != NULL) {
		heap_mark(moved, heap_at_least(size));
	} else if (size > 0) {
		heap_restore(block, code);
	}
	heap_leave_move(moving);
	return moved;
}

PROBE_EXPORT void *
realloc(void *block, size_t size)
{
	if (block == NULL) {
		return malloc(size);
	}
	if (unlikely(early_has(block)) || unlikely(!READY(realloc))) {
		return leave_early(block, size);
	}
	return move(block, size > 0 ? heap_at_least(size) : 0);
}

PROBE_EXPORT void *
reallocarray(void *block, size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, all);
}

PROBE_EXPORT int
posix_memalign(void **block, size_t alignment, size_t size)
{
	int error;

	if (!READY(posix_memalign)) {
		return ENOMEM;
	}
	size = heap_at_least(size);
	error = real.posix_memalign(block, alignment, size);
	if (error == 0) {
		heap_mark(*block, size);
	}
	return error;
}

PROBE_EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	if (!READY(aligned_alloc)) {
		return NULL;
	}
	size = heap_at_least(size);
	return heap_mark(real.aligned_alloc(alignment, size), size);
}

PROBE_EXPORT void *
memalign(size_t alignment, size_t size)
{
	if (!READY(memalign)) {
		return NULL;
	}
	size = heap_at_least(size);
	return heap_mark(real.memalign(alignment, size), size);
}

PROBE_EXPORT void *
valloc(size_t size)
{
	return READY(valloc) ?
	    heap_mark(real.valloc(size), heap_at_least(size)) :
	    NULL;
}

/* What it gives is whole pages. */
PROBE_EXPORT void *
pvalloc(size_t size)
{
	size_t page = (size_t) sysconf(_SC_PAGESIZE);

	return READY(pvalloc) ?
	    heap_mark(real.pvalloc(size), (size + page - 1) / page * page) :
	    NULL;
}

/* Who asks may use what he is told. */
PROBE_EXPORT size_t
malloc_usable_size(void *block)
{
	size_t size;

	if (block == NULL || early_has(block) || !READY(malloc_usable_size)) {
		return 0;
	}
	size = real.malloc_usable_size(block);
	heap_mark(block, size);
	return size;
}
