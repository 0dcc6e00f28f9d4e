/*
 * absence.c: see absence.h.
 *
 * First what could not have worked however it was started; then what the kernel
 * still knows of how it was.
 */
#include "doctor/absence.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/process.h"
#include "doctor/executable.h"

/* How much of an environment or a command line is looked at. */
#define TEXT_MAX (256u << 10)

/* Reads a file of /proc/PID, of words or of numbers; malloc'ed, with a NUL. */
static char *
read_proc(pid_t pid, const char *name, size_t *size)
{
	char path[64];
	char *text = memory_new(1, TEXT_MAX + 1);
	ssize_t got = 0;
	int fd;

	*size = 0;
	snprintf(path, sizeof(path), "/proc/%d/%s", process_alive(pid), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && *size < TEXT_MAX &&
	    (got = read(fd, text + *size, TEXT_MAX - *size)) > 0) {
		*size += (size_t) got;
	}
	if (fd >= 0) {
		close(fd);
	}
	return text;
}

const char *
absence_variable(const char *environment, size_t size, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = environment; word < environment + size;
	     word += strlen(word) + 1) {
		if (strncmp(word, name, length) == 0 && word[length] == '=') {
			return word + length + 1;
		}
	}
	return NULL;
}

/* Did the process begin with more rights than its caller had? */
static bool
is_secure(pid_t pid)
{
	size_t size;
	char *bytes = read_proc(pid, "auxv", &size);
	Elf64_auxv_t entry;
	bool secure = false;

	for (size_t at = 0; at + sizeof(entry) <= size; at += sizeof(entry)) {
		memcpy(&entry, bytes + at, sizeof(entry));
		secure |= entry.a_type == AT_SECURE && entry.a_un.a_val != 0;
	}
	free(bytes);
	return secure;
}

static void
say_how_to_start(struct report *report, pid_t pid)
{
	size_t size;
	char *words = read_proc(pid, "cmdline", &size);

	for (size_t i = 0; i + 1 < size; i++) {
		if (words[i] == '\0') {
			words[i] = ' ';
		}
	}
	report_remedy(report, "start it with `stranded run -- %.300s`",
	    words[0] != '\0' ? words : "COMMAND");
	free(words);
}

/* Its program is fit, so it is how it was started. */
static void
explain_start(struct report *report, pid_t pid)
{
	size_t size;
	char *environment = read_proc(pid, "environ", &size);
	const char *preload = absence_variable(environment, size, "LD_PRELOAD");

	if (preload != NULL && strstr(preload, "libstranded.so") != NULL) {
		report_add(report, REPORT_PROBLEM, "probe",
		    "the probe is not in the process, though LD_PRELOAD=%s "
		    "was: there was no such file for it, or it could not be "
		    "read",
		    preload);
		report_remedy(report,
		    "see that the process finds that file, in its own file "
		    "system and as its own user");
	} else {
		report_add(report, REPORT_PROBLEM, "probe",
		    "the probe is not in the process: it was started without "
		    "LD_PRELOAD");
		say_how_to_start(report, pid);
	}
	free(environment);
}

void
absence_explain(struct report *report, pid_t pid, const char *probe)
{
	struct executable executable;
	const struct obstacle *obstacle;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", process_alive(pid));
	obstacle =
	    executable_look(path, probe != NULL ? probe : "", &executable);
	if (obstacle != NULL) {
		report_add(report, REPORT_PROBLEM, "probe",
		    "the probe cannot be in the process: %s", obstacle->why);
		report_remedy(report, "%s", obstacle->remedy);
	} else if (is_secure(pid)) {
		report_add(report, REPORT_PROBLEM, "probe",
		    "the probe is not in the process: it was started with "
		    "more rights than its caller had, and then the dynamic "
		    "linker ignores LD_PRELOAD");
		report_remedy(report, "start it as the user that it runs as");
	} else {
		explain_start(report, pid);
	}
}
