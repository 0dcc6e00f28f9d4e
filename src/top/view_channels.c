/*
 * view_channels.c: the fourth screen: channels, how full they are, and how many
 * wait at each end.
 */
#include <inttypes.h>
#include <stdio.h>

#include "render/words.h"
#include "top/views.h"

static const struct channel *
channel_of(const void *row)
{
	return ((const struct channel_row *) row)->channel;
}

static int64_t
id_number(const void *row)
{
	return (int64_t) channel_of(row)->id;
}

static void
id_cell(const void *row, struct grid_cell *cell)
{
	snprintf(
	    cell->text, sizeof(cell->text), "%" PRIu64, channel_of(row)->id);
}

static void
object_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "0x%" PRIx64,
	    channel_of(row)->object);
}

static int64_t
length_number(const void *row)
{
	return (int64_t) channel_of(row)->length;
}

static void
length_cell(const void *row, struct grid_cell *cell)
{
	const struct channel *channel = channel_of(row);

	snprintf(cell->text, sizeof(cell->text), "%" PRIu64 "/%" PRIu64,
	    channel->length, channel->capacity);
	if (channel->capacity > 0 && channel->length >= channel->capacity) {
		cell->style = STYLE_WARNING;
	}
}

static int64_t
senders_number(const void *row)
{
	return (int64_t) channel_of(row)->sender_count;
}

static void
senders_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%zu",
	    channel_of(row)->sender_count);
}

static int64_t
receivers_number(const void *row)
{
	return (int64_t) channel_of(row)->receiver_count;
}

static void
receivers_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%zu",
	    channel_of(row)->receiver_count);
}

static void
state_cell(const void *row, struct grid_cell *cell)
{
	snprintf(cell->text, sizeof(cell->text), "%s",
	    channel_of(row)->closed ? "closed" : "open");
}

static int64_t
age_number(const void *row)
{
	return channel_of(row)->created_ns;
}

static void
age_cell(const void *row, struct grid_cell *cell)
{
	words_age(cell->text, age_number(row));
}

static void
by_cell(const void *row, struct grid_cell *cell)
{
	words_place(cell->text, sizeof(cell->text),
	    analyze_own_frame(&channel_of(row)->created_by, STRANDED_RUNNING));
}

static const struct column columns[] = {
	{ "ID", 6, 0, 0, ALIGN_RIGHT, id_cell, id_number, false },
	{ "LENGTH", 9, 0, 0, ALIGN_RIGHT, length_cell, length_number, true },
	{ "SENDERS", 8, 0, 0, ALIGN_RIGHT, senders_cell, senders_number, true },
	{ "RECEIVERS", 10, 0, 0, ALIGN_RIGHT, receivers_cell, receivers_number,
	    true },
	{ "STATE", 6, 0, 0, ALIGN_LEFT, state_cell, NULL, false },
	{ "AGE", 6, 0, 68, ALIGN_RIGHT, age_cell, age_number, true },
	{ "OBJECT", 14, 0, 90, ALIGN_LEFT, object_cell, NULL, false },
	{ "CREATED BY", 10, 1, 0, ALIGN_LEFT, by_cell, NULL, false },
};

static const struct grid grid = {
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(columns[0]),
	.empty = "no channels",
};

/* One task at either end that passes is enough. */
static bool
match_tasks(const struct model *model, const struct filter *filter,
    const uint64_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct task *task =
		    snapshot_task(model->snapshot, ids[i]);

		if (task != NULL && views_match_task(model, filter, task)) {
			return true;
		}
	}
	return false;
}

static bool
match(const struct model *model, const struct filter *filter, const void *row)
{
	const struct channel *channel = channel_of(row);
	char object[32];
	const struct filter_subject subject = {
		.words = { object },
		.state = channel->closed ? "closed" : "open",
		.age_ns = channel->created_ns,
		.stacks = { &channel->created_by },
	};

	snprintf(object, sizeof(object), "0x%" PRIx64, channel->object);
	return filter_passes(filter, &subject) ||
	    match_tasks(
		model, filter, channel->senders, channel->sender_count) ||
	    match_tasks(
		model, filter, channel->receivers, channel->receiver_count);
}

static struct page_link
opens(const void *row)
{
	return (struct page_link) { PAGE_CHANNEL, channel_of(row)->id };
}

const struct view_ops view_channels = {
	.title = "Channels",
	.name = "channels",
	.grid = &grid,
	.sorted = 2,
	.rows = model_channels,
	.match = match,
	.link = opens,
};
