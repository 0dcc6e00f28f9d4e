/*
 * snapshot.c: see snapshot.h.
 *
 * Messages follow each other in the buffer without gaps. Each is a multiple of
 * 8 bytes long, so each is aligned.
 */
#include "probe/snapshot.h"

#include <linux/futex.h>
#include <pthread.h>

#include "probe/aging.h"
#include "probe/asleep.h"
#include "probe/channel.h"
#include "probe/init.h"
#include "probe/kernel.h"
#include "probe/label.h"
#include "probe/probe.h"
#include "probe/real.h"
#include "probe/session.h"
#include "probe/sys.h"
#include "probe/syscalls.h"
#include "probe/task.h"
#include "probe/text.h"

/* The frame and the caller's stack pointer lie this near to the wait. */
#define FRAME_SPAN (64u << 10)

/* What glibc keeps in a mutex's __kind, beside what the user asked for. */
#define MUTEX_ROBUST   16
#define MUTEX_INHERITS 32
#define MUTEX_SHARED   128

/*
 * Has the record been one and the same since its id was read? Its owner may
 * have given it up meanwhile, and another have taken it.
 */
static bool
is_same(const uint64_t *where, uint64_t id)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load_relaxed(where) == id;
}

/* ---- Tasks ------------------------------------------------------------- */

/* The owner and what is said of it; libc keeps the one in the lock. */
static void
put_owner(struct wire_task *message, uint32_t tid, bool is_shared)
{
	message->holder_tid = tid;
	if (tid != 0 && !kernel_has_thread(tid)) {
		message->flags |= is_shared && kernel_has_process_of(tid) ?
		    WIRE_TASK_HOLDER_ELSEWHERE :
		    WIRE_TASK_HOLDER_EXITED;
	}
}

/*
 * An owner that is no more may have given the lock back at the last moment,
 * after it was read: then it is not noted there any longer.
 */
static void
look_again(struct wire_task *message, const int *owner)
{
	int now = 0;

	if (!(message->flags & WIRE_TASK_HOLDER_EXITED)) {
		return;
	}
	if (!sys_peek_all(owner, &now, sizeof(now)) ||
	    (uint32_t) now != message->holder_tid) {
		message->holder_tid = 0;
		message->flags &= ~(uint32_t) WIRE_TASK_HOLDER_EXITED;
	}
}

/*
 * Of some kinds of mutex the kernel has a say: there the owner is in the word
 * that is waited on, and __owner only follows.
 */
static void
put_mutex_owner(struct wire_task *message, const void *object)
{
	pthread_mutex_t mutex;
	uint32_t owner;

	if (!sys_peek_all(object, &mutex, sizeof(mutex))) {
		return;
	}
	owner = (uint32_t) mutex.__data.__owner;
	if (mutex.__data.__kind & (MUTEX_ROBUST | MUTEX_INHERITS)) {
		uint32_t word = (uint32_t) mutex.__data.__lock;

		owner = word & FUTEX_TID_MASK ? word & FUTEX_TID_MASK : owner;
	}
	put_owner(message, owner & FUTEX_TID_MASK,
	    mutex.__data.__kind & MUTEX_SHARED);
	if (mutex.__data.__kind & (MUTEX_ROBUST | MUTEX_INHERITS)) {
		/* The kernel hands it on when its owner ends. */
		message->flags &= ~(uint32_t) WIRE_TASK_HOLDER_EXITED;
	} else {
		look_again(message,
		    &((const pthread_mutex_t *) object)->__data.__owner);
	}
}

/* Who reads is not noted anywhere. */
static void
put_writer(struct wire_task *message, const void *object)
{
	pthread_rwlock_t lock;

	if (sys_peek_all(object, &lock, sizeof(lock))) {
		put_owner(message, (uint32_t) lock.__data.__cur_writer,
		    lock.__data.__shared != 0);
		look_again(message,
		    &((const pthread_rwlock_t *) object)->__data.__cur_writer);
	}
}

