/*
 * analyze_suspects_test.c: what is suspect, to the nanosecond, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/suspects.h"

#define LIMIT INT64_C(1000)

static const struct frame some_frame = { .pc = 1 };
static const struct frame other_frame = { .pc = 2 };
static const struct frame *const some_stack[] = { &some_frame };
static const struct frame *const other_stack[] = { &other_frame };

/* ---- Tasks -------------------------------------------------------------- */

static enum rule
judge_task(struct task task, const struct suspects *limits)
{
	struct snapshot snapshot = { .tasks = &task, .task_count = 1 };

	analyze_suspects(&snapshot, limits);
	assert_int_equal(task.verdict,
	    task.rule == RULE_NONE ? VERDICT_OK : VERDICT_SUSPECT);
	return task.rule;
}

static struct task
waiting(uint32_t state, int64_t since_ns)
{
	return (struct task) {
		.id = 1, .state = state, .wait_seq = 2, .since_ns = since_ns
	};
}

static void
age(void **state)
{
	const struct suspects limits = { .age_ns = LIMIT };
	const struct suspects never = { 0 };
	struct task task = waiting(STRANDED_MUTEX, LIMIT);

	assert_int_equal(judge_task(task, &limits), RULE_AGE);
	assert_int_equal(judge_task(task, &never), RULE_NONE);
	task.flags = WIRE_TASK_TIMED;
	assert_int_equal(judge_task(task, &limits), RULE_NONE);
	task = waiting(STRANDED_MUTEX, LIMIT - 1);
	assert_int_equal(judge_task(task, &limits), RULE_NONE);
	task = waiting(STRANDED_COND, LIMIT);
	assert_int_equal(judge_task(task, &limits), RULE_NONE);
	task = waiting(STRANDED_MUTEX, LIMIT);
	task.wait_seq = 0; /* not any more */
	assert_int_equal(judge_task(task, &limits), RULE_NONE);
}

static void
again(void **state)
{
	struct task then = waiting(STRANDED_MUTEX, 1);
	const struct snapshot before = { .tasks = &then, .task_count = 1 };
	const struct suspects limits = { .before = &before };
	struct task task = waiting(STRANDED_MUTEX, 5);

	assert_int_equal(judge_task(task, &limits), RULE_AGAIN);
	task.wait_seq++;
	assert_int_equal(judge_task(task, &limits), RULE_NONE);
	task = waiting(STRANDED_MUTEX, 5);
	task.id++;
	assert_int_equal(judge_task(task, &limits), RULE_NONE);
	task = waiting(STRANDED_CHAN_RECV, 5);
	assert_int_equal(judge_task(task, &limits), RULE_NONE);
}

/* What is proved stays so. */
static void
leaked_already(void **state)
{
	const struct suspects limits = { .age_ns = LIMIT };
	struct task task = waiting(STRANDED_MUTEX, LIMIT);
	struct snapshot snapshot = { .tasks = &task, .task_count = 1 };

	task.verdict = VERDICT_LEAKED;
	task.rule = RULE_CYCLE;
	analyze_suspects(&snapshot, &limits);
	assert_int_equal(task.verdict, VERDICT_LEAKED);
	assert_int_equal(task.rule, RULE_CYCLE);
}

/* ---- Sessions ----------------------------------------------------------- */

/* With a task in it, and another task by which it was used last. */
static enum rule
judge_session(struct session session, const struct suspects *limits)
{
	struct task tasks[] = { waiting(STRANDED_CHAN_RECV, LIMIT),
		{ .id = 2 } };
	uint64_t inside = 1;
	struct snapshot snapshot = { .tasks = tasks,
		.task_count = 2,
		.sessions = &session,
		.session_count = 1 };

	session.id = 7;
	if (session.kind != WIRE_SESSION_REGISTRY) {
		session.tasks = &inside;
		session.task_count = 1;
		tasks[0].session = session.id;
	}
	analyze_suspects(&snapshot, limits);
	assert_int_equal(tasks[0].rule == RULE_PEER, session.rule == RULE_PEER);
	assert_int_equal(tasks[1].rule, RULE_NONE);
	return session.rule;
}

