/*
 * grpc1424: who dials waits for the watcher of the load balancer to say that it
 * is done; the balancer is closed, and the watcher returns without a word.
 * Mended: the word.
 */
#include "case.h"

struct connection {
	struct strand_chan *addresses;
	struct strand_chan *done;
};

static void
watch_balancer(void *argument)
{
	struct connection *connection = argument;

	while (take(connection->addresses)) {
	}
	if (case_mended) {
		strand_chan_close(connection->done);
	}
}

static void
dial(void *argument)
{
	struct connection *connection = argument;

	connection->done = channel(0);
	GO(watch_balancer, connection);
	take(connection->done);
}

static void
run(void)
{
	struct connection *connection = NEW(struct connection);

	connection->addresses = channel(0);
	GO(dial, connection);
	strand_chan_close(connection->addresses);
}

CASE(grpc1424) = {
	.name = "grpc1424",
	.class = "C",
	.run = run,
	.waits = { { "dial", "chan receive", 1 } },
};
