/* wrap_file_lock.c: locks on files. Those by fcntl() are in wrap_fd.c. */
#include "probe/wrap.h"

WRAP_FD(int, flock, fd, (int fd, int operation), (fd, operation))

/* Tries, tests and unlocks without waiting, too. */
#define WRAP_LOCKF(name, type)                                                 \
	WRAP_CALL(                                                             \
	    int, name, WRAP_FD_OBJECT(fd), STRANDED_WAIT_FD,                   \
	    if (command != F_LOCK) { return real.name(fd, command, size); },   \
	    (int fd, int command, type size), (fd, command, size), WRAP_AGAIN, \
	    (fd, command, size), )

WRAP_LOCKF(lockf, off_t)
WRAP_LOCKF(lockf64, off64_t)
