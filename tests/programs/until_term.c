/*
 * until_term.c: waits for events that never come, until a handler of its own
 * has run for SIGTERM and the wait has been broken off by it.
 *
 * It ends when it sees that: with 0 at once, with 1 if the wait went on.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "program.h"

#define PATIENCE_MS 20000

static volatile sig_atomic_t asked;

static void
on_term(int number)
{
	asked = 1;
}

int
main(void)
{
	const struct sigaction action = { .sa_handler = on_term };
	struct epoll_event event;
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int ready;

	program_begin();
	sigaction(SIGTERM, &action, NULL);
	printf("ready\n");
	do {
		ready = epoll_wait(fd, &event, 1, PATIENCE_MS);
	} while (ready == -1 && errno == EINTR && !asked);
	return ready == -1 && errno == EINTR && asked ? 0 : 1;
}
