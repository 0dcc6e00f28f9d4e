/* syscalls.h: the names of system calls, on this machine. */
#ifndef RENDER_SYSCALLS_H
#define RENDER_SYSCALLS_H

#include <stdint.h>

/* NULL if there is none in the table: see syscalls.c. */
const char *syscall_name(uint32_t number);

/* The number of the one of that name; UINT32_MAX if there is none. */
uint32_t syscall_number(const char *name);

#endif
