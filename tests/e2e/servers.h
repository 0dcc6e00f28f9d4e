/*
 * servers.h: servers that nobody here wrote, for the end-to-end tests: their
 * ports, their processes, what they answer, and their usual load tools.
 *
 * As in harness.h, a function that cannot have what it promises fails the test.
 */
#ifndef E2E_SERVERS_H
#define E2E_SERVERS_H

#include "harness.h"

#define SERVERS_PROCESSES 8 /* of one server, at most */

/* The processes of one server. */
struct servers_family {
	size_t count;
	pid_t pids[SERVERS_PROCESSES];
};

/* Skips the test if there is no such program. */
void servers_need(const char *path);

/* The user that the server shall run as: who runs the test. */
const char *servers_user(void);

/* A port that was free a moment ago, as text too. */
struct servers_port {
	int number;
	char text[8];
};
struct servers_port servers_free_port(void);

/* Waits until somebody listens there. */
void servers_await(int port);

/* The process and its children that are under the probe, once there are so
   many of them. */
struct servers_family servers_family(pid_t pid, size_t count);

/* How many sessions the family has, and tasks in `state`. */
size_t servers_sessions(const struct servers_family *family);
size_t servers_tasks(const struct servers_family *family, const char *state);

/* How many threads a process has, by the kernel's word. */
size_t servers_threads(pid_t pid);

/* Opens `count` connections, each of which has had an answer. */
void servers_connect(
    int port, const char *line, const char *answer, int *fds, size_t count);

/* Sends all of `commands`, and puts the whole of what the server says until it
   closes the connection in `answer`, as text. */
void servers_talk(int port, const char *commands, char *answer, size_t size);

/*
 * The file, with each number replaced by N, of each line that contains `only`
 * (NULL: any). Free it.
 */
char *servers_log(const char *path, const char *only);

/*
 * Runs a load tool to its end, which must be a good one. Meanwhile all
 * processes of the family are dumped again and again: as JSON, and by `signal`.
 * Returns what the tool has printed, valid until the end of the test.
 */
#define servers_load(family, signal, ...)                                      \
	servers_load_list(                                                     \
	    (family), (signal), (const char *const[]) { __VA_ARGS__, NULL })
const char *servers_load_list(
    const struct servers_family *family, int signal, const char *const argv[]);

#endif
