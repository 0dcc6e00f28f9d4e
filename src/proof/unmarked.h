/*
 * unmarked.h: functions of allocators that libstranded_heap.so does not stand
 * in front of, because libc has none of that name.
 */
#ifndef PROOF_UNMARKED_H
#define PROOF_UNMARKED_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Does the program or library at `path`, as the process sees it, want one? One
 * whose file is gone may.
 */
bool unmarked_is_used(pid_t pid, const char *path);

#endif
