/*
 * formats_test.c: the text, the JSON and Go's format say the same of the same
 * program, and each keeps to its form.
 */
#include "harness.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often does the pattern match, a line at a time? */
static size_t
matches(const char *text, const char *pattern)
{
	regmatch_t found;
	regex_t regex;
	size_t count = 0;

	assert_int_equal(
	    regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE), 0);
	while (regexec(&regex, text, 1, &found, 0) == 0) {
		count++;
		text += found.rm_eo + (found.rm_eo == 0);
	}
	regfree(&regex);
	return count;
}

static const char *
pid_of(const struct harness_program *program)
{
	static char pid[16];

	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	return pid;
}

static struct harness_program *
start_zoo(void)
{
	struct harness_program *program =
	    harness_start(HARNESS_RUN, "blocked_zoo");

	harness_ready(program);
	harness_await(program, 1, "semaphore wait", "on_usr1");
	harness_await(program, 1, "semaphore wait", "cleanup_wait");
	return program;
}

/* ---- The three agree --------------------------------------------------- */

static void
assert_in_text(json_t *task, const char *text)
{
	char pattern[256];

	snprintf(pattern, sizeof pattern,
	    "^task %d \\[%s, [0-9]+ ?[a-z]+.*\\].* thread %d \"%s\"",
	    (int) harness_number(task, "id"), harness_text(task, "state"),
	    (int) harness_number(task, "tid"), harness_text(task, "name"));
	if (matches(text, pattern) != 1) {
		fail_msg("not once: %s\nin:\n%s", pattern, text);
	}
}

static void
test_text_agrees(void **state)
{
	struct harness_program *program = start_zoo();
	json_t *tasks, *task;
	const char *text;
	size_t i;

	harness_sleep_ms(1200); /* so that each wait has an age */
	tasks = json_object_get(harness_dump(program), "tasks");
	text = harness_stranded("dump", "--all", pid_of(program)).out;
	assert_int_equal(
	    matches(text, "^task [0-9]+ \\["), json_array_size(tasks));
	json_array_foreach(tasks, i, task) {
		assert_in_text(task, text);
	}
}

static void
test_go_agrees(void **state)
{
	struct harness_program *program = start_zoo();
	json_t *tasks = json_object_get(harness_dump(program), "tasks");
	const char *go;
	json_t *task;
	size_t i;

	go = harness_stranded("dump", "--format=go", pid_of(program)).out;
	assert_int_equal(matches(go, "^goroutine [0-9]+ \\[[^]]+\\]:$"),
	    json_array_size(tasks));
	json_array_foreach(tasks, i, task) {
		char pattern[128];

		snprintf(pattern, sizeof pattern,
		    "^goroutine %d \\[%s(, [0-9]+ minutes)?\\]:$",
		    (int) harness_number(task, "id"),
		    harness_text(task, "state"));
		if (matches(go, pattern) != 1) {
			fail_msg("not once: %s\nin:\n%s", pattern, go);
		}
	}
}

/* ---- Each for itself --------------------------------------------------- */

/* Go's format has only lines of these kinds. */
static void
test_go_is_gos(void **state)
{
	struct harness_program *program = start_zoo();
	const char *go =
	    harness_stranded("dump", "--format=go", pid_of(program)).out;
	size_t lines = matches(go, "^.+$");

	assert_int_equal(lines,
	    matches(go, "^goroutine [0-9]+ \\[[^]]+\\]:$") +
		matches(go, "^[^ \t].*\\(.*\\)$") +
		matches(go, "^created by [^ ]+( in goroutine [0-9]+)?$") +
		matches(go, "^\t[^\t]+:[0-9]+( \\+0x[0-9a-f]+)?$"));
}

