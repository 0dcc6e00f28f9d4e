/*
 * snapshot.h: what the tasks, sessions and channels are doing, as messages.
 *
 * Nothing is stopped and nothing is kept: a walk goes through the tables and
 * reads each record as it comes to it. So the parts of a snapshot are each true
 * at some moment between its begin and its end, which it says.
 */
#ifndef PROBE_SNAPSHOT_H
#define PROBE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

enum walk_phase {
	WALK_IDLE, /* there is none: a zeroed walk is so */
	WALK_BEGIN,
	WALK_TASKS,
	WALK_THREADS, /* those that are no tasks */
	WALK_SESSIONS,
	WALK_CHANNELS,
	WALK_UNCOVERED,
	WALK_END
};

/* How far a snapshot has come. */
struct snapshot_walk {
	enum walk_phase phase;
	uint32_t next;  /* number of the record that is next */
	uint32_t flags; /* enum wire_snapshot_flags */
	uint32_t stack_max;
	int64_t began;
	int64_t clock;       /* the probe's clock at that time */
	int64_t known;       /* when this connection's last snapshot began */
	int64_t known_clock; /* and the clock then */
	struct wire_end end;
};

void snapshot_begin(
    struct snapshot_walk *walk, const struct wire_snapshot_request *request);

/*
 * Writes messages to `out` while there is something left to write and room for
 * the largest. Returns how many bytes; 0 if the walk is over, or there is not
 * enough room.
 */
size_t snapshot_continue(struct snapshot_walk *walk, uint8_t *out, size_t room);

#endif
