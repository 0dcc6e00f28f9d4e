/*
 * program.h: what the programs that the tests watch have in common.
 *
 * Each is a small real program. Once it is in the state that shall be looked
 * at it prints a line "ready", with the ports it listens on, and it ends when
 * its standard input does, so that none outlives the test that started it. An
 * alarm ends it in any case.
 */
#ifndef PROGRAMS_PROGRAM_H
#define PROGRAMS_PROGRAM_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM_LIFE 120 /* seconds */

#if defined(__SANITIZE_ADDRESS__) && !defined(PROGRAM_STRICT)
/*
 * What these programs lose is their subject, not an error. The probe may be
 * preloaded in front of the sanitizer's runtime. And a thread that is cancelled
 * leaves its stack poisoned, for the call about signal stacks to stumble over.
 */
const char *__asan_default_options(void);
__attribute__((used)) const char *
__asan_default_options(void)
{
	return "detect_leaks=0:verify_asan_link_order=0:use_sigaltstack=0";
}
#endif

/* Call first. */
static inline void
program_begin(void)
{
	alarm(PROGRAM_LIFE);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Ends the program if `error`, an error number, is not 0. */
static inline void
program_check(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "%s: %s\n", what, strerror(error));
		exit(1);
	}
}

/* Ends the program if what it was about to do came to nothing. */
static inline void *
program_need(void *object, const char *what)
{
	if (!object) {
		perror(what);
		exit(1);
	}
	return object;
}

/* Was the flag `name` (such as "--close") given? */
static inline bool
program_flag(char **argv, const char *name)
{
	for (char **arg = argv + 1; *arg; arg++) {
		if (strcmp(*arg, name) == 0) {
			return true;
		}
	}
	return false;
}

/* The value of `name`= (such as "--wait="), or `otherwise`. */
static inline const char *
program_word(char **argv, const char *name, const char *otherwise)
{
	size_t length = strlen(name);

	for (char **arg = argv + 1; *arg; arg++) {
		if (strncmp(*arg, name, length) == 0) {
			return *arg + length;
		}
	}
	return otherwise;
}

static inline long
program_number(char **argv, const char *name, long otherwise)
{
	const char *word = program_word(argv, name, NULL);

	return word ? strtol(word, NULL, 10) : otherwise;
}

/* What the process has of memory, in KiB. */
static inline long
program_memory(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	long kib = 0;

	while (file && fgets(line, sizeof line, file)) {
		sscanf(line, "VmRSS: %ld", &kib);
	}
	if (file) {
		fclose(file);
	}
	return kib;
}

/* Waits for the end of standard input. */
static inline void
program_wait(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
}

static inline struct sockaddr_in
program_address(int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/*
 * A socket of the given type on a port of the loopback that the kernel
 * chooses; a stream socket listens.
 */
static inline int
program_socket(int type, int *port)
{
	struct sockaddr_in address = program_address(0);
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *) &address, size) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 128) == -1) ||
	    getsockname(fd, (struct sockaddr *) &address, &size) == -1) {
		perror("socket");
		exit(1);
	}
	*port = ntohs(address.sin_port);
	return fd;
}

/* "127.0.0.1:53920" */
static inline void
program_peer_name(const struct sockaddr_in *peer, char *name, size_t size)
{
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &peer->sin_addr, ip, sizeof ip);
	snprintf(name, size, "%s:%d", ip, ntohs(peer->sin_port));
}

/* Writes all of it, or returns false: the other end has gone. */
static inline bool
program_write(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = send(fd, text, size, MSG_NOSIGNAL);

		if (written <= 0) {
			return false;
		}
		text += written;
		size -= written;
	}
	return true;
}

/*
 * Reads a line of at most size - 1 bytes into `line`, without its newline.
 * Returns false at the end of the connection. One read a byte: these programs
 * are for looking at, not for speed.
 */
static inline bool
program_read_line(int fd, char *line, size_t size)
{
	size_t length = 0;
	char byte;

	while (read(fd, &byte, 1) == 1) {
		if (byte == '\n') {
			line[length] = '\0';
			return true;
		}
		if (byte != '\r' && length + 1 < size) {
			line[length++] = byte;
		}
	}
	return false;
}

#endif
