/*
 * stream.h: messages over a socket whose other end may be slow, stuck, or
 * hostile.
 *
 * Every message must be complete within a time limit, and none is longer than
 * WIRE_MAX, so neither time nor memory is the other end's to spend. Messages
 * have any length; what is handed out is always aligned.
 *
 * Functions return 0 or an error number: ETIMEDOUT (the other end does not
 * answer), ECONNRESET (it hung up), EPROTO (it speaks nonsense), EREMOTEIO (it
 * said what is wrong: see `complaint`), or what the kernel said.
 */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

struct stream {
	int fd;          /* a stream socket */
	int timeout_ms;  /* for a whole message */
	uint8_t *buffer; /* what has been received */
	size_t start;    /* of what has not been taken yet, in the buffer */
	size_t end;
	uint8_t *aligned; /* where a message goes that lies askew */
	char complaint[WIRE_TEXT_MAX + 1]; /* of the last EREMOTEIO */
};

/* The stream owns `fd` from now on. */
void stream_init(struct stream *stream, int fd, int timeout_ms);
void stream_close(struct stream *stream);

int stream_send(struct stream *stream, const void *message, size_t size);

/*
 * Receives one message, whatever it is: only its length has been checked. It
 * is valid until the next call.
 */
int stream_receive(struct stream *stream, const struct wire_header **message);

/* The same, and it is a sane answer that is no ERROR. */
int stream_answer(struct stream *stream, const struct wire_header **message);

/* The same, and it is of `type`. */
int stream_expect(struct stream *stream, enum wire_type type,
    const struct wire_header **message);

/* Keeps what a sane ERROR says as the stream's complaint. */
void stream_complain(struct stream *stream, const struct wire_error *error);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t stream_now(void);

#endif
