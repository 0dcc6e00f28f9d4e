/* company.c: see company.h. Each kind of company is a line of a table. */
#include "doctor/company.h"

#include <stdbool.h>
#include <string.h>

struct company {
	const char *name; /* how its file's or symbol's name begins */
	enum report_level level;
	const char *topic;
	const char *what; /* after the name and a colon */
	const char *remedy;
};

#define ALLOCATOR                                                              \
	REPORT_NOTE, "allocator",                                              \
	    "another allocator than glibc's: `stranded leaks` can follow "     \
	    "references through its heap only in a program that was started "  \
	    "with --track-heap",                                               \
	    "start it with `stranded run --track-heap`"
#define SANITIZER                                                              \
	REPORT_NOTE, "sanitizer",                                              \
	    "a sanitizer's runtime, which must be the first library of all; "  \
	    "some waits it does itself, unseen",                               \
	    "`stranded run` puts it before the probe; who sets LD_PRELOAD "    \
	    "himself does the same"
#define URING                                                                  \
	REPORT_NOTE, "io_uring",                                               \
	    "what is waited for in io_uring is not seen: such a thread "       \
	    "waits in the kernel for something unnamed",                       \
	    NULL
#define FIBERS                                                                 \
	REPORT_NOTE, "tasks",                                                  \
	    "its tasks are not seen, only the threads that run them",          \
	    "a runtime can report its tasks: see stranded-observer(3)"

static const struct company libraries[] = {
	{ "libjemalloc.so", ALLOCATOR },
	{ "libtcmalloc", ALLOCATOR },
	{ "libmimalloc", ALLOCATOR },
	{ "libasan.so", SANITIZER },
	{ "libtsan.so", SANITIZER },
	{ "liblsan.so", SANITIZER },
	{ "libhwasan.so", SANITIZER },
	{ "libclang_rt.", SANITIZER },
	{ "liburing.so", URING },
	{ "libboost_fiber", FIBERS },
	{ "libboost_coroutine", FIBERS },
	{ "libgo.so", FIBERS },
};

/* What a program defines itself gives away what is linked into it. */
static const struct company defined[] = {
	{ "__asan_init", REPORT_NOTE, "sanitizer",
	    "AddressSanitizer is linked in: its own wrappers are called "
	    "first, and then the probe's",
	    NULL },
	{ "__tsan_init", REPORT_NOTE, "sanitizer",
	    "ThreadSanitizer is linked in: its own wrappers are called "
	    "first, and some of them wait themselves, unseen",
	    NULL },
	{ "io_uring_queue_init", URING },
	{ "je_mallctl", ALLOCATOR },
	{ "mallctl", ALLOCATOR },
	{ "tc_malloc", ALLOCATOR },
	{ "mi_malloc", ALLOCATOR },
	{ "rust_eh_personality", REPORT_NOTE, "tasks",
	    "locks of Rust's standard library are futexes: who waits for "
	    "one is seen, but not who holds it",
	    NULL },
};

/* What it wants from others, what it may do. */
static const struct company wanted[] = {
	{ "io_uring_", URING },
};

/* And what it may load. */
static const struct company loads[] = {
	{ "dlmopen", REPORT_NOTE, "libraries",
	    "a library that is loaded with dlmopen() has a libc of its own, "
	    "whose calls are not seen",
	    NULL },
	{ "dlopen", REPORT_NOTE, "libraries",
	    "a library that is loaded with RTLD_DEEPBIND calls libc past "
	    "the probe; whether one is cannot be known before",
	    NULL },
};

/* The library may have said it already, if the program refers to it. */
static bool
is_told(const struct report *report, const struct company *company)
{
	for (size_t i = 0; i < report->count; i++) {
		if (strstr(report->findings[i].what, company->what) != NULL) {
			return true;
		}
	}
	return false;
}

static void
tell(struct report *report, const struct company *company, const char *name)
{
	if (name == NULL && is_told(report, company)) {
		return;
	}
	if (name != NULL) {
		report_add(report, company->level, company->topic, "%s: %s",
		    name, company->what);
	} else {
		report_add(report, company->level, company->topic, "%s",
		    company->what);
	}
	if (company->remedy != NULL) {
		report_remedy(report, "%s", company->remedy);
	}
}

void
company_check_library(struct report *report, const char *name)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++) {
		const struct company *company = &libraries[i];

		if (strncmp(name, company->name, strlen(company->name)) == 0) {
			tell(report, company, name);
		}
	}
}

/* Of the calls that the probe wraps, one that the program defines itself. */
static const char *
own_call(const struct binary *binary)
{
	static const char *const calls[] = { "pthread_mutex_lock",
		"pthread_cond_wait", "accept", "poll", "epoll_wait",
		"nanosleep" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (binary_exports(binary, calls[i])) {
			return calls[i];
		}
	}
	return NULL;
}

void
company_check_binary(struct report *report, const struct binary *binary)
{
	const char *own = own_call(binary);

	for (size_t i = 0; i < sizeof(defined) / sizeof(*defined); i++) {
		if (binary_defines(binary, defined[i].name)) {
			tell(report, &defined[i], NULL);
		}
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (binary_wants(binary, wanted[i].name)) {
			tell(report, &wanted[i], NULL);
		}
	}
	if (binary_has_section(binary, ".note.go.buildid")) {
		report_add(report, REPORT_NOTE, "tasks",
		    "goroutines are not seen, only the threads that run them, "
		    "and those wait in system calls of Go's own");
		report_remedy(report,
		    "SIGQUIT makes a Go program print its goroutines: "
		    "--signal=none leaves it that");
	}
	if (own != NULL && !binary_defines(binary, "__asan_init") &&
	    !binary_defines(binary, "__tsan_init")) {
		report_add(report, REPORT_NOTE, "calls",
		    "the program has a function %s of its own, which is "
		    "called in the place of the probe's",
		    own);
	}
}

void
company_check_loading(struct report *report, const struct binary *binary)
{
	for (size_t i = 0; i < sizeof(loads) / sizeof(*loads); i++) {
		if (binary_wants(binary, loads[i].name)) {
			tell(report, &loads[i], NULL);
		}
	}
}

void
company_check_symbols(struct report *report, const struct binary *binary)
{
	if (!binary_has_section(binary, ".eh_frame_hdr")) {
		report_add(report, REPORT_NOTE, "stacks",
		    "the program has no unwind tables (.eh_frame), so stacks "
		    "end at the first frame of its own");
		report_remedy(
		    report, "build it with -fasynchronous-unwind-tables");
	}
	if (binary_has_section(binary, ".debug_info") ||
	    binary_has_section(binary, ".debug_info.dwo")) {
		report_add(report, REPORT_OK, "symbols",
		    "the program has functions' names and line numbers");
	} else if (binary_has_section(binary, ".symtab")) {
		report_add(report, REPORT_NOTE, "symbols",
		    "the program has functions' names, but no line numbers");
		report_remedy(report, "build it with -g");
	} else {
		report_add(report, REPORT_NOTE, "symbols",
		    "the program is stripped: what it does not export is "
		    "shown as addresses");
		report_remedy(report,
		    binary_has_section(binary, ".note.gnu.build-id") ?
			"install its debug symbols (they are found by its "
			"build-id), or do not strip it" :
			"do not strip it");
	}
}
