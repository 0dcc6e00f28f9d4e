/* model.c: see model.h. */
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "top/model.h"

/* ---- Groups ------------------------------------------------------------ */

/* FNV-1a, a word at a time. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * 0x100000001b3u;
}

static uint64_t
mix_stack(uint64_t hash, const struct stack *stack)
{
	hash = mix(hash, stack->frame_count);
	for (size_t i = 0; i < stack->frame_count; i++) {
		hash = mix(hash, (uintptr_t) stack->frames[i]);
		hash ^= hash >> 29;
	}
	return hash;
}

/* Frames are interned, so a stack is as good as the addresses of its frames. */
static uint64_t
group_key(const struct task *task)
{
	uint64_t hash = mix(0xcbf29ce484222325u, task->state);

	hash = mix_stack(hash, &task->stack);
	hash = mix_stack(hash, &task->created_by);
	return hash != 0 ? hash : 1;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/* The largest first; of equal ones those that wait, and wait longest. */
static int
compare_groups(const void *a, const void *b)
{
	const struct group_row *x = a;
	const struct group_row *y = b;
	const struct task *s = x->group->tasks[0];
	const struct task *t = y->group->tasks[0];

	if (x->group->count != y->group->count) {
		return x->group->count < y->group->count ? 1 : -1;
	}
	if ((s->state == STRANDED_RUNNING) != (t->state == STRANDED_RUNNING)) {
		return s->state == STRANDED_RUNNING ? 1 : -1;
	}
	if (s->since_ns != t->since_ns) {
		return s->since_ns < t->since_ns ? 1 : -1;
	}
	return compare_keys(a, b);
}

static long
change_of(const struct model *model, const struct group_row *row)
{
	const struct baseline *was = bsearch(&row->key, model->baselines,
	    model->baseline_count, sizeof(*was), compare_keys);

	return (long) row->group->count - (was ? (long) was->count : 0);
}

static void
begin_watching(struct model *model)
{
	model->baselines =
	    memory_new(model->group_count, sizeof(*model->baselines));
	model->baseline_count = model->group_count;
	for (size_t i = 0; i < model->group_count; i++) {
		const struct group_row *row = &model->group_rows[i];

		model->baselines[i] =
		    (struct baseline) { row->key, row->group->count };
	}
	qsort(model->baselines, model->baseline_count,
	    sizeof(*model->baselines), compare_keys);
	model->watching = true;
}

static void
make_group_rows(struct model *model)
{
	size_t count;

	model->groups = analyze_groups(model->snapshot);
	count = model->groups->count;
	model->group_rows = memory_new(count, sizeof(*model->group_rows));
	model->group_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct group *group = &model->groups->list[i];
		const struct task *task = group->tasks[0];

		model->group_rows[i] = (struct group_row) {
			.key = group_key(task),
			.group = group,
			.own = analyze_own_frame(&task->stack, task->state),
			.by = analyze_own_frame(
			    &task->created_by, STRANDED_RUNNING),
		};
	}
	if (!model->watching) {
		begin_watching(model);
	}
	for (size_t i = 0; i < count; i++) {
		model->group_rows[i].change =
		    change_of(model, &model->group_rows[i]);
	}
	qsort(model->group_rows, count, sizeof(*model->group_rows),
	    compare_groups);
}

/* ---- Sessions ---------------------------------------------------------- */

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

/* Ids are given in order, so the snapshot's order is that of age. */
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
		};
	}
}

/* ---- Numbers ----------------------------------------------------------- */

static void
count_waiting(struct model *model)
{
	const struct wire_counts *counts = &model->snapshot->counts;

	model->blocked = 0;
	for (size_t i = 0; i < WIRE_STATES; i++) {
		model->blocked +=
		    i != STRANDED_RUNNING ? counts->by_state[i] : 0;
	}
}

static void
remember(struct model *model)
{
	const struct snapshot *snapshot = model->snapshot;

	history_add(&model->live, snapshot->counts.sessions);
	history_add(&model->waiting, (uint32_t) model->blocked);
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
	free(model->session_rows);
	if (model->groups != NULL) {
		analyze_groups_free(model->groups);
	}
	if (model->snapshot != NULL) {
		snapshot_free(model->snapshot);
	}
	model->group_rows = NULL;
	model->session_rows = NULL;
	model->groups = NULL;
	model->snapshot = NULL;
	model->group_count = model->session_count = 0;
}

void
model_feed(struct model *model, struct snapshot *snapshot)
{
	forget_snapshot(model);
	model->snapshot = snapshot;
	make_group_rows(model);
	make_session_rows(model);
	count_waiting(model);
	remember(model);
}

void
model_fini(struct model *model)
{
	forget_snapshot(model);
	free(model->baselines);
	*model = (struct model) { 0 };
}

struct rows
model_groups(const struct model *model)
{
	return (struct rows) { model->group_rows, model->group_count,
		sizeof(*model->group_rows) };
}

struct rows
model_sessions(const struct model *model)
{
	return (struct rows) { model->session_rows, model->session_count,
		sizeof(*model->session_rows) };
}

const struct group_row *
model_group(const struct model *model, uint64_t key)
{
	for (size_t i = 0; i < model->group_count; i++) {
		if (model->group_rows[i].key == key) {
			return &model->group_rows[i];
		}
	}
	return NULL;
}

const struct session_row *
model_session(const struct model *model, uint64_t key)
{
	return bsearch(&key, model->session_rows, model->session_count,
	    sizeof(*model->session_rows), compare_keys);
}
