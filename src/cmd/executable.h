/*
 * executable.h: can the probe work in a program? Found out before it is
 * started, because the dynamic linker ignores a preload that it cannot load, or
 * may not, and says nothing.
 */
#ifndef CMD_EXECUTABLE_H
#define CMD_EXECUTABLE_H

#include <stddef.h>

#include "client/client.h"

/*
 * Finds the program that `command` names, in PATH if it has no slash. A
 * malloc'ed path, or NULL and `failure`.
 */
char *executable_find(const char *command, struct failure *failure);

/*
 * Checks that the library `probe` can be preloaded into the program at `path`,
 * or, if that is a script, into its interpreter. `runtime` gets the name of the
 * sanitizer's library that must come first of all, or "". 0, or -1 and
 * `failure`.
 */
int executable_check(const char *path, const char *probe, char *runtime,
    size_t size, struct failure *failure);

#endif
