/* kernel.h: what the kernel knows of this process. For the agent only. */
#ifndef PROBE_KERNEL_H
#define PROBE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Threads that the kernel has and the task table has not, in order of their
 * ids. Returns how many; more than `max` are not told.
 */
unsigned int kernel_uncovered(uint32_t *tids, unsigned int max);

/* Does the range lie in a file's mapping that is not writable? */
bool kernel_may_read(uint64_t address, uint32_t size);

/*
 * A descriptor of the application's, as one of the agent's own. Returns minus
 * an error number if there is none.
 */
int kernel_borrow_fd(int fd);

#endif
