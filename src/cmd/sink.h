/*
 * sink.h: puts a command's result, which is complete in memory, where it is to
 * go: in as few writes as the kernel takes, so that it is not mixed with what
 * other processes write there.
 */
#ifndef CMD_SINK_H
#define CMD_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "client/client.h"

/* Where to. */
struct sink {
	const char *path; /* NULL: standard output */
	bool append;      /* to what the file holds, instead of replacing it */
};

/*
 * Writes it. A file that is replaced is so at once, or not at all, save where
 * its directory does not let the caller do that. Returns 0, or -1 and
 * `failure`, whose text is "" if nobody reads on and nothing needs to be said.
 */
int sink_write(const struct sink *sink, const void *data, size_t size,
    struct failure *failure);

#endif
