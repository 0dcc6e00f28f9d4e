/* harness.c: see harness.h. */
#include "harness.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEST_SECONDS    60    /* that one test may take */
#define WAIT_MS         10000 /* that one thing is waited for */
#define PROGRAMS_MAX    64
#define CONNECTIONS_MAX 128

/* Text that grows; always ends in a NUL. */
struct text {
	char *bytes;
	size_t length;
};

struct harness_program {
	pid_t pid;    /* the process that was started */
	bool probed;  /* the probe is in the program, as far as we know */
	bool wrapped; /* that is "stranded run", and has the program as
	                       its child */
	bool ended;   /* it has been waited for; `status` is valid */
	int status;
	int in;  /* its standard input, or -1 */
	int out; /* its standard output */
	int err; /* its standard error */
	struct text out_text;
	size_t out_taken; /* how much of it harness_line() has passed */
	struct text err_text;
	struct text line; /* the line given out last */
};

static char directory[128];
static struct harness_program programs[PROGRAMS_MAX];
static size_t program_count;
static int connections[CONNECTIONS_MAX];
static size_t connection_count;
static struct text command_out, command_err;

/* ---- Small things ------------------------------------------------------ */

int64_t
harness_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void
harness_sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

const char *
harness_build(void)
{
	const char *build = getenv("B");

	return build ? build : "build";
}

const char *
harness_tool(void)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/stranded", harness_build());
	return path;
}

const char *
harness_directory(void)
{
	return directory;
}

static void
text_add(struct text *text, const char *bytes, size_t length)
{
	text->bytes = realloc(text->bytes, text->length + length + 1);
	assert_non_null(text->bytes);
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

static void
text_clear(struct text *text)
{
	free(text->bytes);
	*text = (struct text) { NULL, 0 };
	text_add(text, "", 0);
}

/* Takes what there is to read; false at the end of the file. */
static bool
text_read(struct text *text, int fd)
{
	char bytes[16384];
	ssize_t length = read(fd, bytes, sizeof bytes);

	if (length > 0) {
		text_add(text, bytes, length);
	}
	return length != 0;
}

/* ---- Starting and ending ----------------------------------------------- */

/* Puts the two ends of a pipe where they belong, in the child. */
static void
child_exec(const char *const argv[], const int fds[3], pid_t parent)
{
	/* Nothing that a test has started outlives it, even if it crashes. A
	   signal that "stranded run" can pass on. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) {
		_exit(127);
	}
	for (int i = 0; i < 3; i++) {
		dup2(fds[i], i);
	}
	execvp(argv[0], (char *const *) argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static pid_t
spawn(const char *const argv[], int *in, int *out, int *err)
{
	int pipes[3][2];
	pid_t parent = getpid(), pid;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
	}
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		child_exec(argv,
		    (int[]) { pipes[0][0], pipes[1][1], pipes[2][1] }, parent);
	}
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	*in = pipes[0][1];
	*out = pipes[1][0];
	*err = pipes[2][0];
	return pid;
}

/* The whole path of a program of tests/programs, others as they are. */
static const char *
program_path(const char *name)
{
	static char path[512];

	if (strchr(name, '/')) {
		return name;
	}
	snprintf(
	    path, sizeof path, "%s/tests/programs/%s", harness_build(), name);
	return path;
}

struct harness_program *
harness_start_list(enum harness_how how, const char *const argv[])
{
	struct harness_program *program;
	const char *words[32];
	char probe[512];
	size_t count = 0;

	assert_in_range(program_count, 0, PROGRAMS_MAX - 1);
	program = &programs[program_count++];
	*program = (struct harness_program) {
		.in = -1,
		.wrapped = how == HARNESS_RUN ||
		    (argv[0] == harness_tool() && strcmp(argv[1], "run") == 0),
	};
	text_clear(&program->out_text);
	text_clear(&program->err_text);
	text_clear(&program->line);
	program->probed = how == HARNESS_PRELOAD || program->wrapped;
	if (how == HARNESS_RUN) {
		words[count++] = harness_tool();
		words[count++] = "run";
		words[count++] = "--";
	} else if (how == HARNESS_PRELOAD) {
		snprintf(probe, sizeof probe, "LD_PRELOAD=%s%s/libstranded.so",
		    harness_build()[0] == '/' ? "" : "./", harness_build());
		words[count++] = "env";
		words[count++] = probe;
	}
	words[count++] = program_path(argv[0]);
	for (size_t i = 1; argv[i]; i++) {
		assert_in_range(count, 0, 30);
		words[count++] = argv[i];
	}
	words[count] = NULL;
	program->pid = spawn(words, &program->in, &program->out, &program->err);
	return program;
}

pid_t
harness_started_pid(const struct harness_program *program)
{
	return program->pid;
}

/* The first child of the process, or 0. */
static pid_t
child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%d", &child) != 1) {
			child = 0;
		}
		fclose(file);
	}
	return child;
}

