/*
 * wrap_map.c: mappings.
 *
 * What an allocator maps is a heap, also where its bookkeeping lies. Where it
 * had memory somebody else may have some later. The kernel
 * is asked directly only while the functions are being looked for.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "heap/heap.h"
#include "heap/real.h"
#include "probe/sys.h"

static void *
map_directly(
    void *wish, size_t size, int protection, int flags, int fd, off64_t offset)
{
	long result = sys(SYS_mmap, wish, size, protection, flags, fd, offset);

	if (result < 0 && result > -4096) {
		errno = (int) -result;
		return MAP_FAILED;
	}
	return (void *) result;
}

/* `caller` has a new mapping. */
static void *
mapped(void *memory, size_t size, const void *caller)
{
	if (memory == MAP_FAILED) {
		return memory;
	}
	if (real_is_allocator(caller)) {
		heap_own(memory, size);
	} else {
		heap_forget(memory, size);
	}
	return memory;
}

PROBE_EXPORT void *
mmap(void *wish, size_t size, int protection, int flags, int fd, off_t offset)
{
	__typeof__(real.mmap) map =
	    real_resolve() && real.mmap != NULL ? real.mmap : map_directly;

	return mapped(map(wish, size, protection, flags, fd, offset), size,
	    __builtin_return_address(0));
}

PROBE_EXPORT void *
mmap64(
    void *wish, size_t size, int protection, int flags, int fd, off64_t offset)
{
	__typeof__(real.mmap64) map =
	    real_resolve() && real.mmap64 != NULL ? real.mmap64 : map_directly;

	return mapped(map(wish, size, protection, flags, fd, offset), size,
	    __builtin_return_address(0));
}

PROBE_EXPORT int
munmap(void *memory, size_t size)
{
	heap_forget(memory, size);
	if (!real_resolve() || real.munmap == NULL) {
		sys_unmap(memory, size);
		return 0;
	}
	return real.munmap(memory, size);
}

PROBE_EXPORT void *
mremap(void *memory, size_t size, size_t new_size, int flags, ...)
{
	va_list list;
	void *wish, *moved;

	va_start(list, flags);
	wish = va_arg(list, void *);
	va_end(list);
	if (!real_resolve() || real.mremap == NULL) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	heap_forget(memory, size);
	moved = real.mremap(memory, size, new_size, flags, wish);
	return mapped(moved, new_size, __builtin_return_address(0));
}
