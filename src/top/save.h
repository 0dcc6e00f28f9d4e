/*
 * save.h: what is known now, out of the viewer: as a file, or as a text to
 * copy.
 */
#ifndef TOP_SAVE_H
#define TOP_SAVE_H

#include <stddef.h>

#include "client/snapshot.h"
#include "top/page.h"

/* Suggests the name of a file for a dump. */
void save_name(char *name, size_t size, const struct snapshot *snapshot);

/*
 * Writes a dump to a file that is not there yet: JSON if its name ends so, else
 * text. Returns 0 or an error number.
 */
int save_dump(const char *path, const struct snapshot *snapshot);

/* The lines of a page as one text, malloc'ed. */
char *save_page(const struct page *page);

#endif