pid_t
harness_pid(const struct harness_program *program)
{
	pid_t child;

	if (!program->wrapped) {
		return program->pid;
	}
	child = child_of(program->pid);
	if (child == 0) {
		fail_msg("stranded run (%d) has no child", program->pid);
	}
	return child;
}

static void
program_ended(struct harness_program *program, int status)
{
	program->ended = true;
	program->status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool
harness_alive(struct harness_program *program)
{
	int status;

	if (!program->ended &&
	    waitpid(program->pid, &status, WNOHANG) == program->pid) {
		program_ended(program, status);
	}
	return !program->ended;
}

static void
close_input(struct harness_program *program)
{
	if (program->in != -1) {
		close(program->in);
		program->in = -1;
	}
}

/* Reads what the program has to say, until it stops talking for `ms`. */
static void
program_listen(struct harness_program *program, int ms)
{
	struct pollfd polled[2] = {
		{ .fd = program->out, .events = POLLIN },
		{ .fd = program->err, .events = POLLIN },
	};

	while (poll(polled, 2, ms) > 0) {
		if (polled[0].revents &&
		    !text_read(&program->out_text, program->out)) {
			polled[0].fd = -1;
		}
		if (polled[1].revents &&
		    !text_read(&program->err_text, program->err)) {
			polled[1].fd = -1;
		}
		if (polled[0].fd == -1 && polled[1].fd == -1) {
			return;
		}
		ms = 0;
	}
}

int
harness_stop(struct harness_program *program)
{
	int64_t end = harness_now_ms() + WAIT_MS;

	close_input(program);
	while (harness_alive(program)) {
		if (harness_now_ms() > end) {
			fail_msg("process %d does not end", program->pid);
		}
		program_listen(program, 5);
	}
	program_listen(program, 0);
	return program->status;
}

void
harness_kill(struct harness_program *program)
{
	int64_t end = harness_now_ms() + WAIT_MS;
	pid_t child = program->wrapped && harness_alive(program) ?
	    child_of(program->pid) :
	    0;

	close_input(program);
	if (child != 0) {
		kill(child, SIGKILL);
	}
	while (harness_alive(program)) {
		/* "stranded run" ends when its child has ended. */
		if (child == 0 || harness_now_ms() > end) {
			kill(program->pid, SIGKILL);
		}
		program_listen(program, 1);
	}
}

void
harness_say(struct harness_program *program, const char *line)
{
	assert_int_equal(
	    dprintf(program->in, "%s\n", line), (int) strlen(line) + 1);
}

const char *
harness_said(struct harness_program *program)
{
	program_listen(program, 0);
	return program->out_text.bytes;
}

const char *
harness_errors(struct harness_program *program)
{
	program_listen(program, 0);
	return program->err_text.bytes;
}

/* ---- What programs say ------------------------------------------------- */

/* Takes the next whole line of the output, if there is one. */
static bool
program_take_line(struct harness_program *program)
{
	const char *begin = program->out_text.bytes + program->out_taken;
	const char *end = strchr(begin, '\n');

	if (!end) {
		return false;
	}
	text_clear(&program->line);
	text_add(&program->line, begin, end - begin);
	program->out_taken += end - begin + 1;
	return true;
}

const char *
harness_line(struct harness_program *program, const char *prefix)
{
	int64_t end = harness_now_ms() + WAIT_MS;
	size_t length = strlen(prefix);

	for (;;) {
		bool alive = harness_alive(program);

		program_listen(program, alive ? 10 : 0);
		while (program_take_line(program)) {
			if (strncmp(program->line.bytes, prefix, length) == 0) {
				return program->line.bytes + length;
			}
		}
		if (!alive || harness_now_ms() > end) {
			fail_msg("no line \"%s...\" (%s); it said:\n%s%s",
			    prefix, alive ? "waited long" : "it has ended",
			    program->out_text.bytes, program->err_text.bytes);
		}
	}
}

/* Does the probe in the process listen at the test's own place? */
static bool
probe_listens(pid_t pid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	snprintf(address.sun_path, sizeof address.sun_path, "%.80s/%d.sock",
	    directory, pid);
	error = connect(fd, (struct sockaddr *) &address, sizeof address);
	close(fd);
	return error == 0;
}

void
harness_await_probe(const struct harness_program *program)
{
	HARNESS_UNTIL(probe_listens(harness_pid(program)));
}

int
harness_ready(struct harness_program *program)
{
	int port = (int) strtol(harness_line(program, "ready"), NULL, 10);

	if (program->probed) {
		harness_await_probe(program);
	}
	return port;
}

bool
harness_file_has(const char *path, const char *text)
{
	static char bytes[1 << 20];
	ssize_t length = 0, got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		return false;
	}
	while (
	    (got = read(fd, bytes + length, sizeof bytes - 1 - length)) > 0) {
		length += got;
	}
	close(fd);
	bytes[length] = '\0';
	return strstr(bytes, text) != NULL;
}

