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

/* What the kernel keeps of a process's name, and what is kept here. */
#define COMM_LENGTH 15
#define NAME_SIZE   (NAME_MAX + 1) /* as long as a file may be called */

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
	} else if (strncmp(line, "PPid:", 5) == 0) {
		process->parent = last_number(line);
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

bool
process_has_mapped(pid_t pid, const char *end)
{
	size_t length = strlen(end);
	char path[64];
	char *line = NULL;
	size_t size = 0;
	ssize_t got;
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", process_alive(pid));
	maps = fopen(path, "re");
	while (maps != NULL && !found &&
	    (got = getline(&line, &size, maps)) > (ssize_t) length) {
		/* The newline is not part of it. */
		found = strncmp(line + got - 1 - length, end, length) == 0;
	}
	free(line);
	if (maps != NULL) {
		fclose(maps);
	}
	return found;
}

time_t
process_started(pid_t pid)
{
	char path[64];
	char text[1024];
	unsigned long long ticks = 0;
	const char *after;
	struct timespec up;
	FILE *stat;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	if (stat == NULL) {
		return 0;
	}
	length = fread(text, 1, sizeof(text) - 1, stat);
	fclose(stat);
	text[length] = '\0';
	/* The name, in parentheses, may hold anything. */
	after = strrchr(text, ')');
	if (after == NULL ||
	    sscanf(after + 1,
		" %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		"%*s %*s %*s %*s %*s %llu",
		&ticks) != 1) {
		return 0;
	}
	clock_gettime(CLOCK_BOOTTIME, &up);
	return time(NULL) - up.tv_sec +
	    (time_t) (ticks / (unsigned long long) sysconf(_SC_CLK_TCK));
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
process_program(pid_t pid, char *name, size_t size)
{
	char *exe = process_exe(pid);
	char *deleted = strstr(exe, " (deleted)");
	const char *slash;

	if (deleted != NULL) {
		*deleted = '\0';
	}
	slash = strrchr(exe, '/');
	snprintf(name, size, "%s", slash != NULL ? slash + 1 : "");
	free(exe);
}

/* ---- What it is called ------------------------------------------------- */

/* The beginning of a process's command line. */
struct words {
	char text[2048]; /* each word ends with a NUL */
	size_t size;
};

static void
read_words(pid_t pid, struct words *words)
{
	char path[64];
	ssize_t length = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, words->text, sizeof(words->text) - 1);
		close(fd);
	}
	words->size = length > 0 ? (size_t) length : 0;
	words->text[words->size] = '\0';
}

/* The word after `word`, or the first if that is NULL; NULL after the last. */
static const char *
next_word(const struct words *words, const char *word)
{
	const char *next = word == NULL ? words->text : strchr(word, '\0') + 1;

	return next < words->text + words->size ? next : NULL;
}

/* The name of the file that a word is the path of, without what follows it. */
static void
copy_base(const char *word, char *name, size_t size)
{
	size_t length = strcspn(word, " :");
	const char *slash = memrchr(word, '/', length);

	if (slash != NULL) {
		length -= (size_t) (slash + 1 - word);
		word = slash + 1;
	}
	snprintf(name, size, "%.*s", (int) length, word);
	text_clean(name);
}

/*
 * Is `comm`, which the kernel has cut short, of this name? If not, a thread has
 * been given a name, and the process goes by its file's.
 */
static bool
is_cut_from(const char *comm, const char *name)
{
	size_t length = strlen(comm);

	return length > 0 && strncmp(comm, name, length) == 0 &&
	    (name[length] == '\0' || length == COMM_LENGTH);
}

/* The interpreters whose names say nothing, but for a version's number. */
static bool
is_interpreter(const char *program)
{
	static const char *const names[] = { "python", "perl", "ruby", "node",
		"nodejs", "php", "lua", "sh", "bash", "dash" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);

		if (strncmp(program, names[i], length) == 0 &&
		    program[length +
			strspn(program + length, "-.0123456789")] == '\0') {
			return true;
		}
	}
	return false;
}

/* The first operand is the script; "" if the program is in the command line. */
static void
find_script(const struct words *words, char *name, size_t size)
{
	const char *word = next_word(words, NULL);

	name[0] = '\0';
	while (word != NULL && (word = next_word(words, word)) != NULL) {
		if (strcmp(word, "-c") == 0 || strcmp(word, "-e") == 0) {
			return;
		}
		if (word[0] != '-') {
			copy_base(word, name, size);
			return;
		}
	}
}

void
process_name(pid_t pid, char *name, size_t size)
{
	char program[NAME_SIZE];
	char comm[NAME_SIZE];
	char started_by[NAME_SIZE] = "";
	struct words words;

	process_program(pid, program, sizeof(program));
	process_comm(pid, comm, sizeof(comm));
	read_words(pid, &words);
	if (words.size > 0) {
		copy_base(words.text, started_by, sizeof(started_by));
	}
	name[0] = '\0';
	if (is_interpreter(program)) {
		find_script(&words, name, size);
	}
	if (name[0] == '\0' && is_cut_from(comm, started_by)) {
		snprintf(name, size, "%s", started_by);
	}
	if (name[0] == '\0') {
		snprintf(name, size, "%s", program[0] != '\0' ? program : comm);
	}
}

bool
process_is_called(pid_t pid, const char *word)
{
	char name[NAME_SIZE];

	process_name(pid, name, sizeof(name));
	if (strcmp(name, word) == 0) {
		return true;
	}
	process_program(pid, name, sizeof(name));
	return strcmp(name, word) == 0;
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
