/*
 * wrap_new.c: C++'s operators new and delete.
 *
 * The ones of a C++ library come to malloc() by themselves, and are looked at
 * there. An allocator may have its own, which do not. An exception passes
 * through here: there is nothing to clean up.
 */
#include <stdlib.h>

#include "heap/heap.h"
#include "heap/real.h"

/* Declared nowhere but in a C++ compiler. */
#define FUNCTION(name, result, parameters) __typeof__(result) name parameters;
#include "heap/operators.def"
#undef FUNCTION

/* Where C++ has come late: its operator is found now. */
#define FOUND(name)                                                            \
	(likely(real.name != NULL) || (real_resolve() && real.name != NULL) || \
	    (*(void **) &real.name = real_operator(#name)) != NULL)

#define WRAP_NEW(name, parameters, arguments)                                  \
	PROBE_EXPORT void *name parameters                                     \
	{                                                                      \
		if (unlikely(!FOUND(name))) {                                  \
			return malloc(size);                                   \
		}                                                              \
		if (!real_has_operators) {                                     \
			return real.name arguments;                            \
		}                                                              \
		size = heap_at_least(size);                                    \
		return heap_mark(real.name arguments, size);                   \
	}

#define WRAP_DELETE_AS(name, parameters, arguments, adjust)                    \
	PROBE_EXPORT void name parameters                                      \
	{                                                                      \
		if (unlikely(!FOUND(name))) {                                  \
			free(block);                                           \
			return;                                                \
		}                                                              \
		if (real_has_operators && block != NULL) {                     \
			heap_unmark(block);                                    \
			adjust;                                                \
		}                                                              \
		real.name arguments;                                           \
	}

#define WRAP_DELETE(name, parameters, arguments)                               \
	WRAP_DELETE_AS(name, parameters, arguments, )

/* With the length that was asked for: we may have asked for more. */
#define WRAP_SIZED(name, parameters, arguments)                                \
	WRAP_DELETE_AS(name, parameters, arguments, size = heap_at_least(size))

WRAP_NEW(_Znwm, (size_t size), (size))
WRAP_NEW(_Znam, (size_t size), (size))
WRAP_NEW(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))
WRAP_NEW(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))
WRAP_NEW(
    _ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment))
WRAP_NEW(
    _ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment))
WRAP_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t,
    (size_t size, size_t alignment, const void *tag), (size, alignment, tag))
WRAP_NEW(_ZnamSt11align_val_tRKSt9nothrow_t,
    (size_t size, size_t alignment, const void *tag), (size, alignment, tag))

WRAP_DELETE(_ZdlPv, (void *block), (block))
WRAP_DELETE(_ZdaPv, (void *block), (block))
WRAP_DELETE(_ZdlPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))
WRAP_DELETE(_ZdaPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))
WRAP_DELETE(
    _ZdlPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))
WRAP_DELETE(
    _ZdaPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))
WRAP_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t,
    (void *block, size_t alignment, const void *tag), (block, alignment, tag))
WRAP_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t,
    (void *block, size_t alignment, const void *tag), (block, alignment, tag))

WRAP_SIZED(_ZdlPvm, (void *block, size_t size), (block, size))
WRAP_SIZED(_ZdaPvm, (void *block, size_t size), (block, size))
WRAP_SIZED(_ZdlPvmSt11align_val_t, (void *block, size_t size, size_t alignment),
    (block, size, alignment))
WRAP_SIZED(_ZdaPvmSt11align_val_t, (void *block, size_t size, size_t alignment),
    (block, size, alignment))
