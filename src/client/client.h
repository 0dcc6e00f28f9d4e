/*
 * client.h: the tool's end of the socket.
 *
 * Errors: a function returns 0, or -1 and fills a struct failure with the exit
 * status that the command shall end with and a sentence that says what was
 * wrong and what to do. Nothing here prints.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/snapshot.h"

/* The exit statuses of all commands. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FOUND = 1,
	EXIT_USAGE = 2,
	EXIT_NO_TARGET = 3,
	EXIT_FAILED = 4
};

/* Why something did not work. */
struct failure {
	int status;     /* enum exit_status */
	char text[512]; /* one sentence or two, no newline at the end */
};

/* Fills `failure` in printf's manner; returns -1 for the caller to return. */
int failure_set(struct failure *failure, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct client;

/*
 * Connects to the probe in process `pid`, and shakes hands. NULL and `failure`
 * if there is no such process, it is not under the probe, belongs to somebody
 * else, or its probe speaks another version.
 */
struct client *client_open(pid_t pid, struct failure *failure);
void client_close(struct client *client);

pid_t client_pid(const struct client *client);

/* What the probe said in its greeting. */
const struct wire_hello *client_hello(const struct client *client);

int client_counts(
    struct client *client, struct wire_counts *counts, struct failure *failure);

/* Which signal asks for a dump, and who handles it. */
int client_signal(
    struct client *client, struct wire_signal *signal, struct failure *failure);

/*
 * For `stranded check`: lets the thread go on that waits at point `go_on` (0:
 * none does), and asks who else waits to be judged.
 */
int client_check(struct client *client, uint64_t go_on,
    struct wire_check *check, struct failure *failure);

/*
 * Takes a snapshot; `flags` is of enum wire_snapshot_flags. Relations that need
 * no stacks (holders, senders, receivers, a session's tasks and state) are
 * filled in. NULL and `failure` if the target has gone, or speaks nonsense.
 */
struct snapshot *client_snapshot(
    struct client *client, uint32_t flags, struct failure *failure);

/*
 * The same without stacks and names, in one message after the other and with
 * nothing read from elsewhere: for one who has stopped the target's threads.
 */
struct snapshot *client_waits(struct client *client, struct failure *failure);

/*
 * Asks the probe to let us trace its process. True if it could do something for
 * that; it ends with the connection.
 */
bool client_permit(struct client *client, struct failure *failure);

/*
 * Where the probe keeps its records, and what is on its way to new threads: see
 * wire.h. Malloc'ed; NULL and `failure` if it cannot be had.
 */
struct wire_bookkeeping *client_bookkeeping(
    struct client *client, struct failure *failure);

/*
 * Reads the target's own code and unwind tables from its memory: for files that
 * are no longer on disk as they were. Returns how many bytes were read, 0 if
 * none can be.
 */
size_t client_read(
    struct client *client, uint64_t address, void *buffer, size_t size);

/*
 * Can the probe in process `pid` be connected to? Nothing is said to it. 0, or
 * -1 and `failure`.
 */
int client_reach(pid_t pid, struct failure *failure);

/*
 * Has the process ended, or does it within a moment? Its sockets close before
 * it is gone: this is for who has failed to talk to it.
 */
bool client_has_ended(pid_t pid);

/* A process under the probe. */
struct target {
	pid_t pid;
	char name[64]; /* what its operator calls it: see process_name() */
	char comm[64]; /* what the kernel calls it */
};

/*
 * The processes under the probe that the caller may look at, sorted by pid.
 * Sockets that nobody listens on any more are removed. Returns a malloc'ed
 * array. If there is none because the directory that STRANDED_DIR names cannot
 * be used, `failure` says so; else its status is 0.
 */
struct target *client_list(size_t *count, struct failure *failure);

/*
 * Finds the process that `word` means: a pid, one of its names (the two of
 * struct target, or that of its program's file), or NULL
 * for the only one there is. Returns its pid, or -1 and `failure`.
 */
pid_t client_find(const char *word, struct failure *failure);

#endif
