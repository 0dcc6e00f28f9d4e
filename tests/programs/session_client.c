/*
 * session_client.c: clients of session_server.c and plain_server.c that come
 * and go in waves.
 *
 *     session_client --port=N [--waves=1] [--clients=10] [--lines=3]
 *                    [--pause=MS] [--hangup]
 *
 * In each wave all clients connect, each exchanges its lines and checks the
 * answers, and each leaves: by saying "quit", or without a word if --hangup is
 * given. Ends with status 1 if an answer is wrong or does not come.
 */
#include <sys/time.h>

#include "program.h"

#define CLIENTS_MAX 1000

static bool
exchange(int fd, const char *line, const char *expected)
{
	char sent[64], answer[64];

	snprintf(sent, sizeof sent, "%s\n", line);
	if (!program_write(fd, sent, strlen(sent)) ||
	    !program_read_line(fd, answer, sizeof answer) ||
	    strcmp(answer, expected) != 0) {
		fprintf(stderr, "\"%s\" was not answered by \"%s\"\n", line,
		    expected);
		return false;
	}
	return true;
}

static int
client_connect(int port)
{
	struct sockaddr_in address = program_address(port);
	struct timeval limit = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    connect(fd, (struct sockaddr *) &address, sizeof address) == -1) {
		perror("connect");
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return fd;
}

static bool
wave(int port, int clients, int lines, bool hangup)
{
	static int fds[CLIENTS_MAX];
	bool right = true;

	for (int i = 0; i < clients; i++) {
		fds[i] = client_connect(port);
	}
	for (int i = 0; i < clients * lines; i++) {
		char line[32];

		snprintf(line, sizeof line, "line %d", i);
		right = right && exchange(fds[i % clients], line, line);
	}
	for (int i = 0; i < clients; i++) {
		right = right && (hangup || exchange(fds[i], "quit", "bye"));
		close(fds[i]);
	}
	return right;
}

int
main(int argc, char **argv)
{
	int port = program_number(argv, "--port=", 0);
	int waves = program_number(argv, "--waves=", 1);
	int clients = program_number(argv, "--clients=", 10);
	int lines = program_number(argv, "--lines=", 3);
	int pause_ms = program_number(argv, "--pause=", 0);

	program_begin();
	if (clients < 1 || clients > CLIENTS_MAX) {
		fprintf(stderr, "1 to %d clients\n", CLIENTS_MAX);
		return 1;
	}
	for (int i = 0; i < waves; i++) {
		if (!wave(
			port, clients, lines, program_flag(argv, "--hangup"))) {
			return 1;
		}
		usleep(pause_ms * 1000);
	}
	printf("%d clients came and went, %d lines answered\n", waves * clients,
	    waves * clients * lines);
	return 0;
}
