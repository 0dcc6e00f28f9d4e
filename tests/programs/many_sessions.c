/*
 * many_sessions.c: one thread that has accepted thousands of connections, which
 * it has made itself, and does nothing with them.
 *
 *     many_sessions [--sessions=4000]
 *
 * A line on standard input is answered by 0 and the memory of the process in
 * KiB: as many_threads does.
 */
#include <errno.h>
#include <sys/resource.h>

#include "program.h"

/* Both ends are here: two descriptors for each, and some to spare. */
static void
make_room(long sessions)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < (rlim_t) (2 * sessions + 16)) {
		program_check(EMFILE, "sessions");
	}
}

static void
open_session(int listener, const struct sockaddr_in *address)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (client == -1 ||
	    connect(client, (const struct sockaddr *) address,
		sizeof *address) == -1 ||
	    accept(listener, NULL, NULL) == -1) {
		program_check(errno, "session");
	}
}

int
main(int argc, char **argv)
{
	long count = program_number(argv, "--sessions=", 4000);
	int port, listener = program_socket(SOCK_STREAM, &port);
	struct sockaddr_in address = program_address(port);
	char line[16];

	program_begin();
	make_room(count);
	for (long i = 0; i < count; i++) {
		open_session(listener, &address);
	}
	printf("ready\n");
	while (fgets(line, sizeof line, stdin)) {
		printf("0 %ld\n", program_memory());
	}
	return 0;
}
