/*
 * grpc1460: with no stream to keep alive, keepalive sleeps until it is awoken,
 * with the lock held that a new stream needs to wake it.
 * Mended: it gives the lock back before it sleeps.
 */
#include "case.h"

struct transport {
	pthread_mutex_t mutex;
	struct strand_chan *awaken;
	int streams;
};

static void
keepalive(void *argument)
{
	struct transport *transport = argument;

	lock(&transport->mutex);
	if (transport->streams == 0) {
		if (case_mended) {
			unlock(&transport->mutex);
		}
		take(transport->awaken);
		if (case_mended) {
			return;
		}
	}
	unlock(&transport->mutex);
}

static void
new_stream(void *argument)
{
	struct transport *transport = argument;

	lock(&transport->mutex);
	transport->streams++;
	SELECT_NOW(TO(transport->awaken));
	unlock(&transport->mutex);
}

static void
run(void)
{
	struct transport *transport = NEW(struct transport);

	transport->awaken = channel(0);
	GO(keepalive, transport);
	case_settle();
	GO(new_stream, transport);
}

CASE(grpc1460) = {
	.name = "grpc1460",
	.class = "CL",
	.run = run,
	.waits = {
		{ "keepalive", "chan receive", 1 },
		{ "new_stream", "mutex lock", 1 },
	},
};
