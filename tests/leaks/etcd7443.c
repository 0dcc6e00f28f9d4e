/*
 * etcd7443: connections report to a balancer, with their own lock and the
 * balancer's held, on a channel with room for one. Its only receiver is just
 * then tearing down a connection, for which it needs the connection's lock.
 * Those that come to close everything queue up.
 * Mended: a report that finds no room is dropped.
 */
#include "case.h"

#define CONNECTIONS 3

struct balancer {
	pthread_rwlock_t mutex;
	struct strand_chan *notify;
	struct strand_chan *closed;
};

struct connection {
	pthread_mutex_t mutex;
	struct balancer *balancer;
};

struct client {
	struct balancer balancer;
	struct connection connections[CONNECTIONS];
	pthread_barrier_t connected;
};

static void
up(struct balancer *balancer)
{
	write_lock(&balancer->mutex);
	if (case_mended) {
		SELECT_NOW(TO(balancer->notify));
	} else {
		put(balancer->notify);
	}
	rw_unlock(&balancer->mutex);
}

static void
reset_transport(void *argument)
{
	struct connection *connection = argument;

	lock(&connection->mutex);
	up(connection->balancer);
	unlock(&connection->mutex);
}

static void
tear_down_all(struct client *client)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		lock(&client->connections[i].mutex);
		unlock(&client->connections[i].mutex);
	}
}

/* Takes a list of addresses, connects, and tears down what is not in it. */
static void
watch(void *argument)
{
	struct client *client = argument;

	take(client->balancer.notify);
	for (int i = 0; i < CONNECTIONS; i++) {
		GO(reset_transport, &client->connections[i]);
	}
	meet(&client->connected);
	tear_down_all(client);
}

static void
use(void *argument)
{
	struct client *client = argument;

	take(client->balancer.closed);
}

static void
close_connections(void *argument)
{
	tear_down_all(argument);
}

static void
close_balancer(void *argument)
{
	struct client *client = argument;

	write_lock(&client->balancer.mutex);
	strand_chan_close(client->balancer.closed);
	rw_unlock(&client->balancer.mutex);
}

static struct client *
dial(void)
{
	struct client *client = NEW(struct client);

	rwlock_init(&client->balancer.mutex);
	meeting_init(&client->connected);
	client->balancer.notify = channel(1);
	client->balancer.closed = channel(0);
	for (int i = 0; i < CONNECTIONS; i++) {
		client->connections[i].balancer = &client->balancer;
	}
	return client;
}

static void
run(void)
{
	struct client *client = dial();

	put(client->balancer.notify);
	GO(use, client);
	GO(watch, client);
	case_settle();
	meet(&client->connected);
	case_settle();
	GO(close_connections, client);
	GO(close_balancer, client);
}

CASE(etcd7443) = {
	.name = "etcd7443",
	.class = "CL",
	.run = run,
	.waits = {
		{ "use", "chan receive", 1 },
		{ "watch", "mutex lock", 1 },
		{ "reset_transport", "chan send", 1 },
		{ "reset_transport", "rwlock write lock", 1 },
		{ "close_connections", "mutex lock", 1 },
		{ "close_balancer", "rwlock write lock", 1 },
	},
};