static void
put_holder(const struct stranded_wait *wait, struct wire_task *message)
{
	if (wait->call == CALL_NONE) {
		return; /* a runtime's own lock: not libc's layout */
	}
	if (wait->state == STRANDED_MUTEX) {
		put_mutex_owner(message, wait->object);
	} else if (wait->state == STRANDED_RWLOCK_READ ||
	    wait->state == STRANDED_RWLOCK_WRITE) {
		put_writer(message, wait->object);
	}
}

/*
 * What is waited for. A poll of one descriptor waits for that; of several, for
 * no one thing.
 */
static void
put_object(const struct stranded_wait *wait, struct wire_task *message)
{
	struct pollfd polled;

	message->object = (uintptr_t) wait->object;
	if (wait->flags & STRANDED_WAIT_FD) {
		message->flags |= WIRE_TASK_FD;
	} else if (wait->state == STRANDED_IO_POLL) {
		message->object = 0;
		if (wait->call != CALL_NONE && wait->case_count == 1 &&
		    sys_peek_all(wait->object, &polled, sizeof(polled))) {
			message->object = (uint64_t) polled.fd;
			message->flags |= WIRE_TASK_FD;
		}
	}
}

static uint16_t
copy_cases(const struct stranded_wait *wait, struct wire_case *to)
{
	struct stranded_case cases[WIRE_CASES_MAX];
	size_t count = wait->case_count;

	if (!(wait->flags & STRANDED_WAIT_CASES)) {
		return 0;
	}
	if (count > WIRE_CASES_MAX) {
		count = WIRE_CASES_MAX;
	}
	count = sys_peek(wait->cases, cases, count * sizeof(cases[0])) /
	    sizeof(cases[0]);
	for (size_t i = 0; i < count; i++) {
		to[i] = (struct wire_case) { (uintptr_t) cases[i].object,
			cases[i].state, 0 };
	}
	return (uint16_t) count;
}

/*
 * The stack of a wait: the bytes from the frame that began it upward, and the
 * registers that its caller will have. A frame that is not where it should be
 * is not believed.
 */
static uint32_t
copy_stack(const struct task *task, const struct view *view, uint32_t stack_max,
    struct wire_stack *stack, uint8_t *to)
{
	const struct stranded_wait *wait = &view->wait;
	uintptr_t at = (uintptr_t) view->top;
	uintptr_t frame = (uintptr_t) wait->frame;
	uintptr_t cfa = (uintptr_t) wait->cfa;
	size_t size = stack_max;
	uintptr_t words[2];

	stack->leaf_pc = wait->flags & STRANDED_WAIT_PC ?
	    (uintptr_t) wait->pc :
	    real_address(wait->call);
	if (frame - at + FRAME_SPAN > 2 * FRAME_SPAN || frame % 8 != 0 ||
	    cfa <= at || cfa - at > FRAME_SPAN) {
		stack->flags = WIRE_STACK_UNREADABLE;
		return 0;
	}
	if (frame >= task->stack.low && frame < task->stack.top) {
		if (task->stack.top - frame <= size) {
			size = task->stack.top - frame;
		} else {
			stack->flags = WIRE_STACK_TRUNCATED;
		}
	}
	size = sys_peek((const void *) frame, to, size & ~(size_t) 7);
	if (size < sizeof(words)) {
		stack->flags = WIRE_STACK_UNREADABLE;
		return 0;
	}
	__builtin_memcpy(words, to, sizeof(words));
	stack->fp = words[0];
	stack->pc = words[1];
	stack->sp = cfa;
	stack->base = frame;
	stack->size = (uint32_t) size;
	return stack->size;
}

/* Was what was first seen at `since` sent with the last snapshot already? */
static bool
is_known(const struct snapshot_walk *walk, int64_t since)
{
	return (walk->flags & WIRE_ONLY_NEW) && since < walk->known;
}

/*
 * The same of what was created when the probe's clock said `created`. It only
 * ticks: what is as old as the last snapshot's tick may have come after it.
 */
static bool
is_old(const struct snapshot_walk *walk, int64_t created)
{
	return (walk->flags & WIRE_ONLY_NEW) && created < walk->known_clock;
}

