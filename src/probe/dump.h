/*
 * dump.h: the dump that a signal asks for.
 *
 * The tool makes it: the agent starts `stranded dump` on its own process, with
 * the dump file or the application's standard error to write to. The
 * application must not notice a child, so it is started by way of another that
 * ends at once: the tool then belongs to init. Both are made with clone() and
 * no exit signal, so there is no SIGCHLD, and wait() finds nothing.
 *
 * Where the tool would end up as the application's child after all (it is init
 * itself, in a container, or a subreaper), or cannot be started, or ends before
 * it has asked for the snapshot, the agent writes one line for each task itself
 * and says why there are no stacks.
 *
 * While one dump is being made further signals ask for one more, not for many.
 */
#ifndef PROBE_DUMP_H
#define PROBE_DUMP_H

#include <stdint.h>

/* A dump is asked for. */
void dump_begin(void);

/* Process `pid` has asked for a snapshot: is it our tool? */
void dump_served(int pid);

/* Has the tool ended? At each tick. */
void dump_tick(int64_t now);

/* In a child of fork: no dump is under way. */
void dump_reset(void);

#endif
