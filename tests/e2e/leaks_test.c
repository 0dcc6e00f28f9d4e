/*
 * leaks_test.c: `stranded leaks` as a command: what it says, how it ends, and
 * that it leaves nothing behind in the process that it stops. What is proved
 * and what is not stands in roots_test.c and tests/leaks/.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct harness_output
run_leaks(struct harness_program *program, const char *option)
{
	char pid[16];

	snprintf(pid, sizeof pid, "%d", harness_pid(program));
	return harness_stranded("leaks", option, pid);
}

/*
 * A program in which one task is leaked. Under a sanitizer, whose allocator is
 * not known, that cannot be proved.
 */
static struct harness_program *
start_leaking(void)
{
	struct harness_program *program;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip();
#endif
	program = harness_start(HARNESS_PRELOAD, "roots", "freed");
	harness_ready(program);
	return program;
}

static void
a_leak_is_told(void **state)
{
	struct harness_output output = run_leaks(start_leaking(), "--all");

	assert_int_equal(output.status, 1);
	assert_non_null(strstr(output.out, ": 1 task leaked, 0 suspect"));
	assert_non_null(strstr(output.out, "[chan receive, "));
	assert_non_null(strstr(output.out, "strand_chan_recv(...)"));
	assert_non_null(strstr(output.out,
	    "leaked: Nobody who can still run refers to the channel."));
	assert_non_null(strstr(output.out, "threads for "));
}

static void
none_is_told_with_how_many(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "roots", "global");
	struct harness_output output;

	harness_ready(program);
	output = run_leaks(program, "--all");
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "looked at 2 tasks"));
	assert_non_null(strstr(output.out, ": 0 tasks leaked"));
}

/* Without the stop only the graph is left, and it is said so. */
static void
graph_only(void **state)
{
	struct harness_output output =
	    run_leaks(start_leaking(), "--graph-only");

	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "proved only by who waits for "));
	assert_null(strstr(output.out, "threads for "));
}

static void
json_says_what_was_done(void **state)
{
	json_t *report = harness_leaks(start_leaking());
	json_t *proof = json_object_get(report, "proof");
	json_t *task = harness_task(report, "victim");

	assert_true(json_is_true(json_object_get(proof, "complete")));
	assert_int_equal(harness_number(proof, "leaked"), 1);
	assert_true(
	    json_number_value(json_object_get(proof, "stopped_ms")) > 0);
	assert_true(harness_number(proof, "heap_blocks") > 0);
	assert_string_equal(harness_text(task, "rule"), "unreachable");
}

static void
misuse(void **state)
{
	assert_int_equal(
	    harness_stranded("leaks", "--max-stop=soon").status, 2);
	/* Two looks would tell nothing of growth. */
	assert_int_equal(harness_stranded("leaks", "--looks=2").status, 2);
	assert_int_equal(harness_stranded("leaks", "999999999").status, 3);
}

/* Stopped again and again, whatever it waits for at the time. */
static void
no_mark_is_left(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "signal_counter");
	int64_t end;

	harness_ready(program);
	end = harness_now_ms() + 2000;
	while (harness_now_ms() < end) {
		struct harness_output output =
		    run_leaks(program, "--format=json");

		assert_int_equal(output.status, 0);
	}
	harness_line(program, "worked");
	assert_int_equal(harness_stop(program), 0);
	harness_line(program, "eintr 0 short 0 children 0 sigchld 0 errors 0 ");
}

/* At whatever moment it is stopped, nobody in it is lost. */
static void
no_false_alarm(void **state)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "busy", NULL);
	int64_t end;

	harness_ready(program);
	end = harness_now_ms() + 3000;
	while (harness_now_ms() < end) {
		struct harness_output output = run_leaks(program, "--all");

		if (output.status != 0) {
			fail_msg("%s%s", output.err, output.out);
		}
	}
	harness_stop(program);
}

/* One that has been stopped by others cannot be asked; afterwards it can. */
static void
stopped_by_others(void **state)
{
	struct harness_program *program = start_leaking();
	struct harness_output output;

	kill(harness_pid(program), SIGSTOP);
	output = run_leaks(program, "--all");
	kill(harness_pid(program), SIGCONT);
	assert_int_equal(output.status, 4);
	assert_int_equal(run_leaks(program, "--all").status, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(a_leak_is_told),
		HARNESS_TEST(json_says_what_was_done),
		HARNESS_TEST(stopped_by_others),
		HARNESS_TEST(none_is_told_with_how_many),
		HARNESS_TEST(graph_only),
		HARNESS_TEST(misuse),
		HARNESS_TEST(no_mark_is_left),
		HARNESS_TEST(no_false_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
