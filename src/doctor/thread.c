/* thread.c: see thread.h. */
#include "doctor/thread.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 8192 /* more than the kernel writes of a thread */

void
thread_parse(const char *text, struct thread *thread)
{
	*thread = (struct thread) { 0 };
	for (const char *line = text; *line != '\0';
	     line += strcspn(line, "\n"), line += *line == '\n') {
		sscanf(line, "Name:\t%31[^\n]", thread->name);
		sscanf(line, "State:\t%c", &thread->state);
		sscanf(line, "Seccomp:\t%d", &thread->seccomp);
		sscanf(line, "TracerPid:\t%d", &thread->tracer);
		sscanf(line, "SigBlk:\t%" SCNx64, &thread->blocked);
		sscanf(line, "SigIgn:\t%" SCNx64, &thread->ignored);
		sscanf(line, "SigCgt:\t%" SCNx64, &thread->caught);
	}
}

bool
thread_read(pid_t pid, pid_t tid, struct thread *thread)
{
	char path[64];
	char text[TEXT_SIZE];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	thread_parse(text, thread);
	return length > 0;
}
