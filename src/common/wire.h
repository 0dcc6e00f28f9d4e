/*
 * wire.h: what the probe and the tool say to each other.
 *
 * A Unix stream socket carries messages in both directions. Each begins with a
 * struct wire_header that gives its length; the fixed part of its type follows,
 * then the variable parts in the order in which the fixed part counts them.
 * Numbers are those of the machine: both ends run on it. Every message is
 * bounded by WIRE_MAX, and every count in it is checked against its length
 * before it is used (wire_check_*), on both sides, because neither side trusts
 * the other: the probe lives in a server that must not come to harm, and the
 * tool may be run by root.
 *
 * A conversation:
 *
 *     tool                        probe
 *     HELLO (version)      ->
 *                          <-     HELLO (version, process)
 *     COUNTS_REQUEST, or
 *     STATES_REQUEST       ->
 *                          <-     COUNTS
 *     SNAPSHOT_REQUEST     ->
 *                          <-     BEGIN, then TASK, SESSION, CHANNEL and
 *                                 UNCOVERED in any number, then END
 *     READ_REQUEST         ->
 *                          <-     MEMORY
 *     SIGNAL_REQUEST       ->
 *                          <-     SIGNAL
 *     BOOKKEEPING_REQUEST  ->
 *                          <-     BOOKKEEPING
 *     PERMIT_REQUEST       ->
 *                          <-     PERMIT
 *     CHECK_REQUEST        ->
 *                          <-     CHECK
 *
 * The probe answers requests in order. Anything it does not understand gets an
 * ERROR, and the connection is closed.
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAGIC   0x53545244u /* "STRD" */
#define WIRE_VERSION 1u

#define WIRE_MAX         (1u << 20)   /* bytes of one message */
#define WIRE_REQUEST_MAX 64u          /* bytes of one request */
#define WIRE_STACK_MAX   (256u << 10) /* bytes of one copied stack */
#define WIRE_READ_MAX    (256u << 10) /* bytes of one MEMORY */
#define WIRE_NAME_MAX    32u          /* bytes of a task's name, with its NUL */
#define WIRE_LABEL_MAX   64u          /* bytes of a label, with its NUL */
#define WIRE_TEXT_MAX    256u /* bytes of a session's name or an error */
#define WIRE_CASES_MAX   64u  /* cases of a select that are sent */
#define WIRE_ADDRESS_MAX 128u /* bytes of a sockaddr */
#define WIRE_STATES      32u  /* room for counts by state */

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_ERROR = 2,
	WIRE_COUNTS_REQUEST = 3,
	WIRE_COUNTS = 4,
	WIRE_SNAPSHOT_REQUEST = 5,
	WIRE_BEGIN = 6,
	WIRE_TASK = 7,
	WIRE_SESSION = 8,
	WIRE_CHANNEL = 9,
	WIRE_UNCOVERED = 10,
	WIRE_END = 11,
	WIRE_READ_REQUEST = 12,
	WIRE_MEMORY = 13,
	WIRE_SIGNAL_REQUEST = 14,
	WIRE_SIGNAL = 15,
	WIRE_BOOKKEEPING_REQUEST = 16,
	WIRE_BOOKKEEPING = 17,
	WIRE_CHECK_REQUEST = 18,
	WIRE_CHECK = 19,
	WIRE_STATES_REQUEST = 20, /* COUNTS_REQUEST, but the kernel is asked,
	                             too: it takes longer, and is exact */
	WIRE_PERMIT_REQUEST = 21,
	WIRE_PERMIT = 22
};

struct wire_header {
	uint32_t length; /* of the whole message, this header included */
	uint16_t type;   /* enum wire_type */
	uint16_t zero;
};

/* Both ways. The probe fills in what follows `version`. */
struct wire_hello {
	struct wire_header header;
	uint32_t magic;
	uint32_t version;
	uint32_t pid;       /* as the target sees itself */
	uint32_t agent_tid; /* the probe's own thread */
	uint64_t start_ns;  /* when the probe was loaded, CLOCK_MONOTONIC */
};

