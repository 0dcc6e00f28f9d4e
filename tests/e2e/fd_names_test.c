/*
 * fd_names_test.c: what the descriptors are that threads wait on.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

/* A thread of the program "fd_names", and what it waits on. */
struct named {
	const char *name;
	const char *expected; /* %d: the port; ending with *: so it begins */
};

static const struct named all[] = {
	{ "pipe", "pipe" },
	{ "eventfd", "eventfd" },
	{ "timerfd", "timerfd" },
	{ "signalfd", "signalfd" },
	{ "inotify", "inotify" },
	{ "epoll", "epoll *" },
	{ "fifo", "/*" },
	{ "unix", "unix socket (LISTEN)" },
	{ "pair", "unix" },
	{ "udp", "udp 127.0.0.1:*" },
	{ "tcp", "tcp 127.0.0.1:%d (ESTABLISHED)" },
	{ "listener", "tcp 127.0.0.1:%d (LISTEN)" },
};

#define COUNT (sizeof(all) / sizeof(all[0]))

static void
assert_named(json_t *dump, const struct named *named, int port)
{
	json_t *task = harness_task(dump, named->name);
	const char *name = harness_text(task, "fd_name");
	size_t length = strcspn(named->expected, "*");
	char expected[64];

	snprintf(expected, sizeof(expected), named->expected, port);
	if (!name ||
	    (named->expected[length] == '*' ? strncmp(name, expected, length) :
					      strcmp(name, expected)) != 0) {
		fail_msg("%s waits on %s, not %s", named->name,
		    name ? name : "null", expected);
	}
}

/* All have come to where they stay. */
static bool
all_wait(json_t *dump)
{
	size_t waiting = 0;

	for (size_t i = 0; i < COUNT; i++) {
		json_t *task = harness_task(dump, all[i].name);

		waiting += task && json_is_integer(json_object_get(task, "fd"));
	}
	return waiting == COUNT;
}

static void
test_names(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "fd_names", harness_directory());
	int port = harness_ready(program);
	struct harness_output output;
	const char *epoll;
	json_t *dump = NULL;
	char path[128];

	HARNESS_UNTIL(all_wait(dump = harness_dump(program)));
	for (size_t i = 0; i < COUNT; i++) {
		assert_named(dump, &all[i], port);
	}
	epoll = harness_text(harness_task(dump, "epoll"), "fd_name");
	assert_non_null(strstr(epoll, " (3 descriptors)"));
	snprintf(path, sizeof(path), "%s/fifo", harness_directory());
	assert_string_equal(
	    harness_text(harness_task(dump, "fifo"), "fd_name"), path);
	remove(path);
	snprintf(path, sizeof(path), "%s/socket", harness_directory());
	remove(path);
	/* The same in words. */
	output = harness_stranded("dump", "--all");
	snprintf(
	    path, sizeof(path), ", tcp 127.0.0.1:%d (ESTABLISHED)\n", port);
	assert_non_null(strstr(output.out, path));
	assert_non_null(strstr(output.out, "\nwaits on fd "));
	assert_non_null(strstr(output.out, ", eventfd\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
