/* render_text_test.c: the dump for people, to the letter. */
#include <errno.h>

#include "render/output.h"
#include "render_sample.h"

/* clang-format off */
static const char dump[] =
    "dump 000000001234abcd of process 8100 /srv/server\n"
    "began 2023-11-14T22:13:20.123+0000, ended 12.5 ms later\n"
    "20 tasks: 12 chan send, 1 chan send (nil chan), 1 select, "
    "2 mutex lock, 2 cond wait, 1 IO read, 1 running\n"
    "2 sessions: 1 socket, 1 registry, 1 whose peer has closed "
    "(so far 312 opened, 310 closed)\n"
    "not covered:\n"
    "        thread 99: It has made no call that the probe sees.\n"
    "\n"
    "who waits for whom:\n"
    "1 task waits for task 1 \"server\", which runs\n"
    "    mutex lock, mutex 0xabc0: task 30\n"
    "1 task waits for thread 77\n"
    "    mutex lock, mutex 0xabc8: task 34\n"
    "\n"
    "12 tasks [chan send, 5s .. 12 minutes] \"reader\":\n"
    "strand_chan_send(...)\n"
    "        lib/chan.c:212\n"
    "interrupt(...) (inlined)\n"
    "        server.c:31\n"
    "reader(...)\n"
    "        server.c:58 +0x3c\n"
    "created by serve\n"
    "        server.c:112\n"
    "all wait for channel 0xc0de (length 1, capacity 1, closed)\n"
    "last receiver: task 5, which has ended, in serve\n"
    "        server.c:112\n"
    "tasks 7 (session 41 \"127.0.0.1:53920\"), "
    "8 (session 42 \"caf\303\251 ?\"), 9, 10, 11, 12,\n"
    "        13, 14, 15, 16, 17, 18\n"
    "\n"
    "2 tasks [cond wait, 2 minutes] \"poller\":\n"
    "strand_go(...)\n"
    "        lib/task.c:9 +0x1\n"
    "wait for 2 different conditions\n"
    "tasks 40, 41\n"
    "\n"
    "task 33 [chan send (nil chan), 3 days] thread 8203:\n"
    "strand_chan_send(...)\n"
    "        lib/chan.c:212\n"
    "interrupt(...) (inlined)\n"
    "        server.c:31\n"
    "reader(...)\n"
    "        server.c:58 +0x3c\n"
    "leaked: Nothing can end that.\n"
    "\n"
    "task 32 [IO read, 5 hours] thread 8202:\n"
    "        (it went on while its stack was copied)\n"
    "waits on fd 9\n"
    "\n"
    "task 30 [mutex lock, 1 minute] thread 8200 \"w?]0;?x\":\n"
    "worker(...)\n"
    "        /lib/libwork.so.1+0x1010 +0x10\n"
    "?\?(...)\n"
    "        /lib/libwork.so.1+0x1fff\n"
    "?\?(...)\n"
    "        0xdeadbeef\n"
    "        ...additional frames elided...\n"
    "created by strand_go\n"
    "        lib/task.c:9\n"
    "waits for mutex 0xabc0, held by task 1\n"
    "\n"
    "task 31 [select, 0s]:\n"
    "bad?[31m?(...)\n"
    "        dir?/file.c:1\n"
    "waits for any of\n"
    "        chan send: channel 0xc0de (length 1, capacity 1, closed)\n"
    "                last receiver: task 5, which has ended, in serve "
    "server.c:112\n"
    "        chan receive: no channel\n"
    "\n"
    "task 34 [mutex lock, 0s] thread 8204:\n"
    "        (its stack could not be read)\n"
    "waits for mutex 0xabc8, held by thread 77\n"
    "\n"
    "task 1 [running] thread 8100 \"server\":\n"
    "\n"
    "2 sessions:\n"
    "session 41 \"127.0.0.1:53920\" socket fd 9, opened 12 minutes ago, "
    "used 3s ago, 1 task, peer closed 2 minutes ago\n"
    "session 42 \"caf\303\251 ?\" registry, opened 0s ago, used 0s ago, "
    "0 tasks, open\n";
/* clang-format on */

