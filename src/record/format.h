/*
 * format.h: the file that a recording is.
 *
 * It begins with FORMAT_MAGIC; records follow: the length of the content in
 * four bytes, the type in one, the content, and a sum over type and content in
 * four. A record that is not whole, or whose sum is wrong, ends the file: it
 * was being written when the viewer, or the machine, came down.
 *
 *     PROCESS   the version, the process, when it began, and the shapes of the
 *               tables of fields.h. Frames and traces are numbered from 1
 *               within it
 *     FRAME     a place in the code, named
 *     TRACE     a list of frames: numbers
 *     SNAPSHOT  flags, when it was, its fields; threads that are not covered;
 *               then of tasks, sessions and channels each: those that are new
 *               or have changed, and the ids of those that are gone. A KEY
 *               snapshot goes by nothing before it: all are new
 *
 * All frames and traces of a snapshot stand before it, and all of these records
 * are written at once.
 */
#ifndef RECORD_FORMAT_H
#define RECORD_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAGIC      "STRANDED recording\n"
#define FORMAT_MAGIC_SIZE (sizeof(FORMAT_MAGIC) - 1)
#define FORMAT_VERSION    1

#define FORMAT_HEAD 5 /* bytes before a record's content, */
#define FORMAT_TAIL 4 /* and after */

enum format_type {
	FORMAT_PROCESS = 'P',
	FORMAT_FRAME = 'F',
	FORMAT_TRACE = 'T',
	FORMAT_SNAPSHOT = 'S'
};

enum format_snapshot { FORMAT_KEY = 1 };
enum format_frame { FORMAT_INLINED = 1, FORMAT_PROBE = 2 };

/* FNV-1a. */
uint32_t format_sum(const uint8_t *bytes, size_t size);

#endif
