/* suspects.c: see suspects.h. */
#include "analyze/suspects.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyze/analyze.h"
#include "client/memory.h"

/* ---- Tasks ------------------------------------------------------------- */

bool
analyze_is_short(const struct task *task)
{
	switch (task->state) {
	case STRANDED_CHAN_SEND:
	case STRANDED_WAITGROUP:
	case STRANDED_MUTEX:
	case STRANDED_RWLOCK_READ:
	case STRANDED_RWLOCK_WRITE:
	case STRANDED_BARRIER:
	case STRANDED_FILE_LOCK:
	case STRANDED_IO_WRITE:
	case STRANDED_IO_CONNECT:
		return !(task->flags & WIRE_TASK_TIMED);
	default:
		return false;
	}
}

static void
suspect(struct task *task, enum rule rule, const char *why)
{
	if (task->verdict == VERDICT_OK) {
		task->verdict = VERDICT_SUSPECT;
		task->rule = rule;
		task->why = why;
	}
}

static bool
was_there(const struct snapshot *before, const struct task *task)
{
	const struct task *then = snapshot_task(before, task->id);

	return then != NULL && then->wait_seq == task->wait_seq &&
	    task->wait_seq != 0;
}

/* Has the peer been gone for so long? */
static bool
is_abandoned(const struct session *session, const struct suspects *limits)
{
	return limits->peer_ns > 0 && session->state == SESSION_PEER_CLOSED &&
	    session->peer_closed_ns >= limits->peer_ns;
}

static void
judge_task(
    struct snapshot *snapshot, const struct suspects *limits, struct task *task)
{
	const struct session *session =
	    snapshot_session(snapshot, task->session);

	if (task->wait_seq == 0) {
		return;
	}
	if (session != NULL && is_abandoned(session, limits)) {
		suspect(task, RULE_PEER,
		    "It serves a session whose peer has gone.");
	}
	if (!analyze_is_short(task)) {
		return;
	}
	if (limits->before != NULL && was_there(limits->before, task)) {
		suspect(task, RULE_AGAIN,
		    "It was in the very same wait in the earlier dump.");
	}
	if (limits->age_ns > 0 && task->since_ns >= limits->age_ns) {
		suspect(task, RULE_AGE,
		    "It has waited for longer than such a wait should last.");
	}
}

/* ---- Sessions ---------------------------------------------------------- */

static void
suspect_session(struct session *session, enum rule rule, const char *why)
{
	if (session->verdict == VERDICT_OK) {
		session->verdict = VERDICT_SUSPECT;
		session->rule = rule;
		session->why = why;
	}
}

static bool
all_leaked(const struct snapshot *snapshot, const struct session *session)
{
	for (size_t i = 0; i < session->task_count; i++) {
		const struct task *task =
		    snapshot_task(snapshot, session->tasks[i]);

		if (task == NULL || task->verdict != VERDICT_LEAKED) {
			return false;
		}
	}
	return session->task_count > 0;
}

/* An entry of a registry whose last user has ended. */
static bool
is_orphan(const struct snapshot *snapshot, const struct session *session)
{
	return session->kind == WIRE_SESSION_REGISTRY &&
	    session->task_count == 0 && session->user != 0 &&
	    snapshot_task(snapshot, session->user) == NULL;
}

static void
judge_session(const struct snapshot *snapshot, const struct suspects *limits,
    struct session *session)
{
	if (all_leaked(snapshot, session)) {
		suspect_session(session, RULE_BEHIND,
		    "All tasks that serve it are leaked.");
	}
	if (is_abandoned(session, limits)) {
		suspect_session(session, RULE_PEER,
		    "Its peer has gone, and the server still holds on to it.");
	}
	if (limits->peer_ns > 0 && session->used_ns >= limits->peer_ns &&
	    is_orphan(snapshot, session)) {
		suspect_session(session, RULE_EXITED,
		    "It is still in its registry, and the task that used it "
		    "last has ended.");
	}
	if (limits->idle_ns > 0 && session->used_ns >= limits->idle_ns) {
		suspect_session(session, RULE_AGE,
		    "Nobody has used it for longer than the threshold.");
	}
}

void
analyze_suspects(struct snapshot *snapshot, const struct suspects *limits)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		judge_task(snapshot, limits, &snapshot->tasks[i]);
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		judge_session(snapshot, limits, &snapshot->sessions[i]);
	}
}

/* ---- Growth ------------------------------------------------------------ */

/* A group as it was at one look after the other. */
struct grown {
	const struct task *example;
	size_t count; /* at the last look */
	size_t looks; /* in which it has grown, one after the other */
};

struct growth {
	struct grown *list;
	size_t count;
	size_t room;
	size_t looks; /* so far */
};

struct growth *
growth_new(void)
{
	return memory_new(1, sizeof(struct growth));
}

void
growth_free(struct growth *growth)
{
	if (growth != NULL) {
		free(growth->list);
		free(growth);
	}
}

static struct grown *
find_grown(const struct growth *growth, const struct task *task)
{
	for (size_t i = 0; i < growth->count; i++) {
		if (analyze_is_alike(growth->list[i].example, task)) {
			return &growth->list[i];
		}
	}
	return NULL;
}

static void
look_at_group(struct growth *growth, const struct group *group)
{
	struct grown *grown = find_grown(growth, group->tasks[0]);

	if (grown == NULL) {
		growth->list = memory_grow(growth->list, growth->count,
		    &growth->room, sizeof(*growth->list));
		grown = &growth->list[growth->count++];
		*grown = (struct grown) { .example = group->tasks[0] };
	} else {
		grown->looks =
		    group->count > grown->count ? grown->looks + 1 : 0;
	}
	grown->count = group->count;
}

void
growth_look(struct growth *growth, const struct snapshot *snapshot)
{
	struct groups *groups = analyze_groups(snapshot);

	for (size_t i = 0; i < groups->count; i++) {
		if (groups->list[i].tasks[0]->wait_seq != 0) {
			look_at_group(growth, &groups->list[i]);
		}
	}
	growth->looks++;
	analyze_groups_free(groups);
}

void
growth_judge(const struct growth *growth, struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		struct task *task = &snapshot->tasks[i];
		const struct grown *grown =
		    task->wait_seq != 0 ? find_grown(growth, task) : NULL;

		if (growth->looks > 2 && grown != NULL &&
		    grown->looks + 1 == growth->looks) {
			suspect(task, RULE_GROWTH,
			    "There were more of its kind at each look.");
		}
	}
}
