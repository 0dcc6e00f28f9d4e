/*
 * child.h: the command that `stranded run` has started.
 *
 * It gets its caller's signal mask, dispositions, descriptors and process group
 * as if there were no `stranded run` in between. Signals that are sent to us
 * are passed on; those that a terminal sends reach both anyway.
 */
#ifndef CMD_CHILD_H
#define CMD_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "client/client.h"

struct child {
	pid_t pid;
	bool judged;   /* it shall wait for that, at its end and before */
	int handshake; /* where the probe in it says that it is there */
	int signals;   /* a signalfd: what is sent to us */
	bool ended;
	int status; /* as waitpid() has it, once it has ended */
};

/*
 * Starts `argv`, with the environment as it is; `judged` as in the struct. -1
 * and `failure` if it cannot be executed.
 */
int child_start(
    struct child *child, char **argv, bool judged, struct failure *failure);

/*
 * Waits for the probe's word, but not for ever. False if it does not come, or
 * the child has ended without it.
 */
bool child_await_probe(struct child *child);

/* Lets `ms` milliseconds pass. False if it has ended meanwhile. */
bool child_pause(struct child *child, int ms);

/* Waits for its end. Returns what a shell would call its exit status. */
int child_wait(struct child *child);

/* Ends it if it has not ended yet. */
void child_terminate(struct child *child);

#endif