/* The caller frees it. */
static char *
render(const struct snapshot *snapshot, bool all, bool color)
{
	struct render_options options = { .all = all, .color = color };
	struct groups *groups = analyze_groups(snapshot);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(render_text(out, snapshot, groups, &options), 0);
	fclose(out);
	analyze_groups_free(groups);
	return text;
}

static void
everything(void **state)
{
	struct snapshot snapshot = sample();
	char *text = render(&snapshot, false, false);

	check_lines(text, dump);
	free(text);
}

static void
nothing(void **state)
{
	struct snapshot snapshot = { .pid = 5, .exe = (char *) "" };
	char *text = render(&snapshot, false, false);

	check_lines(text,
	    "dump 0000000000000000 of process 5 \n"
	    "began 1970-01-01T00:00:00.000+0000, ended 0.0 ms later\n"
	    "0 tasks\n"
	    "0 sessions (so far 0 opened, 0 closed)\n"
	    "not covered: nothing\n");
	free(text);
}

/* Its name stands before the program's path, unless it is the same. */
static void
program(void **state)
{
	struct snapshot snapshot = { .exe = (char *) "/bin/one" };
	char *text;

	snprintf(snapshot.name, sizeof(snapshot.name), "one");
	text = render(&snapshot, false, false);
	assert_non_null(strstr(text, " /bin/one\n"));
	free(text);
	snprintf(snapshot.name, sizeof(snapshot.name), "other");
	text = render(&snapshot, false, false);
	assert_non_null(strstr(text, " other (/bin/one)\n"));
	free(text);
}

static size_t
count(const char *text, const char *what)
{
	size_t found = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		found++;
	}
	return found;
}

static void
every_task_by_itself(void **state)
{
	struct snapshot snapshot = sample();
	char *text = render(&snapshot, true, false);

	assert_int_equal(count(text, "\ntask "), SAMPLE_TASKS);
	assert_int_equal(count(text, "created by serve\n"), SAMPLE_READERS);
	assert_non_null(strstr(text,
	    "\ntask 7 [chan send, 12 minutes] session 41 "
	    "\"127.0.0.1:53920\" thread 8123 \"reader\":\n"
	    "strand_chan_send(...)\n"
	    "        lib/chan.c:212\n"
	    "interrupt(...) (inlined)\n"
	    "        server.c:31\n"
	    "reader(...)\n"
	    "        server.c:58 +0x3c\n"
	    "created by serve\n"
	    "        server.c:112\n"
	    "waits for channel 0xc0de (length 1, capacity 1, closed)\n"));
	/* What runs comes last. */
	assert_non_null(
	    strstr(text, "\n\ntask 1 [running] thread 8100 \"server\":\n"));
	assert_non_null(strstr(strstr(text, "\ntask 1 ["),
	    "\ntask 1 [running] thread 8100 \"server\":\n\n2 sessions:\n"));
	free(text);
}

static void
color_only_when_asked(void **state)
{
	struct snapshot snapshot = sample();
	char *plain = render(&snapshot, false, false);
	char *color = render(&snapshot, false, true);

	assert_int_equal(count(plain, "\033"), 0);
	assert_true(count(color, "\033[1m") > 5);
	assert_non_null(strstr(color, "\033[31mleaked\033[0m: Nothing"));
	assert_int_equal(count(color, "\033") % 2, 0);
	free(plain);
	free(color);
}

static void
some_of_a_group_leaked(void **state)
{
	struct snapshot snapshot = sample();
	char *text;

	sample_tasks[3].verdict = VERDICT_LEAKED;
	sample_tasks[3].why = "Because.";
	sample_tasks[4].verdict = VERDICT_LEAKED;
	sample_tasks[4].why = "Because.";
	text = render(&snapshot, false, false);
	assert_non_null(strstr(text, "\n2 of them leaked: Because.\n"));
	free(text);
}

static void
many_that_are_not_covered(void **state)
{
	static struct uncovered uncovered[30];
	struct snapshot snapshot = sample();
	char *text;

	for (size_t i = 0; i < LENGTH(uncovered); i++) {
		uncovered[i].tid = 100 + i;
		uncovered[i].why = "It was there first.";
	}
	snapshot.uncovered = uncovered;
	snapshot.uncovered_count = LENGTH(uncovered);
	text = render(&snapshot, false, false);
	assert_int_equal(count(text, "It was there first."), 10);
	assert_non_null(strstr(text, "\n        and 20 more\n"));
	free(text);
}

