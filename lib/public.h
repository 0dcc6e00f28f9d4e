/*
 * public.h: the public header as the library's own files see it.
 *
 * Everything in lib/ is compiled with hidden visibility. What strand.h declares
 * is what the library exports, so it is declared here as visible, and strand.h
 * itself stays free of decoration.
 */
#ifndef STRAND_PUBLIC_H
#define STRAND_PUBLIC_H

#pragma GCC visibility push(default)
#include "strand.h"
#pragma GCC visibility pop

/* Keeps a slow path out of its caller, and its frame below the caller's. */
#define STRAND_NOINLINE __attribute__((noinline))

/*
 * Placed between a call and the return that follows it, this keeps the compiler
 * from replacing the caller's frame by the callee's. The public function that
 * blocks must remain on the stack: it is what a dump shows first.
 */
#define STRAND_KEEP_FRAME() __asm__ volatile("")

#define STRAND_LIKELY(x)   __builtin_expect(!!(x), 1)
#define STRAND_UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * What lies on lines of its own is written by one processor without taking the
 * line from another that works on a neighbour. Processors fetch lines in pairs.
 */
#define STRAND_LINE 128

#endif
