/*
 * syscalls.h: what it means that a thread sleeps in a system call.
 */
#ifndef PROBE_SYSCALLS_H
#define PROBE_SYSCALLS_H

#include <stdint.h>

#include "common/wire.h"
#include "probe/kernel.h"

/*
 * Fills in state, object, flags and holder, in the same words as for a call
 * that the probe sees, where the system call is its exact counterpart. Where it
 * is not, the state is unknown and the call's number tells more.
 */
void syscalls_describe(
    const struct kernel_wait *wait, struct wire_task *message);

/* The state alone. */
uint32_t syscalls_state(const struct kernel_wait *wait);

#endif
