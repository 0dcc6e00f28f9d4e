/*
 * stranded_observer.h: how a runtime lets Stranded see into it.
 *
 * A library that parks its own tasks (channels, coroutines, thread pools, lock
 * managers) reports here which task waits for what. It needs no library for
 * that and no configuration: the functions below are inline, and as long as
 * there is no probe in the process each costs one load and one branch.
 *
 * How the two find each other. Each linked object (program or library) that
 * includes this header holds one pointer, stranded_observer_v1, and an ELF note
 * that says where it is. A probe that is preloaded defines the same symbol, so
 * the dynamic linker makes the two one; a program that was linked statically
 * with its runtime, or a probe that arrives late, is served by the note: the
 * probe finds it in the loaded object and sets the pointer.
 *
 * Rules for the runtime:
 * - A record (struct stranded_wait) lies on the stack of the task that waits,
 *   from stranded_wait_begin() to stranded_wait_end(), and nothing moves it.
 * - Begin and end pair up like brackets on one task. A task may begin a further
 *   wait inside another (a signal handler that blocks).
 * - None of the functions fails, blocks, allocates from malloc, or changes
 *   errno. All may be called from any thread.
 * - A handle of 0 means "not tracked" and is accepted everywhere.
 */
#ifndef STRANDED_OBSERVER_H
#define STRANDED_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a task can be doing. The numbers are part of the interface and never
 * change; the strings are what people and scripts see.
 */
/* clang-format off */
#define STRANDED_STATES(X)                                        \
	X(RUNNING,          0, "running")                         \
	X(CHAN_SEND,        1, "chan send")                       \
	X(CHAN_RECV,        2, "chan receive")                    \
	X(CHAN_SEND_NIL,    3, "chan send (nil chan)")            \
	X(CHAN_RECV_NIL,    4, "chan receive (nil chan)")         \
	X(SELECT,           5, "select")                          \
	X(SELECT_NO_CASES,  6, "select (no cases)")               \
	X(WAITGROUP,        7, "waitgroup wait")                  \
	X(MUTEX,            8, "mutex lock")                      \
	X(RWLOCK_READ,      9, "rwlock read lock")                \
	X(RWLOCK_WRITE,    10, "rwlock write lock")               \
	X(COND,            11, "cond wait")                       \
	X(SEMAPHORE,       12, "semaphore wait")                  \
	X(BARRIER,         13, "barrier wait")                    \
	X(JOIN,            14, "thread join")                     \
	X(SLEEP,           15, "sleep")                           \
	X(SIGNAL_WAIT,     16, "signal wait")                     \
	X(PROCESS_WAIT,    17, "process wait")                    \
	X(FILE_LOCK,       18, "file lock")                       \
	X(IO_READ,         19, "IO read")                         \
	X(IO_WRITE,        20, "IO write")                        \
	X(IO_ACCEPT,       21, "IO accept")                       \
	X(IO_CONNECT,      22, "IO connect")                      \
	X(IO_POLL,         23, "IO poll")                         \
	X(FUTEX,           24, "futex")                           \
	X(UNKNOWN,         25, "unknown")
/* clang-format on */

#define STRANDED_STATE_ENUM(name, number, text) STRANDED_##name = number,
enum stranded_state { STRANDED_STATES(STRANDED_STATE_ENUM) };
#undef STRANDED_STATE_ENUM

/* How many there are. */
#define STRANDED_STATE_ONE(name, number, text) +1
enum { STRANDED_STATE_COUNT = 0 STRANDED_STATES(STRANDED_STATE_ONE) };
#undef STRANDED_STATE_ONE

/* One case of a wait for several things. */
struct stranded_case {
	const void *object;
	uint32_t state;    /* STRANDED_CHAN_SEND or STRANDED_CHAN_RECV */
	uint32_t reserved; /* 0 */
};

enum stranded_wait_flags {
	STRANDED_WAIT_TIMED = 1, /* it ends by itself at some time */
	STRANDED_WAIT_CASES = 2, /* cases and case_count are valid */
	STRANDED_WAIT_PC = 4,    /* pc is valid */
	STRANDED_WAIT_FD = 8     /* object is a file descriptor's number */
};

