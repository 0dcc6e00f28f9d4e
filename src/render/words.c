/* words.c: see words.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/states.h"
#include "render/syscalls.h"
#include "render/words.h"

const char *
words_duration(char text[WORDS_MAX], int64_t ns)
{
	static const struct {
		int64_t least; /* from here on it is used */
		int64_t unit;
		const char *name;
	} units[] = {
		{ 2 * WORDS_DAY, WORDS_DAY, "day" },
		{ 2 * WORDS_HOUR, WORDS_HOUR, "hour" },
		{ WORDS_MINUTE, WORDS_MINUTE, "minute" },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ns >= units[i].least) {
			int64_t count = ns / units[i].unit;

			snprintf(text, WORDS_MAX, "%" PRId64 " %s%s", count,
			    units[i].name, count == 1 ? "" : "s");
			return text;
		}
	}
	snprintf(
	    text, WORDS_MAX, "%" PRId64 "s", ns > 0 ? ns / WORDS_SECOND : 0);
	return text;
}

const char *
words_age(char text[WORDS_MAX], int64_t ns)
{
	int64_t seconds = ns / WORDS_SECOND;

	if (ns < 0) {
		snprintf(text, WORDS_MAX, "-");
	} else if (ns < WORDS_MINUTE) {
		snprintf(text, WORDS_MAX, "%" PRId64 "s", seconds);
	} else if (ns < WORDS_HOUR) {
		snprintf(text, WORDS_MAX, "%" PRId64 "m%02" PRId64 "s",
		    seconds / 60, seconds % 60);
	} else if (ns < WORDS_DAY) {
		snprintf(text, WORDS_MAX, "%" PRId64 "h%02" PRId64 "m",
		    seconds / 3600, seconds / 60 % 60);
	} else {
		snprintf(text, WORDS_MAX, "%" PRId64 "d%02" PRId64 "h",
		    seconds / 86400, seconds / 3600 % 24);
	}
	return text;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

const char *
words_function(const struct frame *frame)
{
	return frame->function != NULL ? frame->function : "??";
}

void
words_location(char *text, size_t size, const struct frame *frame)
{
	if (frame->file != NULL) {
		snprintf(text, size, "%s:%u", frame->file, frame->line);
	} else if (frame->module != NULL) {
		snprintf(
		    text, size, "%s+0x%" PRIx64, frame->module, frame->offset);
	} else {
		snprintf(text, size, "0x%" PRIx64, frame->pc);
	}
}

void
words_place(char *text, size_t size, const struct frame *frame)
{
	char location[256];

	if (frame == NULL) {
		snprintf(text, size, "%s", "");
		return;
	}
	words_location(location, sizeof(location), frame);
	if (frame->function == NULL) {
		snprintf(text, size, "%s", last_part(location));
	} else {
		snprintf(
		    text, size, "%s %s", frame->function, last_part(location));
	}
}

const char *
words_state(const struct task *task)
{
	const char *name = NULL;

	if (task->state == STRANDED_UNKNOWN && task->call != 0) {
		name = syscall_name(task->call - 1);
	}
	return name != NULL ? name : state_name(task->state);
}

/* What the objects are that are waited for in these states. */
static const char *const nouns[STRANDED_STATE_COUNT] = {
	[STRANDED_CHAN_SEND] = "channel",
	[STRANDED_CHAN_RECV] = "channel",
	[STRANDED_WAITGROUP] = "wait group",
	[STRANDED_MUTEX] = "mutex",
	[STRANDED_RWLOCK_READ] = "rwlock",
	[STRANDED_RWLOCK_WRITE] = "rwlock",
	[STRANDED_COND] = "condition",
	[STRANDED_SEMAPHORE] = "semaphore",
	[STRANDED_BARRIER] = "barrier",
	[STRANDED_JOIN] = "thread",
};

const char *
words_object(const struct task *task)
{
	const char *noun = NULL;

	if (task->flags & WIRE_TASK_FD) {
		return "descriptor";
	}
	if (task->state < STRANDED_STATE_COUNT) {
		noun = nouns[task->state];
	}
	return noun ? noun : "object";
}

const char *
words_session_state(enum session_state state)
{
	static const char *const names[] = {
		[SESSION_OPEN] = "open",
		[SESSION_PEER_CLOSED] = "peer closed",
		[SESSION_CLOSED] = "closed",
	};

	return names[state];
}

const char *
words_session_kind(enum wire_session_kind kind)
{
	switch (kind) {
	case WIRE_SESSION_REGISTRY:
		return "registry";
	case WIRE_SESSION_CONNECT:
		return "connect";
	default:
		return "socket";
	}
}

const char *
words_session_origin(enum wire_session_kind kind)
{
	switch (kind) {
	case WIRE_SESSION_REGISTRY:
		return "opened";
	case WIRE_SESSION_CONNECT:
		return "connected";
	case WIRE_SESSION_RECEIVED:
		return "received";
	case WIRE_SESSION_INHERITED:
		return "inherited";
	default:
		return "accepted";
	}
}

const char *
words_rule(enum rule rule)
{
	static const char *const names[] = {
		[RULE_NONE] = NULL,
		[RULE_NOTHING] = "nothing to wait for",
		[RULE_SELF] = "self",
		[RULE_CYCLE] = "cycle",
		[RULE_EXITED] = "holder has exited",
		[RULE_BEHIND] = "behind a leaked task",
		[RULE_UNREACHABLE] = "unreachable",
		[RULE_AGE] = "age",
		[RULE_GROWTH] = "growth",
		[RULE_PEER] = "peer has gone",
		[RULE_AGAIN] = "same wait again",
	};

	return names[rule];
}

const char *
words_verdict(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_SUSPECT] = "suspect",
		[VERDICT_LEAKED] = "leaked",
	};

	return names[verdict];
}

const char *
words_plural(size_t count)
{
	return count == 1 ? "" : "s";
}
