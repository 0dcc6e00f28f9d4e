/*
 * relate.c: see relate.h.
 *
 * Each relation is a list of links, sorted by what they lead to, of which every
 * channel and session then takes its stretch.
 */
#include "client/relate.h"

#include <stdlib.h>

#include "client/memory.h"

struct link {
	uint64_t key;  /* a channel's address, a session's id, a thread's */
	uint64_t task; /* id */
};

struct links {
	struct link *list;
	size_t count;
	size_t room;
};

static int
link_order(const void *left, const void *right)
{
	const struct link *a = left;
	const struct link *b = right;

	if (a->key != b->key) {
		return a->key < b->key ? -1 : 1;
	}
	return (a->task > b->task) - (a->task < b->task);
}

static void
links_add(struct links *links, uint64_t key, uint64_t task)
{
	links->list = memory_grow(
	    links->list, links->count, &links->room, sizeof(*links->list));
	links->list[links->count++] = (struct link) { key, task };
}

/* Sorts the links, and drops those that are there twice. */
static void
links_sort(struct links *links)
{
	size_t kept = 0;

	if (links->count == 0) {
		return;
	}
	qsort(links->list, links->count, sizeof(*links->list), link_order);
	for (size_t i = 1; i < links->count; i++) {
		if (link_order(&links->list[kept], &links->list[i]) != 0) {
			links->list[++kept] = links->list[i];
		}
	}
	links->count = kept + 1;
}

/* The first link whose key is not less than `key`. */
static size_t
links_find(const struct links *links, uint64_t key)
{
	size_t low = 0;
	size_t high = links->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (links->list[middle].key < key) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* The ids of the tasks that are linked to `key`; NULL if none is. */
static uint64_t *
links_take(const struct links *links, uint64_t key, size_t *count)
{
	size_t first = links_find(links, key);
	size_t end = first;
	uint64_t *ids;

	while (end < links->count && links->list[end].key == key) {
		end++;
	}
	*count = end - first;
	if (*count == 0) {
		return NULL;
	}
	ids = memory_new(*count, sizeof(*ids));
	for (size_t i = first; i < end; i++) {
		ids[i - first] = links->list[i].task;
	}
	return ids;
}

/* The task that is linked to `key`, or 0. */
static uint64_t
links_one(const struct links *links, uint64_t key)
{
	size_t at = links_find(links, key);

	return key != 0 && at < links->count && links->list[at].key == key ?
	    links->list[at].task :
	    0;
}

/* Of a lock the thread that owns it; of a join the thread that is joined. */
static void
relate_holder(const struct snapshot *snapshot, const struct links *tids,
    const struct links *threads, struct task *task)
{
	const unsigned int not_ours =
	    WIRE_TASK_HOLDER_EXITED | WIRE_TASK_HOLDER_ELSEWHERE;
	const struct task *holder;

	if (task->state == STRANDED_JOIN) {
		task->holder = links_one(threads, task->object);
		holder = snapshot_task(snapshot, task->holder);
		task->holder_tid = holder != NULL ? holder->tid : 0;
	} else if ((task->flags & not_ours) == 0) {
		task->holder = links_one(tids, task->holder_tid);
	}
}

static void
relate_holders(struct snapshot *snapshot)
{
	struct links tids = { 0 };
	struct links threads = { 0 };

	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		if (task->tid != 0) {
			links_add(&tids, task->tid, task->id);
		}
		if (task->thread != 0) {
			links_add(&threads, task->thread, task->id);
		}
	}
	links_sort(&tids);
	links_sort(&threads);
	for (size_t i = 0; i < snapshot->task_count; i++) {
		relate_holder(snapshot, &tids, &threads, &snapshot->tasks[i]);
	}
	free(tids.list);
	free(threads.list);
}

static void
relate_sessions(struct snapshot *snapshot)
{
	struct links members = { 0 };

	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		if (task->session != 0) {
			links_add(&members, task->session, task->id);
		}
	}
	links_sort(&members);
	for (size_t i = 0; i < snapshot->session_count; i++) {
		struct session *session = &snapshot->sessions[i];

		session->tasks =
		    links_take(&members, session->id, &session->task_count);
	}
	free(members.list);
}

/* Links `task` to the channel `object` if it waits there as `state` says. */
static void
link_wait(struct links *senders, struct links *receivers, uint32_t state,
    uint64_t object, uint64_t task)
{
	if (state == STRANDED_CHAN_SEND) {
		links_add(senders, object, task);
	} else if (state == STRANDED_CHAN_RECV) {
		links_add(receivers, object, task);
	}
}

static void
relate_channels(struct snapshot *snapshot)
{
	struct links senders = { 0 };
	struct links receivers = { 0 };

	for (size_t i = 0; i < snapshot->task_count; i++) {
		const struct task *task = &snapshot->tasks[i];

		link_wait(
		    &senders, &receivers, task->state, task->object, task->id);
		for (size_t j = 0; j < task->case_count; j++) {
			link_wait(&senders, &receivers, task->cases[j].state,
			    task->cases[j].object, task->id);
		}
	}
	links_sort(&senders);
	links_sort(&receivers);
	for (size_t i = 0; i < snapshot->channel_count; i++) {
		struct channel *channel = &snapshot->channels[i];

		channel->senders = links_take(
		    &senders, channel->object, &channel->sender_count);
		channel->receivers = links_take(
		    &receivers, channel->object, &channel->receiver_count);
	}
	free(senders.list);
	free(receivers.list);
}

void
relate_snapshot(struct snapshot *snapshot)
{
	relate_holders(snapshot);
	relate_sessions(snapshot);
	relate_channels(snapshot);
}
