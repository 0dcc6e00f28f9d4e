/*
 * executable.h: can the probe work in a program? Found out before it is
 * started, because the dynamic linker ignores a preload that it cannot load, or
 * may not, and says nothing.
 */
#ifndef DOCTOR_EXECUTABLE_H
#define DOCTOR_EXECUTABLE_H

#include <limits.h>
#include <stdbool.h>

#include "client/client.h"

/*
 * Finds the program that `command` names, in PATH if it has no slash. A
 * malloc'ed path, or NULL and `failure`.
 */
char *executable_find(const char *command, struct failure *failure);

/* What keeps the probe from working in a program. */
struct obstacle {
	const char *why;
	const char *remedy;
};

/* What was found out on the way. */
struct executable {
	char path[PATH_MAX]; /* of the program; if that is a script, of its
	                        interpreter */
	bool is_script;
	char runtime[64]; /* the sanitizer's library that must come first of
	                     all, or "" */
};

/*
 * Can the library `probe` be preloaded into the program at `path`, or, if that
 * is a script, into its interpreter? NULL if nothing is in the way.
 */
const struct obstacle *executable_look(
    const char *path, const char *probe, struct executable *executable);

/* The same for who gives up then: 0, or -1 and `failure`. */
int executable_check(const char *path, const char *probe,
    struct executable *executable, struct failure *failure);

#endif
