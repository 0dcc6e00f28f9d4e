/*
 * wrap_stream.c: reading and writing streams. What they call to do so stands
 * inside libc, where no wrapper can: so these are wrapped themselves.
 *
 * Not so the functions that are called for each byte, and those of them that
 * leave out even the lock (getc(), fread_unlocked()): they would become
 * noticeably slower. Of getc_unlocked() and its like, which are inline, only
 * __uflow() and __overflow() are called, when the buffer is empty or full.
 * The formatting ones take their arguments where no wrapper can pass them on.
 *
 * The descriptor is read from the stream's own memory, as fileno_unlocked()
 * does, but without touching errno if there is none.
 */
#include "probe/wrap.h"

#define STREAM_OBJECT(stream)                                                  \
	((stream)->_fileno >= 0 ? WRAP_FD_OBJECT((stream)->_fileno) :          \
				  (const void *) (stream))
#define STREAM_FLAGS(stream) ((stream)->_fileno >= 0 ? STRANDED_WAIT_FD : 0)

#define WRAP_STREAM(result, name, stream, parameters, arguments)               \
	WRAP_CALL(result, name, STREAM_OBJECT(stream), STREAM_FLAGS(stream),   \
	    session_touch(task, (stream)->_fileno), parameters, arguments,     \
	    false, arguments, )

WRAP_STREAM(size_t, fread, stream,
    (void *restrict data, size_t size, size_t count, FILE *restrict stream),
    (data, size, count, stream))
WRAP_STREAM(size_t, __fread_chk, stream,
    (void *restrict data, size_t room, size_t size, size_t count,
	FILE *restrict stream),
    (data, room, size, count, stream))
WRAP_STREAM(char *, fgets, stream,
    (char *restrict line, int size, FILE *restrict stream),
    (line, size, stream))
WRAP_STREAM(char *, __fgets_chk, stream,
    (char *restrict line, size_t room, int size, FILE *restrict stream),
    (line, room, size, stream))
WRAP_STREAM(ssize_t, getline, stream,
    (char **restrict line, size_t *restrict size, FILE *restrict stream),
    (line, size, stream))
WRAP_STREAM(ssize_t, getdelim, stream,
    (char **restrict line, size_t *restrict size, int delimiter,
	FILE *restrict stream),
    (line, size, delimiter, stream))
WRAP_STREAM(ssize_t, __getdelim, stream,
    (char **restrict line, size_t *restrict size, int delimiter,
	FILE *restrict stream),
    (line, size, delimiter, stream))
WRAP_STREAM(int, __uflow, stream, (FILE * stream), (stream))

WRAP_STREAM(size_t, fwrite, stream,
    (const void *restrict data, size_t size, size_t count,
	FILE *restrict stream),
    (data, size, count, stream))
WRAP_STREAM(int, fputs, stream,
    (const char *restrict text, FILE *restrict stream), (text, stream))
WRAP_STREAM(int, puts, stdout, (const char *text), (text))
WRAP_STREAM(int, __overflow, stream, (FILE * stream, int byte), (stream, byte))

/* Without a stream it flushes all. */
WRAP_CALL(int, fflush, stream != NULL ? STREAM_OBJECT(stream) : NULL,
    stream != NULL ? STREAM_FLAGS(stream) : 0,
    session_touch(task, stream != NULL ? stream->_fileno : -1), (FILE * stream),
    (stream), false, (stream), )
