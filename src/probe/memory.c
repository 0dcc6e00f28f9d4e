/*
 * memory.c: memcpy and friends for the probe itself.
 *
 * The compiler calls them for struct copies, and in an instrumented program
 * the ones of libc are a sanitizer's, which looks for its own thread state and
 * crashes in the agent, which has none. Hidden, so that the probe's calls bind
 * here and nobody else's do. (Compiled so that the loops do not become calls
 * of themselves: see the Makefile.)
 */
#include <stddef.h>

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN void *memcpy(void *restrict, const void *restrict, size_t);
HIDDEN void *memmove(void *, const void *, size_t);
HIDDEN void *memset(void *, int, size_t);
HIDDEN int memcmp(const void *, const void *, size_t);

void *
memcpy(void *restrict to, const void *restrict from, size_t size)
{
#if defined(__x86_64__)
	void *next = to;

	__asm__ volatile("rep movsb"
			 : "+D"(next), "+S"(from), "+c"(size)
			 :
			 : "memory");
#else
	unsigned char *t = to;
	const unsigned char *f = from;

	while (size-- > 0) {
		*t++ = *f++;
	}
#endif
	return to;
}

void *
memmove(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f) {
		while (size-- > 0) {
			*t++ = *f++;
		}
	} else {
		while (size-- > 0) {
			t[size] = f[size];
		}
	}
	return to;
}

void *
memset(void *to, int byte, size_t size)
{
	unsigned char *t = to;

	while (size-- > 0) {
		*t++ = (unsigned char) byte;
	}
	return to;
}

int
memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size > 0; size--, x++, y++) {
		if (*x != *y) {
			return *x - *y;
		}
	}
	return 0;
}