enum wire_error_code {
	WIRE_ERROR_VERSION = 1,   /* the probe speaks another version */
	WIRE_ERROR_MALFORMED = 2, /* a request that makes no sense */
	WIRE_ERROR_REFUSED = 3,   /* a request that is not granted */
	WIRE_ERROR_BUSY = 4       /* too many connections */
};

struct wire_error {
	struct wire_header header;
	uint32_t code;      /* enum wire_error_code */
	uint32_t text_size; /* then: text, no NUL, for people */
};

struct wire_counts_request {
	struct wire_header header;
};

struct wire_counts {
	struct wire_header header;
	uint32_t tasks;           /* alive */
	uint32_t sessions;        /* open, of clients */
	uint64_t sessions_opened; /* ever */
	uint64_t sessions_closed; /* ever */
	uint32_t connects;        /* open connections to others */
	uint32_t zero;
	uint32_t by_state[WIRE_STATES]; /* tasks, by enum stranded_state */
};

enum wire_snapshot_flags {
	WIRE_WITH_STACKS = 1,   /* stacks of waits */
	WIRE_WITH_CREATION = 2, /* stacks of creation */
	/*
	 * Send the stack of a wait or of a creation only if it is newer than
	 * the last snapshot of this connection. TASK and SESSION messages have
	 * WIRE_STACK_KNOWN set where it was left out.
	 */
	WIRE_ONLY_NEW = 4
};

struct wire_snapshot_request {
	struct wire_header header;
	uint32_t flags;     /* enum wire_snapshot_flags */
	uint32_t stack_max; /* bytes to copy of each stack */
};

struct wire_begin {
	struct wire_header header;
	uint64_t dump_id;          /* never the same twice in one process */
	uint64_t began_ns;         /* CLOCK_MONOTONIC */
	struct wire_counts counts; /* by state: what the records say */
};

/*
 * A stack: the registers that unwinding starts from, and the bytes that lie
 * from `base` upward. Of the outermost function nothing is known but its pc.
 */
struct wire_stack {
	uint64_t leaf_pc; /* a function that unwinding does not need: the top
	                     frame, or 0 */
	uint64_t pc;      /* where unwinding starts: pc 0 means no stack */
	uint64_t sp;
	uint64_t fp;
	uint64_t base;
	uint32_t size;  /* of the bytes that come with the message */
	uint32_t flags; /* enum wire_stack_flags */
};

enum wire_stack_flags {
	WIRE_STACK_TRUNCATED = 1,  /* there was more than stack_max */
	WIRE_STACK_MOVED = 2,      /* the task went on during the copy: none */
	WIRE_STACK_KNOWN = 4,      /* not sent: see WIRE_ONLY_NEW */
	WIRE_STACK_UNREADABLE = 8, /* the memory could not be read */
	WIRE_STACK_NO_FP = 16      /* what `fp` should be is not known */
};

enum wire_task_flags {
	WIRE_TASK_MAIN = 1,    /* the process's first thread */
	WIRE_TASK_RUNTIME = 2, /* a runtime's task, not a bare thread */
	WIRE_TASK_TIMED = 4,   /* the wait ends by itself */
	WIRE_TASK_FD = 8,      /* object is a file descriptor's number */
	WIRE_TASK_KERNEL = 16, /* the probe does not see the wait: the kernel
	                          says what it is. A thread that runs has
	                          this if it is no task */
	WIRE_TASK_WOKEN = 32,  /* it was woken from a condition, and waits for
	                          the mutex, which is the object */
	WIRE_TASK_HOLDER_EXITED = 64, /* holder_tid is of no thread any more */
	WIRE_TASK_HOLDER_ELSEWHERE = 128, /* ... is of another process */
	WIRE_TASK_LEAVING = 256 /* it ends the process: it never returns to the
	                           frames that are on its stack */
};