static void
peer_gone(void **state)
{
	const struct suspects limits = { .peer_ns = LIMIT };
	const struct suspects never = { 0 };
	struct session session = { .state = SESSION_PEER_CLOSED,
		.peer_closed_ns = LIMIT };

	assert_int_equal(judge_session(session, &limits), RULE_PEER);
	assert_int_equal(judge_session(session, &never), RULE_NONE);
	session.peer_closed_ns = LIMIT - 1;
	assert_int_equal(judge_session(session, &limits), RULE_NONE);
	session.peer_closed_ns = -1; /* nobody knows since when */
	assert_int_equal(judge_session(session, &limits), RULE_NONE);
	session.state = SESSION_OPEN;
	session.peer_closed_ns = LIMIT;
	assert_int_equal(judge_session(session, &limits), RULE_NONE);
}

static void
idle(void **state)
{
	const struct suspects limits = { .idle_ns = LIMIT };
	const struct suspects never = { 0 };
	struct session session = { .state = SESSION_OPEN, .used_ns = LIMIT };

	assert_int_equal(judge_session(session, &limits), RULE_AGE);
	assert_int_equal(judge_session(session, &never), RULE_NONE);
	session.used_ns = LIMIT - 1;
	assert_int_equal(judge_session(session, &limits), RULE_NONE);
}

/* It is still in its registry, and nobody is left who has used it. */
static void
orphan(void **state)
{
	const struct suspects limits = { .peer_ns = LIMIT };
	struct session session = {
		.kind = WIRE_SESSION_REGISTRY, .user = 99, .used_ns = LIMIT
	};

	assert_int_equal(judge_session(session, &limits), RULE_EXITED);
	session.used_ns = LIMIT - 1;
	assert_int_equal(judge_session(session, &limits), RULE_NONE);
	session.used_ns = LIMIT;
	session.user = 2; /* who is still there */
	assert_int_equal(judge_session(session, &limits), RULE_NONE);
	session.user = 0; /* nobody ever */
	assert_int_equal(judge_session(session, &limits), RULE_NONE);
}

/* ---- Growth ------------------------------------------------------------- */

#define LOOKS 4
#define MOST  8

/* As many tasks alike as `counts` says, look by look; ended by 0. */
static enum rule
judge_growth(const size_t counts[LOOKS + 1])
{
	struct task tasks[LOOKS][MOST + 1];
	struct snapshot looks[LOOKS];
	struct growth *growth = growth_new();
	enum rule rule = RULE_NONE;
	size_t look = 0;

	for (; counts[look] > 0; look++) {
		for (size_t i = 0; i <= counts[look]; i++) {
			struct task *task = &tasks[look][i];

			*task = waiting(STRANDED_CHAN_RECV, 1);
			task->stack.frame_count = 1;
			task->stack.frames =
			    i < counts[look] ? some_stack : other_stack;
		}
		looks[look] = (struct snapshot) { .tasks = tasks[look],
			.task_count = counts[look] + 1 };
		growth_look(growth, &looks[look]);
	}
	growth_judge(growth, &looks[look - 1]);
	rule = tasks[look - 1][0].rule;
	/* The one in another place is by itself all the time. */
	assert_int_equal(tasks[look - 1][counts[look - 1]].rule, RULE_NONE);
	growth_free(growth);
	return rule;
}

static void
growth(void **state)
{
	static const struct {
		size_t counts[LOOKS + 1];
		enum rule rule;
	} cases[] = {
		{ { 1, 2, 3, 0 }, RULE_GROWTH },
		{ { 2, 5, 6, 8, 0 }, RULE_GROWTH },
		{ { 1, 2, 0 }, RULE_NONE },       /* too few looks */
		{ { 1, 2, 2, 0 }, RULE_NONE },    /* it has stopped */
		{ { 1, 3, 2, 4, 0 }, RULE_NONE }, /* it comes and goes */
		{ { 3, 3, 4, 5, 0 }, RULE_NONE },
		{ { 3, 2, 1, 0 }, RULE_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(judge_growth(cases[i].counts), cases[i].rule);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(age),
		cmocka_unit_test(again),
		cmocka_unit_test(leaked_already),
		cmocka_unit_test(peer_gone),
		cmocka_unit_test(idle),
		cmocka_unit_test(orphan),
		cmocka_unit_test(growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