/* Where a session has come from, and what leads to it. */
static void
kinds_of_sessions(void **state)
{
	static struct session sessions[] = {
		{ .id = 1,
		    .kind = WIRE_SESSION_RECEIVED,
		    .name = (char *) "unix",
		    .fd = 7,
		    .fds = 3,
		    .from = 812 },
		{ .id = 2, .kind = WIRE_SESSION_INHERITED, .fd = 0, .fds = 1 },
		{ .id = 3, .kind = WIRE_SESSION_CONNECT, .fd = 9, .fds = 1 },
		{ .id = 4,
		    .kind = WIRE_SESSION_ACCEPTED,
		    .fd = 8,
		    .fds = 1,
		    .state = SESSION_PEER_CLOSED,
		    .peer_closed_ns = 12 * MINUTE },
	};
	struct snapshot snapshot = {
		.exe = (char *) "",
		.sessions = sessions,
		.session_count = LENGTH(sessions),
	};
	char *text = render(&snapshot, false, false);

	assert_non_null(strstr(text,
	    "\n3 sessions: 3 socket, 0 registry, 1 connection to others, "
	    "1 whose peer has closed (so far "));
	assert_non_null(strstr(text,
	    "session 1 \"unix\" socket fd 7 and 2 more, received from process "
	    "812, opened 0s ago"));
	assert_non_null(strstr(text, "session 2 socket fd 0, inherited, open"));
	assert_non_null(strstr(text, "session 3 connect fd 9, opened"));
	assert_non_null(strstr(text, ", peer closed 12 minutes ago\n"));
	free(text);
}

/* Those whose peer has closed first, then the oldest; and no more than 20. */
static void
many_sessions(void **state)
{
	static struct session sessions[30];
	struct snapshot snapshot = {
		.exe = (char *) "",
		.sessions = sessions,
		.session_count = LENGTH(sessions),
	};
	char *text, *list;

	for (size_t i = 0; i < LENGTH(sessions); i++) {
		sessions[i] = (struct session) {
			.id = 1 + i,
			.kind = WIRE_SESSION_REGISTRY,
			.fd = -1,
			.opened_ns = (int64_t) (i % 10) * SECOND,
			.peer_closed_ns = -1,
			.state = i == 3 ? SESSION_CLOSED :
			    i == 5      ? SESSION_PEER_CLOSED :
					  SESSION_OPEN,
		};
	}
	text = render(&snapshot, false, false);
	list = strstr(text, "\n\n30 sessions:\nsession 6 registry, opened 5s ");
	assert_non_null(list);
	assert_non_null(strstr(list, ", peer closed\nsession 4 "));
	assert_non_null(strstr(list, ", closed\nsession 10 "));
	assert_non_null(strstr(list, ", open\nsession 20 "));
	assert_non_null(strstr(list, ", open\nsession 30 "));
	assert_non_null(strstr(list, ", open\nsession 9 "));
	assert_int_equal(count(list, "\nsession "), 20);
	assert_non_null(
	    strstr(list, "\nand 10 more (--format=json lists all)\n"));
	free(text);
}

static void
quotation_marks_in_names(void **state)
{
	struct task task = { .id = 1, .name = "a\"b\\c" };
	struct snapshot snapshot = {
		.exe = (char *) "",
		.tasks = &task,
		.task_count = 1,
	};
	char *text = render(&snapshot, false, false);

	assert_non_null(strstr(text, "\ntask 1 [running] \"a\\\"b\\\\c\":\n"));
	free(text);
}

static void
check_has(const struct snapshot *snapshot, const char *words)
{
	char *text = render(snapshot, false, false);

	assert_non_null(strstr(text, words));
	free(text);
}

static void
check_has_not(const struct snapshot *snapshot, const char *words)
{
	char *text = render(snapshot, false, false);

	assert_null(strstr(text, words));
	free(text);
}