/* In wait_seq: a wait that only the kernel sees, which numbers it otherwise. */
#define WIRE_WAIT_KERNEL (UINT64_C(1) << 63)

struct wire_case {
	uint64_t object;
	uint32_t state; /* STRANDED_CHAN_SEND or STRANDED_CHAN_RECV */
	uint32_t zero;
};

struct wire_task {
	struct wire_header header;
	uint64_t id;         /* never reused */
	uint64_t wait_seq;   /* which wait of the task; 0 if it runs */
	uint64_t since_ns;   /* the wait was there at this time, or 0: new */
	uint64_t created_ns; /* or 0 */
	uint64_t object;
	uint64_t session;    /* its session's id, or 0 */
	uint64_t created_by; /* the id of the task that created it, or 0 */
	uint64_t thread; /* its pthread_t: what joins name as object, or 0 */
	uint32_t tid;    /* of the thread that runs it, or 0 */
	uint32_t holder_tid; /* thread that owns the lock, or 0 */
	uint32_t flags;      /* enum wire_task_flags */
	uint32_t call;       /* with WIRE_TASK_KERNEL: the system call, + 1 */
	uint32_t zero;
	uint16_t state; /* enum stranded_state */
	uint16_t case_count;
	char name[WIRE_NAME_MAX];
	char label[WIRE_LABEL_MAX];
	struct wire_stack stack;
	struct wire_stack creation;
	/* then: cases, bytes of stack, bytes of creation */
};

enum wire_session_kind {
	WIRE_SESSION_ACCEPTED = 1, /* a connection taken by accept() */
	WIRE_SESSION_REGISTRY = 2, /* opened by a runtime */
	WIRE_SESSION_CONNECT = 3,  /* a connection made by connect() */
	WIRE_SESSION_RECEIVED = 4, /* its descriptor came from a process */
	WIRE_SESSION_INHERITED = 5 /* it was there when the program began */
};

struct wire_session {
	struct wire_header header;
	uint64_t id; /* never reused */
	uint64_t opened_ns;
	uint64_t used_ns; /* last seen in use */
	uint64_t gone_ns; /* the peer was seen to have closed, or 0 */
	uint64_t user;    /* the id of the task that last used it, or 0 */
	uint64_t closer;  /* that last closed a descriptor of it, or 0 */
	uint64_t inode;   /* of the socket, or 0 */
	int32_t fd;       /* the first that leads to it, or -1 */
	uint32_t fds;     /* how many lead to it */
	uint32_t from;    /* the process that it was received from, or 0 */
	uint16_t kind;    /* enum wire_session_kind */
	uint16_t address_size;
	uint32_t name_size;
	uint32_t zero;
	struct wire_stack opened_by;
	/* then: struct sockaddr of the peer, name (padded with NUL to a
	   multiple of 8, or not ended at all), bytes of stack */
};

enum wire_user_flags {
	WIRE_USER_TOLD = 1, /* the runtime says who uses that side */
	WIRE_USER_ENDED = 2 /* the task is no more */
};

/* Who used one side of a channel last. */
struct wire_user {
	uint64_t task;  /* its id, or 0 */
	uint64_t pc;    /* return address of its call; 0: nobody so far */
	uint32_t flags; /* enum wire_user_flags */
	uint32_t zero;
};

struct wire_channel {
	struct wire_header header;
	uint64_t id; /* never reused */
	uint64_t object;
	uint64_t length;
	uint64_t capacity;
	uint64_t created_ns;
	uint32_t closed;
	uint32_t zero;
	struct wire_stack created_by;
	struct wire_user sender;
	struct wire_user receiver;
	/* then: bytes of stack */
};

enum wire_uncovered_why {
	WIRE_UNCOVERED_NO_CALL = 1, /* has made no call that the probe wraps */
	WIRE_UNCOVERED_NO_ROOM = 2  /* more tasks than the probe can hold */
};

struct wire_uncovered {
	struct wire_header header;
	uint32_t tid;
	uint32_t why; /* enum wire_uncovered_why */
};