static void
test_json_is_complete(void **state)
{
	static const char *const task_keys[] = { "id", "tid", "name", "state",
		"wait_id", "since_ms", "object", "holder", "session", "verdict",
		"why", "stack", "created_by", "created_ms" };
	static const char *const frame_keys[] = { "pc", "function", "file",
		"line", "module", "offset", "inlined" };
	static const char *const top_keys[] = { "version", "dump_id",
		"began_ns", "ended_ns", "pid", "exe", "coverage", "tasks",
		"sessions", "channels" };
	struct harness_program *program = start_zoo();
	json_t *dump = harness_dump(program), *task, *frame;
	size_t i, j;

	for (i = 0; i < sizeof top_keys / sizeof top_keys[0]; i++) {
		assert_non_null(json_object_get(dump, top_keys[i]));
	}
	assert_int_equal(harness_number(dump, "version"), 1);
	assert_int_equal(harness_number(dump, "pid"), harness_pid(program));
	assert_true(harness_number(dump, "began_ns") <=
	    harness_number(dump, "ended_ns"));
	assert_non_null(strstr(harness_text(dump, "exe"), "blocked_zoo"));
	assert_int_equal(
	    harness_number(json_object_get(dump, "coverage"), "tasks"),
	    json_array_size(json_object_get(dump, "tasks")));
	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		for (j = 0; j < sizeof task_keys / sizeof task_keys[0]; j++) {
			if (!json_object_get(task, task_keys[j])) {
				fail_msg("no %s", task_keys[j]);
			}
		}
		frame = json_array_get(json_object_get(task, "stack"), 0);
		for (j = 0;
		     frame && j < sizeof frame_keys / sizeof frame_keys[0];
		     j++) {
			if (!json_object_get(frame, frame_keys[j])) {
				fail_msg("no %s", frame_keys[j]);
			}
		}
	}
}

/* The head of the text: the dump's id, the process, counts, what is missing. */
static void
test_text_head(void **state)
{
	struct harness_program *program = start_zoo();
	const char *text = harness_stranded("dump", pid_of(program)).out;
	const char *body = strstr(text, "\n\n");
	char *head;

	assert_non_null(body);
	head = strndup(text, body - text);
	assert_non_null(strstr(head, pid_of(program)));
	assert_non_null(strstr(head, "blocked_zoo"));
	assert_true(matches(head, "semaphore wait") >= 1);
	free(head);
	assert_null(strchr(text, '\033')); /* no colour but on a terminal */
}

/* A program without symbols: module and offset, and no frame is missing. */
static void
test_without_symbols(void **state)
{
	struct harness_program *program;
	char stripped[300], source[300];
	json_t *dump, *frame;
	struct harness_output output;
	bool unnamed = false;
	size_t i;

	snprintf(source, sizeof source, "%s/tests/programs/send_stuck",
	    harness_build());
	snprintf(
	    stripped, sizeof stripped, "%s/.stripped", harness_directory());
	output = harness_command("strip", "-s", "-o", stripped, source);
	assert_int_equal(output.status, 0);
	program = harness_start(HARNESS_RUN, stripped);
	harness_ready(program);
	dump = harness_await(program, 1, "chan send", NULL);
	json_array_foreach(
	    json_object_get(harness_task(dump, "sender"), "stack"), i, frame) {
		/* libc's may have no name either: that is not our affair. */
		if (json_is_null(json_object_get(frame, "function")) &&
		    strstr(harness_text(frame, "module"), ".stripped")) {
			unnamed = true;
			assert_memory_equal(
			    harness_text(frame, "offset"), "0x", 2);
		}
	}
	assert_true(unnamed);
	assert_non_null(
	    strstr(harness_stranded("dump", pid_of(program)).out, ".stripped"));

	/* And when the file is gone as well. */
	unlink(stripped);
	dump = harness_dump(program);
	assert_int_equal(harness_count(dump, "chan send", NULL), 1);
	assert_true(json_array_size(json_object_get(
			harness_task(dump, "sender"), "stack")) >= 2);
}

/* ---- C++ --------------------------------------------------------------- */