/*
 * One blocked operation. The probe reads it from outside the task, and copies
 * the stack from the record upward, so that the stack can be unwound later from
 * the caller of the function that began the wait: of that function the return
 * address and the caller's frame pointer stand at `frame`, and the caller's
 * stack pointer is `cfa`.
 */
struct stranded_wait {
	struct stranded_wait *prev; /* the wait that this one is nested in */
	uint64_t seq;               /* the probe's: which wait of its task */
	const void *object;         /* what is waited for */
	const void *cfa;            /* canonical frame address */
	const void *frame;          /* caller's frame pointer, return address */
	uint16_t state;             /* enum stranded_state */
	uint16_t flags;             /* enum stranded_wait_flags */
	uint32_t call;              /* the probe's: which wrapped call */
	/* What follows is only read where a flag says that it is valid. */
	const void *pc; /* where the wait was begun */
	const struct stranded_case *cases;
	size_t case_count;
};

/* A place in the code: the registers that unwinding starts from. */
struct stranded_place {
	const void *pc;
	const void *sp;
	const void *fp;
};

/* What a channel lets be seen of itself. */
struct stranded_channel {
	const void *object; /* its address: what waits name as object */
	size_t capacity;
	const size_t *length; /* how many elements it holds; read at any time */
	const uint8_t *closed; /* not 0: closed; read at any time */
};

/*
 * Who last used one side of a channel. The runtime writes it, the later word
 * last, whenever a task sends (or receives), tries to, or begins to wait for
 * it; a select uses all its cases. Of two that do so in the same moment it may
 * keep the one's task and the other's place.
 */
struct stranded_user {
	const void *pc; /* return address of the call; NULL: nobody so far */
	uint64_t task;  /* the handle, which may be dead by now; 0: not known */
};

/* The probe's side. Fields may be added at the end, never changed. */
struct stranded_observer {
	uint32_t version; /* 1 */
	uint32_t size;    /* of this struct */

	uint64_t (*task_create)(
	    const char *name, const struct stranded_place *by);
	void (*task_run)(uint64_t task);
	void (*task_end)(uint64_t task);

	void (*wait_begin)(struct stranded_wait *wait);
	void (*wait_end)(struct stranded_wait *wait);

	uint64_t (*channel_create)(const struct stranded_channel *channel,
	    const struct stranded_place *by);
	void (*channel_destroy)(uint64_t channel);

	uint64_t (*session_open)(
	    const char *name, const struct stranded_place *by);
	void (*session_used)(uint64_t session);
	void (*session_close)(uint64_t session);
	void (*session_enter)(uint64_t session);

	/* Later ones have what follows, if `size` says so. */
	void (*check_point)(const char *name, int is_baseline);
	void (*label)(const char *text);

	/* Likewise. */
	uint64_t (*current_task)(void);
	void (*channel_users)(uint64_t channel,
	    const struct stranded_user *sender,
	    const struct stranded_user *receiver);
};

/* Does the probe have it? An older one's struct ends before. */
#define STRANDED_HAS(observer, field)                                          \
	((observer) != NULL &&                                                 \
	    (observer)->size >= offsetof(struct stranded_observer, field) +    \
		    sizeof((observer)->field))

/*
 * The pointer, and the note that says where it is. The note speaks of a hidden
 * alias, because a distance to a symbol that another object may define instead
 * is no constant. (Link-time optimisation loses the alias: compile the files
 * that include this header without it, or define STRANDED_NO_NOTE.)
 */
__attribute__((weak, used, visibility("default")))
const struct stranded_observer *stranded_observer_v1;

#define STRANDED_NOTE_OWNER "Stranded"
#define STRANDED_NOTE_TYPE  1

/*
 * A second kind of note, for those who know what they do: two distances, to the
 * begin and the end of code in which a thread may sleep that has nothing of use
 * in its vector registers and below its stack pointer. What lies there is taken
 * for addresses in use otherwise, and fewer leaks are proved.
 */
#define STRANDED_NOTE_QUIET 2

#ifndef STRANDED_NO_NOTE
extern const struct stranded_observer *stranded_observer_here
    __attribute__((weak, visibility("hidden"), alias("stranded_observer_v1")));

