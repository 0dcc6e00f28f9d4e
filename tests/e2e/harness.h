/*
 * harness.h: real processes for the end-to-end tests.
 *
 * Each test has a directory of its own for the probes' sockets, so that it
 * sees nobody else's processes and nobody sees its. Everything that it starts
 * ends with it, whichever way it ends; the teardown fails if a process or a
 * socket is left, and an alarm ends a test that hangs. Whatever is waited for
 * has a deadline, and a test that misses one fails there.
 *
 * The functions fail the test themselves (cmocka's fail_msg) if what they
 * promise cannot be had.
 */
#ifndef E2E_HARNESS_H
#define E2E_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>
#include <jansson.h>

/* Setup and teardown of each test. */
int harness_setup(void **state);
int harness_teardown(void **state);

#define HARNESS_TEST(name)                                                     \
	cmocka_unit_test_setup_teardown(name, harness_setup, harness_teardown)

/* The test's own directory, and the build's. */
const char *harness_directory(void);
const char *harness_build(void);
const char *harness_tool(void);

/* ---- Programs ---------------------------------------------------------- */

enum harness_how {
	HARNESS_RUN,     /* under "stranded run" */
	HARNESS_PRELOAD, /* with LD_PRELOAD alone */
	HARNESS_BARE     /* without the probe */
};

struct harness_program;

/*
 * Starts a program of tests/programs by its name, or any by its path. What
 * follows are its arguments.
 */
#define harness_start(how, ...)                                                \
	harness_start_list((how), (const char *const[]) { __VA_ARGS__, NULL })
struct harness_program *harness_start_list(
    enum harness_how how, const char *const argv[]);

/*
 * The process that shall be looked at, and the one that was started: they are
 * not the same under "stranded run", which stays and waits.
 */
pid_t harness_pid(const struct harness_program *program);
pid_t harness_started_pid(const struct harness_program *program);

/*
 * Waits for a line of the program's output that starts with `prefix`, and
 * returns what follows the prefix. Valid until the next call.
 */
const char *harness_line(struct harness_program *program, const char *prefix);

/* The same for "ready", and the number that follows: a port, or 0. */
int harness_ready(struct harness_program *program);

/*
 * Waits until the probe listens: the program may be ready a moment before.
 * harness_ready() does so, if it knows that the probe is there.
 */
void harness_await_probe(const struct harness_program *program);

/* Writes a line to the program's standard input. */
void harness_say(struct harness_program *program, const char *line);

/* What the program has written to its standard output so far, lines that were
   taken included, and to its standard error; do not free. */
const char *harness_said(struct harness_program *program);
const char *harness_errors(struct harness_program *program);

/* Ends its standard input, waits, and returns its exit status. */
int harness_stop(struct harness_program *program);

/* Kills the process that is looked at, and waits for the end of both. */
void harness_kill(struct harness_program *program);

/* Is the one that was started still there? */
bool harness_alive(struct harness_program *program);

/* ---- Commands ---------------------------------------------------------- */

/* What a command had to say. Valid until the next command. */
struct harness_output {
	const char *out;
	const char *err;
	int status; /* exit status, or 128 + the signal that ended it */
	int64_t ms; /* how long it took */
};

/* Runs a command to its end. The first word is found in PATH or is a path. */
#define harness_command(...)                                                   \
	harness_command_list((const char *const[]) { __VA_ARGS__, NULL })
struct harness_output harness_command_list(const char *const argv[]);

/* The same for the tool. */
#define harness_stranded(...) harness_command(harness_tool(), __VA_ARGS__)

/* Is there such a file, and has it the text in it? */
bool harness_file_has(const char *path, const char *text);

/* ---- Dumps ------------------------------------------------------------- */

/*
 * "stranded dump --format=json" of the program; must succeed. What it returns,
 * and what is found in it, is valid until the end of the test.
 */
json_t *harness_dump(const struct harness_program *program);
json_t *harness_dump_of(pid_t process);

/* The same with "stranded leaks". */
json_t *harness_leaks(const struct harness_program *program);

/* The task `name`, or NULL. */
json_t *harness_task(json_t *dump, const char *name);

/* How many tasks there are, in `state` if it is not NULL, and with `function`
   in the stack if that is not NULL. */
size_t harness_count(json_t *dump, const char *state, const char *function);

/* How many sessions there are of `kind` ("socket", "registry"), or of any. */
size_t harness_sessions(json_t *dump, const char *kind);
json_t *harness_session(json_t *dump, json_int_t id);

/* The frame of `function` in a list of frames, or NULL. */
json_t *harness_frame(json_t *frames, const char *function);

const char *harness_text(json_t *object, const char *key);
json_int_t harness_number(json_t *object, const char *key);

/*
 * Fails unless the task's stack has `function` at the line of
 * tests/programs/FILE that bears the comment "marker".
 */
void harness_assert_at(
    json_t *task, const char *function, const char *file, const char *marker);

/* That line's number. */
int harness_marker(const char *file, const char *marker);

/*
 * Dumps until there are `count` tasks in `state` with `function` in the stack
 * (both as for harness_count()), and returns that dump.
 */
json_t *harness_await(const struct harness_program *program, size_t count,
    const char *state, const char *function);

/* For the setup and the teardown: all dumps of a test are freed at its end. */
void harness_dumps_begin(void);
void harness_dumps_end(void);

/* ---- Waiting ----------------------------------------------------------- */

int64_t harness_now_ms(void);
void harness_sleep_ms(int ms);

/* Waits until `condition` holds; fails after 10 seconds. */
#define HARNESS_UNTIL(condition)                                               \
	do {                                                                   \
		int64_t end_ = harness_now_ms() + 10000;                       \
		while (!(condition)) {                                         \
			if (harness_now_ms() > end_) {                         \
				fail_msg("never came: %s", #condition);        \
			}                                                      \
			harness_sleep_ms(20);                                  \
		}                                                              \
	} while (0)

/* ---- Clients ----------------------------------------------------------- */

/* A connection to a port of the loopback. Closed at the end of the test. */
int harness_connect(int port);

/* Sends a line, and fails unless the answer is `expected`. */
void harness_ask(int fd, const char *line, const char *expected);

/* "127.0.0.1:PORT" of this end of the connection. */
const char *harness_name(int fd);

#endif
