/*
 * doctor_checks_test.c: the doctor's judgement of texts and numbers such as the
 * kernel and the environment have, and how it is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/absence.h"
#include "doctor/ground.h"
#include "doctor/mapped.h"
#include "doctor/report.h"
#include "doctor/thread.h"

static struct report report;

static int
setup(void **state)
{
	report = (struct report) { 0 };
	return 0;
}

static int
teardown(void **state)
{
	report_free(&report);
	return 0;
}

/* Fails unless the last finding is this one. */
static void
assert_last(enum report_level level, const char *topic, const char *word)
{
	const struct finding *last = &report.findings[report.count - 1];

	assert_true(report.count > 0);
	if (last->level != level || strcmp(last->topic, topic) != 0 ||
	    strstr(last->what, word) == NULL) {
		fail_msg("%d %s: %s", last->level, last->topic, last->what);
	}
}

/* ---- The report -------------------------------------------------------- */

static void
fill_report(void)
{
	report_add(&report, REPORT_OK, "one", "all is %s", "well");
	report_add(&report, REPORT_NOTE, "two", "a \033[31mname");
	report_add(&report, REPORT_PROBLEM, "three", "it is bad");
	report_remedy(&report, "do %d things", 2);
}

static void
prints_text(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fill_report();
	report_text(out, &report);
	fclose(out);
	assert_string_equal(text,
	    "ok       one: all is well\n"
	    "note     two: a ?[31mname\n"
	    "problem  three: it is bad; do 2 things\n"
	    "the probe cannot work: 1 problem, 1 note\n");
	free(text);
}

static void
prints_json(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *document;
	json_t *last;

	fill_report();
	report_json(out, &report, "17");
	fclose(out);
	document = json_loads(text, 0, NULL);
	assert_non_null(document);
	assert_true(json_is_false(json_object_get(document, "good")));
	assert_string_equal(
	    json_string_value(json_object_get(document, "target")), "17");
	last = json_array_get(json_object_get(document, "findings"), 2);
	assert_string_equal(
	    json_string_value(json_object_get(last, "level")), "problem");
	assert_string_equal(
	    json_string_value(json_object_get(last, "remedy")), "do 2 things");
	last = json_array_get(json_object_get(document, "findings"), 0);
	assert_true(json_is_null(json_object_get(last, "remedy")));
	json_decref(document);
	free(text);
}

/* ---- The kernel's texts ------------------------------------------------ */

static void
thread_status(void **state)
{
	struct thread thread;

	thread_parse("Name:\ta name\nState:\tt (tracing stop)\n"
		     "TracerPid:\t77\nSigBlk:\t0000000000000004\n"
		     "SigIgn:\t0000000000001000\nSigCgt:\t8000000000000001\n"
		     "Seccomp:\t2\nSeccomp_filters:\t1\n",
	    &thread);
	assert_string_equal(thread.name, "a name");
	assert_int_equal(thread.state, 't');
	assert_int_equal(thread.tracer, 77);
	assert_int_equal(thread.seccomp, 2);
	assert_true(thread_has_signal(thread.blocked, 3));
	assert_false(thread_has_signal(thread.blocked, 2));
	assert_true(thread_has_signal(thread.ignored, 13));
	assert_true(thread_has_signal(thread.caught, 64));
	assert_false(thread_has_signal(thread.caught, 65));
	assert_false(thread_has_signal(thread.caught, 0));
	thread_parse("", &thread);
	assert_int_equal(thread.seccomp, 0);
	thread_parse("Name:\nSigBlk:\tnonsense", &thread);
	assert_int_equal(thread.blocked, 0);
	assert_true(thread_read(getpid(), getpid(), &thread));
	assert_int_equal(thread.state, 'R');
	assert_false(thread_read(getpid(), 1, &thread));
}

static void
environment_words(void **state)
{
	static const char words[] = "A=1\0LD_PRELOAD_NOT=x\0LD_PRELOAD=y\0B";

	assert_string_equal(
	    absence_variable(words, sizeof(words) - 1, "LD_PRELOAD"), "y");
	assert_string_equal(
	    absence_variable(words, sizeof(words) - 1, "A"), "1");
	assert_null(absence_variable(words, sizeof(words) - 1, "B"));
	assert_null(absence_variable(words, 0, "A"));
}

static struct mapping
mapping(const char *path, uint64_t inode)
{
	return (struct mapping) { .inode = inode, .path = (char *) path };
}

