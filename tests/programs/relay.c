/*
 * relay.c: a metrics relay whose routes a select loop owns.
 *
 * Metrics come as TCP lines "name value" and leave as UDP packets, to the port
 * that the longest matching route names. Administrators change the routes in
 * telnet sessions:
 *
 *     add PREFIX PORT      del PREFIX      routes      quit
 *
 * Only the loop touches the routes. An admin session does not wait for its
 * answer: its task hands the session over in the request and ends. The loop
 * does what was asked, and spawns a task that resumes the session with the
 * answer.
 *
 * Prints "ready METRICS-PORT ADMIN-PORT".
 */
#include "strand.h"
#include "program.h"

#define ROUTES    16
#define LINE_SIZE 128

struct route {
	char prefix[32]; /* "" if free */
	int port;
};

struct metric {
	char line[LINE_SIZE];
};

/* An admin session, between two of its tasks: what was said, and answered. */
struct admin {
	int fd;
	struct strand_session *session;
	char line[LINE_SIZE];
	char answer[ROUTES * 48];
};

struct relay {
	struct route routes[ROUTES];  /* the loop's own */
	struct strand_chan *metrics;  /* of struct metric, unbuffered */
	struct strand_chan *requests; /* of struct admin *, unbuffered */
	struct strand_registry *admins;
	int out;        /* the UDP socket */
	int metrics_fd; /* both listen */
	int admin_fd;
};

/* ---- Routes, in the loop's hands --------------------------------------- */

static struct route *
route_find(struct relay *relay, const char *prefix)
{
	for (int i = 0; i < ROUTES; i++) {
		if (strcmp(relay->routes[i].prefix, prefix) == 0) {
			return &relay->routes[i];
		}
	}
	return NULL;
}

static const char *
route_add(struct relay *relay, const char *prefix, int port)
{
	struct route *route = route_find(relay, prefix);

	route = route ? route : route_find(relay, "");
	if (!route) {
		return "no room\n";
	}
	snprintf(route->prefix, sizeof route->prefix, "%s", prefix);
	route->port = port;
	return "added\n";
}

static const char *
route_delete(struct relay *relay, const char *prefix)
{
	struct route *route = route_find(relay, prefix);

	if (!route) {
		return "no such route\n";
	}
	route->prefix[0] = '\0';
	return "deleted\n";
}

static void
route_list(struct relay *relay, struct admin *admin)
{
	size_t length = 0;

	for (int i = 0; i < ROUTES; i++) {
		const struct route *route = &relay->routes[i];

		if (route->prefix[0]) {
			length += snprintf(admin->answer + length,
			    sizeof admin->answer - length, "%s %d\n",
			    route->prefix, route->port);
		}
	}
	snprintf(
	    admin->answer + length, sizeof admin->answer - length, "end\n");
}

static void
admin_answer(struct admin *admin, const char *text)
{
	snprintf(admin->answer, sizeof admin->answer, "%s", text);
}

static void
relay_request(struct relay *relay, struct admin *admin)
{
	char prefix[32];
	int port;

	if (sscanf(admin->line, "add %31s %d", prefix, &port) == 2) {
		admin_answer(admin, route_add(relay, prefix, port));
	} else if (sscanf(admin->line, "del %31s", prefix) == 1) {
		admin_answer(admin, route_delete(relay, prefix));
	} else if (strcmp(admin->line, "routes") == 0) {
		route_list(relay, admin);
	} else {
		admin_answer(admin, "add PREFIX PORT | del PREFIX | routes\n");
	}
}

static void
relay_metric(struct relay *relay, const struct metric *metric)
{
	const struct route *best = NULL;
	size_t best_length = 0;
	struct sockaddr_in to;

	for (int i = 0; i < ROUTES; i++) {
		size_t length = strlen(relay->routes[i].prefix);

		if (length > best_length &&
		    strncmp(metric->line, relay->routes[i].prefix, length) ==
			0) {
			best = &relay->routes[i];
			best_length = length;
		}
	}
	if (best) {
		to = program_address(best->port);
		sendto(relay->out, metric->line, strlen(metric->line), 0,
		    (struct sockaddr *) &to, sizeof to);
	}
}