/* ---- Commands ---------------------------------------------------------- */

/* Reads both outputs to their ends; false if that takes too long. */
static bool
command_listen(int out, int err)
{
	int64_t end = harness_now_ms() + 2 * WAIT_MS;
	struct pollfd polled[2] = {
		{ .fd = out, .events = POLLIN },
		{ .fd = err, .events = POLLIN },
	};

	while (polled[0].fd != -1 || polled[1].fd != -1) {
		int64_t left = end - harness_now_ms();

		if (left <= 0 || poll(polled, 2, left) == 0) {
			return false;
		}
		if (polled[0].revents && !text_read(&command_out, out)) {
			polled[0].fd = -1;
		}
		if (polled[1].revents && !text_read(&command_err, err)) {
			polled[1].fd = -1;
		}
	}
	return true;
}

struct harness_output
harness_command_list(const char *const argv[])
{
	int64_t begun = harness_now_ms();
	int in, out, err, status;
	bool in_time;
	pid_t pid = spawn(argv, &in, &out, &err);

	close(in);
	text_clear(&command_out);
	text_clear(&command_err);
	in_time = command_listen(out, err);
	if (!in_time) {
		kill(pid, SIGKILL);
	}
	close(out);
	close(err);
	waitpid(pid, &status, 0);
	if (!in_time) {
		fail_msg("%s %s hangs", argv[0], argv[1]);
	}
	return (struct harness_output) {
		.out = command_out.bytes,
		.err = command_err.bytes,
		.status = WIFEXITED(status) ? WEXITSTATUS(status) :
					      128 + WTERMSIG(status),
		.ms = harness_now_ms() - begun,
	};
}

/* ---- Clients ----------------------------------------------------------- */

int
harness_connect(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    connect(fd, (struct sockaddr *) &address, sizeof address), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_in_range(connection_count, 0, CONNECTIONS_MAX - 1);
	connections[connection_count++] = fd;
	return fd;
}

void
harness_ask(int fd, const char *line, const char *expected)
{
	char answer[1024];
	size_t length = 0;

	assert_int_equal(dprintf(fd, "%s\n", line), (int) strlen(line) + 1);
	while (length + 1 < sizeof answer &&
	    recv(fd, answer + length, 1, 0) == 1 && answer[length] != '\n') {
		length += answer[length] != '\r';
	}
	answer[length] = '\0';
	assert_string_equal(answer, expected);
}

