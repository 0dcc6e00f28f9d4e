/* process.c: see process.h. */
#include "client/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/text.h"

/* The number that stands last in a line of numbers: the innermost namespace. */
static pid_t
last_number(const char *line)
{
	const char *last = strrchr(line, '\t');

	return last != NULL ? (pid_t) strtol(last, NULL, 10) : 0;
}

static void
read_line(struct process *process, const char *line)
{
	unsigned int uids[PROCESS_UIDS];

	if (sscanf(line, "Uid: %u %u %u", &uids[0], &uids[1], &uids[2]) == 3) {
		for (int i = 0; i < PROCESS_UIDS; i++) {
			process->uids[i] = uids[i];
		}
	} else if (strncmp(line, "Tgid:", 5) == 0) {
		process->leader = last_number(line);
	} else if (strncmp(line, "NSpid:", 6) == 0) {
		process->inner = last_number(line);
	} else {
		sscanf(line, "State: %c", &process->state);
	}
}

static char
read_state(pid_t tid)
{
	char path[64];
	char line[256];
	char state = '\0';
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	status = fopen(path, "re");
	if (status == NULL) {
		return '\0';
	}
	while (fgets(line, sizeof(line), status) != NULL &&
	    sscanf(line, "State: %c", &state) != 1) {
	}
	fclose(status);
	return state;
}

static bool
is_over(char state)
{
	return state == '\0' || state == 'Z' || state == 'X';
}

pid_t
process_alive(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	pid_t alive = pid;
	DIR *threads;

	if (!is_over(read_state(pid))) {
		return pid;
	}
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	threads = opendir(path);
	while (threads != NULL && alive == pid &&
	    (entry = readdir(threads)) != NULL) {
		pid_t tid = (pid_t) strtol(entry->d_name, NULL, 10);

		if (tid > 0 && tid != pid && !is_over(read_state(tid))) {
			alive = tid;
		}
	}
	if (threads != NULL) {
		closedir(threads);
	}
	return alive;
}

int
process_read(pid_t pid, struct process *process)
{
	char path[64];
	char line[256];
	FILE *status;

	*process = (struct process) { .pid = pid, .leader = pid, .inner = pid };
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	if (status == NULL) {
		return errno == ENOENT ? ESRCH : errno;
	}
	while (fgets(line, sizeof(line), status) != NULL) {
		read_line(process, line);
	}
	fclose(status);
	if (process->state == 'Z') {
		process->state = read_state(process_alive(pid));
	}
	return process->state == '\0' ? ESRCH : 0;
}

bool
process_is_stopped(pid_t pid)
{
	struct process process;

	return process_read(pid, &process) == 0 &&
	    (process.state == 'T' || process.state == 't');
}

char *
process_exe(pid_t pid)
{
	char link[64];
	char path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", process_alive(pid));
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	text_clean(path);
	return memory_print("%s", path);
}

/* Reads a file of one line, such as comm. */
static void
read_name(int directory, const char *path, char *name, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, name, size - 1) : 0;

	name[length > 0 ? length : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	text_clean(name);
	if (fd >= 0) {
		close(fd);
	}
}

void
process_comm(pid_t pid, char *name, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	read_name(AT_FDCWD, path, name, size);
}

void
process_name(pid_t pid, char *name, size_t size)
{
	char *exe = process_exe(pid);
	const char *slash = strrchr(exe, '/');
	char *deleted = strstr(exe, " (deleted)");

	if (deleted != NULL) {
		*deleted = '\0';
	}
	if (slash != NULL && slash[1] != '\0') {
		snprintf(name, size, "%s", slash + 1);
	} else {
		process_comm(pid, name, size);
	}
	free(exe);
}

int
process_threads(const struct process *process)
{
	char root[32] = "";
	char path[80];

	/*
	 * Threads of a process in another pid namespace have other numbers
	 * there: those are what its own /proc shows.
	 */
	if (process->inner != process->pid) {
		snprintf(root, sizeof(root), "/proc/%d/root",
		    process_alive(process->pid));
	}
	snprintf(path, sizeof(path), "%s/proc/%d/task", root, process->inner);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void
process_thread_name(int threads, uint32_t tid, char *name, size_t size)
{
	char path[32];

	snprintf(path, sizeof(path), "%u/comm", tid);
	read_name(threads, path, name, size);
}
