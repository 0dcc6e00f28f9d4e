/* analyze_cures_test.c: what is said of who used a channel last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analyze.h"

static struct channel channel;
static struct task task;

/* The cure of the one task, which waits at the one channel. */
static const char *
cure_of(uint32_t state)
{
	struct snapshot snapshot = {
		.tasks = &task,
		.task_count = 1,
		.channels = &channel,
		.channel_count = 1,
	};

	channel.object = 64;
	channel.sender_count = 1;
	task = (struct task) {
		.id = 1,
		.state = state,
		.object = 64,
		.verdict = VERDICT_LEAKED,
		.rule = RULE_UNREACHABLE,
	};
	analyze_cures(&snapshot);
	assert_non_null(task.cure);
	return task.cure;
}

static void
a_send_without_receiver(void **state)
{
	channel = (struct channel) { .receiver.told = true };
	assert_null(strstr(cure_of(STRANDED_CHAN_SEND), "has ended"));
	channel.receiver.ended = true;
	assert_non_null(
	    strstr(cure_of(STRANDED_CHAN_SEND), "last receiver has ended"));
	channel.capacity = 1;
	assert_null(strstr(cure_of(STRANDED_CHAN_SEND), "has ended"));
}

static void
a_receive_without_sender(void **state)
{
	channel = (struct channel) { .receiver.ended = true };
	assert_null(strstr(cure_of(STRANDED_CHAN_RECV), "has ended"));
	channel.sender = (struct channel_user) { .told = true, .ended = true };
	assert_non_null(
	    strstr(cure_of(STRANDED_CHAN_RECV), "last sender has ended"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_send_without_receiver),
		cmocka_unit_test(a_receive_without_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
