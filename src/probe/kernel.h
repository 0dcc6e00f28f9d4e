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

/*
 * If all threads but the agent have ended, without ending the process: the exit
 * status of the main thread. -1 if they have not.
 */
int kernel_status_if_alone(void);

/* What a thread sleeps in. */
struct kernel_wait {
	uint64_t runs;         /* how often it was given a processor, or 0 if
	                          that is not known: as long as the number is
	                          the same, the thread has not moved */
	int64_t call;          /* number of the system call, -1: in none */
	uint64_t arguments[6]; /* the call's */
	uint64_t sp;           /* where the thread left its own code */
	uint64_t pc;
};

enum kernel_answer {
	KERNEL_RUNS,   /* or is about to */
	KERNEL_SLEEPS, /* the wait is filled in */
	KERNEL_SILENT  /* nothing can be found out */
};

enum kernel_answer kernel_wait(uint32_t tid, struct kernel_wait *wait);

/* Has the thread slept in that wait ever since it was read? */
bool kernel_still(uint32_t tid, const struct kernel_wait *wait);

/*
 * When the thread was started, CLOCK_MONOTONIC in steps of 10 ms: together with
 * its id it tells a thread from a later one. 0 if it is not there.
 */
int64_t kernel_started(uint32_t tid);

/* How many threads the process has, the agent included. */
uint32_t kernel_thread_count(void);

/* Does this process have that thread, and does the thread still run code? */
bool kernel_has_thread(uint32_t tid);

/* Is there a thread of that id, of whatever process? */
bool kernel_has_process_of(uint32_t tid);

/* Does the range lie in a file's mapping that is not writable? */
bool kernel_may_read(uint64_t address, uint32_t size);

/*
 * Opens a file of /proc that is about a thread ("/fd"), of one that is alive:
 * those of the process are empty once the main thread has ended. Minus an error
 * number if that fails.
 */
long kernel_open_of_thread(const char *what, int flags);

/*
 * The application's standard error, as a descriptor of the agent's own. Returns
 * minus an error number if there is none, or if number 2 is something else by
 * now.
 */
int kernel_borrow_stderr(void);

/* Descriptor `fd` is standard error from now on, whatever it is. */
void kernel_note_stderr(int fd);

#endif
