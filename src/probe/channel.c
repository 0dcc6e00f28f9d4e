/* channel.c: see channel.h. */
#include "probe/channel.h"

#include "probe/probe.h"
#include "probe/task.h"

struct table channel_table = TABLE(sizeof(struct channel), 0);

static uint64_t last_id;

void
channel_init(void)
{
	table_prepare(&channel_table);
}

uint64_t
channel_create(
    const struct stranded_channel *is, const struct stranded_place *by)
{
	static const struct bounds nowhere;
	uint32_t number = table_take(&channel_table);
	struct channel *channel;
	uint64_t id;

	if (number == 0) {
		return 0;
	}
	channel = table_hot(&channel_table, number);
	channel->is = *is;
	channel->sender = NULL;
	channel->receiver = NULL;
	channel->created_ns = load_relaxed(&task_clock);
	capture_take(&channel->created_by, CHANNEL_CAPTURE, by,
	    task_self != NULL ? &task_self->stack : &nowhere);
	id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
	store_release(&channel->id, id);
	return table_handle(number, id);
}

void
channel_users(uint64_t handle, const struct stranded_user *sender,
    const struct stranded_user *receiver)
{
	struct channel *channel = table_find(&channel_table, handle);

	if (channel != NULL) {
		store_release(&channel->sender, sender);
		store_release(&channel->receiver, receiver);
	}
}

void
channel_destroy(uint64_t handle)
{
	struct channel *channel = table_find(&channel_table, handle);

	if (channel != NULL) {
		store_release(&channel->id, 0);
		table_give(&channel_table, (uint32_t) handle);
	}
}