/*
 * The stack of a thread of which the kernel says where it sleeps. There is no
 * frame of ours, so the frame pointer is not known.
 */
static void
copy_asleep(const struct snapshot_walk *walk, uint32_t tid,
    const struct kernel_wait *wait, uintptr_t top, struct wire_task *message)
{
	struct wire_stack *stack = &message->stack;
	size_t size = walk->stack_max & ~7u;
	uintptr_t base = wait->sp & ~(uintptr_t) 7;

	stack->flags = WIRE_STACK_NO_FP;
	stack->pc = wait->pc;
	stack->sp = wait->sp;
	stack->base = base;
	if (base < top && top - base <= size) {
		size = top - base;
	} else {
		stack->flags |= WIRE_STACK_TRUNCATED;
	}
	size = sys_peek((const void *) base, message + 1, size) & ~(size_t) 7;
	stack->size = (uint32_t) size;
	if (size == 0 || !kernel_still(tid, wait)) {
		*stack = (struct wire_stack) {
			.flags = size == 0 ? WIRE_STACK_UNREADABLE :
					     WIRE_STACK_MOVED,
		};
	}
}

/* Its number, in the bit that says so, tells the sleep from waits on record. */
static uint8_t *
put_asleep(const struct snapshot_walk *walk, const struct asleep *asleep,
    uintptr_t top, struct wire_task *message, uint8_t *to)
{
	syscalls_describe(&asleep->kernel, message);
	message->wait_seq = asleep->kernel.runs | WIRE_WAIT_KERNEL;
	message->since_ns = (uint64_t) asleep->since;
	if (message->holder_tid != 0) {
		put_owner(message, message->holder_tid, true);
	}
	if (is_known(walk, asleep->since)) {
		message->stack.flags = WIRE_STACK_KNOWN;
	} else if (walk->flags & WIRE_WITH_STACKS) {
		copy_asleep(walk, message->tid, &asleep->kernel, top, message);
	}
	return to + message->stack.size;
}

/* What the task waits for, as its record says. */
static void
put_recorded(const struct snapshot_walk *walk, struct task *task,
    const struct view *view, struct wire_task *message)
{
	struct stranded_wait wait = view->wait;
	struct asleep asleep;

	message->wait_seq = wait.seq;
	message->since_ns = (uint64_t) aging_since(task, view, walk->began);
	if (asleep_for_mutex(task, view, walk->began, &asleep)) {
		wait.state = STRANDED_MUTEX;
		wait.object = wait.cases;
		message->flags |= WIRE_TASK_WOKEN;
		message->since_ns = (uint64_t) asleep.since;
	}
	message->state = wait.state;
	put_object(&wait, message);
	put_holder(&wait, message);
	if (wait.flags & STRANDED_WAIT_TIMED) {
		message->flags |= WIRE_TASK_TIMED;
	}
}

static uint8_t *
put_wait(struct snapshot_walk *walk, struct task *task,
    struct wire_task *message, uint8_t *to)
{
	struct asleep asleep;
	struct view view;

	aging_read(task, &view);
	if (view.top == NULL) {
		message->state = STRANDED_RUNNING;
		return asleep_task(task, walk->began, &asleep) ?
		    put_asleep(walk, &asleep, task->stack.top, message, to) :
		    to;
	}
	put_recorded(walk, task, &view, message);
	message->case_count = copy_cases(&view.wait, (void *) to);
	to += message->case_count * sizeof(struct wire_case);
	if (is_known(walk, task->aging.since)) {
		message->stack.flags = WIRE_STACK_KNOWN;
	} else if (walk->flags & WIRE_WITH_STACKS) {
		to += copy_stack(
		    task, &view, walk->stack_max, &message->stack, to);
		if (!aging_still(task, &view)) {
			to -= message->stack.size;
			message->stack =
			    (struct wire_stack) { .flags = WIRE_STACK_MOVED };
		}
	}
	return to;
}

static uint8_t *
put_creation(const struct snapshot_walk *walk, const struct task *task,
    struct wire_task *message, uint8_t *to)
{
	uint32_t number = load_relaxed(&task->creation);
	const struct creation *creation;

