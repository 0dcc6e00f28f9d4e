/* cmd_sink_test.c: results get where they belong, or it is said that not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/sink.h"

static char directory[32];
static char path[64];

static int
setup(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/stranded-sink-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/dump", directory);
	return 0;
}

/* Nothing but the file itself may have been left. */
static int
teardown(void **state)
{
	unlink(path);
	return rmdir(directory);
}

static int
write_text(const char *text, bool append, struct failure *failure)
{
	const struct sink sink = { .path = path, .append = append };

	return sink_write(&sink, text, strlen(text), failure);
}

static void
assert_content(const char *expected)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, expected);
}

static void
new_file(void **state)
{
	struct failure failure;
	struct stat status;

	umask(027);
	assert_int_equal(write_text("one", false, &failure), 0);
	assert_content("one");
	stat(path, &status);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void
replaced_file(void **state)
{
	struct failure failure;
	struct stat status;

	write_text("much longer than it", false, &failure);
	chmod(path, 0604);
	assert_int_equal(write_text("two", false, &failure), 0);
	assert_content("two");
	stat(path, &status);
	assert_int_equal(status.st_mode & 0777, 0604);
}

/* What root replaces stays its owner's. */
static void
owner_is_kept(void **state)
{
	struct failure failure;
	struct stat status;

	if (geteuid() != 0) {
		skip();
	}
	write_text("one", false, &failure);
	assert_int_equal(chown(path, 1234, 4321), 0);
	assert_int_equal(write_text("two", false, &failure), 0);
	stat(path, &status);
	assert_int_equal(status.st_uid, 1234);
	assert_int_equal(status.st_gid, 4321);
}

/* Another user's directory, in which only the file itself may be written. */
static void
closed_directory(void **state)
{
	struct failure failure;
	uid_t saved = geteuid();
	int result;

	write_text("much longer than it", false, &failure);
	chmod(path, 0666);
	chmod(directory, 0555);
	if (saved == 0) {
		assert_int_equal(seteuid(65534), 0);
	}
	result = write_text("two", false, &failure);
	assert_int_equal(seteuid(saved), 0);
	chmod(directory, 0700);
	assert_int_equal(result, 0);
	assert_content("two");
}

static void
appended_file(void **state)
{
	struct failure failure;

	assert_int_equal(write_text("one ", true, &failure), 0);
	assert_int_equal(write_text("two", true, &failure), 0);
	assert_content("one two");
}

/* What the link leads to is written, not the link. */
static void
symlinked_file(void **state)
{
	struct failure failure;
	char link[80];
	struct sink sink = { .path = link };

	write_text("old", false, &failure);
	snprintf(link, sizeof(link), "%s-link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(sink_write(&sink, "new", 3, &failure), 0);
	assert_content("new");
	assert_true(readlink(link, (char[8]) { 0 }, 8) > 0);
	unlink(link);
}

/* As /dev/stdout is, or what a shell makes of >(...). */
static void
link_to_a_pipe(void **state)
{
	char link[80], target[40], read_back[8] = "";
	struct sink sink = { .path = link };
	struct failure failure;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	snprintf(link, sizeof(link), "%s-link", path);
	snprintf(target, sizeof(target), "/proc/self/fd/%d", ends[1]);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(sink_write(&sink, "text", 4, &failure), 0);
	assert_int_equal(read(ends[0], read_back, sizeof(read_back)), 4);
	assert_string_equal(read_back, "text");
	assert_true(readlink(link, (char[8]) { 0 }, 8) > 0);
	unlink(link);
	close(ends[0]);
	close(ends[1]);
}

/* The link stays, and what it leads to is made. */
static void
link_to_nothing(void **state)
{
	char link[80];
	struct sink sink = { .path = link };
	struct failure failure;

	unlink(path);
	snprintf(link, sizeof(link), "%s-link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(sink_write(&sink, "text", 4, &failure), 0);
	assert_true(readlink(link, (char[8]) { 0 }, 8) > 0);
	assert_int_equal(access(path, R_OK), 0);
	unlink(link);
	unlink(path);
}

/* A disk that is full in the middle of it: the old file is as it was. */
static void
no_room(void **state)
{
	static char big[100000];
	const struct sink sink = { .path = path };
	struct rlimit limit;
	struct rlimit small;
	struct failure failure;

	write_text("old", false, &failure);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 4096;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(sink_write(&sink, big, sizeof(big), &failure), -1);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(failure.status, EXIT_FAILED);
	assert_non_null(strstr(failure.text, path));
	assert_content("old");
}

static void
full_device(void **state)
{
	const struct sink sink = { .path = "/dev/full" };
	struct stat status;
	struct failure failure;

	assert_int_equal(sink_write(&sink, "x", 1, &failure), -1);
	assert_int_equal(failure.status, EXIT_FAILED);
	assert_non_null(strstr(failure.text, "No space left"));
	stat("/dev/full", &status);
	assert_true(S_ISCHR(status.st_mode));
}

static void
no_directory(void **state)
{
	const struct sink sink = { .path = "/nonexistent/dump" };
	struct failure failure;

	assert_int_equal(sink_write(&sink, "x", 1, &failure), -1);
	assert_int_equal(failure.status, EXIT_FAILED);
	assert_non_null(strstr(failure.text, "/nonexistent/dump"));
}

/* Points standard output at `fd` for one write. */
static int
write_standard(int fd, const char *data, size_t size, struct failure *failure)
{
	const struct sink sink = { .path = NULL };
	int saved = dup(STDOUT_FILENO);
	int result;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	result = sink_write(&sink, data, size, failure);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return result;
}

/* Nobody reads on: there is nothing to be said. */
static void
broken_pipe(void **state)
{
	struct failure failure;
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(write_standard(ends[1], "x", 1, &failure), -1);
	close(ends[1]);
	assert_int_equal(failure.status, EXIT_FAILED);
	assert_string_equal(failure.text, "");
}

/* A pipe that does not block, is full, and is read a little later. */
static void
full_pipe(void **state)
{
	static char big[200000];
	struct failure failure;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		usleep(50000);
		fcntl(ends[0], F_SETFL, 0);
		while (read(ends[0], big, sizeof(big)) > 0) {
		}
		_exit(0);
	}
	close(ends[0]);
	assert_int_equal(
	    write_standard(ends[1], big, sizeof(big), &failure), 0);
	close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_file),
		TEST(replaced_file),
		TEST(owner_is_kept),
		TEST(closed_directory),
		TEST(appended_file),
		TEST(symlinked_file),
		TEST(link_to_a_pipe),
		TEST(link_to_nothing),
		TEST(no_room),
		TEST(full_device),
		TEST(no_directory),
		TEST(broken_pipe),
		TEST(full_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
