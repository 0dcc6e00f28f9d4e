/*
 * roots_test.c: one test for each place that a reference can be in. While it is
 * there nobody is leaked; once it is gone, the task is. Some places never
 * count.
 */
#include "harness.h"

#include <string.h>

/* A sanitizer has an allocator of its own, whose blocks are not known. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PROVES false
#else
#define PROVES true
#endif

static size_t
leaked(struct harness_program *program)
{
	json_t *report = harness_leaks(program);
	size_t count = 0, i;
	json_t *task;

	if (!json_is_true(json_object_get(
		json_object_get(report, "proof"), "complete"))) {
		fail_msg("no proof: %s",
		    harness_text(json_object_get(report, "proof"), "why_not"));
	}
	json_array_foreach(json_object_get(report, "tasks"), i, task) {
		count += strcmp(harness_text(task, "verdict"), "leaked") == 0;
	}
	return count;
}

/* How many are leaked while the reference is there, and afterwards. */
static void
check(const char *place, size_t before, size_t after)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "roots", place);

	harness_ready(program);
	assert_true(leaked(program) <= before);
	if (PROVES) {
		assert_int_equal(leaked(program), before);
	}
	harness_say(program, "drop");
	harness_line(program, "dropped");
	if (PROVES) {
		assert_int_equal(leaked(program), after);
	} else {
		assert_true(leaked(program) <= after);
	}
	harness_stop(program);
}

#define PLACE(name)                                                            \
	static void in_##name(void **state)                                    \
	{                                                                      \
		check(#name, 0, 1);                                            \
	}

PLACE(global)
PLACE(heap)
PLACE(interior)
PLACE(pool)
PLACE(arenas)
PLACE(fragmented)
PLACE(unaligned)
PLACE(mapped)
PLACE(shared)
PLACE(protected)
PLACE(stack)
PLACE(tls)
PLACE(specific)
PLACE(handler)
PLACE(epoll)
PLACE(timer)
PLACE(pipe)
PLACE(fifo)
PLACE(socket)
#if defined(__x86_64__)
PLACE(register)
PLACE(vector)
#endif

/*
 * What lies there nobody can see: nothing is proved, and it is said why, until
 * it has been taken out.
 */
static void
check_hidden(const char *place, const char *why)
{
	struct harness_program *program =
	    harness_start(HARNESS_PRELOAD, "roots", place);
	json_t *proof;

	harness_ready(program);
	proof = json_object_get(harness_leaks(program), "proof");
	assert_int_equal(harness_number(proof, "leaked"), 0);
	assert_false(json_is_true(json_object_get(proof, "complete")));
	assert_non_null(strstr(harness_text(proof, "why_not"), why));
	harness_say(program, "drop");
	harness_line(program, "dropped");
	assert_true(leaked(program) <= 1);
	if (PROVES) {
		assert_int_equal(leaked(program), 1);
	}
	harness_stop(program);
}

#define HIDDEN(name, why)                                                      \
	static void in_##name(void **state)                                    \
	{                                                                      \
		check_hidden(#name, why);                                      \
	}

HIDDEN(datagram, "what lies in a local socket")
HIDDEN(mqueue, "what lies in a message queue")
HIDDEN(sysv, "what lies in a message queue")
HIDDEN(aio, "what it has given to io_submit()")

/* These never counted. */
static void
freed(void **state)
{
	check("freed", 1, 1);
}

static void
ended(void **state)
{
	check("ended", 1, 1);
}

static void
chain(void **state)
{
	check("chain", 0, 1001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HARNESS_TEST(in_global),
		HARNESS_TEST(in_heap),
		HARNESS_TEST(in_interior),
		HARNESS_TEST(in_pool),
		HARNESS_TEST(in_arenas),
		HARNESS_TEST(in_fragmented),
		HARNESS_TEST(in_unaligned),
		HARNESS_TEST(in_mapped),
		HARNESS_TEST(in_shared),
		HARNESS_TEST(in_protected),
		HARNESS_TEST(in_stack),
		HARNESS_TEST(in_tls),
		HARNESS_TEST(in_specific),
		HARNESS_TEST(in_handler),
		HARNESS_TEST(in_epoll),
		HARNESS_TEST(in_timer),
		HARNESS_TEST(in_pipe),
		HARNESS_TEST(in_fifo),
		HARNESS_TEST(in_socket),
		HARNESS_TEST(in_datagram),
		HARNESS_TEST(in_mqueue),
		HARNESS_TEST(in_sysv),
		HARNESS_TEST(in_aio),
#if defined(__x86_64__)
		HARNESS_TEST(in_register),
		HARNESS_TEST(in_vector),
#endif
		HARNESS_TEST(freed),
		HARNESS_TEST(ended),
		HARNESS_TEST(chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
