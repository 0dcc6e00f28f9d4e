/*
 * record_test.c: what a recorder has written comes back as it was, however the
 * file ends.
 */
#include "unit/render_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "client/memory.h"
#include "client/relate.h"
#include "record/recorder.h"
#include "record/recording.h"

static char folder[] = "/tmp/stranded-record-XXXXXX";
static char path[64];

static int
setup(void **state)
{
	strcpy(strrchr(folder, '-'), "-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int
teardown(void **state)
{
	unlink(path);
	return rmdir(folder);
}

/* ---- Snapshots --------------------------------------------------------- */

static struct frame frames[] = {
	{ .pc = 0x10, .function = "wait", .probe = true },
	{ .pc = 0x20,
	    .function = "reader",
	    .function_offset = 4,
	    .file = "server.c",
	    .line = 58,
	    .module = "/srv/server",
	    .offset = 0x1020,
	    .inlined = true },
	{ .pc = 0x30 },
};
static const struct frame *const deep[] = { &frames[0], &frames[1],
	&frames[2] };
static const struct frame *const flat[] = { &frames[2] };

static void
add_tasks(struct snapshot *snapshot, uint64_t first, size_t count)
{
	snapshot->tasks = memory_new(count, sizeof(*snapshot->tasks));
	snapshot->task_count = count;
	for (size_t i = 0; i < count; i++) {
		struct task *task = &snapshot->tasks[i];

		*task = (struct task) {
			.id = first + i,
			.tid = (uint32_t) (100 + i),
			.name = "ein Leser \xc3\xa4",
			.label = "probe",
			.fd_name = i % 2 ? "tcp 10.0.0.1:80" : NULL,
			.state = STRANDED_CHAN_SEND,
			.flags = WIRE_TASK_RUNTIME,
			.wait_seq = 3,
			.since_ns =
			    (int64_t) (snapshot->began_ns - (first + i) * 1000),
			.created_ns = -1,
			.created_by_id = 1,
			.object = UINT64_MAX,
			.holder_tid = 100,
			.session = 9,
			.stack = { .frames = deep, .frame_count = 3 },
			.created_by = { .frames = flat,
			    .frame_count = 1,
			    .cut = true,
			    .raw.flags = WIRE_STACK_TRUNCATED },
		};
	}
}

static void
add_others(struct snapshot *snapshot)
{
	snapshot->sessions = memory_new(1, sizeof(*snapshot->sessions));
	snapshot->session_count = 1;
	snapshot->sessions[0] = (struct session) {
		.id = 9,
		.kind = WIRE_SESSION_REGISTRY,
		.name = memory_print("10.0.0.1:99"),
		.fd = -1,
		.state = SESSION_PEER_CLOSED,
		.opened_ns = 5 * SECOND,
		.used_ns = SECOND,
		.peer_closed_ns = -1,
	};
	snapshot->channels = memory_new(1, sizeof(*snapshot->channels));
	snapshot->channel_count = 1;
	snapshot->channels[0] = (struct channel) { .id = 4,
		.object = UINT64_MAX,
		.length = 1,
		.capacity = 2,
		.closed = true,
		.sender = { .task = 3,
		    .told = true,
		    .place = { .frames = flat, .frame_count = 1 } },
		.receiver = { .task = 8,
		    .told = true,
		    .ended = true,
		    .place = { .frames = deep, .frame_count = 3 } } };
	snapshot->uncovered = memory_new(1, sizeof(*snapshot->uncovered));
	snapshot->uncovered_count = 1;
	snapshot->uncovered[0] = (struct uncovered) { 77, "it is shy" };
}

static struct snapshot *
make_one(int second, uint64_t first, size_t count)
{
	struct snapshot *snapshot = memory_new(1, sizeof(*snapshot));

	snapshot->dump_id = (uint64_t) second;
	snapshot->pid = 4711;
	snapshot->exe = memory_print("/srv/server");
	snprintf(snapshot->name, sizeof(snapshot->name), "server");
	snapshot->began_ns = (uint64_t) (1000 + second) * (uint64_t) SECOND;
	snapshot->ended_ns = snapshot->began_ns + 5;
	snapshot->began_unix_ns = 1700000000 * SECOND;
	snapshot->counts.tasks = (uint32_t) count;
	snapshot->counts.by_state[STRANDED_CHAN_SEND] = (uint32_t) count;
	add_tasks(snapshot, first, count);
	add_others(snapshot);
	relate_snapshot(snapshot);
	return snapshot;
}

static char *
as_json(const struct snapshot *snapshot)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(render_json(out, snapshot), 0);
	fclose(out);
	return text;
}

static void
assert_same(const struct snapshot *a, const struct snapshot *b)
{
	char *x = as_json(a);
	char *y = as_json(b);

	assert_string_equal(x, y);
	free(x);
	free(y);
	assert_int_equal(a->counts.tasks, b->counts.tasks);
	assert_int_equal(a->began_unix_ns, b->began_unix_ns);
	assert_string_equal(a->name, b->name);
	for (size_t i = 0; i < a->task_count; i++) {
		assert_string_equal(a->tasks[i].label, b->tasks[i].label);
	}
}

/* Moment n has tasks n to 2n, so that some come and some go each time. */
static struct snapshot *
moment(int n)
{
	return make_one(n, (uint64_t) n + 1, (size_t) n + 1);
}

static void
record_moments(int count)
{
	struct failure failure;
	struct recorder *recorder = recorder_open(path, &failure);

	assert_non_null(recorder);
	recorder_watch(recorder, 4711, 12345);
	for (int i = 0; i < count; i++) {
		struct snapshot *snapshot = moment(i);

		assert_int_equal(recorder_add(recorder, snapshot), 0);
		snapshot_free(snapshot);
	}
	recorder_close(recorder);
}

static void
expect_moment(struct recording *recording, size_t index)
{
	struct snapshot *loaded = recording_load(recording, index);
	struct snapshot *expected = moment((int) index);

	assert_same(loaded, expected);
	snapshot_free(loaded);
	snapshot_free(expected);
}

/* ---- Tests ------------------------------------------------------------- */

static void
comes_back_as_it_was(void **state)
{
	static const size_t order[] = { 0, 1, 2, 99, 40, 41, 39, 0, 98, 50 };
	struct recording *recording;
	struct failure failure;

	record_moments(100);
	assert_true(recording_is_one(path));
	recording = recording_open(path, &failure);
	assert_non_null(recording);
	assert_int_equal(recording_count(recording), 100);
	assert_int_equal(recording_moment(recording, 7).pid, 4711);
	assert_int_equal(recording_moment(recording, 7).start_ns, 12345);
	assert_int_equal(
	    recording_moment(recording, 7).began_ns, 1007 * SECOND);
	for (size_t i = 0; i < LENGTH(order); i++) {
		expect_moment(recording, order[i]);
	}
	for (size_t i = 0; i < 100; i++) {
		expect_moment(recording, i);
	}
	recording_close(recording);
}

/* What does not change costs next to nothing. */
static void
what_stays_is_not_written_again(void **state)
{
	struct failure failure;
	struct recorder *recorder = recorder_open(path, &failure);
	off_t first = 0;

	assert_non_null(recorder);
	recorder_watch(recorder, 4711, 1);
	for (int i = 0; i < 20; i++) {
		struct snapshot *snapshot = make_one(i, 1, 1000);
		FILE *file;

		assert_int_equal(recorder_add(recorder, snapshot), 0);
		snapshot_free(snapshot);
		file = fopen(path, "re");
		fseeko(file, 0, SEEK_END);
		if (i == 0) {
			first = ftello(file);
		} else {
			assert_true(ftello(file) < first + i * 300);
		}
		fclose(file);
	}
	recorder_close(recorder);
}

/* Wherever the file was cut, all that was whole before is there. */
static void
any_end_will_do(void **state)
{
	struct failure failure;
	size_t last = 0;
	off_t size;
	FILE *file;
	uint8_t *bytes;

	record_moments(6);
	file = fopen(path, "re");
	fseeko(file, 0, SEEK_END);
	size = ftello(file);
	rewind(file);
	bytes = malloc((size_t) size);
	assert_int_equal(fread(bytes, 1, (size_t) size, file), size);
	fclose(file);
	for (size_t cut = 0; cut <= (size_t) size; cut++) {
		struct recording *recording =
		    recording_parse(bytes, cut, &failure);
		size_t count =
		    recording != NULL ? recording_count(recording) : 0;

		assert_in_range(count, last, last + 1);
		if (count > last) {
			expect_moment(recording, count - 1);
		}
		last = count;
		recording_close(recording);
	}
	assert_int_equal(last, 6);
	/* A byte that is wrong ends it, too. */
	bytes[size / 2] ^= 0x10;
	recording_close(recording_parse(bytes, (size_t) size, &failure));
	free(bytes);
}

static void
another_process_follows(void **state)
{
	struct failure failure;
	struct recorder *recorder = recorder_open(path, &failure);
	struct recording *recording;
	struct snapshot *first;
	struct snapshot *second;

	assert_non_null(recorder);
	for (int i = 0; i < 2; i++) {
		struct snapshot *snapshot = make_one(i, 1, 3);

		snapshot->pid = 100 + i;
		recorder_watch(recorder, 100 + i, (uint64_t) i);
		assert_int_equal(recorder_add(recorder, snapshot), 0);
		assert_int_equal(recorder_add(recorder, snapshot), 0);
		snapshot_free(snapshot);
	}
	recorder_close(recorder);
	recording = recording_open(path, &failure);
	assert_int_equal(recording_count(recording), 4);
	first = recording_load(recording, 1);
	second = recording_load(recording, 2);
	assert_int_equal(first->pid, 100);
	assert_int_equal(second->pid, 101);
	assert_string_equal(
	    second->tasks[2].stack.frames[1]->function, "reader");
	snapshot_free(first);
	snapshot_free(second);
	recording_close(recording);
}

static void
no_recording_is_told(void **state)
{
	struct recording *recording;
	struct failure failure;
	FILE *file;

	assert_null(recording_open(path, &failure));
	assert_non_null(strstr(failure.text, "No such file"));
	assert_null(recording_open(folder, &failure));
	assert_false(recording_is_one(folder));
	file = fopen(path, "we");
	fputs("{ \"version\": 1 }", file);
	fclose(file);
	assert_false(recording_is_one(path));
	assert_null(recording_open(path, &failure));
	assert_non_null(strstr(failure.text, "is no recording"));
	/* What is there is not overwritten. */
	assert_null(recorder_open(path, &failure));
	assert_non_null(strstr(failure.text, "choose another name"));
	unlink(path);
	record_moments(2);
	assert_null(recording_snapshot(path, 3, &recording, &failure));
	assert_non_null(strstr(failure.text, "only 2 moments"));
}

/* A full disk ends the recording, and what was written before is there. */
static void
full_disk_is_told(void **state)
{
	const struct rlimit small = { 3000, RLIM_INFINITY };
	struct failure failure;
	struct recorder *recorder = recorder_open(path, &failure);
	struct snapshot *snapshot = make_one(1, 1, 2);
	struct recording *recording;
	struct rlimit before;
	int error = 0;

	assert_non_null(recorder);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &small);
	recorder_watch(recorder, 4711, 1);
	for (int i = 0; i < 1000 && error == 0; i++) {
		error = recorder_add(recorder, snapshot);
	}
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(error, EFBIG);
	assert_int_equal(recorder_add(recorder, snapshot), EBADF);
	recorder_close(recorder);
	snapshot_free(snapshot);
	recording = recording_open(path, &failure);
	assert_non_null(recording);
	assert_true(recording_count(recording) > 0);
	recording_close(recording);
}

#define RECORD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(comes_back_as_it_was),
		RECORD_TEST(what_stays_is_not_written_again),
		RECORD_TEST(any_end_will_do),
		RECORD_TEST(another_process_follows),
		RECORD_TEST(no_recording_is_told),
		RECORD_TEST(full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
