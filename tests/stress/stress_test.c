/*
 * stress_test.c: storms.c under the probe, being dumped all the while.
 *
 * After each storm the dump must show the tasks that there are, no more and no
 * fewer; the program must have counted what it counts without the probe; its
 * memory must not have grown with the number of things that came and went; and
 * no socket may be left.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/wire.h"
#include "e2e/harness.h"
#include "stranded_observer.h"

/* More than any storm needs, without a sanitizer or another allocator. */
#define MEMORY_KIB (48 << 10)
#define WAIT_MS    10000 /* that the last threads may take to be gone */

static const char *
storms_path(const char *suffix)
{
	static char path[512];

	snprintf(path, sizeof path, "%s%s/tests/stress/storms%s",
	    harness_build()[0] == '/' ? "" : "./", harness_build(), suffix);
	return path;
}

/* Starts a storm with `first` before the probe in LD_PRELOAD, `last` after. */
static struct harness_program *
start_storm(
    const char *suffix, const char *first, const char *last, const char *name)
{
	char preload[1024];

	snprintf(preload, sizeof preload,
	    "LD_PRELOAD=%s %s%s/libstranded.so %s", first,
	    harness_build()[0] == '/' ? "" : "./", harness_build(), last);
	return harness_start(HARNESS_BARE, "/usr/bin/env", preload,
	    "STRANDED_DUMP=/dev/null", storms_path(suffix), name);
}

/* ---- What is there ----------------------------------------------------- */

static bool
is_agent(pid_t pid, const char *tid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%.20s/comm", pid, tid);
	file = fopen(path, "r");
	if (file) {
		fgets(name, sizeof name, file);
		fclose(file);
	}
	return strcmp(name, "stranded-agent\n") == 0;
}

/* Has the dump a task that runs on this thread? */
static bool
has_tid(json_t *dump, json_int_t tid)
{
	json_t *task;
	size_t i;

	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		if (harness_number(task, "tid") == tid) {
			return true;
		}
	}
	return false;
}

/* Are the dump's tasks the process's threads, no more and no fewer? */
static bool
is_exact(struct harness_program *program, json_t *dump)
{
	size_t tasks = json_array_size(json_object_get(dump, "tasks"));
	pid_t pid = harness_pid(program);
	size_t threads = 0, shown = 0;
	struct dirent *entry;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.' && !is_agent(pid, entry->d_name)) {
			threads++;
			shown += has_tid(dump, atol(entry->d_name));
		}
	}
	closedir(directory);
	return threads == shown && tasks == shown &&
	    json_array_size(json_object_get(
		json_object_get(dump, "coverage"), "not_covered")) == 0;
}

/* Dumps until that is exact: the last threads take a moment to be gone. */
static json_t *
await_exact(struct harness_program *program)
{
	int64_t end = harness_now_ms() + WAIT_MS;
	json_t *dump = harness_dump(program);

	while (!is_exact(program, dump)) {
		if (harness_now_ms() > end) {
			fail_msg("more tasks than threads, or fewer:\n%s",
			    json_dumps(dump, JSON_INDENT(1)));
		}
		harness_sleep_ms(20);
		dump = harness_dump(program);
	}
	return dump;
}

static long
memory_kib(struct harness_program *program)
{
	char path[64], line[128];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", harness_pid(program));
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		sscanf(line, "VmRSS: %ld", &kib);
	}
	fclose(file);
	return kib;
}

static size_t
sockets(void)
{
	DIR *directory = opendir(harness_directory());
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		count += entry->d_name[0] != '.';
	}
	closedir(directory);
	return count;
}

/* ---- Through the storm ------------------------------------------------- */

/* Dumps the process again and again, until the file "stop" is there. */
static struct harness_program *
start_dumping(struct harness_program *program)
{
	char script[1024];

	snprintf(script, sizeof script,
	    "n=0; until [ -e %s/stop ]; do"
	    "    %s dump --format=json %d >/dev/null 2>&1 && n=$((n + 1));"
	    "done; echo dumps $n",
	    harness_directory(), harness_tool(), harness_pid(program));
	return harness_start(HARNESS_BARE, "/bin/sh", "-c", script);
}

/* Returns how many dumps there were. */
static int
stop_dumping(struct harness_program *dumping)
{
	char path[256];
	int dumps;

	snprintf(path, sizeof path, "%s/stop", harness_directory());
	fclose(fopen(path, "w"));
	dumps = atoi(harness_line(dumping, "dumps "));
	assert_int_equal(harness_stop(dumping), 0);
	unlink(path);
	return dumps;
}

