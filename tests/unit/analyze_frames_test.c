/* analyze_frames_test.c: which frame is the user's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct frame foreign[] = {
	{ .function = "stranded_wrapped", .probe = true },
	{ .function = "read", .module = "/usr/lib/libc.so.6" },
	{ .function = "join", .module = "/usr/lib/libstdc++.so.6.0.30" },
	{ .function = "strand_go", .module = "/srv/server" },
	{ .function = "std::mutex::lock", .module = "/srv/server" },
	{ .function = "__gthread_mutex_lock",
	    .file = "/usr/include/x86_64-linux-gnu/c++/12/bits/gthr.h" },
	{ .function = "operator()", .file = "/usr/include/c++/12/functional" },
	{ .module = "[vdso]" },
};

static const struct frame own[] = {
	{ .function = "serve", .module = "/srv/server", .file = "server.c" },
	{ .function = "stdlib::serve", .module = "/srv/libcache.so" },
	{ .function = "get", .file = "/usr/include/pool.h" },
	{ .file = "lib/c++/pool.cc" },
	{ .pc = 0xdeadbeef },
};

static void
each_is_known(void **state)
{
	for (size_t i = 0; i < LENGTH(foreign); i++) {
		assert_true(analyze_is_foreign(&foreign[i]));
	}
	for (size_t i = 0; i < LENGTH(own); i++) {
		assert_false(analyze_is_foreign(&own[i]));
	}
}

static void
the_innermost_is_taken(void **state)
{
	const struct frame *frames[LENGTH(foreign) + LENGTH(own)];
	struct stack stack = { .frames = frames };

	assert_null(analyze_own_frame(&stack, STRANDED_MUTEX));
	for (size_t i = 0; i < LENGTH(foreign); i++) {
		frames[stack.frame_count++] = &foreign[i];
	}
	assert_null(analyze_own_frame(&stack, STRANDED_MUTEX));
	for (size_t i = 0; i < LENGTH(own); i++) {
		frames[stack.frame_count++] = &own[i];
	}
	assert_ptr_equal(analyze_own_frame(&stack, STRANDED_MUTEX), &own[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_known),
		cmocka_unit_test(the_innermost_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