static void
more_than_one_of_each(void **state)
{
	static const struct {
		uint32_t state;
		const char *words;
	} all[] = {
		{ STRANDED_MUTEX, "\nwait for 2 different mutexes\n" },
		{ STRANDED_CHAN_SEND, "\nwait for 2 different channels\n" },
		{ STRANDED_IO_READ, "\nwait for 2 different objects\n" },
	};
	struct task tasks[2] = { { .id = 1, .object = 64 },
		{ .id = 2, .object = 128 } };
	struct snapshot snapshot = {
		.exe = (char *) "",
		.tasks = tasks,
		.task_count = LENGTH(tasks),
	};

	for (size_t i = 0; i < LENGTH(all); i++) {
		char *text;

		tasks[0].state = tasks[1].state = all[i].state;
		text = render(&snapshot, false, false);
		assert_non_null(strstr(text, all[i].words));
		free(text);
	}
}

/* Where each has a channel of its own: the other sides of all. */
static void
users_of_many(void **state)
{
	const struct channel_user user = {
		.task = 7,
		.told = true,
		.place = { .frames = serve_only, .frame_count = 1 },
	};
	struct channel channels[3] = { { .object = 64, .sender = user },
		{ .object = 128, .sender = user },
		{ .object = 192, .sender = user } };
	struct task tasks[3];
	struct snapshot snapshot = {
		.exe = (char *) "",
		.tasks = tasks,
		.task_count = LENGTH(tasks),
		.channels = channels,
		.channel_count = LENGTH(channels),
	};

	for (uint64_t i = 0; i < LENGTH(tasks); i++) {
		tasks[i] = (struct task) {
			.id = i + 1,
			.state = STRANDED_CHAN_RECV,
			.object = channels[i].object,
		};
	}
	check_has(&snapshot,
	    "\nlast sender: task 7 in serve\n        server.c:112\n");
	channels[1].sender.task = 8;
	check_has(&snapshot, "\nlast senders: 2 tasks in serve\n");
	channels[1].sender.ended = true;
	check_has(&snapshot,
	    "\nlast senders: 2 tasks, 1 of which has ended, in serve\n");
	channels[0].sender.ended = channels[2].sender.ended = true;
	check_has(&snapshot,
	    "\nlast senders: 2 tasks, all of which have ended, in serve\n");
	channels[1].sender.place.frames = reader_created;
	check_has_not(&snapshot, "last sender");
	channels[1].sender.told = false;
	check_has_not(&snapshot, "last sender");
	for (size_t i = 0; i < LENGTH(channels); i++) {
		channels[i].sender = (struct channel_user) { .told = true };
	}
	check_has(&snapshot, "\nno sender so far\n");
}

/* In each state, of which one more than there are is unknown. */
static void
every_state_has_its_name(void **state)
{
	struct task tasks[STRANDED_STATE_COUNT + 1] = { 0 };
	struct snapshot snapshot = {
		.exe = (char *) "",
		.tasks = tasks,
		.task_count = LENGTH(tasks),
	};
	char *text;

	for (uint32_t i = 0; i < LENGTH(tasks); i++) {
		tasks[i].id = i + 1;
		tasks[i].state = i;
	}
	text = render(&snapshot, true, false);
#define CHECK_STATE(name, number, words)                                       \
	assert_non_null(                                                       \
	    strstr(text, number ? "[" words ", 0s]:" : "[" words "]:"));
	STRANDED_STATES(CHECK_STATE)
	assert_non_null(strstr(text, ", 2 unknown, 1 running\n"));
	free(text);
}

static void
a_full_disk_is_reported(void **state)
{
	struct snapshot snapshot = sample();
	struct render_options options = { .all = true };
	struct groups *groups = analyze_groups(&snapshot);
	FILE *out = fopen("/dev/full", "w");

	assert_non_null(out);
	assert_int_equal(render_text(out, &snapshot, groups, &options), -1);
	assert_int_equal(errno, ENOSPC);
	fclose(out);
	analyze_groups_free(groups);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(nothing),
		cmocka_unit_test(program),
		cmocka_unit_test(every_task_by_itself),
		cmocka_unit_test(color_only_when_asked),
		cmocka_unit_test(some_of_a_group_leaked),
		cmocka_unit_test(many_that_are_not_covered),
		cmocka_unit_test(kinds_of_sessions),
		cmocka_unit_test(many_sessions),
		cmocka_unit_test(quotation_marks_in_names),
		cmocka_unit_test(more_than_one_of_each),
		cmocka_unit_test(users_of_many),
		cmocka_unit_test(every_state_has_its_name),
		cmocka_unit_test(a_full_disk_is_reported),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
