/*
 * wrap_child.c: waiting for the end of children. They are named by their
 * process ids, where one is meant.
 */
#include "probe/wrap.h"

#define CHILD(pid) ((pid) > 0 ? WRAP_FD_OBJECT(pid) : NULL)

WRAP(pid_t, wait, NULL, 0, (int *status), (status))
WRAP(pid_t, wait3, NULL, 0, (int *status, int options, struct rusage *usage),
    (status, options, usage))
WRAP(pid_t, waitpid, CHILD(pid), 0, (pid_t pid, int *status, int options),
    (pid, status, options))
WRAP(pid_t, wait4, CHILD(pid), 0,
    (pid_t pid, int *status, int options, struct rusage *usage),
    (pid, status, options, usage))
WRAP(int, waitid, kind == P_PID ? CHILD((pid_t) id) : NULL, 0,
    (idtype_t kind, id_t id, siginfo_t *info, int options),
    (kind, id, info, options))

/* These wait inside libc for a child that they have started. */
WRAP_ONCE(int, system, NULL, 0, (const char *command), (command))
WRAP_ONCE(int, pclose, NULL, 0, (FILE * stream), (stream))
