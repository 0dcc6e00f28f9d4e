/*
 * proof.h: which tasks nobody can ever wake again.
 *
 * The target's threads are stopped for a moment, its writable memory and their
 * registers copied. In the copy it is found out what those who can still run
 * can reach:
 *
 *     live := threads that run, sleep, wait with a deadline or for something
 *             from outside, or are not understood
 *     reach all that globals, the kernel and the live threads refer to
 *     repeat
 *         a blocked thread whose wait could be ended by what was reached is
 *         live: reach what it refers to
 *     until nothing changes
 *     the rest is leaked
 *
 * It is the least fixed point, as in Go's garbage collector since 1.26 (Saioc
 * et al., "Dynamic Partial Deadlock Detection and Recovery via Garbage
 * Collection", ASPLOS 2025), of memory without types, as LeakSanitizer scans
 * it.
 *
 * What is not certain counts as alive: fewer leaks are proved then, and never a
 * false one. An address that the program keeps in another form (with its bits
 * changed, in a file, in another process) is not found: no scanner could.
 */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "client/client.h"
#include "client/snapshot.h"

#define PROOF_MAX_STOP_MS 1000
#define PROOF_MAX_STOP_NS (INT64_C(1000000) * PROOF_MAX_STOP_MS)

/* What it took. */
struct proof {
	char why_not[256];  /* why there is no proof, or "" */
	size_t threads;     /* that were stopped */
	size_t candidates;  /* of them were blocked on what a program can end */
	size_t proved;      /* of those are leaked */
	uint64_t copied;    /* bytes */
	size_t chunks;      /* of the heap */
	int64_t stopped_ns; /* from the first stop to the last going on */
	int64_t working_ns; /* after that */
};

/*
 * Stops the target, for at most `max_stop_ns`, and sets the verdicts of those
 * tasks of `snapshot` that are found to be leaked and were not yet.
 * `snapshot` was taken shortly before: a task that has gone on since is left as
 * it is. Nobody is stopped if there is nothing to prove. Where it cannot be
 * done, `proof->why_not` says why, and the target goes on as if nothing had
 * been. Returns 0; or -1 and `failure` if the target is gone.
 */
int proof_take(struct client *client, struct snapshot *snapshot,
    int64_t max_stop_ns, struct proof *proof, struct failure *failure);

/*
 * All verdicts: first what the waits prove by themselves and among each other
 * (analyze_verdicts()), then proof_take() unless `max_stop_ns` is 0, then those
 * who wait for what that has proved.
 */
int proof_judge(struct client *client, struct snapshot *snapshot,
    int64_t max_stop_ns, struct proof *proof, struct failure *failure);

#endif
