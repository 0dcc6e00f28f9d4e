/*
 * proof_stop_test.c: a thread in vfork() cannot be stopped before its child has
 * ended: it is let go all the same, and its end is its parent's to learn.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/client.h"
#include "common/wire.h"
#include "proof/stop.h"

#define LONG_MS 10000
#define MS_NS   INT64_C(1000000)

/* A process in vfork(). */
struct sleeper {
	pid_t pid;
	int hold; /* when it is closed, vfork() returns... */
	int done; /* ... and this has a byte */
};

/* What is vfork()ed, with a copy of the memory: sanitizers like it better. */
static int
read_to_end(void *fd)
{
	char byte;

	return read(*(int *) fd, &byte, 1) == 0 ? 0 : 1;
}

static void
start(struct sleeper *sleeper)
{
	static char stack[65536] __attribute__((aligned(16)));
	int hold[2], done[2];

	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(done), 0);
	sleeper->pid = fork();
	assert_true(sleeper->pid >= 0);
	if (sleeper->pid == 0) {
		close(hold[1]);
		clone(read_to_end, stack + sizeof(stack), CLONE_VFORK | SIGCHLD,
		    &hold[0]);
		_exit(write(done[1], "x", 1) == 1 ? 0 : 1);
	}
	close(hold[0]);
	close(done[1]);
	sleeper->hold = hold[1];
	sleeper->done = done[0];
}

/* Is it a process's own thread that has called vfork()? */
static bool
has_child(pid_t pid)
{
	char path[64];
	FILE *file;
	int found;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	assert_non_null(file);
	found = fscanf(file, "%d", &child);
	fclose(file);
	return found == 1;
}

static bool
is_traced(pid_t pid)
{
	char path[64], line[256];
	int tracer = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL &&
	    sscanf(line, "TracerPid: %d", &tracer) != 1) {
	}
	fclose(file);
	return tracer != 0;
}

static void
wait_until(bool (*holds)(pid_t pid), pid_t pid)
{
	for (int i = 0; i < LONG_MS && !holds(pid); i++) {
		poll(NULL, 0, 1);
	}
	assert_true(holds(pid));
}

struct stopping {
	pid_t pid;
	int64_t max_ns;
	int result;
};

static void *
stop(void *argument)
{
	struct stopping *stopping = argument;
	const struct wire_hello hello = { .pid = (uint32_t) stopping->pid };
	struct stop stop = { .threads_fd = -1 };
	struct failure failure;

	stopping->result = stop_begin(
	    &stop, stopping->pid, &hello, stopping->max_ns, &failure);
	stop_end(&stop);
	return NULL;
}

static void
begin(pthread_t *thread, struct stopping *stopping)
{
	assert_int_equal(pthread_create(thread, NULL, stop, stopping), 0);
}

static void
goes_on(void **state)
{
	struct sleeper sleeper;
	struct stopping stopping = { .max_ns = 20 * MS_NS };
	struct pollfd wait = { .events = POLLIN };
	pthread_t thread;
	int status;

	start(&sleeper);
	wait_until(has_child, sleeper.pid);
	stopping.pid = sleeper.pid;
	begin(&thread, &stopping);
	pthread_join(thread, NULL);
	assert_int_equal(stopping.result, -1);
	assert_false(is_traced(sleeper.pid));
	close(sleeper.hold);
	wait.fd = sleeper.done;
	assert_int_equal(poll(&wait, 1, LONG_MS), 1);
	assert_int_equal(waitpid(sleeper.pid, &status, 0), sleeper.pid);
	assert_int_equal(status, 0);
	close(sleeper.done);
}

static void
end_is_kept(void **state)
{
	struct sleeper sleeper;
	struct stopping stopping = { .max_ns = LONG_MS * MS_NS };
	pthread_t thread;
	int status = 0;

	start(&sleeper);
	wait_until(has_child, sleeper.pid);
	stopping.pid = sleeper.pid;
	begin(&thread, &stopping);
	wait_until(is_traced, sleeper.pid);
	kill(sleeper.pid, SIGKILL);
	pthread_join(thread, NULL);
	assert_int_equal(waitpid(sleeper.pid, &status, 0), sleeper.pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(sleeper.hold);
	close(sleeper.done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on),
		cmocka_unit_test(end_is_kept),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