static bool
listens(struct harness_program *program)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%d.sock", harness_directory(),
	    harness_pid(program));
	return access(path, F_OK) == 0;
}

/*
 * The whole of it. `line` is what the storm says without the probe. Returns the
 * dump that was taken when it was calm; the storm is still there.
 */
static json_t *
weather(struct harness_program *program, const char *line)
{
	struct harness_program *dumping;

	harness_ready(program);
	HARNESS_UNTIL(listens(program));
	dumping = start_dumping(program);
	harness_line(program, line);
	harness_line(program, "calm");
	assert_true(stop_dumping(dumping) > 0);
	return await_exact(program);
}

static void
calm(struct harness_program *program)
{
	assert_int_equal(harness_stop(program), 0);
	assert_string_equal(harness_errors(program), "");
	assert_int_equal(sockets(), 0);
}

static void
storm(const char *name, const char *line)
{
	struct harness_program *program = start_storm("", "", "", name);
	json_t *dump = weather(program, line);

	assert_int_equal(json_array_size(json_object_get(dump, "sessions")), 0);
	assert_in_range(memory_kib(program), 1, MEMORY_KIB);
	calm(program);
}

static void
cancelled_threads(void **state)
{
	storm("cancel", "cancel: 1400 ends");
}

static void
threads_that_exit(void **state)
{
	storm("exit", "exit: 800 ends");
}

static void
churn(void **state)
{
	storm("churn", "churn: 9600 threads");
}

/* A destructor in the last pass finds no record, and leaves none. */
static void
late_destructors(void **state)
{
	storm("data", "data: 4000 destructors");
}

static void
children(void **state)
{
	storm("fork", "fork: 80 good ends");
}

static void
jumps(void **state)
{
	storm("jump", "jump: 6000 jumps");
}

static void
modules(void **state)
{
	storm("load", "load: 600 calls");
}

static void
descriptors(void **state)
{
	storm("close", "close: 1600 bytes");
}

/* What the probe itself counts, without a look at the process. */
static struct wire_counts
ask_counts(struct harness_program *program)
{
	struct {
		struct wire_hello hello;
		struct wire_counts_request counts;
	} request = {
		.hello = { { sizeof request.hello, WIRE_HELLO, 0 }, WIRE_MAGIC,
		    WIRE_VERSION, 0, 0, 0 },
		.counts = { { sizeof request.counts, WIRE_COUNTS_REQUEST, 0 } },
	};
	struct {
		struct wire_hello hello;
		struct wire_counts counts;
	} answer;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.80s/%d.sock",
	    harness_directory(), harness_pid(program));
	assert_int_equal(connect(fd, (void *) &address, sizeof address), 0);
	assert_int_equal(send(fd, &request, sizeof request, 0), sizeof request);
	assert_int_equal(
	    recv(fd, &answer, sizeof answer, MSG_WAITALL), sizeof answer);
	close(fd);
	assert_true(wire_check_answer(&answer.counts, sizeof answer.counts));
	return answer.counts;
}

/* Numbers that threads take from each other: no session stays behind. */
static void
reused_numbers(void **state)
{
	struct harness_program *program = start_storm("", "", "", "reuse");
	struct wire_counts counts;

	weather(program, "reuse: 1600 bytes");
	HARNESS_UNTIL(harness_sessions(harness_dump(program), NULL) == 0);
	counts = ask_counts(program);
	assert_int_equal(counts.sessions_opened, 1600);
	assert_int_equal(counts.sessions_closed, 1600);
	calm(program);
}

/* Without the probe the signal would end the process. */
static void
signals(void **state)
{
	storm("signal", "signal: 0 calls broken off");
}

static void
borrowed_memory(void **state)
{
	storm("vfork", "vfork: 20 good ends, 20 signals");
}

