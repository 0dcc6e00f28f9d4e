/* syscalls.c: see syscalls.h. */
#include "probe/syscalls.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>

#include "probe/probe.h"
#include "probe/sys.h"
#include "stranded_observer.h"

/* What is waited for. */
enum object {
	NOTHING, /* in particular */
	FD,      /* the descriptor that is the first argument */
	FIRST,   /* what the first argument points to, or numbers */
	POLLED   /* the only one in an array of struct pollfd */
};

/* How it is told whether the wait ends by itself. */
enum timeout {
	NEVER,
	ALWAYS,
	POINTER,     /* if that argument is not NULL */
	MILLISECONDS /* if that argument is not negative */
};

struct meaning {
	uint8_t state; /* enum stranded_state; 0: of none */
	uint8_t object;
	uint8_t timeout;
	uint8_t argument; /* the one that has the timeout */
};

static const struct meaning meanings[] = {
	[SYS_futex] = { STRANDED_FUTEX, FIRST, POINTER, 3 },
	[SYS_read] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_readv] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_pread64] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_preadv] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_preadv2] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_recvfrom] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_recvmsg] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_recvmmsg] = { STRANDED_IO_READ, FD, POINTER, 4 },
	[SYS_splice] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_tee] = { STRANDED_IO_READ, FD, NEVER, 0 },
	[SYS_mq_timedreceive] = { STRANDED_IO_READ, FD, POINTER, 4 },
	[SYS_write] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_writev] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_pwrite64] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_pwritev] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_pwritev2] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_sendto] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_sendmsg] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_sendmmsg] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_sendfile] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_vmsplice] = { STRANDED_IO_WRITE, FD, NEVER, 0 },
	[SYS_mq_timedsend] = { STRANDED_IO_WRITE, FD, POINTER, 4 },
	[SYS_accept] = { STRANDED_IO_ACCEPT, FD, NEVER, 0 },
	[SYS_accept4] = { STRANDED_IO_ACCEPT, FD, NEVER, 0 },
	[SYS_connect] = { STRANDED_IO_CONNECT, FD, NEVER, 0 },
	[SYS_ppoll] = { STRANDED_IO_POLL, POLLED, POINTER, 2 },
	[SYS_pselect6] = { STRANDED_IO_POLL, NOTHING, POINTER, 4 },
	[SYS_epoll_pwait] = { STRANDED_IO_POLL, FD, MILLISECONDS, 3 },
	[SYS_epoll_pwait2] = { STRANDED_IO_POLL, FD, POINTER, 3 },
	[SYS_nanosleep] = { STRANDED_SLEEP, NOTHING, ALWAYS, 0 },
	[SYS_clock_nanosleep] = { STRANDED_SLEEP, NOTHING, ALWAYS, 0 },
	[SYS_rt_sigsuspend] = { STRANDED_SIGNAL_WAIT, NOTHING, NEVER, 0 },
	[SYS_rt_sigtimedwait] = { STRANDED_SIGNAL_WAIT, NOTHING, POINTER, 2 },
	[SYS_wait4] = { STRANDED_PROCESS_WAIT, NOTHING, NEVER, 0 },
	[SYS_waitid] = { STRANDED_PROCESS_WAIT, NOTHING, NEVER, 0 },
	[SYS_flock] = { STRANDED_FILE_LOCK, FD, NEVER, 0 },
	[SYS_semop] = { STRANDED_SEMAPHORE, FIRST, NEVER, 0 },
	[SYS_semtimedop] = { STRANDED_SEMAPHORE, FIRST, POINTER, 3 },
	[SYS_msgrcv] = { STRANDED_IO_READ, FIRST, NEVER, 0 },
	[SYS_msgsnd] = { STRANDED_IO_WRITE, FIRST, NEVER, 0 },
/* Older machines have some calls twice. */
#ifdef SYS_poll
	[SYS_poll] = { STRANDED_IO_POLL, POLLED, MILLISECONDS, 2 },
#endif
#ifdef SYS_select
	[SYS_select] = { STRANDED_IO_POLL, NOTHING, POINTER, 4 },
#endif
#ifdef SYS_epoll_wait
	[SYS_epoll_wait] = { STRANDED_IO_POLL, FD, MILLISECONDS, 3 },
#endif
#ifdef SYS_pause
	[SYS_pause] = { STRANDED_SIGNAL_WAIT, NOTHING, NEVER, 0 },
#endif
};

/* Of fcntl() only the commands that wait for a lock are one of ours. */
static struct meaning
find_meaning(const struct kernel_wait *wait)
{
	const uint64_t *arguments = wait->arguments;
	size_t count = sizeof(meanings) / sizeof(meanings[0]);

	if (wait->call == SYS_fcntl &&
	    (arguments[1] == F_SETLKW || arguments[1] == F_OFD_SETLKW)) {
		return (struct meaning) { STRANDED_FILE_LOCK, FD, NEVER, 0 };
	}
	if (wait->call >= 0 && (uint64_t) wait->call < count) {
		return meanings[wait->call];
	}
	return (struct meaning) { 0 };
}

static void
put_fd(uint64_t fd, struct wire_task *message)
{
	message->object = (uint64_t) (int32_t) fd;
	message->flags |= WIRE_TASK_FD;
}

static void
put_object(const struct kernel_wait *wait, enum object object,
    struct wire_task *message)
{
	struct pollfd polled;

	switch (object) {
	case FD:
		put_fd(wait->arguments[0], message);
		break;
	case FIRST:
		message->object = wait->arguments[0];
		break;
	case POLLED:
		if (wait->arguments[1] == 1 &&
		    sys_peek_all((const void *) wait->arguments[0], &polled,
			sizeof(polled))) {
			put_fd((uint64_t) polled.fd, message);
		}
		break;
	case NOTHING:
		break;
	}
}

static bool
is_timed(const struct kernel_wait *wait, const struct meaning *meaning)
{
	uint64_t argument = wait->arguments[meaning->argument];

	return meaning->timeout == ALWAYS ||
	    (meaning->timeout == POINTER && argument != 0) ||
	    (meaning->timeout == MILLISECONDS && (int32_t) argument >= 0);
}

/* The kernel itself must know the owner of a lock that inherits priority. */
static uint32_t
futex_owner(const struct kernel_wait *wait)
{
	int operation = (int) wait->arguments[1] & FUTEX_CMD_MASK;
	uint32_t word;

	if ((operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2) &&
	    sys_peek_all(
		(const void *) wait->arguments[0], &word, sizeof(word))) {
		return word & FUTEX_TID_MASK;
	}
	return 0;
}

uint32_t
syscalls_state(const struct kernel_wait *wait)
{
	struct meaning meaning = find_meaning(wait);

	return meaning.state != STRANDED_RUNNING ? meaning.state :
						   STRANDED_UNKNOWN;
}

void
syscalls_describe(const struct kernel_wait *wait, struct wire_task *message)
{
	struct meaning meaning = find_meaning(wait);

	message->call = (uint32_t) (wait->call + 1);
	message->flags |= WIRE_TASK_KERNEL;
	message->state = (uint16_t) syscalls_state(wait);
	put_object(wait, meaning.object, message);
	if (is_timed(wait, &meaning)) {
		message->flags |= WIRE_TASK_TIMED;
	}
	if (wait->call == SYS_futex) {
		message->holder_tid = futex_owner(wait);
	}
}