	if (number == 0 || !(walk->flags & WIRE_WITH_CREATION)) {
		return to;
	}
	if (is_old(walk, task->created_ns)) {
		message->creation.flags = WIRE_STACK_KNOWN;
		return to;
	}
	creation = table_hot(&creation_table, number);
	return to +
	    capture_send(
		&creation->capture, CREATION_BYTES, &message->creation, to);
}

static uint64_t
session_id(uint64_t handle)
{
	const struct session *session = table_find(&session_table, handle);

	return session != NULL ? load_relaxed(&session->id) : 0;
}

/* Returns the message's size; 0 if the task is not there any more. */
static size_t
put_task(struct snapshot_walk *walk, uint32_t number, uint8_t *out)
{
	struct task *task = table_hot(&task_table, number);
	struct wire_task *message = (void *) out;
	uint64_t id = load_acquire(&task->id);
	uint32_t flags = load_relaxed(&task->flags);
	uint8_t *end;

	if (!aging_is_shown(task)) {
		return 0;
	}
	*message = (struct wire_task) {
		.id = id,
		.created_ns = (uint64_t) task->created_ns,
		.created_by = task->created_by,
		.session = session_id(task->session),
		.thread = task->thread,
		.tid = load_relaxed(&task->tid),
		.flags = (flags & TASK_MAIN ? WIRE_TASK_MAIN : 0) |
		    (flags & TASK_RUNTIME ? WIRE_TASK_RUNTIME : 0) |
		    (flags & TASK_LEAVING ? WIRE_TASK_LEAVING : 0),
	};
	text_copy(message->name, task->name, sizeof(message->name));
	text_copy(
	    message->label, label_text(task->label), sizeof(message->label));
	end = put_wait(walk, task, message, (uint8_t *) (message + 1));
	end = put_creation(walk, task, message, end);
	message->header =
	    (struct wire_header) { (uint32_t) (end - out), WIRE_TASK, 0 };
	return is_same(&task->id, id) ? message->header.length : 0;
}

/* ---- Threads that are no tasks ----------------------------------------- */

/* Returns the message's size; 0 if nothing can be said of the thread. */
static size_t
put_thread(struct snapshot_walk *walk, unsigned int index, uint8_t *out)
{
	const struct asleep_thread *thread = asleep_at(index);
	struct wire_task *message = (void *) out;
	uint8_t *end = (uint8_t *) (message + 1);
	struct asleep asleep;
	enum kernel_answer answer = asleep_thread(index, walk->began, &asleep);

	if (answer == KERNEL_SILENT) {
		return 0;
	}
	*message = (struct wire_task) {
		.id = thread->id,
		.created_ns = (uint64_t) thread->started,
		.tid = thread->tid,
		.flags = WIRE_TASK_KERNEL |
		    (thread->tid == (uint32_t) init_pid ? WIRE_TASK_MAIN : 0),
		.state = STRANDED_RUNNING,
	};
	if (answer == KERNEL_SLEEPS) {
		end = put_asleep(walk, &asleep, 0, message, end);
	}
	message->header =
	    (struct wire_header) { (uint32_t) (end - out), WIRE_TASK, 0 };
	return message->header.length;
}

/* The next of them; then the sessions. */
static size_t
put_threads(struct snapshot_walk *walk, uint8_t *out)
{
	size_t size;

	if (walk->next > asleep_count()) {
		walk->phase++;
		walk->next = 1;
		return 0;
	}
	size = put_thread(walk, walk->next++ - 1, out);
	walk->end.tasks += size > 0;
	return size;
}

/* ---- Sessions and channels --------------------------------------------- */

