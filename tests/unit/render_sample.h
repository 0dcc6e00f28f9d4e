/*
 * render_sample.h: a snapshot that has a little of everything, for the tests of
 * the formats, and the way to get a format's output as a string.
 */
#ifndef RENDER_SAMPLE_H
#define RENDER_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/render.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

#define SAMPLE_READERS 12 /* tasks that wait alike */
#define SAMPLE_TASKS   (SAMPLE_READERS + 8)

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define STACK(frames_)                                                         \
	((struct stack) {                                                      \
	    .raw = { .leaf_pc = 0x1010, .pc = 0x2000 },                        \
	    .frames = (frames_),                                               \
	    .frame_count = LENGTH(frames_),                                    \
	})

static const struct frame probe_frame = {
	.pc = 0x900,
	.function = "stranded_wrapped",
	.function_offset = 5,
	.module = "/lib/libstranded.so",
	.offset = 0x900,
	.probe = true,
};
static const struct frame send_frame = {
	.pc = 0x1010,
	.function = "strand_chan_send",
	.function_offset = 0x10,
	.file = "lib/chan.c",
	.line = 212,
	.module = "/srv/server",
	.offset = 0x10,
};
static const struct frame inlined_frame = {
	.pc = 0x203c,
	.function = "interrupt",
	.file = "server.c",
	.line = 31,
	.module = "/srv/server",
	.offset = 0x103c,
	.inlined = true,
};
static const struct frame reader_frame = {
	.pc = 0x203c,
	.function = "reader",
	.function_offset = 0x3c,
	.file = "server.c",
	.line = 58,
	.module = "/srv/server",
	.offset = 0x103c,
};
static const struct frame go_frame = {
	.pc = 0x3001,
	.function = "strand_go",
	.function_offset = 1,
	.file = "lib/task.c",
	.line = 9,
	.module = "/srv/server",
	.offset = 0x2001,
};
static const struct frame serve_frame = {
	.pc = 0x4004,
	.function = "serve",
	.function_offset = 4,
	.file = "server.c",
	.line = 112,
	.module = "/srv/server",
	.offset = 0x3004,
};
static const struct frame lineless_frame = {
	.pc = 0x7f0000000010,
	.function = "worker",
	.function_offset = 0x10,
	.module = "/lib/libwork.so.1",
	.offset = 0x1010,
};
static const struct frame nameless_frame = {
	.pc = 0x7f0000000fff,
	.module = "/lib/libwork.so.1",
	.offset = 0x1fff,
};
static const struct frame lost_frame = { .pc = 0xdeadbeef };
static const struct frame nasty_frame = {
	.pc = 0x5000,
	.function = "bad\033[31m\xff",
	.file = "dir\n/file.c",
	.line = 1,
	.module = "/m",
};

static const struct frame *const reader_stack[] = { &probe_frame, &send_frame,
	&inlined_frame, &reader_frame };
static const struct frame *const reader_created[] = { &probe_frame, &go_frame,
	&serve_frame };
static const struct frame *const bare_stack[] = { &lineless_frame,
	&nameless_frame, &lost_frame };
static const struct frame *const nasty_stack[] = { &nasty_frame };
static const struct frame *const go_only[] = { &go_frame };
static const struct frame *const serve_only[] = { &serve_frame };

static struct task sample_tasks[SAMPLE_TASKS];
static uint64_t sample_session_tasks[] = { 7 };
static uint64_t sample_senders[] = { 7 };

static struct session sample_sessions[] = {
	{ .id = 41,
	    .kind = WIRE_SESSION_ACCEPTED,
	    .name = (char *) "127.0.0.1:53920",
	    .fd = 9,
	    .fds = 1,
	    .state = SESSION_PEER_CLOSED,
	    .opened_ns = 12 * MINUTE,
	    .used_ns = 3 * SECOND,
	    .peer_closed_ns = 2 * MINUTE,
	    .tasks = sample_session_tasks,
	    .task_count = 1,
	    .opened_by = { .frames = go_only, .frame_count = 1 } },
	{ .id = 42,
	    .kind = WIRE_SESSION_REGISTRY,
	    .name = (char *) "caf\xc3\xa9 \xfe",
	    .fd = -1 },
};

static struct channel sample_channels[] = {
	{ .object = 0xc0de,
	    .capacity = 1,
	    .length = 1,
	    .closed = true,
	    .senders = sample_senders,
	    .sender_count = 1,
	    .created_by = { .frames = reader_stack, .frame_count = 4 },
	    .receiver = { .task = 5,
		.told = true,
		.ended = true,
		.place = { .frames = serve_only, .frame_count = 1 } } },
};

