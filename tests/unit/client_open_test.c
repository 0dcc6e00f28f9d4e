/*
 * client_open_test.c: finding a probe and shaking hands with it; everything
 * that can be in the way has its own sentence and exit status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/wait.h>

#include "client/client.h"
#include "client/process.h"
#include "unit/fake_probe.h"

static struct fake_probe fake;

static int
setup(void **state)
{
	fake_init(&fake);
	return 0;
}

static int
teardown(void **state)
{
	fake_stop(&fake);
	return 0;
}

/* The process cannot be opened; the status and a part of the text are these. */
static void
assert_refused(pid_t pid, int status, const char *part)
{
	struct failure failure = { 0 };

	assert_null(client_open(pid, &failure));
	assert_int_equal(failure.status, status);
	if (strstr(failure.text, part) == NULL) {
		fail_msg("\"%s\" does not contain \"%s\"", failure.text, part);
	}
}

static void
greeting(void **state)
{
	struct failure failure;
	struct wire_counts counts;
	struct client *client;

	fake_add_hello(&fake);
	fake_add_counts(&fake);
	fake_start(&fake);
	client = client_open(getpid(), &failure);
	assert_non_null(client);
	assert_int_equal(client_pid(client), getpid());
	assert_int_equal(client_hello(client)->version, WIRE_VERSION);
	assert_int_equal(client_counts(client, &counts, &failure), 0);
	assert_int_equal(counts.tasks, 3);
	assert_int_equal(counts.by_state[1], 2);
	/* It hangs up after that. */
	assert_int_equal(client_counts(client, &counts, &failure), -1);
	assert_int_equal(failure.status, EXIT_FAILED);
	assert_non_null(strstr(failure.text, "hung up"));
	client_close(client);
}

static void
no_process(void **state)
{
	pid_t pid = fork();

	if (pid == 0) {
		_exit(0);
	}
	fake_pause(50);
	assert_refused(pid, EXIT_NO_TARGET, "has ended"); /* a zombie */
	waitpid(pid, NULL, 0);
	assert_refused(pid, EXIT_NO_TARGET, "no process");
}

static void
no_probe(void **state)
{
	assert_refused(getpid(), EXIT_NO_TARGET, "not under the probe");
}

static void *
wait_for_word(void *arg)
{
	char byte;

	return read(*(int *) arg, &byte, 1) < 0 ? arg : NULL;
}

static void
a_thread(void **state)
{
	char path[64];
	int ends[2];
	pthread_t thread;
	pid_t tid = getpid();

	assert_int_equal(pipe(ends), 0);
	pthread_create(&thread, NULL, wait_for_word, &ends[0]);
	do {
		snprintf(path, sizeof(path), "/proc/self/task/%d", ++tid);
	} while (access(path, F_OK) != 0);
	assert_refused(tid, EXIT_NO_TARGET, "is a thread of process");
	close(ends[1]);
	pthread_join(thread, NULL);
	close(ends[0]);
}

static void
directory_of_everybody(void **state)
{
	fake_start(&fake);
	chmod(fake.directory, 0755);
	assert_refused(getpid(), EXIT_NO_TARGET, "not a private directory");
	chmod(fake.directory, 0770);
	assert_refused(getpid(), EXIT_NO_TARGET, "not a private directory");
}

static void
directory_of_somebody_else(void **state)
{
	if (geteuid() != 0) {
		skip();
	}
	fake_start(&fake);
	assert_int_equal(chown(fake.directory, 12345, 12345), 0);
	assert_refused(getpid(), EXIT_NO_TARGET, "not a private directory");
}

static void
directory_by_symlink(void **state)
{
	char link[96];

	fake_start(&fake);
	snprintf(link, sizeof(link), "%s-link", fake.directory);
	assert_int_equal(symlink(fake.directory, link), 0);
	setenv(PLACE_VARIABLE, link, 1);
	assert_refused(getpid(), EXIT_NO_TARGET, "is no directory");
	unlink(link);
}

static void
place_taken_by_file(void **state)
{
	close(open(fake.path, O_CREAT | O_WRONLY, 0600));
	assert_refused(getpid(), EXIT_NO_TARGET, "something else");
}

/* Another process listens at our place: the kernel says so. */
static void
place_taken_by_process(void **state)
{
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char byte;
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fake_add_hello(&fake);
		fake_start(&fake);
		close(ready[1]);
		fake_pause(60000);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	assert_refused(getpid(), EXIT_NO_TARGET, "another process");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* The socket is still there, and nobody behind it. */
	assert_refused(getpid(), EXIT_NO_TARGET, "nobody listens");
	/* Is it older than this process, one of the same number has left it. */
	assert_int_equal(utimensat(AT_FDCWD, fake.path, old, 0), 0);
	assert_refused(getpid(), EXIT_NO_TARGET, "not under the probe");
}

