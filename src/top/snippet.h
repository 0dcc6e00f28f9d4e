/*
 * snippet.h: lines of source files.
 *
 * A frame names its file as the compiler was told, often relative to the folder
 * it was built in. It is looked for where the viewer runs, and in the folders
 * above the program or library. A few files are kept in memory; one that has
 * been written since is read again.
 */
#ifndef TOP_SNIPPET_H
#define TOP_SNIPPET_H

#include "client/snapshot.h"

struct snippets;

struct snippets *snippets_new(void);
void snippets_free(struct snippets *snippets);

/*
 * The line `by` lines after the frame's, its tabs expanded, without its end;
 * malloc'ed. NULL if the file is not there or has no such line.
 */
char *snippets_line(
    struct snippets *snippets, const struct frame *frame, int by);

#endif