static struct uncovered sample_uncovered[] = {
	{ .tid = 99, .why = "It has made no call that the probe sees." },
};

static struct task_case sample_cases[] = {
	{ .object = 0xc0de, .state = STRANDED_CHAN_SEND },
	{ .object = 0, .state = STRANDED_CHAN_RECV },
};

static struct task
sample_reader(int i)
{
	struct task task = {
		.id = 7 + i,
		.tid = 8123 + i,
		.name = "reader",
		.state = STRANDED_CHAN_SEND,
		.wait_seq = 41,
		.since_ns = i == 0 ? 12 * MINUTE : (4 + i) * SECOND,
		.created_ns = 13 * MINUTE,
		.object = 0xc0de,
		.session = i < 2 ? 41 + i : 0,
		.stack = STACK(reader_stack),
		.created_by = STACK(reader_created),
	};

	return task;
}

static inline struct snapshot
sample(void)
{
	struct task *task = sample_tasks;

	*task++ = (struct task) {
		.id = 1,
		.tid = 8100,
		.name = "server",
		.flags = WIRE_TASK_MAIN,
		.created_ns = -1,
	};
	for (int i = 0; i < SAMPLE_READERS; i++) {
		*task++ = sample_reader(i);
	}
	*task++ = (struct task) {
		.id = 30,
		.tid = 8200,
		.name = "w\033]0;\x80x",
		.state = STRANDED_MUTEX,
		.since_ns = 61 * SECOND,
		.object = 0xabc0,
		.holder = 1,
		.stack = STACK(bare_stack),
		.created_by = STACK(go_only),
	};
	task[-1].stack.cut = true;
	*task++ = (struct task) {
		.id = 31,
		.state = STRANDED_SELECT,
		.since_ns = SECOND / 2,
		.cases = sample_cases,
		.case_count = 2,
		.stack = STACK(nasty_stack),
	};
	*task++ = (struct task) {
		.id = 32,
		.tid = 8202,
		.state = STRANDED_IO_READ,
		.since_ns = 5 * 60 * MINUTE,
		.flags = WIRE_TASK_FD,
		.object = 9,
		.stack = { .raw = { .flags = WIRE_STACK_MOVED } },
	};
	*task++ = (struct task) {
		.id = 33,
		.tid = 8203,
		.state = STRANDED_CHAN_SEND_NIL,
		.since_ns = 3 * 24 * 60 * MINUTE,
		.stack = STACK(reader_stack),
		.verdict = VERDICT_LEAKED,
		.why = "Nothing can end that.",
	};
	*task++ = (struct task) {
		.id = 34,
		.tid = 8204,
		.state = STRANDED_MUTEX,
		.object = 0xabc8,
		.holder_tid = 77,
		.stack = { .raw = { .flags = WIRE_STACK_UNREADABLE } },
	};
	for (int i = 0; i < 2; i++) {
		*task++ = (struct task) {
			.id = 40 + i,
			.tid = 8300 + i,
			.name = "poller",
			.state = STRANDED_COND,
			.since_ns = 2 * MINUTE,
			.object = 0xe000 + 64 * i,
			.stack = STACK(go_only),
		};
	}
	return (struct snapshot) {
		.dump_id = 0x1234abcd,
		.pid = 8100,
		.exe = (char *) "/srv/server",
		.began_ns = 5000000000,
		.ended_ns = 5012500000,
		.began_unix_ns = INT64_C(1700000000123000000),
		.counts = { .sessions_opened = 312, .sessions_closed = 310 },
		.tasks = sample_tasks,
		.task_count = LENGTH(sample_tasks),
		.sessions = sample_sessions,
		.session_count = LENGTH(sample_sessions),
		.channels = sample_channels,
		.channel_count = LENGTH(sample_channels),
		.uncovered = sample_uncovered,
		.uncovered_count = LENGTH(sample_uncovered),
	};
}

/* Compares line by line, so that a failure shows the line. */
static inline void
check_lines(const char *got, const char *wanted)
{
	while (*got && *wanted) {
		size_t got_length = strcspn(got, "\n");
		size_t wanted_length = strcspn(wanted, "\n");
		char got_line[512], wanted_line[512];

		snprintf(
		    got_line, sizeof(got_line), "%.*s", (int) got_length, got);
		snprintf(wanted_line, sizeof(wanted_line), "%.*s",
		    (int) wanted_length, wanted);
		assert_string_equal(got_line, wanted_line);
		got += got_length + (got[got_length] == '\n');
		wanted += wanted_length + (wanted[wanted_length] == '\n');
	}
	assert_string_equal(got, wanted);
}

#endif