const char *
harness_name(int fd)
{
	static char name[64];
	struct sockaddr_in address;
	socklen_t size = sizeof address;

	assert_int_equal(
	    getsockname(fd, (struct sockaddr *) &address, &size), 0);
	snprintf(name, sizeof name, "127.0.0.1:%d", ntohs(address.sin_port));
	return name;
}

/* ---- Setup and teardown ------------------------------------------------ */

int
harness_setup(void **state)
{
	alarm(TEST_SECONDS);
	signal(SIGPIPE, SIG_IGN);
	snprintf(directory, sizeof directory, "/tmp/stranded-test-XXXXXX");
	program_count = 0;
	connection_count = 0;
	harness_dumps_begin();
	if (!mkdtemp(directory) || setenv("STRANDED_DIR", directory, 1) == -1) {
		return -1;
	}
	unsetenv("STRANDED_SIGNAL");
	unsetenv("STRANDED_DUMP");
	return 0;
}

static pid_t
number(const char *text)
{
	return (pid_t) strtol(text, NULL, 10);
}

/* Has the process our directory in its environment? */
static bool
process_is_ours(const char *pid)
{
	char path[64], bytes[65536], wanted[192];
	ssize_t length = 0, got;
	int fd;

	snprintf(path, sizeof path, "/proc/%s/environ", pid);
	snprintf(wanted, sizeof wanted, "STRANDED_DIR=%s", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		return false;
	}
	while (length < (ssize_t) sizeof bytes &&
	    (got = read(fd, bytes + length, sizeof bytes - length)) > 0) {
		length += got;
	}
	close(fd);
	return length > 0 &&
	    memmem(bytes, length, wanted, strlen(wanted) + 1) != NULL;
}

/* How many processes of this test are there? They are ended if `end` is set. */
static int
processes_left_over(bool end)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	while (processes && (entry = readdir(processes))) {
		if (isdigit((unsigned char) entry->d_name[0]) &&
		    number(entry->d_name) != getpid() &&
		    process_is_ours(entry->d_name)) {
			count++;
			if (end) {
				fprintf(stderr, "left over: process %s\n",
				    entry->d_name);
				kill(number(entry->d_name), SIGKILL);
			}
		}
	}
	if (processes) {
		closedir(processes);
	}
	return count;
}

/* What lies in the directory? It is removed, and named, if `end` is set. */
static int
files_left_over(bool end)
{
	DIR *files = opendir(directory);
	struct dirent *entry;
	int count = 0;

	while (files && (entry = readdir(files))) {
		if (entry->d_name[0] != '.') {
			count++;
			if (end) {
				fprintf(stderr, "left over: %s/%s\n", directory,
				    entry->d_name);
				unlinkat(dirfd(files), entry->d_name, 0);
			}
		}
	}
	if (files) {
		closedir(files);
	}
	return count;
}

static void
program_free(struct harness_program *program)
{
	harness_kill(program);
	close_input(program);
	close(program->out);
	close(program->err);
	free(program->out_text.bytes);
	free(program->err_text.bytes);
	free(program->line.bytes);
}

int
harness_teardown(void **state)
{
	int left;

	for (size_t i = 0; i < connection_count; i++) {
		close(connections[i]);
	}
	for (size_t i = 0; i < program_count; i++) {
		program_free(&programs[i]);
	}
	/* Whatever ends with the programs may take a moment. */
	for (int i = 0; i < 40 && processes_left_over(false) > 0; i++) {
		harness_sleep_ms(50);
	}
	left = processes_left_over(true);
	/* The sockets of those that were killed are removed by the tool. */
	for (int i = 0; i < 40 && files_left_over(false) > 0; i++) {
		harness_stranded("ps");
		harness_sleep_ms(i * 10);
	}
	left += files_left_over(true);
	/* The test's own files have names that begin with a dot. */
	harness_command("rm", "-rf", directory);
	harness_dumps_end();
	unsetenv("STRANDED_DIR");
	alarm(0);
	return left ? -1 : 0;
}
