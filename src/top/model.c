/* model.c: see model.h. */
#include "top/model.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/suspects.h"
#include "client/memory.h"

#define LEFT_NS                                                                \
	(2 * SUSPECTS_SECOND) /* unused: its tasks are not just ending */

/* ---- Groups ------------------------------------------------------------ */

/* FNV-1a, a word at a time. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * 0x100000001b3u;
}

/* Frames are interned, so a stack is as good as the addresses of its frames. */
static uint64_t
group_key(const struct task *task)
{
	const struct stack *stack = &task->stack;
	uint32_t flags = task->flags & (WIRE_TASK_KERNEL | WIRE_TASK_WOKEN);
	uint64_t hash = mix(0xcbf29ce484222325u, task->state);

	hash = mix(mix(hash, flags), task->call);
	hash = mix(hash, stack->frame_count);
	for (size_t i = 0; i < stack->frame_count; i++) {
		hash = mix(hash, (uintptr_t) stack->frames[i]);
		hash ^= hash >> 29;
	}
	hash = mix(hash,
	    (uintptr_t) analyze_own_frame(&task->created_by, STRANDED_RUNNING));
	return hash != 0 ? hash : 1;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

static enum verdict
worst_of(const struct group *group)
{
	enum verdict worst = VERDICT_OK;

	for (size_t i = 0; i < group->count; i++) {
		if (group->tasks[i]->verdict > worst) {
			worst = group->tasks[i]->verdict;
		}
	}
	return worst;
}

/* What the past says about the groups of now. */
static void
relate_to_past(struct model *model)
{
	struct trend_count *counts =
	    memory_new(model->group_count, sizeof(*counts));

	for (size_t i = 0; i < model->group_count; i++) {
		const struct group_row *row = &model->group_rows[i];

		counts[i] = (struct trend_count) { row->key,
			(uint32_t) row->group->count };
	}
	trends_feed(&model->trends, model->snapshot->began_ns, counts,
	    model->group_count);
	free(counts);
	for (size_t i = 0; i < model->group_count; i++) {
		struct group_row *row = &model->group_rows[i];
		const struct trend *trend =
		    trends_find(&model->trends, row->key);

		if (trend != NULL) {
			row->change = trend_change(trend);
			row->rated =
			    trend_rate(&model->trends, trend, &row->rate);
		}
	}
}

/* The rows are sorted by key, for model_group(). */
static void
make_group_rows(struct model *model)
{
	model->groups = analyze_groups(model->snapshot);
	model->group_count = model->groups->count;
	model->group_rows =
	    memory_new(model->group_count, sizeof(*model->group_rows));
	for (size_t i = 0; i < model->group_count; i++) {
		const struct group *group = &model->groups->list[i];
		const struct task *task = group->tasks[0];

		model->group_rows[i] = (struct group_row) {
			.key = group_key(task),
			.group = group,
			.rank = i,
			.verdict = worst_of(group),
			.own = analyze_own_frame(&task->stack, task->state),
			.by = analyze_own_frame(
			    &task->created_by, STRANDED_RUNNING),
		};
	}
	qsort(model->group_rows, model->group_count, sizeof(*model->group_rows),
	    compare_keys);
	relate_to_past(model);
}

/* ---- Tasks ------------------------------------------------------------- */

static uint64_t
node_key(const struct blame_node *node)
{
	return node->task != NULL ? node->task->id : MODEL_THREAD | node->tid;
}

static void
make_task_rows(struct model *model)
{
	const struct snapshot *snapshot = model->snapshot;
	const struct blame *blame;

	model->blame = blame_new(snapshot);
	blame = model->blame;
	model->task_count = snapshot->task_count;
	model->thread_count = blame->count - snapshot->task_count;
	model->task_rows = memory_new(blame->count, sizeof(*model->task_rows));
	for (size_t i = 0; i < blame->count; i++) {
		const struct blame_node *node = &blame->nodes[i];

		model->task_rows[i] = (struct task_row) {
			.key = node_key(node),
			.task = node->task,
			.node = node,
			.holder = node->holder == BLAME_NONE ?
			    0 :
			    node_key(&blame->nodes[node->holder]),
			.session =
			    node->task == NULL || node->task->session == 0 ?
			    NULL :
			    snapshot_session(snapshot, node->task->session),
			.model = model,
		};
	}
}

/* ---- Sessions and channels --------------------------------------------- */

static size_t
count_blocked(const struct snapshot *snapshot, const struct session *session)
{
	size_t blocked = 0;

	for (size_t i = 0; i < session->task_count; i++) {
		const struct task *task =
		    snapshot_task(snapshot, session->tasks[i]);

		blocked += task != NULL && task->state != STRANDED_RUNNING;
	}
	return blocked;
}

/*
 * An entry of a registry knows no peer that could be gone. But if the task that
 * used it last has ended, and all that are left in it wait where nobody stays
 * for long, then it has been left behind.
 */
static bool
is_left(const struct snapshot *snapshot, const struct session *session)
{
	if (session->kind != WIRE_SESSION_REGISTRY || session->user == 0 ||
	    session->used_ns < LEFT_NS || session->task_count == 0 ||
	    snapshot_task(snapshot, session->user) != NULL) {
		return false;
	}
	for (size_t i = 0; i < session->task_count; i++) {
		const struct task *task =
		    snapshot_task(snapshot, session->tasks[i]);

		if (task == NULL || !analyze_is_short(task)) {
			return false;
		}
	}
	return true;
}

static void
make_session_rows(struct model *model)
{
	const struct snapshot *snapshot = model->snapshot;
	size_t count = snapshot->session_count;

	model->session_rows = memory_new(count, sizeof(*model->session_rows));
	model->session_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct session *session = &snapshot->sessions[i];

		model->session_rows[i] = (struct session_row) {
			.key = session->id,
			.session = session,
			.blocked = count_blocked(snapshot, session),
			.left = is_left(snapshot, session),
			.snapshot = snapshot,
		};
	}
}

