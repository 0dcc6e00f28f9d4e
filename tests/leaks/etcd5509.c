/*
 * etcd5509: acquire() takes the read lock, finds the client closed, and returns
 * without giving it back. Its task ends. Who closes the client waits to write.
 * Mended: it is given back.
 */
#include "case.h"

struct client {
	pthread_rwlock_t mutex;
	bool closed;
};

static bool
acquire(struct client *client)
{
	read_lock(&client->mutex);
	if (client->closed) {
		if (case_mended) {
			rw_unlock(&client->mutex);
		}
		return false;
	}
	rw_unlock(&client->mutex);
	return true;
}

static void
ask(void *argument)
{
	acquire(argument);
}

static void
close_client(void *argument)
{
	struct client *client = argument;

	write_lock(&client->mutex);
	rw_unlock(&client->mutex);
}

static void
run(void)
{
	struct client *client = NEW(struct client);

	rwlock_init(&client->mutex);
	client->closed = true;
	GO(ask, client);
	case_settle();
	GO(close_client, client);
}

CASE(etcd5509) = {
	.name = "etcd5509",
	.class = "RW2",
	.run = run,
	.waits = { { "close_client", "rwlock write lock", 1 } },
};
