/*
 * check.h: where a program waits to be judged by `stranded check`.
 *
 * The thread that reaches such a point stays there until the tool says that it
 * may go on: once it has looked at the tasks that are left. Only the process
 * that the tool has started does so, or what that has executed; a child that it
 * forks does not. The tool cannot hold it up for good: if the tool dies, or is
 * not heard of for a while, the thread goes on.
 */
#ifndef PROBE_CHECK_H
#define PROBE_CHECK_H

#include "common/wire.h"

/* The calling thread is at the point `name`. Changes no errno. */
void check_at(const char *name, enum wire_check_kind kind);

/* The agent's: who waits where? And: those up to `number` may go on. */
void check_tell(struct wire_check *answer);
void check_go_on(uint64_t number);

/* In the child of a fork: nobody waits. */
void check_reset(void);

#endif