static size_t
put_session(struct snapshot_walk *walk, uint32_t number, uint8_t *out)
{
	struct session *session = table_hot(&session_table, number);
	const struct session_cold *cold = table_cold(&session_table, number);
	struct wire_session *message = (void *) out;
	uint64_t id = load_acquire(&session->id);
	uint32_t address_size = cold->address_size;
	uint32_t name_size = cold->name_size;
	uint8_t *to = (uint8_t *) (message + 1);

	if (id == 0 || address_size > WIRE_ADDRESS_MAX ||
	    name_size > WIRE_TEXT_MAX) {
		return 0;
	}
	*message = (struct wire_session) {
		.id = id,
		.opened_ns = (uint64_t) load_relaxed(&session->opened_ns),
		.used_ns = (uint64_t) (load_relaxed(&session->uses) !=
			    session->seen_uses ?
			walk->began :
			session->used_ns),
		.gone_ns = session->gone_id == id ? session->gone_ns : 0,
		.user = load_relaxed(&session->user),
		.closer = load_relaxed(&session->closer),
		.inode = load_relaxed(&session->inode),
		.fd = session_fd(number, id),
		.fds = load_relaxed(&session->holds),
		.from = load_relaxed(&session->from),
		.kind = (uint16_t) load_relaxed(&session->kind),
		.address_size = (uint16_t) address_size,
		.name_size = name_size,
	};
	__builtin_memcpy(to, cold->address, address_size);
	to += address_size;
	__builtin_memcpy(to, cold->name, name_size);
	to += name_size;
	if (is_old(walk, load_relaxed(&session->opened_ns))) {
		message->opened_by.flags = WIRE_STACK_KNOWN;
	} else if (walk->flags & WIRE_WITH_CREATION) {
		to += capture_send(
		    &cold->opened_by, SESSION_CAPTURE, &message->opened_by, to);
	}
	message->header =
	    (struct wire_header) { (uint32_t) (to - out), WIRE_SESSION, 0 };
	return is_same(&session->id, id) ? message->header.length : 0;
}

/* It is the runtime's memory, and the runtime goes on. */
static struct wire_user
read_user(const struct stranded_user *at)
{
	struct wire_user user = { .flags = 0 };
	struct stranded_user is;

	if (at == NULL || !sys_peek_all(at, &is, sizeof(is))) {
		return user;
	}
	user.flags = WIRE_USER_TOLD;
	user.pc = (uintptr_t) is.pc;
	user.task = task_id_of(is.task);
	if (user.task != 0 && table_find(&task_table, is.task) == NULL) {
		user.flags |= WIRE_USER_ENDED;
	}
	return user;
}

static size_t
put_channel(struct snapshot_walk *walk, uint32_t number, uint8_t *out)
{
	struct channel *channel = table_hot(&channel_table, number);
	struct wire_channel *message = (void *) out;
	uint64_t id = load_acquire(&channel->id);
	struct stranded_channel is = channel->is;
	uint8_t *to = (uint8_t *) (message + 1);
	size_t length = 0;
	uint8_t closed = 0;

	if (id == 0) {
		return 0;
	}
	sys_peek(is.length, &length, sizeof(length));
	sys_peek(is.closed, &closed, sizeof(closed));
	*message = (struct wire_channel) {
		.id = id,
		.object = (uintptr_t) is.object,
		.length = length,
		.capacity = is.capacity,
		.created_ns = (uint64_t) channel->created_ns,
		.closed = closed,
		.sender = read_user(load_acquire(&channel->sender)),
		.receiver = read_user(load_acquire(&channel->receiver)),
	};
	if (is_old(walk, channel->created_ns)) {
		message->created_by.flags = WIRE_STACK_KNOWN;
	} else if (walk->flags & WIRE_WITH_CREATION) {
		to += capture_send(&channel->created_by, CHANNEL_CAPTURE,
		    &message->created_by, to);
	}
	message->header =
	    (struct wire_header) { (uint32_t) (to - out), WIRE_CHANNEL, 0 };
	return is_same(&channel->id, id) ? message->header.length : 0;
}

/* ---- What is not covered ----------------------------------------------- */

#define UNCOVERED_MAX 1024

