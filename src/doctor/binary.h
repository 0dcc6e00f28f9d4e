/*
 * binary.h: what an ELF file says of itself: what it needs, what it calls, what
 * is left of its symbols. Questions only; what an answer means for the probe is
 * for others to say.
 */
#ifndef DOCTOR_BINARY_H
#define DOCTOR_BINARY_H

#include <stdbool.h>
#include <stddef.h>

struct binary;

/* NULL if it cannot be read, or is no ELF file. */
struct binary *binary_open(const char *path);
void binary_close(struct binary *binary);

/* The path of its dynamic linker, "" if it has none. */
const char *binary_linker(const struct binary *binary);

/* How many libraries it names, and each of them. */
size_t binary_library_count(const struct binary *binary);
const char *binary_library(const struct binary *binary, size_t index);

/*
 * Is there a symbol whose name begins with `prefix` that the file wants from
 * others, or that it defines?
 */
bool binary_wants(const struct binary *binary, const char *prefix);
bool binary_defines(const struct binary *binary, const char *prefix);

/* Does it define just this symbol, for others to call? */
bool binary_exports(const struct binary *binary, const char *name);

bool binary_has_section(const struct binary *binary, const char *name);

#endif
