/*
 * plain_server.c: an ordinary server, one thread for each connection, that
 * knows nothing of libstrand or the probe.
 *
 * A line is answered by the same line and "quit" by "bye". After "hold" the
 * connection's thread waits for something else and does not look at its socket
 * any more, so that it cannot notice when its peer goes.
 */
#include <pthread.h>

#include "program.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void
hold(void)
{
	pthread_mutex_lock(&mutex);
	for (;;) {
		pthread_cond_wait(&never, &mutex); /* holds here */
	}
}

static bool
answer(int fd, const char *line)
{
	char text[130];

	if (strcmp(line, "hold") == 0) {
		hold();
	}
	if (strcmp(line, "quit") == 0) {
		program_write(fd, "bye\n", 4);
		return false;
	}
	snprintf(text, sizeof text, "%s\n", line);
	return program_write(fd, text, strlen(text));
}

static void *
work(void *arg)
{
	int fd = (int) (intptr_t) arg;
	char line[128];

	while (program_read_line(fd, line, sizeof line) && answer(fd, line)) {
	}
	close(fd);
	return NULL;
}

static void *
accept_all(void *arg)
{
	int listener = (int) (intptr_t) arg;
	pthread_attr_t attr;
	pthread_t thread;
	int fd;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while ((fd = accept(listener, NULL, NULL)) != -1) { /* accepts here */
		program_check(pthread_create(
				  &thread, &attr, work, (void *) (intptr_t) fd),
		    "worker");
		pthread_setname_np(thread, "worker");
	}
	return NULL;
}

int
main(void)
{
	pthread_t acceptor;
	int port;
	int listener;

	program_begin();
	listener = program_socket(SOCK_STREAM, &port);
	program_check(pthread_create(&acceptor, NULL, accept_all,
			  (void *) (intptr_t) listener),
	    "acceptor");
	pthread_setname_np(acceptor, "acceptor");
	printf("ready %d\n", port);
	program_wait();
	return 0;
}
