/*
 * grpc1275: the stream is closed while its reader waits for data, and nobody
 * puts the mark of the end into the reader's buffer. Who waited for the reader
 * gives up after a while.
 * Mended: the mark.
 */
#include "case.h"

struct stream {
	struct strand_chan *received;
	struct strand_chan *reader_done;
};

static void
read_stream(void *argument)
{
	struct stream *stream = argument;

	take(stream->received);
	strand_chan_close(stream->reader_done);
}

static void
close_stream(struct stream *stream)
{
	if (case_mended) {
		strand_chan_close(stream->received);
	}
}

static void
run(void)
{
	struct stream *stream = NEW(struct stream);
	struct strand_timer *timeout;

	stream->received = channel(0);
	stream->reader_done = channel(0);
	GO(read_stream, stream);
	close_stream(stream);
	timeout = strand_after(strand_now() + CASE_TIMER);
	SELECT(FROM(stream->reader_done), FROM(strand_timer_chan(timeout)));
	strand_timer_stop(timeout);
}

CASE(grpc1275) = {
	.name = "grpc1275",
	.class = "C",
	.run = run,
	.waits = { { "read_stream", "chan receive", 1 } },
};