__asm__(".pushsection .note.stranded, \"aG\", %note, stranded_note, comdat\n"
	"	.balign 4\n"
	"	.long 9, 8, 1\n"
	"	.asciz \"Stranded\"\n"
	"	.balign 4\n"
	"	.quad stranded_observer_here - .\n"
	"	.popsection\n");
#endif

static inline const struct stranded_observer *
stranded_observer(void)
{
	return __atomic_load_n(&stranded_observer_v1, __ATOMIC_ACQUIRE);
}

/*
 * The state of the function that called the one this stands in, as it will be
 * after the return. A macro, so that it speaks of the function it stands in;
 * that function must not be inlined.
 */
#define STRANDED_CALLER()                                                      \
	((struct stranded_place) {                                             \
	    .pc = __builtin_return_address(0),                                 \
	    .sp = __builtin_dwarf_cfa(),                                       \
	    .fp = *(void *const *) __builtin_frame_address(0),                 \
	})

/* The address of the instruction it stands at; NULL on other machines. */
#if defined(__x86_64__)
#define STRANDED_HERE()                                                        \
	({                                                                     \
		const void *here_;                                             \
		__asm__ volatile("leaq 0(%%rip), %0" : "=r"(here_));           \
		here_;                                                         \
	})
#elif defined(__aarch64__)
#define STRANDED_HERE()                                                        \
	({                                                                     \
		const void *here_;                                             \
		__asm__ volatile("adr %0, ." : "=r"(here_));                   \
		here_;                                                         \
	})
#else
#define STRANDED_HERE() ((const void *) 0)
#endif

/* ---- Waits ------------------------------------------------------------- */

/*
 * Begins a wait of the calling thread's task in `state` for `object`. `flags`
 * is STRANDED_WAIT_TIMED or 0. `pc` is where the stack shall begin, usually
 * STRANDED_HERE(); NULL begins it at the caller of the function that this is
 * expanded in, which hides that function.
 *
 * A macro, because it records the frame of the function that it stands in.
 */
#define stranded_wait_begin(wait, state_, object_, flags_, pc_)                \
	do {                                                                   \
		const struct stranded_observer *observer_ =                    \
		    stranded_observer();                                       \
		if (__builtin_expect(observer_ != NULL, 0)) {                  \
			struct stranded_wait *wait_ = (wait);                  \
			wait_->object = (object_);                             \
			wait_->cfa = __builtin_dwarf_cfa();                    \
			wait_->frame = __builtin_frame_address(0);             \
			wait_->state = (state_);                               \
			wait_->pc = (pc_);                                     \
			wait_->flags = (uint16_t) ((flags_) |                  \
			    (wait_->pc ? STRANDED_WAIT_PC : 0));               \
			observer_->wait_begin(wait_);                          \
		}                                                              \
	} while (0)

/*
 * The same for a wait for any of several things, all at once. The cases must
 * lie where they are until the wait ends.
 */
#define stranded_wait_begin_any(wait, state_, cases_, count_, flags_, pc_)     \
	do {                                                                   \
		(wait)->cases = (cases_);                                      \
		(wait)->case_count = (count_);                                 \
		stranded_wait_begin((wait), (state_), NULL,                    \
		    (flags_) | STRANDED_WAIT_CASES, (pc_));                    \
	} while (0)

/* Ends the wait; also right if the probe arrived between the two. */
static inline void
stranded_wait_end(struct stranded_wait *wait)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(observer != NULL, 0))
		observer->wait_end(wait);
}

/* ---- Tasks ------------------------------------------------------------- */

/*
 * A task comes to be, made by `by` (usually STRANDED_CALLER()); it inherits the
 * session of the calling thread's task. The name is copied. Returns its handle.
 */
static inline uint64_t
stranded_task_create(const char *name, const struct stranded_place *by)
{
	const struct stranded_observer *observer = stranded_observer();

	return __builtin_expect(observer != NULL, 0) ?
	    observer->task_create(name, by) :
	    0;
}

/*
 * From now on the calling thread runs `task`; 0: none, the thread is idle. A
 * thread that has once been told so is a carrier: it is not a task of its own.
 * A task that blocks by having its thread switch to another begins its wait
 * before the switch, and ends it after it is run again.
 */
static inline void
stranded_task_run(uint64_t task)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(observer != NULL, 0))
		observer->task_run(task);
}

