/*
 * snapshot_fuzz.c: whatever a probe sends, receiving it ends, with a snapshot
 * or an error, and what was received can be used and freed.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/receive.h"
#include "client/relate.h"
#include "fuzz/messages.h"

static void
touch(const void *part, size_t size)
{
	const volatile uint8_t *bytes = part;

	for (size_t i = 0; i < size; i++) {
		(void) bytes[i];
	}
}

static void
touch_snapshot(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		touch(task->name, strlen(task->name));
		touch(task->cases, task->case_count * sizeof(*task->cases));
		touch(task->stack.bytes, task->stack.raw.size);
		touch(task->created_by.bytes, task->created_by.raw.size);
		snapshot_task(snapshot, task->created_by_id);
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];

		touch(session->name, strlen(session->name));
		touch(session->tasks,
		    session->task_count * sizeof(*session->tasks));
		snapshot_session(snapshot, session->user);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct stream stream;
	int ends[2];

	if (size > FUZZ_SIZE_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
		free(snapshot);
		return 0;
	}
	if (write(ends[1], data, size) == (ssize_t) size) {
		shutdown(ends[1], SHUT_WR);
		stream_init(&stream, ends[0], 1000);
		if (receive_snapshot(&stream, snapshot) == 0) {
			relate_snapshot(snapshot);
		}
		touch_snapshot(snapshot);
		stream_close(&stream);
	} else {
		close(ends[0]);
	}
	close(ends[1]);
	snapshot_free(snapshot);
	return 0;
}

size_t
fuzz_seed(unsigned int index, uint8_t data[FUZZ_SIZE_MAX])
{
	return index < 8 ? message_conversation(data, index) : 0;
}