static const char cxx_source[] =
    "#include <cstdio>\n"
    "#include <mutex>\n"
    "#include <thread>\n"
    "namespace server {\n"
    "std::mutex mutex;\n"
    "template <typename T> struct Pool {\n"
    "        __attribute__((noinline)) T take(T n) const\n"
    "        {\n"
    "                std::lock_guard<std::mutex> guard(mutex);\n"
    "                return n + 1;\n"
    "        }\n"
    "};\n"
    "}\n"
    "int main()\n"
    "{\n"
    "        server::mutex.lock();\n"
    "        std::thread thread([] {\n"
    "                std::printf(\"%d\\n\", server::Pool<int>().take(1));\n"
    "        });\n"
    "        std::puts(\"ready\");\n"
    "        std::fflush(stdout);\n"
    "        thread.join();\n"
    "}\n";

/* Compiles the program above and starts it; NULL without a compiler. */
static struct harness_program *
start_cxx(const char *optimization)
{
	char source[300], binary[300];
	struct harness_program *program;
	struct harness_output output;
	FILE *file;

	if (harness_command("sh", "-c", "command -v g++").status != 0) {
		return NULL;
	}
	snprintf(source, sizeof source, "%s/.pool.cc", harness_directory());
	snprintf(binary, sizeof binary, "%s/.pool", harness_directory());
	file = fopen(source, "w");
	assert_non_null(file);
	fputs(cxx_source, file);
	fclose(file);
	output = harness_command(
	    "g++", "-g", optimization, "-pthread", "-o", binary, source);
	if (output.status != 0) {
		fail_msg("g++: %s", output.err);
	}
	program = harness_start(HARNESS_RUN, binary);
	harness_ready(program);
	unlink(source);
	unlink(binary);
	return program;
}

static void
assert_no_mangled_name(json_t *dump)
{
	json_t *task, *frame;
	size_t i, j;

	json_array_foreach(json_object_get(dump, "tasks"), i, task) {
		json_array_foreach(json_object_get(task, "stack"), j, frame) {
			const char *name = json_string_value(
			    json_object_get(frame, "function"));

			if (name && strncmp(name, "_Z", 2) == 0) {
				fail_msg("%s", name);
			}
		}
	}
}

/* A function of C++ has the name that its programmer gave it. */
static void
test_names_of_cxx(void **state)
{
	static const char *const optimizations[] = { "-O0", "-O2" };

	for (size_t i = 0; i < 2; i++) {
		struct harness_program *program = start_cxx(optimizations[i]);
		const char *text;

		if (!program) {
			print_message("no g++ here\n");
			skip();
		}
		assert_no_mangled_name(harness_await(
		    program, 1, "mutex lock", "server::Pool<int>::take"));
		text = harness_stranded("dump", pid_of(program)).out;
		/* A lambda, which is inlined the second time. */
		assert_int_equal(
		    matches(text, "^main::.*lambda.*::operator\\(\\)\\("), 1);
		assert_int_equal(
		    matches(text, "^server::Pool<int>::take\\(\\.\\.\\.\\)$"),
		    1);
		assert_int_equal(
		    matches(text, "^std::mutex::lock\\(\\.\\.\\.\\)"), 1);
		assert_int_equal(
		    matches(text, "^std::thread::join\\(\\.\\.\\.\\)$"), 1);
		assert_int_equal(matches(text, "^created by main$"), 1);
		text = harness_stranded("dump", "--format=go", pid_of(program))
			   .out;
		assert_int_equal(
		    matches(text, "^server::Pool<int>::take\\(\\.\\.\\.\\)$"),
		    1);
		harness_kill(program);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(test_text_agrees),
		HARNESS_TEST(test_go_agrees),
		HARNESS_TEST(test_go_is_gos),
		HARNESS_TEST(test_json_is_complete),
		HARNESS_TEST(test_text_head),
		HARNESS_TEST(test_without_symbols),
		HARNESS_TEST(test_names_of_cxx),
	};

	return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}
