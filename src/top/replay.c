/* replay.c: see replay.h. */
#include "top/replay.h"

#include <stdlib.h>

#include "analyze/analyze.h"
#include "client/memory.h"
#include "top/proved.h"

#define MINUTE_NS INT64_C(60000000000)

struct replay {
	struct recording *recording;
	size_t index;
};

struct replay *
replay_open(const char *path, struct failure *failure)
{
	struct recording *recording = recording_open(path, failure);
	struct replay *replay;

	if (recording == NULL) {
		return NULL;
	}
	replay = memory_new(1, sizeof(*replay));
	replay->recording = recording;
	return replay;
}

void
replay_close(struct replay *replay)
{
	if (replay != NULL) {
		recording_close(replay->recording);
		free(replay);
	}
}

size_t
replay_index(const struct replay *replay)
{
	return replay->index;
}

size_t
replay_count(const struct replay *replay)
{
	return recording_count(replay->recording);
}

struct recording_moment
replay_moment(const struct replay *replay)
{
	return recording_moment(replay->recording, replay->index);
}

void
replay_go(struct replay *replay, size_t index)
{
	size_t count = replay_count(replay);

	replay->index = index < count ? index : count - 1;
}

/* Nanoseconds from this moment to another. */
static int64_t
distance(const struct replay *replay, size_t index)
{
	return (int64_t) (recording_moment(replay->recording, index).began_ns -
	    replay_moment(replay).began_ns);
}

/* The first moment that is a minute away, or the last on the way there. */
static void
step_minute(struct replay *replay, bool back)
{
	size_t last = replay_count(replay) - 1;
	size_t at = replay->index;

	while (at != (back ? 0 : last)) {
		int64_t way = distance(replay, at);

		if (way >= MINUTE_NS || way <= -MINUTE_NS) {
			break;
		}
		at = back ? at - 1 : at + 1;
	}
	replay->index = at;
}

void
replay_step(struct replay *replay, long by, bool minutes)
{
	size_t left = by < 0 ? 0 - (size_t) by : (size_t) by;

	for (; left > 0 && minutes; left--) {
		step_minute(replay, by < 0);
	}
	if (by < 0) {
		replay->index = replay->index > left ? replay->index - left : 0;
	} else {
		replay_go(replay, replay->index + left);
	}
}

struct snapshot *
replay_load(struct replay *replay)
{
	struct snapshot *snapshot =
	    recording_load(replay->recording, replay->index);

	analyze_verdicts(snapshot);
	proved_suspect(snapshot);
	return snapshot;
}

int64_t
replay_wait_ns(const struct replay *replay)
{
	int64_t wait;

	if (replay->index + 1 == replay_count(replay)) {
		return -1;
	}
	wait = distance(replay, replay->index + 1);
	return wait > 0 ? wait : 0;
}
