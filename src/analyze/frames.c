/*
 * frames.c: whose code it is.
 *
 * A stack begins and ends in code that people did not write: the probe, the C
 * library, the C++ library, libstrand. What they look for is the innermost
 * place of their own.
 */
#include <string.h>

#include "analyze/analyze.h"

/* Objects whose code is nobody's to mend. A version may follow each name. */
static const char *const foreign_modules[] = {
	"libc.so",
	"libc-",
	"libpthread",
	"libstdc++.so",
	"libgcc_s.so",
	"ld-linux",
	"libstrand.so",
	"libstranded.so",
	"[vdso]",
	"linux-vdso",
};

#define FOREIGN_COUNT (sizeof(foreign_modules) / sizeof(foreign_modules[0]))

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool
in_foreign_module(const struct frame *frame)
{
	const char *slash;
	const char *name;

	if (frame->probe) {
		return true;
	}
	if (frame->module == NULL) {
		return false;
	}
	slash = strrchr(frame->module, '/');
	name = slash != NULL ? slash + 1 : frame->module;
	for (size_t i = 0; i < FOREIGN_COUNT; i++) {
		if (starts_with(name, foreign_modules[i])) {
			return true;
		}
	}
	return false;
}

static bool
in_libstrand(const struct frame *frame)
{
	return frame->function != NULL &&
	    starts_with(frame->function, "strand_");
}

/* Much of it is templates, which become code of the program. */
static bool
in_libstdcxx(const struct frame *frame)
{
	return (frame->function && starts_with(frame->function, "std::")) ||
	    (frame->file && starts_with(frame->file, "/usr/include/") &&
		strstr(frame->file, "/c++/"));
}

bool
analyze_is_foreign(const struct frame *frame)
{
	return in_foreign_module(frame) || in_libstrand(frame) ||
	    in_libstdcxx(frame);
}

/*
 * libstrand may be linked into the program, and a function of its interface
 * calls others of it before it waits: what lies inside of the innermost such
 * function, near the wait, is libstrand's as well. That is so of waits that
 * only libstrand has. In others the innermost such function may be the one that
 * tasks begin in, and what it called is the user's.
 */
#define LIBSTRAND_DEPTH 4

static bool
of_libstrand(uint32_t state)
{
	return state >= STRANDED_CHAN_SEND && state <= STRANDED_WAITGROUP;
}

static size_t
skip_into_libstrand(const struct stack *stack)
{
	for (size_t i = 0; i < stack->frame_count && i < LIBSTRAND_DEPTH; i++) {
		if (in_libstrand(stack->frames[i])) {
			return i;
		}
	}
	return 0;
}

const struct frame *
analyze_own_frame(const struct stack *stack, uint32_t state)
{
	size_t i;

	if (stack->frames == NULL) {
		return NULL;
	}
	i = of_libstrand(state) ? skip_into_libstrand(stack) : 0;
	while (i < stack->frame_count && analyze_is_foreign(stack->frames[i])) {
		i++;
	}
	return i < stack->frame_count ? stack->frames[i] : NULL;
}
