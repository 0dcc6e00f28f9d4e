/* preload.c: see preload.h. */
#include "cmd/preload.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"
#include "cmd/say.h"
#include "doctor/executable.h"

/* Beside the tool, as it is built; or in lib beside bin, as it is installed. */
static char *
probe_beside_tool(void)
{
	static const char *const places[] = { "libstranded.so",
		"../lib/libstranded.so" };
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash != NULL && i < 2; i++) {
		char *path = memory_print(
		    "%.*s/%s", (int) (slash - self), self, places[i]);
		char *real = realpath(path, NULL);

		free(path);
		if (real != NULL) {
			return real;
		}
	}
	return NULL;
}

static int
check_file(const char *path, struct failure *failure)
{
	if (access(path, R_OK) != 0) {
		return failure_set(
		    failure, EXIT_FAILED, "%.300s cannot be read", path);
	}
	if (strpbrk(path, " :\t\n") != NULL) {
		return failure_set(failure, EXIT_FAILED,
		    "LD_PRELOAD cannot name \"%.300s\", it takes spaces and "
		    "colons for separators: put the probe elsewhere",
		    path);
	}
	return 0;
}

char *
preload_find(struct failure *failure)
{
	const char *chosen = getenv("STRANDED_PROBE");
	char *path =
	    chosen != NULL ? realpath(chosen, NULL) : probe_beside_tool();

	if (path == NULL && chosen != NULL) {
		failure_set(failure, EXIT_FAILED,
		    "STRANDED_PROBE names %.300s, and there is no such file",
		    chosen);
	} else if (path == NULL) {
		failure_set(failure, EXIT_FAILED,
		    "libstranded.so is neither beside this program nor in "
		    "../lib: name it in STRANDED_PROBE");
	} else if (check_file(path, failure) != 0) {
		free(path);
		path = NULL;
	}
	return path;
}

/* Puts `path`, if there is one, in front of what is preloaded already. */
static void
put_first(const char *path)
{
	const char *others = getenv("LD_PRELOAD");
	char *list;

	if (path[0] == '\0') {
		return;
	}
	list = memory_print("%s%s%s", path,
	    others != NULL && others[0] != '\0' ? ":" : "",
	    others != NULL ? others : "");
	setenv("LD_PRELOAD", list, 1);
	free(list);
}

/* What marks the heap's blocks lies beside the probe. */
static void
put_heap_library(const char *probe)
{
	struct failure failure;
	int folder = (int) (strrchr(probe, '/') - probe);
	char *path = memory_print("%.*s/libstranded_heap.so", folder, probe);

	if (check_file(path, &failure) != 0) {
		say_failure(&failure);
	}
	put_first(path);
	free(path);
}

/*
 * A sanitizer's runtime comes first, where its own program has it. In another
 * program it would do harm, so what the program starts is not to inherit it:
 * the probe takes the name that stands in STRANDED_RUNTIME out of LD_PRELOAD.
 * AddressSanitizer insists on its place, unless it is told not to: a program
 * that is started by the one that we start, and has it, would not run.
 */
static void
put_runtime_first(const char *runtime)
{
	const char *options = getenv("ASAN_OPTIONS");
	char *list;

	put_first(runtime);
	if (runtime[0] != '\0') {
		setenv("STRANDED_RUNTIME", runtime, 1);
	}
	if (options != NULL && strstr(options, "verify_asan_link_order")) {
		return;
	}
	list = memory_print("%s%sverify_asan_link_order=0",
	    options != NULL ? options : "",
	    options != NULL && options[0] != '\0' ? ":" : "");
	setenv("ASAN_OPTIONS", list, 1);
	free(list);
}

/*
 * A sanitizer's runtime insists on being the first library of all; everything
 * else that is preloaded comes after the probe, in the order that it had. An
 * allocator that is preloaded comes after what marks its blocks.
 */
void
preload_prepare(const char *command, bool track_heap)
{
	struct failure failure;
	struct executable executable;
	char *probe = preload_find(&failure);
	char *path = probe != NULL ? executable_find(command, &failure) : NULL;

	if (path == NULL ||
	    executable_check(path, probe, &executable, &failure) != 0) {
		say_failure(&failure);
	}
	if (track_heap) {
		put_heap_library(probe);
	}
	put_first(probe);
	put_runtime_first(executable.runtime);
	free(path);
	free(probe);
}

void
preload_missed(const char *command, bool has_ended)
{
	say_warn("the probe was not loaded in %s, which %s: a security policy, "
		 "or a wrapper that clears LD_PRELOAD, can be the reason; "
		 "`stranded doctor -- %s` may know it",
	    command, has_ended ? "has ended" : "was ended", command);
}