/* Longer than a socket's address can be. */
static void
long_path(void **state)
{
	char deep[200];
	struct failure failure;
	struct client *client;
	char shallow[64];

	fake_add_hello(&fake);
	fake_start(&fake);
	snprintf(shallow, sizeof(shallow), "%s", fake.directory);
	snprintf(deep, sizeof(deep), "%s-%0120d", fake.directory, 7);
	assert_int_equal(rename(fake.directory, deep), 0);
	setenv(PLACE_VARIABLE, deep, 1);
	client = client_open(getpid(), &failure);
	assert_non_null(client);
	client_close(client);
	assert_int_equal(rename(deep, shallow), 0);
}

static void
add_hello(struct wire_hello hello)
{
	hello.header = (struct wire_header) { sizeof(hello), WIRE_HELLO, 0 };
	fake_next_step(&fake);
	fake_add(&fake, &hello, sizeof(hello));
	fake_start(&fake);
}

static void
other_version(void **state)
{
	add_hello((struct wire_hello) {
	    .magic = WIRE_MAGIC, .version = 7, .pid = (uint32_t) getpid() });
	assert_refused(getpid(), EXIT_NO_TARGET, "speaks version 7");
}

/* A later version may say more in its greeting. */
static void
other_version_longer(void **state)
{
	uint8_t bytes[64] = { 0 };
	const struct wire_hello hello = {
		.header = { sizeof(bytes), WIRE_HELLO, 0 },
		.magic = WIRE_MAGIC,
		.version = 2,
	};

	memcpy(bytes, &hello, sizeof(hello));
	fake_next_step(&fake);
	fake_add(&fake, bytes, sizeof(bytes));
	fake_start(&fake);
	assert_refused(getpid(), EXIT_NO_TARGET, "speaks version 2");
}

static void
add_error(uint32_t code, const char *text)
{
	struct wire_error error = {
		.header = { (uint32_t) (sizeof(error) + strlen(text)),
		    WIRE_ERROR, 0 },
		.code = code,
		.text_size = (uint32_t) strlen(text),
	};

	fake_next_step(&fake);
	fake_add(&fake, &error, sizeof(error));
	fake_add(&fake, text, strlen(text));
	fake_start(&fake);
}

static void
version_refused(void **state)
{
	add_error(WIRE_ERROR_VERSION, "no");
	assert_refused(getpid(), EXIT_NO_TARGET, "does not speak version 1");
}

static void
busy(void **state)
{
	add_error(WIRE_ERROR_BUSY, "too many\x1b[31m");
	assert_refused(getpid(), EXIT_FAILED, "says: too many?[31m");
}

static void
other_pid(void **state)
{
	add_hello((struct wire_hello) {
	    .magic = WIRE_MAGIC, .version = WIRE_VERSION, .pid = 1 });
	assert_refused(getpid(), EXIT_FAILED, "no sense");
}

static void
other_magic(void **state)
{
	add_hello((struct wire_hello) { .version = WIRE_VERSION });
	assert_refused(getpid(), EXIT_FAILED, "no sense");
}

static void
garbage(void **state)
{
	fake_next_step(&fake);
	fake_add(&fake, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	fake_start(&fake);
	assert_refused(getpid(), EXIT_FAILED, "no sense");
}

static void
hangs_up(void **state)
{
	fake_start(&fake);
	assert_refused(getpid(), EXIT_FAILED, "hung up");
}

static void
hangs_up_midway(void **state)
{
	fake_add_hello(&fake);
	fake.steps[0].size /= 2;
	fake_start(&fake);
	assert_refused(getpid(), EXIT_FAILED, "hung up");
}

static void
byte_by_byte(void **state)
{
	struct failure failure;
	struct client *client;

	fake_add_hello(&fake);
	fake.steps[0].piece = 1;
	fake_start(&fake);
	client = client_open(getpid(), &failure);
	assert_non_null(client);
	client_close(client);
}

static void
never_answers(void **state)
{
	fake.ending = FAKE_SAY_NOTHING;
	fake_start(&fake);
	assert_refused(getpid(), EXIT_FAILED, "does not answer");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* By which a probe that has not begun to listen is told from none. */
static void
what_is_mapped(void **state)
{
	assert_true(process_has_mapped(getpid(), "/client_open_test"));
	assert_false(process_has_mapped(getpid(), "/client_open_tes"));
	assert_false(process_has_mapped(getpid(), "/libstranded.so"));
	assert_false(process_has_mapped(1 << 30, "/client_open_test"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(greeting),
		TEST(no_process),
		TEST(no_probe),
		TEST(a_thread),
		TEST(directory_of_everybody),
		TEST(directory_of_somebody_else),
		TEST(directory_by_symlink),
		TEST(place_taken_by_file),
		TEST(place_taken_by_process),
		TEST(long_path),
		TEST(other_version),
		TEST(other_version_longer),
		TEST(version_refused),
		TEST(busy),
		TEST(other_pid),
		TEST(other_magic),
		TEST(garbage),
		TEST(hangs_up),
		TEST(hangs_up_midway),
		TEST(byte_by_byte),
		TEST(never_answers),
		cmocka_unit_test(what_is_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
