/*
 * proof.c: see proof.h.
 *
 * The fixed point is found without going round. Each object that somebody waits
 * for is in a list by address, and as soon as memory is reached in which such
 * an object lies, those who wait for it are made live; likewise those behind a
 * thread that becomes live. So the work is linear, and a chain of a thousand
 * tasks takes no thousand rounds.
 */
#include "proof/proof.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "analyze/analyze.h"
#include "client/memory.h"
#include "proof/moment.h"
#include "proof/world.h"

/* What pthread_mutex_t has in __kind, beside its type. */
#define MUTEX_ROBUST 16
#define MUTEX_SHARED 128

/* An object that a thread waits for. */
struct wanted {
	uint64_t address;
	size_t member; /* who waits */
};

struct search {
	struct world *world;
	struct wanted *wanted; /* by address */
	size_t wanted_count;
	size_t wanted_room;
	size_t *woken; /* members that could be woken, to be made live */
	size_t woken_count;
	size_t woken_room;
};

/* ---- What could end a wait --------------------------------------------- */

/* Does the thread sleep in the kernel until somebody wakes it? */
static bool
sleeps(const struct stop_thread *thread)
{
	uint32_t operation = thread->operation & FUTEX_CMD_MASK;

	return thread->call == SYS_futex && thread->restarts &&
	    thread->signal == 0 &&
	    (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
}

static bool
sleeps_in(const struct stop_thread *thread, uint64_t object, size_t size)
{
	return thread->word >= object && thread->word < object + size;
}

/* What lies in memory that others have, too, others can end. */
static bool
is_shared(const struct world *world, uint64_t address)
{
	const struct image_map *map = image_map(&world->image, address);

	return map == NULL || map->shared;
}

/* Which of the members it is that was found in a table; SIZE_MAX: none was. */
static size_t
index_of(const struct world *world, const struct member *found)
{
	return found != NULL ? (size_t) (found - world->members) : SIZE_MAX;
}

/*
 * Only its owner may give a lock back, and must be able to reach it for that.
 */
static enum end
judge_owner(const struct world *world, struct member *member)
{
	const struct task *task = member->task;

	if (task->flags & WIRE_TASK_HOLDER_ELSEWHERE) {
		return END_ALWAYS;
	}
	member->holder =
	    index_of(world, table_find(&world->by_tid, task->holder_tid));
	return member->holder == SIZE_MAX ? END_NEVER : END_OWNER;
}

static enum end
judge_mutex(const struct world *world, struct member *member)
{
	const struct task *task = member->task;
	pthread_mutex_t mutex;

	if (!image_read(&world->image, task->object, &mutex, sizeof(mutex)) ||
	    is_shared(world, task->object) || task->holder_tid == 0 ||
	    member->thread->word != task->object ||
	    (mutex.__data.__kind & (MUTEX_ROBUST | MUTEX_SHARED))) {
		return END_ALWAYS;
	}
	return judge_owner(world, member);
}

static enum end
judge_rwlock(const struct world *world, struct member *member)
{
	const struct task *task = member->task;

	if (is_shared(world, task->object) ||
	    !sleeps_in(
		member->thread, task->object, sizeof(pthread_rwlock_t))) {
		return END_ALWAYS;
	}
	return task->holder_tid != 0 ? judge_owner(world, member) : END_OBJECTS;
}

static enum end
judge_object(
    const struct world *world, const struct member *member, size_t size)
{
	uint64_t object = member->task->object;

	return is_shared(world, object) ||
		(size > 0 && !sleeps_in(member->thread, object, size)) ?
	    END_ALWAYS :
	    END_OBJECTS;
}

static enum end
judge_cases(const struct world *world, const struct member *member)
{
	const struct task *task = member->task;

	if (task->case_count >= WIRE_CASES_MAX) {
		return END_ALWAYS; /* there may be more */
	}
	for (size_t i = 0; i < task->case_count; i++) {
		if (task->cases[i].object != 0 &&
		    is_shared(world, task->cases[i].object)) {
			return END_ALWAYS;
		}
	}
	return END_OBJECTS;
}

static enum end
judge_join(const struct world *world, struct member *member)
{
	uint64_t object = member->task->object;

	member->holder =
	    index_of(world, table_find(&world->by_control, object));
	return member->holder != SIZE_MAX &&
		sleeps_in(member->thread, object, world->libc.size) ?
	    END_HOLDER :
	    END_ALWAYS;
}

/* Can the wait be ended by what a program does, and by nothing else? */
static bool
may_be_proved(const struct task *task)
{
	return task->wait_seq != 0 && task->state >= STRANDED_CHAN_SEND &&
	    task->state <= STRANDED_JOIN &&
	    !(task->flags & (WIRE_TASK_TIMED | WIRE_TASK_KERNEL));
}

/* By kind of wait. Whatever is not named here may end from outside. */
static enum end
judge(const struct world *world, struct member *member)
{
	const struct task *task = member->task;

	if (task == NULL || !may_be_proved(task) || !member->apart ||
	    !sleeps(member->thread)) {
		return END_ALWAYS;
	}
	switch (task->state) {
	case STRANDED_CHAN_SEND_NIL:
	case STRANDED_CHAN_RECV_NIL:
	case STRANDED_SELECT_NO_CASES:
		return END_NEVER;
	case STRANDED_CHAN_SEND:
	case STRANDED_CHAN_RECV:
	case STRANDED_WAITGROUP:
		return judge_object(world, member, 0);
	case STRANDED_SELECT:
		return judge_cases(world, member);
	case STRANDED_MUTEX:
		return judge_mutex(world, member);
	case STRANDED_RWLOCK_READ:
	case STRANDED_RWLOCK_WRITE:
		return judge_rwlock(world, member);
	case STRANDED_COND:
		return judge_object(world, member, sizeof(pthread_cond_t));
	case STRANDED_SEMAPHORE:
		return judge_object(world, member, sizeof(sem_t));
	case STRANDED_BARRIER:
		return judge_object(world, member, sizeof(pthread_barrier_t));
	case STRANDED_JOIN:
		return judge_join(world, member);
	default:
		return END_ALWAYS;
	}
}

/* ---- Who waits for what ------------------------------------------------ */

static void
want(struct search *search, uint64_t address, size_t member)
{
	if (address != 0) {
		search->wanted =
		    memory_grow(search->wanted, search->wanted_count,
			&search->wanted_room, sizeof(*search->wanted));
		search->wanted[search->wanted_count++] =
		    (struct wanted) { address, member };
	}
}

static int
compare_wanted(const void *left, const void *right)
{
	const struct wanted *a = left;
	const struct wanted *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/* Who has the thread's pthread_t could cancel it, and these calls then end. */
static bool
can_be_cancelled(const struct world *world, const struct member *member)
{
	return world->libc.cancels && member->end != END_ALWAYS &&
	    (member->task->state == STRANDED_COND ||
		member->task->state == STRANDED_SEMAPHORE ||
		member->task->state == STRANDED_JOIN);
}

static void
enter_wait(struct search *search, size_t index)
{
	struct member *member = &search->world->members[index];
	const struct task *task = member->task;

	if (member->end == END_HOLDER || member->end == END_OWNER) {
		struct member *holder = &search->world->members[member->holder];

		member->next_behind = holder->first_behind;
		holder->first_behind = index;
	}
	if (member->end == END_OBJECTS && task->case_count > 0) {
		for (size_t i = 0; i < task->case_count; i++) {
			want(search, task->cases[i].object, index);
		}
	} else if (member->end == END_OBJECTS || member->end == END_OWNER) {
		want(search, task->object, index);
	}
	if (can_be_cancelled(search->world, member)) {
		want(search, member->thread->control, index);
	}
}

static void
enter_waits(struct search *search)
{
	for (size_t i = 0; i < search->world->member_count; i++) {
		enter_wait(search, i);
	}
	if (search->wanted_count > 0) {
		qsort(search->wanted, search->wanted_count,
		    sizeof(*search->wanted), compare_wanted);
	}
}

/* ---- The fixed point --------------------------------------------------- */

static void
wake(struct search *search, size_t member)
{
	search->woken = memory_grow(search->woken, search->woken_count,
	    &search->woken_room, sizeof(*search->woken));
	search->woken[search->woken_count++] = member;
}

/* Memory has been reached: so have the objects in it. */
static void
on_reached(void *context, uint64_t start, uint64_t end)
{
	struct search *search = context;
	size_t low = 0, high = search->wanted_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (search->wanted[middle].address < start) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (; low < search->wanted_count && search->wanted[low].address < end;
	     low++) {
		wake(search, search->wanted[low].member);
	}
}

/*
 * Does it end the process? Then what it still runs are handlers of the exit,
 * which know nothing of the frames above them.
 */
static bool
is_leaving(const struct member *member)
{
	return member->task != NULL && member->apart &&
	    (member->task->flags & WIRE_TASK_LEAVING) != 0;
}

/*
 * Of such a thread its record counts, save what that says of its own stack:
 * libc keeps there how to get back to the frames that it never gets back to.
 */
static void
reach_from_leaving(struct search *search, const struct member *member)
{
	struct world *world = search->world;
	uint64_t at = member->thread->control;
	uint64_t word;

	reach_word(&world->reach, member->tls);
	for (; at < member->control_end; at += sizeof(word)) {
		if (image_read(&world->image, at, &word, sizeof(word)) &&
		    (word < member->stack || word >= member->stack_end)) {
			reach_word(&world->reach, word);
		}
	}
}

/* What a thread that can run refers to. */
static void
reach_from(struct search *search, const struct member *member)
{
	struct reach *reach = &search->world->reach;
	const struct stop_thread *thread = member->thread;

	if (is_leaving(member)) {
		reach_from_leaving(search, member);
		return;
	}
	for (size_t i = 0; i < thread->register_count; i++) {
		reach_word(reach, thread->registers[i]);
	}
	reach_bytes(reach, thread->vector, thread->vector_size);
	if (member->apart) {
		reach_word(reach, member->stack);
		if (member->tls < thread->control) {
			reach_word(reach, member->tls);
		}
		reach_range(reach, thread->control, member->control_end);
	}
}

/* Could its wait be ended, now that somebody could do a part of it? */
static bool
is_wakeable(const struct world *world, const struct member *member)
{
	return member->end != END_OWNER ||
	    (world->members[member->holder].live &&
		reach_has(&world->reach, member->task->object));
}

static void
make_live(struct search *search, size_t index)
{
	struct member *member = &search->world->members[index];

	if (member->live || !is_wakeable(search->world, member)) {
		return;
	}
	member->live = true;
	reach_from(search, member);
	for (size_t i = member->first_behind; i != SIZE_MAX;
	     i = search->world->members[i].next_behind) {
		wake(search, i);
	}
}

static void
make_woken_live(struct search *search)
{
	while (search->woken_count > 0) {
		make_live(search, search->woken[--search->woken_count]);
	}
}

/*
 * A handler that runs on a blocked thread has that thread's storage, and its
 * thread-specific data.
 */
static void
reach_for_handlers(struct search *search)
{
	struct world *world = search->world;
	const struct libc *libc = &world->libc;

	for (size_t i = 0; i < world->member_count; i++) {
		const struct member *member = &world->members[i];
		uint64_t control = member->thread->control;

		if (member->apart) {
			reach_range(&world->reach, member->tls, control);
			reach_word(&world->reach,
			    image_word(&world->image, control + libc->dtv_at));
			reach_range(&world->reach, control + libc->keys_at,
			    control + libc->keys_at + libc->keys_size);
		}
	}
}

/* What the kernel will hand back, and what is on its way to new threads. */
static void
reach_from_outside(struct search *search)
{
	struct world *world = search->world;
	const uint64_t *arguments =
	    wire_bookkeeping_arguments(world->bookkeeping);

	for (uint32_t i = 0; i < world->bookkeeping->argument_count; i++) {
		reach_word(&world->reach, arguments[i]);
	}
	for (size_t i = 0; i < world->kernel.word_count; i++) {
		reach_word(&world->reach, world->kernel.words[i]);
	}
	reach_bytes(
	    &world->reach, world->kernel.bytes, world->kernel.byte_count);
}

/* What lies where everybody can reach it has been reached from the start. */
static void
wake_what_is_open(struct search *search)
{
	bool all = search->world->kernel.hidden != NULL;

	for (size_t i = 0; i < search->wanted_count; i++) {
		if (all ||
		    reach_has(
			&search->world->reach, search->wanted[i].address)) {
			wake(search, search->wanted[i].member);
		}
	}
}

static void
find_live(struct search *search)
{
	struct world *world = search->world;

	reach_init(&world->reach, &world->image, &world->spans, &world->heaps);
	world->reach.reached = on_reached;
	world->reach.context = search;
	reach_roots(&world->reach);
	reach_from_outside(search);
	if (world_has_handlers(world)) {
		reach_for_handlers(search);
	}
	for (size_t i = 0; i < world->member_count; i++) {
		if (world->members[i].end == END_ALWAYS) {
			make_live(search, i);
		}
	}
	wake_what_is_open(search);
	make_woken_live(search);
}

/* ---- What comes of it -------------------------------------------------- */

/* What nobody can reach, in words. */
static const char *
explain(const struct task *task)
{
	switch (task->state) {
	case STRANDED_CHAN_SEND:
	case STRANDED_CHAN_RECV:
		return "Nobody who can still run refers to the channel.";
	case STRANDED_SELECT:
		return "Nobody who can still run refers to any of the "
		       "channels.";
	case STRANDED_WAITGROUP:
		return "Nobody who can still run refers to the wait group.";
	case STRANDED_RWLOCK_READ:
	case STRANDED_RWLOCK_WRITE:
		return "Somebody has read-locked it and not given it back, and "
		       "nobody who can still run refers to it.";
	case STRANDED_COND:
		return "Nobody who can still run refers to the condition.";
	case STRANDED_SEMAPHORE:
		return "Nobody who can still run refers to the semaphore.";
	default:
		return "Nobody who can still run refers to the barrier.";
	}
}

/* The task as the caller has it, if it is still in the same wait. */
static struct task *
find_task(struct snapshot *snapshot, const struct task *task)
{
	struct task *found = snapshot_task(snapshot, task->id);

	return found != NULL && found->wait_seq == task->wait_seq ? found :
								    NULL;
}

static enum rule
holder_rule(const struct world *world, const struct member *member)
{
	const struct member *holder = &world->members[member->holder];

	if (holder == member) {
		return RULE_SELF;
	}
	return holder->live ? RULE_UNREACHABLE : RULE_BEHIND;
}

static const char *
explain_holder(struct snapshot *snapshot, const struct world *world,
    const struct member *member)
{
	const struct member *holder = &world->members[member->holder];

	if (holder == member) {
		return "It holds the lock that it waits for: only it could "
		       "give it back.";
	}
	if (holder->live) {
		return "Who holds the lock has lost it: nobody who can still "
		       "run refers to it.";
	}
	return snapshot_keep(snapshot,
	    memory_print("It waits for task %" PRIu64
			 ", which is leaked itself.",
		holder->task->id));
}

static void
tell(struct snapshot *snapshot, const struct world *world,
    const struct member *member)
{
	struct task *task = find_task(snapshot, member->task);

	if (task == NULL || task->verdict == VERDICT_LEAKED) {
		return;
	}
	switch (member->end) {
	case END_OBJECTS:
		analyze_prove(task, RULE_UNREACHABLE, explain(task));
		break;
	case END_HOLDER:
	case END_OWNER:
		analyze_prove(task, holder_rule(world, member),
		    explain_holder(snapshot, world, member));
		break;
	case END_NEVER:
		analyze_prove(task, RULE_EXITED,
		    "Who holds the lock has ended without giving it back, and "
		    "nobody else may.");
		break;
	case END_ALWAYS:
		break;
	}
}

static void
tell_all(
    struct snapshot *snapshot, const struct world *world, struct proof *proof)
{
	for (size_t i = 0; i < world->member_count; i++) {
		const struct member *member = &world->members[i];

		proof->candidates += member->end != END_ALWAYS;
		if (!member->live) {
			proof->proved++;
			tell(snapshot, world, member);
		}
	}
	for (size_t i = 0; i < world->heaps.count; i++) {
		proof->chunks += world->heaps.list[i].count;
	}
	proof->threads = world->member_count;
	proof->copied = world->image.bytes;
}

/* ---- All -------------------------------------------------------------- */

/* In the tables by which a lock's holder and a joined thread are found. */
static void
enter_members(struct world *world)
{
	for (size_t i = 0; i < world->member_count; i++) {
		struct member *member = &world->members[i];

		table_add(&world->by_tid, member->thread->inner, member);
		table_add(&world->by_control, member->thread->control, member);
	}
}

static void
search_world(struct world *world)
{
	struct search search = { .world = world };

	world_divide(world);
	enter_members(world);
	for (size_t i = 0; i < world->member_count; i++) {
		world->members[i].end = judge(world, &world->members[i]);
	}
	enter_waits(&search);
	find_live(&search);
	free(search.wanted);
	free(search.woken);
}

/* Is there anything that a stop could prove? */
static bool
has_candidates(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		if (task->verdict != VERDICT_LEAKED && may_be_proved(task)) {
			return true;
		}
	}
	return false;
}

int
proof_take(struct client *client, struct snapshot *snapshot,
    int64_t max_stop_ns, struct proof *proof, struct failure *failure)
{
	struct world world = { .stop = { .threads_fd = -1 } };
	int64_t begin;
	int result;

	*proof = (struct proof) { .why_not = "" };
	if (!has_candidates(snapshot)) {
		return 0;
	}
	result = moment_take(&world, client, max_stop_ns, failure);

	if (world.stop.began_ns != 0) {
		proof->stopped_ns = world.stop.ended_ns - world.stop.began_ns;
	}
	if (result == 0) {
		begin = stop_now();
		search_world(&world);
		tell_all(snapshot, &world, proof);
		if (world.kernel.hidden != NULL) {
			snprintf(proof->why_not, sizeof(proof->why_not), "%s",
			    world.kernel.hidden);
		}
		proof->working_ns = stop_now() - begin;
	} else if (failure->status != EXIT_NO_TARGET) {
		snprintf(proof->why_not, sizeof(proof->why_not), "%.255s",
		    failure->text);
		result = 0;
	}
	world_free(&world);
	return result;
}

int
proof_judge(struct client *client, struct snapshot *snapshot,
    int64_t max_stop_ns, struct proof *proof, struct failure *failure)
{
	int result;

	analyze_verdicts(snapshot);
	if (max_stop_ns <= 0) {
		*proof = (struct proof) { .why_not = "it was not asked for" };
		return 0;
	}
	result = proof_take(client, snapshot, max_stop_ns, proof, failure);
	analyze_spread(snapshot);
	return result;
}