/* ---- Admin sessions ---------------------------------------------------- */

static struct relay the_relay;

static void
admin_end(struct admin *admin)
{
	strand_session_close(admin->session);
	strand_session_unref(admin->session);
	close(admin->fd);
	free(admin);
}

/* Gives the answer that is due, then takes the next request to the loop. */
static void
admin_resume(void *arg)
{
	struct admin *admin = arg;

	strand_session_unref(strand_session_enter(admin->session));
	if (!program_write(admin->fd, admin->answer, strlen(admin->answer)) ||
	    !program_read_line(admin->fd, admin->line, LINE_SIZE) || /* admin */
	    strcmp(admin->line, "quit") == 0) {
		admin_end(admin);
		return;
	}
	strand_chan_send(the_relay.requests, &admin, STRAND_FOREVER);
}

static void
admin_accept(void *arg)
{
	struct relay *relay = arg;

	for (;;) {
		struct sockaddr_in peer;
		socklen_t size = sizeof peer;
		struct admin *admin =
		    program_need(calloc(1, sizeof *admin), "admin");
		char name[64];

		admin->fd = accept4(relay->admin_fd, (struct sockaddr *) &peer,
		    &size, SOCK_CLOEXEC);
		if (admin->fd == -1) {
			free(admin);
			return;
		}
		program_peer_name(&peer, name, sizeof name);
		admin->session =
		    program_need(strand_session_get_or_open(
				     relay->admins, name, admin, NULL),
			"session");
		admin_answer(admin, "welcome\n");
		program_check(strand_go("admin", admin_resume, admin), "task");
	}
}

/* ---- Metrics ----------------------------------------------------------- */

static void
metrics_read(void *arg)
{
	int fd = (int) (intptr_t) arg;
	struct metric metric;

	while (program_read_line(fd, metric.line, LINE_SIZE)) {
		strand_chan_send(the_relay.metrics, &metric, STRAND_FOREVER);
	}
	close(fd);
}

static void
metrics_accept(void *arg)
{
	struct relay *relay = arg;

	for (;;) {
		int fd = accept4(relay->metrics_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd == -1) {
			return;
		}
		program_check(
		    strand_go("metrics", metrics_read, (void *) (intptr_t) fd),
		    "task");
	}
}

static void
control(void *arg)
{
	program_wait();
	exit(0);
}

static void
loop(struct relay *relay)
{
	struct metric metric;
	struct admin *admin;
	struct strand_case cases[] = {
		{ STRAND_RECV, relay->metrics, &metric, 0 },
		{ STRAND_RECV, relay->requests, &admin, 0 },
	};

	for (;;) {
		size_t chosen;

		strand_select(cases, 2, &chosen, /* loop waits here */
		    STRAND_FOREVER);
		if (chosen == 0) {
			relay_metric(relay, &metric);
			continue;
		}
		relay_request(relay, admin);
		program_check(strand_go("admin", admin_resume, /* resumes */
				  admin),
		    "task");
	}
}

int
main(void)
{
	struct relay *relay = &the_relay;
	int metrics_port, admin_port, unused;

	program_begin();
	relay->metrics =
	    program_need(strand_chan_new(sizeof(struct metric), 0), "channel");
	relay->requests =
	    program_need(strand_chan_new(sizeof(struct admin *), 0), "channel");
	relay->admins = program_need(strand_registry_new("admins"), "registry");
	relay->out = program_socket(SOCK_DGRAM, &unused);
	relay->metrics_fd = program_socket(SOCK_STREAM, &metrics_port);
	relay->admin_fd = program_socket(SOCK_STREAM, &admin_port);
	program_check(strand_go("admin accept", admin_accept, relay), "task");
	program_check(
	    strand_go("metrics accept", metrics_accept, relay), "task");
	program_check(strand_go("control", control, NULL), "task");
	printf("ready %d %d\n", metrics_port, admin_port);
	loop(relay);
	return 0;
}
