/* thread.h: what /proc says of one thread, in its file "status". */
#ifndef DOCTOR_THREAD_H
#define DOCTOR_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct thread {
	char name[32];
	char state;       /* as ps shows it */
	int seccomp;      /* 0: none, 1: strict, 2: filters */
	pid_t tracer;     /* the process that traces it, or 0 */
	uint64_t blocked; /* signals, bit N - 1 for number N */
	uint64_t ignored;
	uint64_t caught;
};

/* Reads the text of such a file. */
void thread_parse(const char *text, struct thread *thread);

/* Reads the file. False if there is no such thread. */
bool thread_read(pid_t pid, pid_t tid, struct thread *thread);

static inline bool
thread_has_signal(uint64_t signals, int number)
{
	return number > 0 && number <= 64 && (signals >> (number - 1) & 1) != 0;
}

#endif
