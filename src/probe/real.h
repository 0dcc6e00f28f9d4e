/*
 * real.h: the functions that the probe stands in front of.
 */
#ifndef PROBE_REAL_H
#define PROBE_REAL_H

#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "stranded_observer.h"

/*
 * What the headers declare only for programs built with FORTIFY: the same
 * calls, with the size of the buffer, which libc checks. And the X/Open form of
 * a call that has another for BSD under the same name.
 */
ssize_t __read_chk(int fd, void *data, size_t count, size_t size);
ssize_t __pread_chk(
    int fd, void *data, size_t count, off_t offset, size_t size);
ssize_t __pread64_chk(
    int fd, void *data, size_t count, off64_t offset, size_t size);
ssize_t __recv_chk(int fd, void *data, size_t count, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *restrict data, size_t count, size_t size,
    int flags, struct sockaddr *restrict address,
    socklen_t *restrict address_size);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count,
    const struct timespec *timeout, const sigset_t *mask, size_t size);
size_t __fread_chk(void *restrict data, size_t room, size_t size, size_t count,
    FILE *restrict stream);
char *__fgets_chk(
    char *restrict line, size_t room, int size, FILE *restrict stream);
/* Not in the headers before glibc 2.36. */
int pidfd_getfd(int pidfd, int fd, unsigned int flags);
void __longjmp_chk(struct __jmp_buf_tag env[1], int value)
    __attribute__((noreturn));
int __xpg_sigpause(int signal);

struct real {
#define CALL(name, version, file) __typeof__(name) *name;
#include "probe/calls.def"
};

/* Numbers for the wrapped calls; what struct stranded_wait has as `call`. */
enum call {
	CALL_NONE,
#define CALL(name, version, file) CALL_##name,
#include "probe/calls.def"
};

/* What a task does that waits in one of them. */
enum call_state {
#define WAIT(name, version, state, file) STATE_##name = STRANDED_##state,
#include "probe/calls.def"
};

/* Valid after real_resolve(); what allocators need is so from the start. */
extern struct real real;

void real_resolve(void);

/*
 * libc's own pthread_mutex_lock(), whatever library stands between us and libc:
 * a sanitizer would take note of a lock that is not the application's. The next
 * one, until real_resolve_libc() has found it.
 */
extern int (*real_libc_lock)(pthread_mutex_t *mutex);

/*
 * For the constructor. dlopen() sees to it that what it opens is initialized,
 * with what libc has of an environment: a libc that has not been initialized
 * itself would be left with none.
 */
void real_resolve_libc(void);

/* The address of the wrapped function itself; 0 for CALL_NONE. */
uintptr_t real_address(enum call call);

#endif
