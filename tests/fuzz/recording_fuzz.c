/*
 * recording_fuzz.c: whatever a file holds that calls itself a recording, it is
 * read to an end, and each of its snapshots can be loaded, used and freed.
 *
 * The sums of the records are put right first: what is looked for lies behind
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"
#include "fuzz/fuzz.h"
#include "record/format.h"
#include "record/recorder.h"
#include "record/recording.h"

/* Makes every record whose length fits into the file a whole one. */
static void
mend_sums(uint8_t *bytes, size_t size)
{
	size_t at = FORMAT_MAGIC_SIZE;

	while (size - at >= FORMAT_HEAD + FORMAT_TAIL) {
		size_t length = (size_t) bytes[at] |
		    (size_t) bytes[at + 1] << 8 | (size_t) bytes[at + 2] << 16;
		uint32_t sum;

		if (length > size - at - FORMAT_HEAD - FORMAT_TAIL) {
			return;
		}
		bytes[at + 3] = 0;
		sum = format_sum(bytes + at + 4, length + 1);
		at += FORMAT_HEAD + length;
		for (int i = 0; i < 4; i++) {
			bytes[at++] = (uint8_t) (sum >> (8 * i));
		}
	}
}

static void
touch_stack(const struct stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		const char *function = stack->frames[i]->function;

		if (function != NULL && strlen(function) == SIZE_MAX) {
			abort();
		}
	}
}

static void
touch(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		touch_stack(&snapshot->tasks[i].stack);
		touch_stack(&snapshot->tasks[i].created_by);
		if (snapshot_task(snapshot, snapshot->tasks[i].id) == NULL) {
			abort();
		}
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (strlen(snapshot->sessions[i].name) == SIZE_MAX ||
		    snapshot->sessions[i].state > SESSION_CLOSED) {
			abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct failure failure;
	struct recording *recording;
	uint8_t *bytes;

	if (size < FORMAT_MAGIC_SIZE || size > FUZZ_SIZE_MAX) {
		return 0;
	}
	bytes = memory_new(size, 1);
	memcpy(bytes, data, size);
	memcpy(bytes, FORMAT_MAGIC, FORMAT_MAGIC_SIZE);
	mend_sums(bytes, size);
	recording = recording_parse(bytes, size, &failure);
	for (size_t i = 0; recording != NULL && i < recording_count(recording);
	     i++) {
		struct snapshot *snapshot = recording_load(recording, i);

		touch(snapshot);
		snapshot_free(snapshot);
	}
	recording_close(recording);
	free(bytes);
	return 0;
}

/* ---- Seeds ------------------------------------------------------------- */

static const struct frame frame = {
	.pc = 0x10, .function = "f", .file = "f.c", .line = 1, .module = "/m"
};
static const struct frame *const frames[] = { &frame, &frame };
static struct session session = { .id = 1, .name = (char *) "s" };
static struct channel channel = { .id = 1, .closed = true };
static struct uncovered uncovered = { 7, "shy" };

/* A snapshot of a few objects, others each time. */
static void
fill(struct snapshot *snapshot, struct task *tasks, size_t index)
{
	for (size_t i = 0; i < 4; i++) {
		tasks[i] = (struct task) {
			.id = i + 1 + index % 2,
			.state = STRANDED_MUTEX,
			.wait_seq = index,
			.stack = { .frames = frames, .frame_count = 2 },
		};
	}
	*snapshot = (struct snapshot) {
		.began_ns = 1000 + index,
		.exe = (char *) "/e",
		.tasks = tasks,
		.task_count = 4 - index % 3,
		.sessions = &session,
		.session_count = index % 2,
		.channels = &channel,
		.channel_count = 1,
		.uncovered = &uncovered,
		.uncovered_count = 1,
	};
}

size_t
fuzz_seed(unsigned int index, uint8_t data[FUZZ_SIZE_MAX])
{
	char folder[] = "/tmp/stranded-seed-XXXXXX";
	char path[64];
	struct snapshot snapshot;
	struct task tasks[4];
	struct recorder *recorder;
	struct failure failure;
	FILE *file;
	size_t size;

	if (index >= 4 || mkdtemp(folder) == NULL) {
		return 0;
	}
	snprintf(path, sizeof(path), "%s/seed", folder);
	recorder = recorder_open(path, &failure);
	recorder_watch(recorder, 1, 2);
	for (size_t i = 0; i <= index * 3; i++) {
		fill(&snapshot, tasks, i);
		recorder_add(recorder, &snapshot);
	}
	recorder_close(recorder);
	file = fopen(path, "re");
	size = fread(data, 1, FUZZ_SIZE_MAX, file);
	fclose(file);
	unlink(path);
	rmdir(folder);
	return size;
}
