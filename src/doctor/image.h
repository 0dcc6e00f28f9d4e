/*
 * image.h: what an ELF file says of itself: what it needs, what it calls, what
 * is left of its symbols. Questions only; what an answer means for the probe is
 * for others to say.
 */
#ifndef DOCTOR_IMAGE_H
#define DOCTOR_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct image;

/* NULL if it cannot be read, or is no ELF file. */
struct image *image_open(const char *path);
void image_close(struct image *image);

/* The path of its dynamic linker, "" if it has none. */
const char *image_linker(const struct image *image);

/* How many libraries it names, and each of them. */
size_t image_library_count(const struct image *image);
const char *image_library(const struct image *image, size_t index);

/*
 * Is there a symbol whose name begins with `prefix` that the file wants from
 * others, or that it defines?
 */
bool image_wants(const struct image *image, const char *prefix);
bool image_defines(const struct image *image, const char *prefix);

/* Does it define just this symbol, for others to call? */
bool image_exports(const struct image *image, const char *name);

bool image_has_section(const struct image *image, const char *name);

#endif
