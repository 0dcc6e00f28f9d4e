/*
 * top_snapshot.h: snapshots made by hand, for the tests of the viewer.
 *
 * What is made here is what the client and the symbolizer would have made of a
 * small server: readers that are stuck in `chan send`, one main task in `IO
 * accept`, and sessions.
 */
#ifndef UNIT_TOP_SNAPSHOT_H
#define UNIT_TOP_SNAPSHOT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/snapshot.h"

#define SECOND 1000000000LL

static const struct frame frame_send = { .pc = 0x10,
	.function = "strand_chan_send",
	.file = "lib/chan.c",
	.line = 212,
	.module = "/srv/session_server" };
static const struct frame frame_wait = { .pc = 0x11,
	.function = "chan_wait",
	.file = "lib/chan.c",
	.line = 100,
	.module = "/srv/session_server" };
static const struct frame frame_reader = { .pc = 0x20,
	.function = "reader",
	.file = "tests/programs/session_server.c",
	.line = 58,
	.module = "/srv/session_server" };
static const struct frame frame_begin = { .pc = 0x30,
	.function = "strand_task_begin",
	.file = "lib/task.c",
	.line = 9,
	.module = "/srv/session_server" };
static const struct frame frame_accept = { .pc = 0x40,
	.function = "accept",
	.module = "/lib/x86_64-linux-gnu/libc.so.6",
	.offset = 0x1234 };
static const struct frame frame_main = { .pc = 0x50,
	.function = "main",
	.file = "tests/programs/session_server.c",
	.line = 140,
	.module = "/srv/session_server" };
static const struct frame frame_nameless = {
	.pc = 0x60, .module = "/srv/plugins/quiet.so", .offset = 0xabc
};

static const struct frame *const stack_reader[] = { &frame_wait, &frame_send,
	&frame_reader, &frame_begin };
static const struct frame *const stack_main[] = { &frame_accept, &frame_main };
static const struct frame *const stack_serve[] = { &frame_main };

#define STACK(list)                                                            \
	((struct stack) { .frames = (list),                                    \
	    .frame_count = sizeof(list) / sizeof((list)[0]) })

/* A snapshot with no tasks, taken at `second`. */
static inline struct snapshot *
snapshot_empty(int second)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	snapshot->pid = 4711;
	snapshot->exe = strdup("/srv/session_server");
	snapshot->began_ns = (uint64_t) second * SECOND;
	return snapshot;
}

/* Appends a task that is as yet running; the snapshot's ids must ascend. */
static inline struct task *
snapshot_add_task(struct snapshot *snapshot, uint64_t id, const char *name,
    uint32_t state, int since)
{
	struct task *task;

	snapshot->tasks = realloc(snapshot->tasks,
	    (snapshot->task_count + 1) * sizeof(*snapshot->tasks));
	assert_non_null(snapshot->tasks);
	task = &snapshot->tasks[snapshot->task_count++];
	*task = (struct task) {
		.id = id, .state = state, .since_ns = since * SECOND
	};
	snprintf(task->name, sizeof(task->name), "%s", name);
	snapshot->counts.tasks++;
	snapshot->counts.by_state[state]++;
	return task;
}

static inline void
snapshot_add_reader(
    struct snapshot *snapshot, uint64_t id, int since, uint64_t session)
{
	struct task *task = snapshot_add_task(
	    snapshot, id, "reader", STRANDED_CHAN_SEND, since);

	task->stack = STACK(stack_reader);
	task->created_by = STACK(stack_serve);
	task->session = session;
}

static inline void
snapshot_add_main(struct snapshot *snapshot, uint64_t id, int since)
{
	snapshot_add_task(snapshot, id, "main", STRANDED_IO_ACCEPT, since)
	    ->stack = STACK(stack_main);
}

/* Appends a session with one task, or none if `task` is 0. */
static inline struct session *
snapshot_add_session(
    struct snapshot *snapshot, uint64_t id, const char *name, uint64_t task)
{
	struct session *session;

	snapshot->sessions = realloc(snapshot->sessions,
	    (snapshot->session_count + 1) * sizeof(*snapshot->sessions));
	assert_non_null(snapshot->sessions);
	session = &snapshot->sessions[snapshot->session_count++];
	*session = (struct session) {
		.id = id,
		.kind = WIRE_SESSION_REGISTRY,
		.name = strdup(name),
		.fd = -1,
		.opened_ns = 90 * SECOND,
		.used_ns = 5 * SECOND,
		.tasks = malloc(sizeof(uint64_t)),
		.task_count = task != 0,
		.opened_by = STACK(stack_serve),
	};
	session->tasks[0] = task;
	snapshot->counts.sessions++;
	return session;
}

#endif
