/*
 * stop.h: stops the threads of a process for a moment, with ptrace.
 *
 * Nothing is left of it in the target. A system call that the stop breaks off
 * is taken up again by the kernel when the threads go on; where the kernel
 * would return EINTR instead (epoll_wait, recv with a timeout, semop), it is
 * told to repeat the call, so that no EINTR is ever seen. A signal that comes
 * meanwhile is delivered afterwards, and has its usual effect on the call.
 *
 * If this process dies, the kernel lets the target go on. So it does with a
 * thread that could not be let go, as soon as the thread that called
 * stop_begin() has ended, which should therefore be one made for the purpose.
 */
#ifndef PROOF_STOP_H
#define PROOF_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STOP_REGISTERS 32 /* at most, in `registers` */

struct failure;
struct wire_hello;

/*
 * Code in which a thread that is in a system call has nothing of use in its
 * vector registers and below its stack pointer.
 */
struct stop_quiet {
	uint64_t start;
	uint64_t end;
};

/* A thread that has been stopped. */
struct stop_thread {
	pid_t tid;      /* as the caller sees it */
	uint32_t inner; /* as the target does */
	bool stands;    /* it has been seen to stop */
	int signal;     /* that it was about to take, or 0 */
	uint64_t sp;
	uint64_t pc;
	uint64_t control;   /* its control block: its pthread_t */
	int call;           /* number of the system call it is in, or -1 */
	bool restarts;      /* and which goes on as if nothing had been */
	bool broken;        /* and which would fail with EINTR */
	bool quiet;         /* and in whose code: see struct stop_quiet */
	uint64_t word;      /* its first argument: of a futex, where */
	uint32_t operation; /* its second: of a futex, which */
	int64_t waited_ns;  /* to be set: how long it has waited so far */
	uint64_t registers[STOP_REGISTERS];
	size_t register_count;
	uint8_t *vector; /* the others, or NULL if they hold nothing */
	size_t vector_size;
};

struct stop {
	pid_t pid;
	struct stop_thread *threads;
	size_t count;
	size_t room;
	int64_t began_ns; /* CLOCK_MONOTONIC, as of the first stop */
	int64_t all_ns;   /* when all were stopped */
	int64_t ended_ns; /* when the last had been let go */
	int64_t limit_ns; /* when to give up */
	const struct stop_quiet *quiet;
	size_t quiet_count;
	int threads_fd;  /* /proc/PID/task */
	bool is_inner;   /* the target's numbers are not the caller's */
	uint32_t except; /* the thread that is not stopped, by its own
	                      number */
};

/*
 * Stops all threads of `pid` but the probe's own, within `max_ns`; `hello` is
 * what the probe said in its greeting. `quiet` may be set before. Returns 0, or
 * -1 and `failure`: then none is stopped any longer. In both cases stop_end()
 * is to be called.
 */
int stop_begin(struct stop *stop, pid_t pid, const struct wire_hello *hello,
    int64_t max_ns, struct failure *failure);

/* Lets them go on; does nothing the second time. */
void stop_release(struct stop *stop);
void stop_end(struct stop *stop);

/* Has it taken too long? */
bool stop_is_over(const struct stop *stop);

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t stop_now(void);

#endif