/* The task has ended, or was never run. The handle is dead. */
static inline void
stranded_task_end(uint64_t task)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(observer != NULL, 0))
		observer->task_end(task);
}

/*
 * The handle of the task that the calling thread runs: also of one that no
 * runtime has created. It stays the same as long as the task lives, and can be
 * kept. 0: there is none.
 */
static inline uint64_t
stranded_current_task(void)
{
	const struct stranded_observer *observer = stranded_observer();

	return __builtin_expect(STRANDED_HAS(observer, current_task), 0) ?
	    observer->current_task() :
	    0;
}

/* ---- Channels ---------------------------------------------------------- */

/*
 * A channel comes to be. What `channel` points at is copied; the two fields it
 * points to stay readable until stranded_channel_destroy().
 */
static inline uint64_t
stranded_channel_create(
    const struct stranded_channel *channel, const struct stranded_place *by)
{
	const struct stranded_observer *observer = stranded_observer();

	return __builtin_expect(observer != NULL, 0) ?
	    observer->channel_create(channel, by) :
	    0;
}

static inline void
stranded_channel_destroy(uint64_t channel)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(observer != NULL, 0))
		observer->channel_destroy(channel);
}

/*
 * Where the channel's last users stand; readable until
 * stranded_channel_destroy(). Said once, after stranded_channel_create(). A
 * runtime that says nothing loses only that dumps name them. Nobody asks for
 * them unless STRANDED_HAS(stranded_observer(), channel_users).
 */
static inline void
stranded_channel_users(uint64_t channel, const struct stranded_user *sender,
    const struct stranded_user *receiver)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(STRANDED_HAS(observer, channel_users), 0))
		observer->channel_users(channel, sender, receiver);
}

/* ---- Sessions ---------------------------------------------------------- */

/* A session is opened. The name is copied. Returns its handle. */
static inline uint64_t
stranded_session_open(const char *name, const struct stranded_place *by)
{
	const struct stranded_observer *observer = stranded_observer();

	return __builtin_expect(observer != NULL, 0) ?
	    observer->session_open(name, by) :
	    0;
}

/* The session was used just now, by the calling thread's task. */
static inline void
stranded_session_used(uint64_t session)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(observer != NULL, 0))
		observer->session_used(session);
}

static inline void
stranded_session_close(uint64_t session)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(observer != NULL, 0))
		observer->session_close(session);
}

/* The calling thread's task is in `session` from now on; 0: in none. */
static inline void
stranded_session_enter(uint64_t session)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(observer != NULL, 0))
		observer->session_enter(session);
}

/* ---- Tests ------------------------------------------------------------- */

/*
 * What test programs say to `stranded check`. Without it these do nothing: they
 * may stay in the program.
 */

/*
 * What is there now is judged, and reported under `name`. The calling thread
 * waits for that; other threads go on.
 */
static inline void
stranded_check_point(const char *name)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(STRANDED_HAS(observer, check_point), 0))
		observer->check_point(name, 0);
}

/* What is there now is ignored from now on. */
static inline void
stranded_check_baseline(void)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(STRANDED_HAS(observer, check_point), 0))
		observer->check_point("baseline", 1);
}

/*
 * Labels the calling thread's task, and all tasks that it creates from now on:
 * with a test's name, say, of which 63 bytes are kept. NULL: no label.
 */
static inline void
stranded_label(const char *text)
{
	const struct stranded_observer *observer = stranded_observer();

	if (__builtin_expect(STRANDED_HAS(observer, label), 0))
		observer->label(text);
}

/*
 * At file scope: a leak that this program knows of, and that is not to be
 * reported: a line as in the file of `stranded check --suppressions`, such as
 * "function:reader". See stranded-check(1).
 */
/* clang-format off */
#define STRANDED_SUPPRESS(line) STRANDED_SUPPRESS_AT(line, __COUNTER__)
#define STRANDED_SUPPRESS_AT(line, number) STRANDED_SUPPRESS_NAMED(line, number)
/* clang-format on */
#define STRANDED_SUPPRESS_NAMED(line, number)                                  \
	static const char stranded_suppressed_##number[]                       \
	    __attribute__((used, section("stranded_suppressions"))) = line

#ifdef __cplusplus
}
#endif

#endif
