/*
 * cmd_harness.h: runs a command of the tool in a child process, and keeps what
 * it printed.
 */
#ifndef CMD_HARNESS_H
#define CMD_HARNESS_H

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"

#define CMD_WORDS_MAX 16

struct cmd_outcome {
	int status;      /* the exit status; 128 and the signal if killed */
	char out[16384]; /* what it printed */
	char err[4096];
};

/* Splits at blanks; returns how many words there are. */
static inline int
cmd_split(char *line, char *argv[CMD_WORDS_MAX + 1])
{
	int argc = 0;

	char *rest = NULL;

	for (char *word = strtok_r(line, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		assert(argc < CMD_WORDS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

/* In the child: does not return. */
static inline void
cmd_execute(const char *line, int out, int err)
{
	char *argv[CMD_WORDS_MAX + 1];
	char copy[1024];
	struct arguments arguments;
	const struct command *command;
	int argc;

	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	snprintf(copy, sizeof(copy), "%s", line);
	argc = cmd_split(copy, argv);
	command = command_find(argv[0]);
	assert(command != NULL);
	arguments_init(&arguments, command, argc, argv);
	exit(command->run(&arguments));
}

static inline int
cmd_open(char path[32])
{
	int fd;

	memcpy(path, "/tmp/stranded-cmd-XXXXXX", 25);
	fd = mkostemp(path, O_CLOEXEC);
	assert(fd >= 0);
	unlink(path);
	return fd;
}

static inline void
cmd_read(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

/* Runs a line such as "dump --all". */
static inline void
cmd(struct cmd_outcome *outcome, const char *line)
{
	char path[32];
	int out = cmd_open(path);
	int err = cmd_open(path);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		cmd_execute(line, out, err);
	}
	assert(waitpid(pid, &status, 0) == pid);
	outcome->status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	cmd_read(out, outcome->out, sizeof(outcome->out));
	cmd_read(err, outcome->err, sizeof(outcome->err));
}

#endif
