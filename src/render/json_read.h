/*
 * json_read.h: a dump that was written as JSON, as a snapshot again.
 *
 * What json.c has written is read, and what another version has added is passed
 * over. Nothing in it is trusted: the file may have been cut off, mended by
 * hand, or made to do harm.
 *
 * Frames of one reader are interned, as a symbolizer's are: the same place in
 * the code is the same pointer in all snapshots that it has read. What makes a
 * place the same is the function, the line and the place in the file of the
 * program: in memory it may lie elsewhere each time.
 */
#ifndef RENDER_JSON_READ_H
#define RENDER_JSON_READ_H

#include <stddef.h>

#include "client/client.h"
#include "client/snapshot.h"

struct json_reader;

struct json_reader *json_reader_new(void);

/* Snapshots that it has read must be freed before: their frames go with it. */
void json_reader_free(struct json_reader *reader);

/*
 * Reads a snapshot from `size` bytes of text. NULL, and `failure` with what is
 * wrong where, if it is no dump.
 */
struct snapshot *json_read(struct json_reader *reader, const char *text,
    size_t size, struct failure *failure);

#endif