/* Threads that are no tasks, and of which the kernel does not say anything. */
static size_t
put_uncovered(struct snapshot_walk *walk, uint8_t *out)
{
	struct wire_uncovered *message = (void *) out;
	unsigned int count = asleep_count();
	struct kernel_wait wait;
	uint32_t told = 0;

	for (unsigned int i = 0; i < count && told < UNCOVERED_MAX; i++) {
		uint32_t tid = asleep_at(i)->tid;

		if (kernel_wait(tid, &wait) != KERNEL_SILENT ||
		    !kernel_has_thread(tid)) {
			continue;
		}
		message[told++] = (struct wire_uncovered) {
			.header = { sizeof(*message), WIRE_UNCOVERED, 0 },
			.tid = tid,
			.why = task_table.missed > 0 ? WIRE_UNCOVERED_NO_ROOM :
						       WIRE_UNCOVERED_NO_CALL,
		};
	}
	walk->end.uncovered = told;
	return told * sizeof(*message);
}

/* ---- The walk ---------------------------------------------------------- */

void
snapshot_begin(
    struct snapshot_walk *walk, const struct wire_snapshot_request *request)
{
	int64_t known = walk->began;
	int64_t known_clock = walk->clock;

	*walk = (struct snapshot_walk) {
		.phase = WALK_BEGIN,
		.flags = request->flags,
		.stack_max = request->stack_max < WIRE_STACK_MAX ?
		    request->stack_max :
		    WIRE_STACK_MAX,
		.began = sys_now(),
		.clock = load_relaxed(&task_clock),
		.known = known,
		.known_clock = known_clock,
	};
}

static size_t
put_begin(struct snapshot_walk *walk, uint8_t *out)
{
	static uint64_t last;
	struct wire_begin *message = (void *) out;

	*message = (struct wire_begin) {
		.header = { sizeof(*message), WIRE_BEGIN, 0 },
		.dump_id = ++last,
		.began_ns = (uint64_t) walk->began,
	};
	asleep_look(walk->began);
	aging_counts(&message->counts, false);
	return sizeof(*message);
}

static size_t
put_end(struct snapshot_walk *walk, uint8_t *out)
{
	walk->end.header =
	    (struct wire_header) { sizeof(walk->end), WIRE_END, 0 };
	walk->end.ended_ns = (uint64_t) sys_now();
	__builtin_memcpy(out, &walk->end, sizeof(walk->end));
	return sizeof(walk->end);
}

/* The next record of a table; at the table's end the next phase. */
static size_t
put_record(struct snapshot_walk *walk, uint8_t *out, const struct table *table,
    size_t (*put)(struct snapshot_walk *, uint32_t, uint8_t *), uint32_t *count)
{
	size_t size;

	if (walk->next >= table_end(table)) {
		walk->phase++;
		walk->next = 1;
		return 0;
	}
	size = put(walk, walk->next++, out);
	*count += size > 0;
	return size;
}

static size_t
step(struct snapshot_walk *walk, uint8_t *out)
{
	switch (walk->phase) {
	case WALK_BEGIN:
		walk->phase = WALK_TASKS;
		walk->next = 1;
		return put_begin(walk, out);
	case WALK_TASKS:
		return put_record(
		    walk, out, &task_table, put_task, &walk->end.tasks);
	case WALK_THREADS:
		return put_threads(walk, out);
	case WALK_SESSIONS:
		return put_record(walk, out, &session_table, put_session,
		    &walk->end.sessions);
	case WALK_CHANNELS:
		return put_record(walk, out, &channel_table, put_channel,
		    &walk->end.channels);
	case WALK_UNCOVERED:
		walk->phase = WALK_END;
		return put_uncovered(walk, out);
	case WALK_END:
		walk->phase = WALK_IDLE;
		return put_end(walk, out);
	default:
		return 0;
	}
}

/*
 * The most that any one step writes. Of variable size are only stacks: the
 * rest is rounded up.
 */
static size_t
step_max(const struct snapshot_walk *walk)
{
	return walk->stack_max + (32u << 10);
}

size_t
snapshot_continue(struct snapshot_walk *walk, uint8_t *out, size_t room)
{
	size_t size = 0;

	while (walk->phase != WALK_IDLE && room - size >= step_max(walk)) {
		size += step(walk, out + size);
	}
	return size;
}
