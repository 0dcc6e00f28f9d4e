/* doctor.c: `stranded doctor`. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/process.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/preload.h"
#include "cmd/say.h"
#include "doctor/before.h"
#include "doctor/executable.h"
#include "doctor/report.h"
#include "doctor/running.h"

static const struct command_option option_table[] = {
	{ 'f', "format", "FORMAT",
	    "Print text for people (text, the default) or JSON (json)." },
	{ 0 },
};

/* Is it a command that is meant, and not a process? */
static bool
is_after_dashes(const struct arguments *arguments)
{
	return arguments->next > 1 &&
	    strcmp(arguments->argv[arguments->next - 1], "--") == 0;
}

/* What it would be like: nothing is started. */
static int
examine_command(struct report *report, const char *command)
{
	struct failure failure;
	char *probe = preload_find(&failure);
	char *path = executable_find(command, &failure);

	if (path == NULL) {
		say_failure(&failure);
	}
	if (probe == NULL) {
		report_add(report, REPORT_PROBLEM, "probe", "%s", failure.text);
	} else {
		report_add(report, REPORT_OK, "probe", "%s", probe);
		before_check(report, path, probe);
	}
	free(path);
	free(probe);
	return report_count(report, REPORT_PROBLEM) == 0 ? EXIT_DONE :
							   EXIT_FAILED;
}

static int
examine_process(struct report *report, pid_t pid)
{
	struct failure failure;
	char *probe = preload_find(&failure);
	int status = running_check(report, pid, probe);

	free(probe);
	/* Of what is not there the client knows best what to say. */
	if (report->count == 0) {
		failure_set(
		    &failure, EXIT_NO_TARGET, "process %d has ended", pid);
		client_reach(pid, &failure);
		say_failure(&failure);
	}
	return status;
}

/*
 * The only process of that name, whether or not it is under the probe; or -1.
 */
static pid_t
find_bare(const char *word)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t found = -1;
	unsigned int count = 0;

	while (processes != NULL && (entry = readdir(processes)) != NULL) {
		pid_t pid = (pid_t) strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != getpid() &&
		    process_is_called(pid, word)) {
			found = pid;
			count++;
		}
	}
	if (processes != NULL) {
		closedir(processes);
	}
	return count == 1 ? found : -1;
}

/* Also one that is not under the probe: it is said why. */
static pid_t
find_target(const char *word)
{
	struct failure failure;
	pid_t pid = client_find(word, &failure);

	if (pid < 0 && word != NULL) {
		pid = find_bare(word);
	}
	if (pid < 0) {
		say_failure(&failure);
	}
	return pid;
}

static int
print(const struct report *report, enum format format, const char *target)
{
	if (format == FORMAT_JSON) {
		report_json(stdout, report, target);
	} else {
		report_text(stdout, report);
	}
	return say_flush();
}

static int
examine(struct arguments *arguments, struct report *report, char **target)
{
	const char *word;
	char **words;
	pid_t pid;

	if (is_after_dashes(arguments)) {
		words = arguments_rest(arguments);
		if (words[0] == NULL) {
			arguments_misused(arguments, "COMMAND is missing");
		}
		*target = memory_print("%s", words[0]);
		return examine_command(report, words[0]);
	}
	word = arguments_operand(arguments);
	arguments_end(arguments);
	pid = find_target(word);
	*target = memory_print("%d", pid);
	return examine_process(report, pid);
}

static int
doctor_run(struct arguments *arguments)
{
	enum format format = FORMAT_TEXT;
	struct report report = { 0 };
	const char *value;
	char *target;
	int status;
	int flushed;

	while (arguments_next(arguments, &value) != 0) {
		format = arguments_format(arguments, value);
	}
	status = examine(arguments, &report, &target);
	flushed = print(&report, format, target);
	report_free(&report);
	free(target);
	return flushed != EXIT_DONE ? flushed : status;
}

const struct command command_doctor = {
	.name = "doctor",
	.operands = "[TARGET | -- COMMAND [ARG]...]",
	.summary = "say what the probe sees and does not see, there or then",
	.text = "Says what the probe sees in TARGET, and what it does not; or, "
		"of a process that it is not in, why. Of a COMMAND it says "
		"so before that runs, and does not run it. Each finding is "
		"a line: ok, note or problem, what is so, and what to do.",
	.options = option_table,
	.run = doctor_run,
};