bool
model_is_abandoned(const struct session_row *row)
{
	return row->left || row->session->verdict != VERDICT_OK ||
	    (row->session->state != SESSION_OPEN &&
		row->session->task_count > 0);
}

static void
make_channel_rows(struct model *model)
{
	const struct snapshot *snapshot = model->snapshot;
	size_t count = snapshot->channel_count;

	model->channel_rows = memory_new(count, sizeof(*model->channel_rows));
	model->channel_count = count;
	for (size_t i = 0; i < count; i++) {
		model->channel_rows[i] = (struct channel_row) {
			.key = snapshot->channels[i].id,
			.channel = &snapshot->channels[i],
			.snapshot = snapshot,
		};
	}
}

/* ---- Verdicts ---------------------------------------------------------- */

/* The tasks of a group that have the same verdict are one row. */
static void
add_group_verdict(
    struct model *model, const struct group_row *row, enum verdict verdict)
{
	struct verdict_row found = {
		.key = mix(row->key, verdict), .verdict = verdict, .group = row
	};

	for (size_t i = 0; i < row->group->count; i++) {
		const struct task *task = row->group->tasks[i];

		if (task->verdict != verdict) {
			continue;
		}
		if (found.count++ == 0) {
			found.task = task;
			found.why = task->why;
		}
	}
	if (found.count > 0) {
		model->verdict_rows[model->verdict_count++] = found;
	}
}

static void
add_session_verdict(struct model *model, const struct session_row *row)
{
	model->verdict_rows[model->verdict_count++] = (struct verdict_row) {
		.key = mix(row->key, VERDICT_LEAKED + 1),
		.verdict = row->session->verdict,
		.session = row,
		.why = row->session->why,
	};
}

static void
make_verdict_rows(struct model *model)
{
	model->verdict_rows =
	    memory_new(2 * model->group_count + model->session_count,
		sizeof(*model->verdict_rows));
	model->verdict_count = 0;
	for (size_t i = 0; i < model->group_count; i++) {
		const struct group_row *row = &model->group_rows[i];

		if (row->verdict != VERDICT_OK) {
			add_group_verdict(model, row, VERDICT_LEAKED);
			add_group_verdict(model, row, VERDICT_SUSPECT);
		}
	}
	for (size_t i = 0; i < model->session_count; i++) {
		if (model->session_rows[i].session->verdict != VERDICT_OK) {
			add_session_verdict(model, &model->session_rows[i]);
		}
	}
}

/* ---- Numbers ----------------------------------------------------------- */

static uint32_t
count_waiting(const struct wire_counts *counts)
{
	uint32_t waiting = 0;

	for (size_t i = 0; i < WIRE_STATES; i++) {
		waiting += i != STRANDED_RUNNING ? counts->by_state[i] : 0;
	}
	return waiting;
}

static void
count_verdicts(struct model *model)
{
	for (size_t i = 0; i < model->verdict_count; i++) {
		const struct verdict_row *row = &model->verdict_rows[i];
		uint32_t count = row->group != NULL ? (uint32_t) row->count : 1;

		model->now[row->verdict == VERDICT_LEAKED ? METRIC_LEAKED :
							    METRIC_SUSPECT] +=
		    count;
	}
}

static void
count_all(struct model *model)
{
	const struct snapshot *snapshot = model->snapshot;

	memset(model->now, 0, sizeof(model->now));
	model->now[METRIC_SESSIONS] = snapshot->counts.sessions;
	model->now[METRIC_BLOCKED] = count_waiting(&snapshot->counts);
	model->now[METRIC_TASKS] = snapshot->counts.tasks;
	count_verdicts(model);
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		history_add(&model->past[i], snapshot->began_ns, model->now[i]);
	}
}