/* The first thread's end takes nothing from what is seen of the others. */
static void
first_thread_ends(void **state)
{
	struct harness_program *program = start_storm("", "", "", "first");
	struct wire_counts counts;
	json_t *dump;

	harness_line(program, "calm");
	HARNESS_UNTIL(listens(program));
	HARNESS_UNTIL(ask_counts(program).tasks == 5);
	counts = ask_counts(program);
	assert_int_equal(counts.by_state[STRANDED_IO_READ], 2);
	assert_int_equal(counts.by_state[STRANDED_IO_POLL], 1);
	assert_int_equal(counts.by_state[STRANDED_SEMAPHORE], 1);
	assert_int_equal(counts.by_state[STRANDED_SLEEP], 1);
	dump = harness_dump(program);
	assert_int_equal(harness_count(dump, NULL, NULL), 5);
	assert_int_equal(harness_count(dump, NULL, "block_in"), 4);
	assert_int_equal(harness_count(dump, "IO read", "program_wait"), 1);
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(dump, "coverage"), "not_covered")),
	    0);
	calm(program);
}

/* ---- In other company -------------------------------------------------- */

/* The first shared library of the program whose name begins so. */
static bool
find_library(const char *program, const char *name, char *path, size_t size)
{
	char command[1024];
	FILE *pipe;
	bool found;

	snprintf(command, sizeof command,
	    "ldd %s | sed -n 's/.*%s.* => \\(.*\\) (.*/\\1/p'", program, name);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	found = fgets(path, (int) size, pipe) != NULL;
	pclose(pipe);
	path[strcspn(path, "\n")] = '\0';
	return found && path[0] != '\0';
}

/* The same storms, in a program that a sanitizer watches. */
static void
sanitized(const char *suffix, const char *runtime)
{
	/*
	 * What the sanitizers themselves can stand. To that of threads, numbers
	 * that are closed without its knowing are races.
	 */
	static const struct {
		const char *name;
		const char *line;
		bool closes_unseen;
	} storms[] = {
		{ "churn", "churn: 9600 threads", false },
		{ "close", "close: 1600 bytes", false },
		{ "reuse", "reuse: 1600 bytes", true },
		{ "signal", "signal: 0 calls broken off", false },
	};
	char first[512];

	if (!find_library(storms_path(suffix), runtime, first, sizeof first)) {
		skip();
	}
	for (size_t i = 0; i < sizeof storms / sizeof *storms; i++) {
		struct harness_program *program;

		if (storms[i].closes_unseen && strcmp(suffix, "_tsan") == 0) {
			continue;
		}
		program = start_storm(suffix, first, "", storms[i].name);
		weather(program, storms[i].line);
		/* It may warn of itself; of an error its status tells. */
		assert_int_equal(harness_stop(program), 0);
		assert_int_equal(sockets(), 0);
	}
}

static void
under_address_sanitizer(void **state)
{
	sanitized("_asan", "libasan");
}

static void
under_thread_sanitizer(void **state)
{
	sanitized("_tsan", "libtsan");
}

/* An allocator that takes locks of its own, on either side of the probe. */
static void
with_allocator(const char *name)
{
	char command[256], path[256] = "";
	FILE *pipe;

	snprintf(command, sizeof command,
	    "PATH=$PATH:/sbin ldconfig -p | sed -n 's/.*%s.* => //p'", name);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	fgets(path, sizeof path, pipe);
	pclose(pipe);
	path[strcspn(path, "\n")] = '\0';
	if (path[0] == '\0') {
		skip();
	}
	for (int after = 0; after < 2; after++) {
		struct harness_program *program;

		program = start_storm(
		    "", after ? "" : path, after ? path : "", "churn");
		weather(program, "churn: 9600 threads");
		calm(program);
		program = start_storm(
		    "", after ? "" : path, after ? path : "", "fork");
		weather(program, "fork: 80 good ends");
		calm(program);
	}
}

static void
with_jemalloc(void **state)
{
	with_allocator("libjemalloc\\.so\\.2");
}

static void
with_tcmalloc(void **state)
{
	with_allocator("libtcmalloc_minimal\\.so\\.4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(cancelled_threads),
		HARNESS_TEST(threads_that_exit),
		HARNESS_TEST(churn),
		HARNESS_TEST(late_destructors),
		HARNESS_TEST(children),
		HARNESS_TEST(jumps),
		HARNESS_TEST(modules),
		HARNESS_TEST(descriptors),
		HARNESS_TEST(reused_numbers),
		HARNESS_TEST(signals),
		HARNESS_TEST(borrowed_memory),
		HARNESS_TEST(first_thread_ends),
		HARNESS_TEST(under_address_sanitizer),
		HARNESS_TEST(under_thread_sanitizer),
		HARNESS_TEST(with_jemalloc),
		HARNESS_TEST(with_tcmalloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
