/* users.c: see users.h. */
#include "render/users.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/memory.h"
#include "render/output.h"
#include "render/stack.h"
#include "render/words.h"

#define CONTINUED "\n                " /* in a list of cases */

/* The other side's, if it is known. */
static const struct channel_user *
user_of(const struct channel *channel, uint32_t state)
{
	const struct channel_user *user;

	if (channel == NULL ||
	    (state != STRANDED_CHAN_SEND && state != STRANDED_CHAN_RECV)) {
		return NULL;
	}
	user =
	    state == STRANDED_CHAN_SEND ? &channel->receiver : &channel->sender;
	return user->told ? user : NULL;
}

static const char *
role(uint32_t state)
{
	return state == STRANDED_CHAN_SEND ? "receiver" : "sender";
}

static void
put_user(
    FILE *out, const struct snapshot *snapshot, const struct channel_user *user)
{
	const struct task *task = snapshot_task(snapshot, user->task);

	if (user->task == 0) {
		fputs("a task that is not known", out);
		return;
	}
	fprintf(out, "task %" PRIu64, user->task);
	if (task != NULL && task->name[0] != '\0') {
		fputc(' ', out);
		output_quoted(out, task->name);
	}
}

static const char *
in(const struct channel_user *user)
{
	return user->ended ? ", which has ended, in" : " in";
}

void
users_put(FILE *out, const struct snapshot *snapshot,
    const struct channel *channel, uint32_t state)
{
	const struct channel_user *user = user_of(channel, state);

	if (user == NULL) {
		return;
	}
	if (output_creator(&user->place) == NULL) {
		fprintf(out, "no %s so far\n", role(state));
		return;
	}
	fprintf(out, "last %s: ", role(state));
	put_user(out, snapshot, user);
	stack_put_maker(out, in(user), &user->place);
}

void
users_put_case(FILE *out, const struct snapshot *snapshot,
    const struct channel *channel, uint32_t state)
{
	const struct channel_user *user = user_of(channel, state);
	const struct frame *frame;
	char place[512];

	if (user == NULL) {
		return;
	}
	frame = output_creator(&user->place);
	if (frame == NULL) {
		fprintf(out, CONTINUED "no %s so far", role(state));
		return;
	}
	fprintf(out, CONTINUED "last %s: ", role(state));
	put_user(out, snapshot, user);
	words_place(place, sizeof(place), frame);
	fprintf(out, "%s ", in(user));
	output_clean(out, place);
}

/* ---- A group ----------------------------------------------------------- */

/* Those of all members; NULL if one's is not known. */
static const struct channel_user **
users_of(const struct group *group, const struct table *channels)
{
	const struct channel_user **users =
	    memory_new(group->count, sizeof(*users));

	for (size_t i = 0; i < group->count; i++) {
		const struct task *task = group->tasks[i];

		users[i] =
		    user_of(table_find(channels, task->object), task->state);
		if (users[i] == NULL) {
			free(users);
			return NULL;
		}
	}
	return users;
}

/* In the same function, or all nowhere. */
static bool
are_alike(const struct channel_user *a, const struct channel_user *b)
{
	const struct frame *one = output_creator(&a->place);
	const struct frame *other = output_creator(&b->place);

	if (one == NULL || other == NULL) {
		return one == other;
	}
	return one == other ||
	    (one->function != NULL && other->function != NULL &&
		strcmp(one->function, other->function) == 0);
}

static int
compare_users(const void *left, const void *right)
{
	const struct channel_user *a =
	    *(const struct channel_user *const *) left;
	const struct channel_user *b =
	    *(const struct channel_user *const *) right;

	return (a->task > b->task) - (a->task < b->task);
}

/* "40 tasks, 39 of which have ended, in serve_loop" */
static void
put_users(FILE *out, const struct channel_user **users, size_t count)
{
	char ended_text[64] = " in";
	size_t tasks = 0, ended = 0;

	qsort(users, count, sizeof(*users), compare_users);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || users[i]->task != users[i - 1]->task) {
			tasks++;
			ended += users[i]->ended;
		}
	}
	if (ended == tasks) {
		snprintf(ended_text, sizeof(ended_text),
		    ", all of which have ended, in");
	} else if (ended > 0) {
		snprintf(ended_text, sizeof(ended_text),
		    ", %zu of which ha%s ended, in", ended,
		    ended == 1 ? "s" : "ve");
	}
	fprintf(out, "%zu tasks", tasks);
	stack_put_maker(out, ended_text, &users[0]->place);
}

void
users_put_group(FILE *out, const struct snapshot *snapshot,
    const struct group *group, const struct table *channels)
{
	const struct task *first = group->tasks[0];
	const struct channel_user **users = users_of(group, channels);
	bool alike = users != NULL;
	bool same = true;

	for (size_t i = 1; alike && i < group->count; i++) {
		alike = are_alike(users[0], users[i]);
		same = same && users[0]->task == users[i]->task;
	}
	if (alike && (same || output_creator(&users[0]->place) == NULL)) {
		users_put(out, snapshot, table_find(channels, first->object),
		    first->state);
	} else if (alike) {
		fprintf(out, "last %ss: ", role(first->state));
		put_users(out, users, group->count);
	}
	free(users);
}