static void
libraries(void **state)
{
	struct mapping list[] = {
		mapping("/usr/bin/server", 1),
		mapping("/lib/libc.so.6", 2),
		mapping("/lib/libc.so.6", 2),
		mapping("/lib/libold.so.1 (deleted)", 3),
		mapping("/lib/libjemalloc.so.2", 4),
		mapping("/opt/lib/libstranded.so", 5),
		mapping("[vdso]", 0),
	};
	struct maps maps = { list, sizeof(list) / sizeof(*list) };

	list[2].offset = 4096; /* more of the same */
	assert_ptr_equal(mapped_probe(&maps), &list[5]);
	mapped_check(&report, &maps);
	assert_int_equal(report.count, 2);
	assert_string_equal(report.findings[0].topic, "allocator");
	assert_last(REPORT_NOTE, "libraries", "libold.so.1");
	list[4].path = (char *) "/opt/lib/libstranded_heap.so";
	maps.count = 5;
	mapped_check(&report, &maps);
	assert_string_equal(report.findings[2].topic, "heap");
	maps.count = 3;
	list[2].offset = 0; /* a copy */
	mapped_check(&report, &maps);
	assert_last(REPORT_NOTE, "libraries", "2 times");
	assert_null(mapped_probe(&maps));
}

/* ---- The ground -------------------------------------------------------- */

static void
preload(void **state)
{
	ground_check_preload(&report, NULL);
	ground_check_preload(&report, "");
	assert_int_equal(report.count, 0);
	ground_check_preload(&report, "/opt/libstranded.so");
	assert_last(REPORT_OK, "preload", "already");
	ground_check_preload(&report, "libfaketime.so");
	assert_last(REPORT_NOTE, "preload", "libfaketime.so");
}

static void
signals(void **state)
{
	ground_check_signal(&report, NULL);
	assert_last(REPORT_OK, "signal", "SIGQUIT");
	ground_check_signal(&report, "usr2");
	assert_last(REPORT_OK, "signal", "SIGUSR2");
	ground_check_signal(&report, "none");
	assert_last(REPORT_OK, "signal", "no signal");
	ground_check_signal(&report, "KILL");
	assert_last(REPORT_NOTE, "signal", "\"KILL\"");
	assert_non_null(report.findings[report.count - 1].remedy);
}

static void
dumps(void **state)
{
	ground_check_dump(&report, NULL);
	assert_int_equal(report.count, 0);
	ground_check_dump(&report, "/tmp/not-there-yet");
	assert_last(REPORT_OK, "dumps", "/tmp/not-there-yet");
	ground_check_dump(&report, "not-there-yet");
	assert_last(REPORT_OK, "dumps", "not-there-yet");
	ground_check_dump(&report, "/nonexistent/file");
	assert_last(REPORT_NOTE, "dumps", "cannot be written");
}

static void
places(void **state)
{
	char directory[] = "/tmp/stranded-place-XXXXXX";
	char inside[64];

	assert_non_null(mkdtemp(directory));
	snprintf(inside, sizeof(inside), "%s/new", directory);
	ground_check_place(&report, directory, getuid());
	assert_last(REPORT_OK, "socket", directory);
	ground_check_place(&report, inside, getuid());
	assert_last(REPORT_OK, "socket", inside);
	ground_check_place(&report, directory, getuid() + 1);
	assert_last(REPORT_PROBLEM, "socket", "not a private directory");
	chmod(directory, 0750);
	ground_check_place(&report, directory, getuid());
	assert_last(REPORT_PROBLEM, "socket", "not a private directory");
	ground_check_place(&report, "/nonexistent/place", getuid());
	assert_last(REPORT_PROBLEM, "socket", "No such file");
	ground_check_place(&report, "/proc/self/status", getuid());
	assert_last(REPORT_PROBLEM, "socket", "taken its place");
	rmdir(directory);
	ground_check_place(&report, NULL, getuid());
	assert_true(report.count == 7);
}

static void
memory(void **state)
{
	ground_check_memory(&report, -1, false);
	assert_last(REPORT_OK, "memory", "you may");
	ground_check_memory(&report, 0, false);
	assert_last(REPORT_OK, "memory", "you may");
	ground_check_memory(&report, 1, true);
	assert_last(REPORT_OK, "memory", "you may");
	ground_check_memory(&report, 1, false);
	assert_last(REPORT_NOTE, "memory", "ptrace_scope is 1");
	ground_check_memory(&report, 3, true);
	assert_last(REPORT_NOTE, "memory", "nobody");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prints_text),
		TEST(prints_json),
		TEST(thread_status),
		TEST(environment_words),
		TEST(libraries),
		TEST(preload),
		TEST(signals),
		TEST(dumps),
		TEST(places),
		TEST(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