struct wire_end {
	struct wire_header header;
	uint64_t ended_ns;
	uint32_t tasks; /* how many messages of each kind were sent */
	uint32_t sessions;
	uint32_t channels;
	uint32_t uncovered;
};

/*
 * Reads the target's memory where it is a file's, mapped and not writable:
 * what unwinding needs of a file that has been replaced on disk.
 */
struct wire_read_request {
	struct wire_header header;
	uint64_t address;
	uint32_t size; /* at most WIRE_READ_MAX */
	uint32_t zero;
};

struct wire_memory {
	struct wire_header header;
	uint64_t address;
	uint32_t size; /* 0: it cannot be read */
	uint32_t zero;
	/* then: the bytes */
};

struct wire_signal_request {
	struct wire_header header;
};

enum wire_signal_flags {
	WIRE_SIGNAL_TAKEN = 1,  /* the handler that stands is the probe's */
	WIRE_SIGNAL_CHAINED = 2 /* and it calls one of the application's */
};

/* What asks for a dump. */
struct wire_signal {
	struct wire_header header;
	uint32_t number; /* 0: no signal does */
	uint32_t flags;  /* enum wire_signal_flags */
};

struct wire_bookkeeping_request {
	struct wire_header header;
};

struct wire_range {
	uint64_t start;
	uint64_t end;
};

/*
 * Where the probe keeps what it knows of others: what refers to an object from
 * there keeps nothing alive. The exceptions are arguments on their way to
 * threads that have been created and have not begun to run.
 */
struct wire_bookkeeping {
	struct wire_header header;
	uint32_t range_count;
	uint32_t argument_count;
	/* then: ranges, arguments (64 bits each) */
};

/*
 * For `stranded check`: lets a thread that waits to be judged go on, and asks
 * who else does.
 */
struct wire_check_request {
	struct wire_header header;
	uint64_t go_on; /* the number of a point, 0: none */
};

enum wire_check_kind {
	WIRE_CHECK_POINT = 0,    /* the program asks to be judged here */
	WIRE_CHECK_BASELINE = 1, /* what is there now is not to be judged */
	WIRE_CHECK_EXIT = 2      /* the process ends */
};

struct wire_check {
	struct wire_header header;
	uint64_t number; /* of the point, from 1; 0: nobody waits */
	uint32_t kind;   /* enum wire_check_kind */
	uint32_t tid;    /* of the thread that is there */
	char name[WIRE_LABEL_MAX];
};

/*
 * Lets the process at the other end trace this one where Yama forbids it, until
 * the connection ends. Which process that is, the kernel says.
 */
struct wire_permit_request {
	struct wire_header header;
};

struct wire_permit {
	struct wire_header header;
	uint32_t granted; /* 0: there is no Yama, or it did not work */
	uint32_t zero;
};

/*
 * Is what lies at `message`, of `size` bytes, a whole and sane message? Checks
 * the header against `size`, the type against the direction, the fixed part's
 * length and every count. Whoever got true may read the fixed part and take the
 * variable parts with the functions below.
 */
bool wire_check_request(const void *message, size_t size);
bool wire_check_answer(const void *message, size_t size);

/* The variable parts, in order; valid as long as the message. */
const struct wire_case *wire_task_cases(const struct wire_task *task);
const uint8_t *wire_task_stack(const struct wire_task *task);
const uint8_t *wire_task_creation(const struct wire_task *task);
const uint8_t *wire_session_address(const struct wire_session *session);
const char *wire_session_name(const struct wire_session *session);
const uint8_t *wire_session_stack(const struct wire_session *session);
const uint8_t *wire_channel_stack(const struct wire_channel *channel);
const struct wire_range *wire_bookkeeping_ranges(
    const struct wire_bookkeeping *bookkeeping);
const uint64_t *wire_bookkeeping_arguments(
    const struct wire_bookkeeping *bookkeeping);

#endif
