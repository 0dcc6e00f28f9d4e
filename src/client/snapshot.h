/*
 * snapshot.h: what a target was doing at one moment.
 *
 * The client fills a snapshot from the probe's messages; src/analyze adds what
 * it finds out (frames, relations); src/render and src/top only read. Arrays
 * are sorted by id. Everything a snapshot points to belongs to it, except the
 * frames, which belong to the symbolizer and live as long as that.
 */
#ifndef CLIENT_SNAPSHOT_H
#define CLIENT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/states.h"
#include "common/wire.h"

/*
 * One line of a stack. Interned by the symbolizer: two equal places in the code
 * are the same pointer.
 */
struct frame {
	uint64_t pc;              /* of the call, or of the wait itself */
	const char *function;     /* NULL if no symbol is known */
	uint64_t function_offset; /* pc - start of function; if there is one */
	const char *file;         /* NULL if no line is known */
	unsigned int line;        /* 0 if no line is known */
	const char *module; /* path of the object; NULL if pc is in none */
	uint64_t offset;    /* of pc in the object, as addr2line wants it */
	bool inlined;       /* inlined into the frame that follows */
	bool probe;         /* in the probe itself: views leave it out */
};

/* A stack, from the innermost frame outward. */
struct stack {
	struct wire_stack raw; /* registers and flags, as they came */
	const uint8_t *bytes;  /* raw.size bytes from raw.base; NULL once
	                          unwound and released */
	const struct frame *const *frames; /* NULL before analysis */
	size_t frame_count;
	bool cut; /* unwinding ended before the outermost frame */
};

struct task_case {
	uint64_t object;
	uint32_t state; /* STRANDED_CHAN_SEND or STRANDED_CHAN_RECV */
};

enum verdict { VERDICT_OK, VERDICT_SUSPECT, VERDICT_LEAKED };

/* What a verdict goes by. */
enum rule {
	RULE_NONE,
	/* Proofs. */
	RULE_NOTHING,     /* there is nothing that could end the wait */
	RULE_SELF,        /* it waits for itself */
	RULE_CYCLE,       /* for others, which wait for it */
	RULE_EXITED,      /* for a thread that is no more */
	RULE_BEHIND,      /* for a task that is leaked */
	RULE_UNREACHABLE, /* for what nobody who can still run can reach */
	/* Evidence. */
	RULE_AGE,    /* for longer than the threshold */
	RULE_GROWTH, /* its group has grown from look to look */
	RULE_PEER,   /* its session's peer has gone */
	RULE_AGAIN   /* it was in the same wait in an earlier dump */
};

struct task {
	uint64_t id;
	uint32_t tid; /* thread that runs it, 0 if none does */
	char name[WIRE_NAME_MAX];
	char label[WIRE_LABEL_MAX]; /* what a test program calls it, or "" */
	uint32_t state;             /* enum stranded_state */
	uint32_t flags;             /* enum wire_task_flags */
	uint64_t wait_seq;  /* with the id it names the wait; 0 if running */
	int64_t since_ns;   /* age of the wait at the snapshot's begin */
	int64_t created_ns; /* age of the task then; -1 if not known */
	uint64_t created_by_id; /* the task that created it, or 0 */
	uint64_t object;        /* address, or descriptor if WIRE_TASK_FD */
	const char *fd_name;    /* what the descriptor leads to, or NULL; the
	                           snapshot's */
	uint64_t thread;        /* its pthread_t, or 0 */
	uint64_t holder;        /* id of the task that must go on for this one
	                           to: it holds the lock, or is joined; or 0 */
	uint32_t holder_tid;    /* that one's thread, as the lock says, or 0 */
	uint32_t call;          /* number of the system call + 1, or 0: known
	                           only of what the kernel alone sees */
	uint64_t session;       /* id, or 0 */
	struct task_case *cases;
	size_t case_count;
	struct stack stack;
	struct stack created_by;
	enum verdict verdict;
	enum rule rule;
	const char *why;  /* evidence for the verdict, or NULL */
	const char *cure; /* what usually mends it, or NULL */
};

enum session_state { SESSION_OPEN, SESSION_PEER_CLOSED, SESSION_CLOSED };

struct session {
	uint64_t id;
	enum wire_session_kind kind;
	char *name;     /* the peer's address, or the registry's name */
	int fd;         /* the first that leads to it; -1: none */
	uint32_t fds;   /* how many do */
	uint64_t inode; /* of the socket, 0 if not known */
	uint32_t from;  /* process that it was received from, or 0 */
	enum session_state state;
	int64_t opened_ns;      /* age at the snapshot's begin */
	int64_t used_ns;        /* since the last use */
	int64_t peer_closed_ns; /* since the peer was seen to have closed; -1
	                           if it has not, or since when is not known */
	uint64_t user;          /* id of the task that last used it, or 0 */
	uint64_t closer; /* of the one that last closed a descriptor, or 0 */
	uint64_t *tasks; /* ids of the tasks that are in it */
	size_t task_count;
	enum verdict verdict;
	enum rule rule;
	const char *why; /* evidence for the verdict, or NULL */
	struct stack opened_by;
};

/* Who used one side of a channel last. */
struct channel_user {
	uint64_t task;      /* its id, or 0 if not known */
	bool told;          /* the runtime says so: the rest is known */
	bool ended;         /* the task is no more */
	struct stack place; /* where: one address. Nobody has so far, if its
	                       pc is 0 and it has no frames */
};

struct channel {
	uint64_t id;
	uint64_t object;
	uint64_t length;
	uint64_t capacity;
	bool closed;
	int64_t created_ns; /* age at the snapshot's begin */
	uint64_t *senders;  /* ids of tasks that wait to send, selects too */
	size_t sender_count;
	uint64_t *receivers;
	size_t receiver_count;
	struct stack created_by;
	struct channel_user sender; /* the last */
	struct channel_user receiver;
};

struct uncovered {
	uint32_t tid;
	const char *why; /* a sentence */
};

struct snapshot {
	uint64_t dump_id;
	pid_t pid;         /* as the tool sees it */
	char *exe;         /* path of the program, "" if not readable */
	char name[64];     /* what its operator calls it: process_name() */
	uint64_t began_ns; /* CLOCK_MONOTONIC */
	uint64_t ended_ns;
	int64_t began_unix_ns; /* the same moment by the wall clock */
	struct wire_counts counts;
	struct task *tasks;
	size_t task_count;
	struct session *sessions;
	size_t session_count;
	struct channel *channels;
	size_t channel_count;
	struct uncovered *uncovered;
	size_t uncovered_count;
	char **texts; /* what snapshot_keep() was given */
	size_t text_count;
	size_t text_room;
	char **fd_names; /* the tasks' fd_name are among them */
	size_t fd_name_count;
	uint8_t **blocks; /* memory that the stacks' bytes lie in; of one that
	                     was read from a file, lists of frames, words */
	size_t block_count;
};

void snapshot_free(struct snapshot *snapshot);

/* Keeps a malloc'ed text as long as the snapshot. Returns it. */
const char *snapshot_keep(struct snapshot *snapshot, char *text);

/* By id; NULL if there is none. */
struct task *snapshot_task(const struct snapshot *snapshot, uint64_t id);
struct session *snapshot_session(const struct snapshot *snapshot, uint64_t id);

#endif
