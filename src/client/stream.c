/* stream.c: see stream.h. */
#include "client/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/text.h"

/* The least that is worth asking the kernel for. */
#define CHUNK (64u << 10)

/* So there is always room for a message and a chunk. */
#define BUFFER_SIZE (WIRE_MAX + 2 * CHUNK)

int64_t
stream_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
stream_init(struct stream *stream, int fd, int timeout_ms)
{
	memset(stream, 0, sizeof(*stream));
	stream->fd = fd;
	stream->timeout_ms = timeout_ms;
	stream->buffer = memory_new(BUFFER_SIZE, 1);
	stream->aligned = memory_new(WIRE_MAX, 1);
}

void
stream_close(struct stream *stream)
{
	close(stream->fd);
	free(stream->buffer);
	free(stream->aligned);
}

/* Waits until the socket is ready for `events`; 0 or an error number. */
static int
wait_until(const struct stream *stream, short events, int64_t deadline)
{
	struct pollfd pollfd = { .fd = stream->fd, .events = events };
	int64_t left = deadline - stream_now();
	int ready = left > 0 ? poll(&pollfd, 1, (int) left) : 0;

	if (ready == 0) {
		return ETIMEDOUT;
	}
	return ready < 0 && errno != EINTR ? errno : 0;
}

int
stream_send(struct stream *stream, const void *message, size_t size)
{
	const uint8_t *bytes = message;
	int64_t deadline = stream_now() + stream->timeout_ms;

	while (size > 0) {
		ssize_t sent =
		    send(stream->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		int error = sent < 0 ? errno : 0;

		if (error == EAGAIN) {
			error = wait_until(stream, POLLOUT, deadline);
			sent = 0;
		}
		if (error == EPIPE) {
			return ECONNRESET;
		}
		if (error != 0 && error != EINTR) {
			return error;
		}
		if (sent > 0) {
			bytes += sent;
			size -= (size_t) sent;
		}
	}
	return 0;
}

/* Makes room for a message that begins at `start`, and for a chunk. */
static void
make_room(struct stream *stream)
{
	size_t held = stream->end - stream->start;

	if (held == 0 || stream->end + CHUNK > BUFFER_SIZE) {
		memmove(stream->buffer, stream->buffer + stream->start, held);
		stream->start = 0;
		stream->end = held;
	}
}

/* Receives until at least `size` bytes are there. */
static int
fill(struct stream *stream, size_t size, int64_t deadline)
{
	while (stream->end - stream->start < size) {
		ssize_t got;
		int error = 0;

		make_room(stream);
		got = recv(stream->fd, stream->buffer + stream->end,
		    BUFFER_SIZE - stream->end, MSG_DONTWAIT);
		if (got == 0) {
			return ECONNRESET;
		}
		if (got > 0) {
			stream->end += (size_t) got;
		} else if (errno == EAGAIN) {
			error = wait_until(stream, POLLIN, deadline);
		} else if (errno != EINTR) {
			error = errno;
		}
		if (error != 0) {
			return error;
		}
	}
	return 0;
}

/* Takes what lies at `start`; moves it if numbers in it would lie askew. */
static const struct wire_header *
take(struct stream *stream, size_t size)
{
	const uint8_t *at = stream->buffer + stream->start;

	stream->start += size;
	if ((uintptr_t) at % 8 != 0) {
		at = memcpy(stream->aligned, at, size);
	}
	return (const struct wire_header *) (const void *) at;
}

int
stream_receive(struct stream *stream, const struct wire_header **message)
{
	int64_t deadline = stream_now() + stream->timeout_ms;
	struct wire_header header;
	int error = fill(stream, sizeof(header), deadline);

	if (error != 0) {
		return error;
	}
	memcpy(&header, stream->buffer + stream->start, sizeof(header));
	if (header.length < sizeof(header) || header.length > WIRE_MAX) {
		return EPROTO;
	}
	error = fill(stream, header.length, deadline);
	if (error != 0) {
		return error;
	}
	*message = take(stream, header.length);
	return 0;
}

void
stream_complain(struct stream *stream, const struct wire_error *error)
{
	memcpy(stream->complaint, error + 1, error->text_size);
	stream->complaint[error->text_size] = '\0';
	text_clean(stream->complaint);
}

int
stream_answer(struct stream *stream, const struct wire_header **message)
{
	int error = stream_receive(stream, message);

	if (error != 0) {
		return error;
	}
	if (!wire_check_answer(*message, (*message)->length)) {
		return EPROTO;
	}
	if ((*message)->type == WIRE_ERROR) {
		stream_complain(stream, (const void *) *message);
		return EREMOTEIO;
	}
	return 0;
}

int
stream_expect(struct stream *stream, enum wire_type type,
    const struct wire_header **message)
{
	int error = stream_answer(stream, message);

	return error == 0 && (*message)->type != type ? EPROTO : error;
}
