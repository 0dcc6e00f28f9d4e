/*
 * process.h: what the kernel says of a process, in /proc.
 *
 * Functions return 0 or an error number; ESRCH if there is no such process.
 */
#ifndef CLIENT_PROCESS_H
#define CLIENT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define PROCESS_UIDS 3

struct process {
	pid_t pid;    /* as the caller sees it */
	pid_t leader; /* another pid, if `pid` is a thread of that process */
	pid_t parent; /* 0: it has none that the caller can see */
	pid_t inner;  /* what the process calls itself in its namespace */
	uid_t uids[PROCESS_UIDS]; /* real, effective, saved */
	char state;               /* as ps shows it: R, S, T, Z, ... */
};

int process_read(pid_t pid, struct process *process);

/*
 * A living thread of the process: the first, or another if that one has ended.
 * The process goes on then, but what /proc has of its number is empty: what is
 * asked of its maps, its root or its descriptors is asked of this one.
 */
pid_t process_alive(pid_t pid);

/* Has it been stopped, by a signal or a debugger? */
bool process_is_stopped(pid_t pid);

/* Has it mapped a file whose path ends so? False if that cannot be seen. */
bool process_has_mapped(pid_t pid, const char *end);

/*
 * When it was started, in seconds of the wall clock as it is set now; 0 if that
 * cannot be found out.
 */
time_t process_started(pid_t pid);

/* The path of its program, malloc'ed and cleaned; "" if it cannot be read. */
char *process_exe(pid_t pid);

/* The name of its program's file; "" if that cannot be read. */
void process_program(pid_t pid, char *name, size_t size);

/*
 * What its operator calls it: the name that it was started by, which may be a
 * link to the program's file ("redis-server"), or for an interpreter the name
 * of its script; or else the file's, or else what the kernel calls it.
 */
void process_name(pid_t pid, char *name, size_t size);

/* Is it called so: by its operator, or by the name of its program's file? */
bool process_is_called(pid_t pid, const char *word);

/*
 * What the kernel calls the process: what it was started by, cut short, unless
 * it has given itself another name.
 */
void process_comm(pid_t pid, char *name, size_t size);

/*
 * A directory descriptor for process_thread_name(), with the names that the
 * process itself gives its threads; -1 if it cannot be had.
 */
int process_threads(const struct process *process);

/* The name of a thread; "" if there is none. Cleaned. */
void process_thread_name(int threads, uint32_t tid, char *name, size_t size);

#endif