/* In a recording time may go back: then rates begin anew. */
static void
sample_rates(struct model *model)
{
	const struct snapshot *snapshot = model->snapshot;

	if (model->sample_count > 0 &&
	    snapshot->began_ns < model->samples[0].time_ns) {
		model->sample_count = 0;
	}
	memmove(&model->samples[1], &model->samples[0],
	    sizeof(model->samples) - sizeof(model->samples[0]));
	model->samples[0] = (struct rate_sample) {
		.time_ns = snapshot->began_ns,
		.opened = snapshot->counts.sessions_opened,
		.closed = snapshot->counts.sessions_closed,
	};
	if (model->sample_count < MODEL_RATE_SAMPLES) {
		model->sample_count++;
	}
}

struct rates
model_rates(const struct model *model)
{
	struct rates rates = { 0, 0 };
	const struct rate_sample *now = &model->samples[0];
	const struct rate_sample *then;
	double seconds;

	if (model->sample_count < 2) {
		return rates;
	}
	then = &model->samples[model->sample_count - 1];
	seconds = (double) (now->time_ns - then->time_ns) / 1e9;
	if (now->time_ns > then->time_ns) {
		rates.opened = (double) (now->opened - then->opened) / seconds;
		rates.closed = (double) (now->closed - then->closed) / seconds;
	}
	return rates;
}

/* ---- The whole --------------------------------------------------------- */

static void
forget_snapshot(struct model *model)
{
	free(model->group_rows);
	free(model->task_rows);
	free(model->session_rows);
	free(model->channel_rows);
	free(model->verdict_rows);
	if (model->blame != NULL) {
		blame_free(model->blame);
	}
	if (model->groups != NULL) {
		analyze_groups_free(model->groups);
	}
	snapshot_free(model->snapshot);
	model->group_rows = NULL;
	model->task_rows = NULL;
	model->session_rows = NULL;
	model->channel_rows = NULL;
	model->verdict_rows = NULL;
	model->blame = NULL;
	model->groups = NULL;
	model->snapshot = NULL;
}

void
model_feed(struct model *model, struct snapshot *snapshot)
{
	forget_snapshot(model);
	model->snapshot = snapshot;
	make_group_rows(model);
	make_task_rows(model);
	make_session_rows(model);
	make_channel_rows(model);
	make_verdict_rows(model);
	count_all(model);
	sample_rates(model);
}

void
model_fini(struct model *model)
{
	forget_snapshot(model);
	trends_fini(&model->trends);
	*model = (struct model) { 0 };
}

/* ---- Rows -------------------------------------------------------------- */

#define ROWS(list, count) ((struct rows) { (list), (count), sizeof(*(list)) })

struct rows
model_groups(const struct model *model)
{
	return ROWS(model->group_rows, model->group_count);
}

struct rows
model_tasks(const struct model *model)
{
	return ROWS(model->task_rows, model->task_count);
}

struct rows
model_waiters(const struct model *model)
{
	return ROWS(model->task_rows, model->task_count + model->thread_count);
}

struct rows
model_sessions(const struct model *model)
{
	return ROWS(model->session_rows, model->session_count);
}

struct rows
model_channels(const struct model *model)
{
	return ROWS(model->channel_rows, model->channel_count);
}

struct rows
model_verdicts(const struct model *model)
{
	return ROWS(model->verdict_rows, model->verdict_count);
}

/* Of rows that are sorted by key. */
static const void *
find(struct rows rows, uint64_t key)
{
	return rows.count > 0 ?
	    bsearch(&key, rows.first, rows.count, rows.size, compare_keys) :
	    NULL;
}

const struct group_row *
model_group(const struct model *model, uint64_t key)
{
	return find(model_groups(model), key);
}

const struct task_row *
model_task(const struct model *model, uint64_t key)
{
	if (!(key & MODEL_THREAD)) {
		return find(model_tasks(model), key);
	}
	for (size_t i = 0; i < model->thread_count; i++) {
		if (model->task_rows[model->task_count + i].key == key) {
			return &model->task_rows[model->task_count + i];
		}
	}
	return NULL;
}

const struct session_row *
model_session(const struct model *model, uint64_t key)
{
	return find(model_sessions(model), key);
}

const struct channel_row *
model_channel(const struct model *model, uint64_t key)
{
	return find(model_channels(model), key);
}

const struct channel_row *
model_channel_at(const struct model *model, uint64_t object)
{
	for (size_t i = 0; i < model->channel_count; i++) {
		if (model->channel_rows[i].channel->object == object) {
			return &model->channel_rows[i];
		}
	}
	return NULL;
}

const struct group_row *
model_group_of(const struct model *model, const struct task *task)
{
	return model_group(model, group_key(task));
}
