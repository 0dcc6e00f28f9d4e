/*
 * suspects.h: what looks like a leak, without a proof.
 *
 * A verdict of suspect always says which evidence it goes by. There is no end
 * to what a healthy server waits for: workers wait on conditions, and
 * connections are idle, for hours. So age counts only where a healthy program
 * does not stay: at a send, a lock, a wait group, a barrier, a write.
 */
#ifndef ANALYZE_SUSPECTS_H
#define ANALYZE_SUSPECTS_H

#include "client/snapshot.h"

#define SUSPECTS_SECOND INT64_C(1000000000)

/* The defaults, in seconds: plain numbers, for the help has them as text. */
#define SUSPECTS_AGE  600
#define SUSPECTS_PEER 60
#define SUSPECTS_IDLE 3600

#define SUSPECTS_DEFAULT                                                       \
	{                                                                      \
		.age_ns = SUSPECTS_AGE * SUSPECTS_SECOND,                      \
		.peer_ns = SUSPECTS_PEER * SUSPECTS_SECOND,                    \
		.idle_ns = SUSPECTS_IDLE * SUSPECTS_SECOND,                    \
	}

/* From when on something is suspect, in nanoseconds; 0: never. */
struct suspects {
	int64_t age_ns;                /* of a wait that should be short */
	int64_t peer_ns;               /* since a session's peer has gone */
	int64_t idle_ns;               /* since a session was last used */
	const struct snapshot *before; /* an earlier dump, or NULL: who is in
	                                  the same wait is suspect */
};

/* Does it wait where nobody who is well stays for long? */
bool analyze_is_short(const struct task *task);

/* Sets the verdicts of tasks and sessions that are not leaked. */
void analyze_suspects(struct snapshot *snapshot, const struct suspects *limits);

/* Looks at groups one after the other: which of them grow from look to look? */
struct growth;

struct growth *growth_new(void);
void growth_free(struct growth *growth);

/* The next look. The snapshot is analyzed, and must outlive the growth. */
void growth_look(struct growth *growth, const struct snapshot *snapshot);

/*
 * Those of the last snapshot whose groups have grown with each of at least two
 * looks are suspect.
 */
void growth_judge(const struct growth *growth, struct snapshot *snapshot);

#endif
