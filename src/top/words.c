/* words.c: see words.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "top/words.h"

void
words_age(char *text, size_t size, int64_t ns)
{
	int64_t seconds = ns / 1000000000;

	if (ns < 0) {
		snprintf(text, size, "-");
	} else if (seconds < 60) {
		snprintf(text, size, "%" PRId64 "s", seconds);
	} else if (seconds < 3600) {
		snprintf(text, size, "%" PRId64 "m%02" PRId64 "s", seconds / 60,
		    seconds % 60);
	} else if (seconds < 86400) {
		snprintf(text, size, "%" PRId64 "h%02" PRId64 "m",
		    seconds / 3600, seconds / 60 % 60);
	} else {
		snprintf(text, size, "%" PRId64 "d%02" PRId64 "h",
		    seconds / 86400, seconds / 3600 % 24);
	}
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
words_session_state(enum session_state state)
{
	static const char *const names[] = {
		[SESSION_OPEN] = "open",
		[SESSION_PEER_CLOSED] = "peer closed",
		[SESSION_CLOSED] = "closed",
	};

	return state <= SESSION_CLOSED ? names[state] : "unknown";
}

const char *
words_session_kind(enum wire_session_kind kind)
{
	return kind == WIRE_SESSION_ACCEPTED ? "socket" : "registry";
}
