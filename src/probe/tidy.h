/*
 * tidy.h: the agent's housekeeping: room for the records to come, and records
 * whose end nobody has told us of.
 *
 * A thread can leave by a bare system call, a descriptor can be closed by one,
 * or inside libc. A few records are held against the kernel's word at every
 * tick, in turn, and given up if what they stand for is gone.
 */
#ifndef PROBE_TIDY_H
#define PROBE_TIDY_H

void tidy_look(void);

#endif
