/* earlier.h: a dump that was made before, from a file. */
#ifndef CMD_EARLIER_H
#define CMD_EARLIER_H

#include "client/snapshot.h"
#include "render/json_read.h"

/*
 * Reads what `stranded dump` has written as JSON, or the last moment of a
 * recording. Ends the program if it cannot be read.
 */
struct snapshot *earlier_read(struct json_reader *reader, const char *path);

#endif
