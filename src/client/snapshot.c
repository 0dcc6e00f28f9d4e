/* snapshot.c: see snapshot.h. */
#include "client/snapshot.h"

#include <stdlib.h>

#include "client/memory.h"

static void
free_lists(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->task_count; i++) {
		free(snapshot->tasks[i].cases);
	}
	for (size_t i = 0; i < snapshot->session_count; i++) {
		free(snapshot->sessions[i].name);
		free(snapshot->sessions[i].tasks);
	}
	for (size_t i = 0; i < snapshot->channel_count; i++) {
		free(snapshot->channels[i].senders);
		free(snapshot->channels[i].receivers);
	}
	for (size_t i = 0; i < snapshot->fd_name_count; i++) {
		free(snapshot->fd_names[i]);
	}
	for (size_t i = 0; i < snapshot->block_count; i++) {
		free(snapshot->blocks[i]);
	}
	for (size_t i = 0; i < snapshot->text_count; i++) {
		free(snapshot->texts[i]);
	}
}

const char *
snapshot_keep(struct snapshot *snapshot, char *text)
{
	snapshot->texts = memory_grow(snapshot->texts, snapshot->text_count,
	    &snapshot->text_room, sizeof(*snapshot->texts));
	snapshot->texts[snapshot->text_count++] = text;
	return text;
}

void
snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL) {
		return;
	}
	free_lists(snapshot);
	free(snapshot->exe);
	free(snapshot->tasks);
	free(snapshot->sessions);
	free(snapshot->channels);
	free(snapshot->uncovered);
	free(snapshot->fd_names);
	free(snapshot->blocks);
	free(snapshot->texts);
	free(snapshot);
}

/* Both arrays' elements begin with their id. */
static int
compare_id(const void *key, const void *element)
{
	uint64_t a = *(const uint64_t *) key;
	uint64_t b = *(const uint64_t *) element;

	return (a > b) - (a < b);
}

struct task *
snapshot_task(const struct snapshot *snapshot, uint64_t id)
{
	_Static_assert(offsetof(struct task, id) == 0, "id is first");
	if (snapshot->task_count == 0) {
		return NULL;
	}
	return bsearch(&id, snapshot->tasks, snapshot->task_count,
	    sizeof(*snapshot->tasks), compare_id);
}

struct session *
snapshot_session(const struct snapshot *snapshot, uint64_t id)
{
	_Static_assert(offsetof(struct session, id) == 0, "id is first");
	if (snapshot->session_count == 0) {
		return NULL;
	}
	return bsearch(&id, snapshot->sessions, snapshot->session_count,
	    sizeof(*snapshot->sessions), compare_id);
}
