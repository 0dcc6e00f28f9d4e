/*
 * world.h: a process as it stood, and all that has been found out about it.
 */
#ifndef PROOF_WORLD_H
#define PROOF_WORLD_H

#include "analyze/table.h"
#include "client/client.h"
#include "proof/heap.h"
#include "proof/image.h"
#include "proof/kernel.h"
#include "proof/libc.h"
#include "proof/reach.h"
#include "proof/spans.h"
#include "proof/stop.h"

/* What could end a thread's wait. */
enum end {
	END_ALWAYS, /* something that is not known here: it is live */
	END_NEVER,  /* nothing */
	END_HOLDER, /* another thread, while that is live */
	END_OWNER,  /* the same, if it can reach the lock as well */
	END_OBJECTS /* whoever can reach one of the objects */
};

/* A thread of the process. */
struct member {
	const struct stop_thread *thread;
	const struct task *task; /* NULL: the probe does not know it */
	enum end end;
	size_t holder;      /* with END_HOLDER and END_OWNER: which thread */
	bool live;          /* it could still run */
	bool apart;         /* its stack has spans of its own: */
	uint64_t stack;     /* the live part begins, */
	uint64_t stack_end; /* and ends */
	uint64_t tls;       /* where its thread-local storage begins */
	uint64_t control_end;
	size_t
	    first_behind;   /* the first that waits for this one, or SIZE_MAX */
	size_t next_behind; /* the next that waits for the same one */
};

struct world {
	struct image image;
	struct stop stop;
	struct libc libc;
	struct heaps heaps;
	struct kernel kernel;
	struct spans spans;
	struct reach reach;
	struct snapshot *waits; /* of the moment in which all stood */
	struct wire_bookkeeping *bookkeeping;
	struct wire_signal signal;
	uint64_t main_stack_end; /* of the main thread's frames */
	struct member *members;
	size_t member_count;
	struct table by_tid;     /* the members, by their own numbers, */
	struct table by_control; /* and by their records' addresses */
};

/* Divides the memory into spans; the members' stacks are found. */
void world_divide(struct world *world);

void world_free(struct world *world);

/* Could a signal's handler of the application run on a blocked thread? */
bool world_has_handlers(const struct world *world);

#endif
