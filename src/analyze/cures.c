/* cures.c: what usually mends a leak of the shape that is seen. */
#include "analyze/analyze.h"
#include "analyze/table.h"

static const char *
cure_send(const struct channel *channel)
{
	if (channel != NULL && channel->capacity == 0 &&
	    channel->sender_count == 1) {
		return channel->receiver.ended ?
		    "Its last receiver has ended: give the channel a buffer of "
		    "one, so that the send ends without; or select between "
		    "the send and a channel that is closed when the receiver "
		    "goes." :
		    "Give the channel a buffer of one, so that the send "
		    "ends without a receiver; or select between the send "
		    "and a channel that is closed when the receiver goes.";
	}
	return "Select between the send and a channel that is closed when the "
	       "receivers go; or have them receive until it is closed.";
}

static const char *
cure_receive(const struct channel *channel)
{
	return channel != NULL && channel->sender.ended ?
	    "Its last sender has ended without closing it: close the channel "
	    "when nothing more will be sent, on every path; or select between "
	    "it and a channel that is closed at the end." :
	    "Close the channel when nothing more will be sent, on every path; "
	    "or select between it and a channel that is closed at the end.";
}

static const char *
cure_lock(const struct task *task)
{
	switch (task->rule) {
	case RULE_SELF:
		return "Give the lock back on every path before it is taken "
		       "again by the same task.";
	case RULE_CYCLE:
		return "Take these locks in the same order everywhere.";
	case RULE_EXITED:
	case RULE_UNREACHABLE:
		return "Give the lock back on every path, also where the "
		       "function returns early.";
	default:
		return NULL;
	}
}

static const char *
find_cure(const struct task *task, const struct table *channels)
{
	switch (task->state) {
	case STRANDED_CHAN_SEND:
		return cure_send(table_find(channels, task->object));
	case STRANDED_CHAN_RECV:
		return cure_receive(table_find(channels, task->object));
	case STRANDED_SELECT:
		return "Have one case that ends: a channel that is closed when "
		       "the others go.";
	case STRANDED_WAITGROUP:
		return "Call strand_wg_done() on every path of each task, and "
		       "add no more than there are tasks.";
	case STRANDED_COND:
		return "Signal the condition on every path that ends what is "
		       "waited for, also on errors and at the end.";
	case STRANDED_SEMAPHORE:
		return "Post the semaphore on every path, also on errors.";
	case STRANDED_BARRIER:
		return "Have as many tasks come to the barrier as it was made "
		       "for.";
	case STRANDED_MUTEX:
	case STRANDED_RWLOCK_READ:
	case STRANDED_RWLOCK_WRITE:
		return cure_lock(task);
	default:
		return NULL;
	}
}

void
analyze_cures(struct snapshot *snapshot)
{
	struct table channels = { 0 };

	for (size_t i = 0; i < snapshot->channel_count; i++) {
		table_add(&channels, snapshot->channels[i].object,
		    &snapshot->channels[i]);
	}
	for (size_t i = 0; i < snapshot->task_count; i++) {
		struct task *task = &snapshot->tasks[i];

		/* Who stands behind another needs no cure of his own. */
		if (task->verdict == VERDICT_LEAKED &&
		    task->rule != RULE_BEHIND) {
			task->cure = find_cure(task, &channels);
		}
	}
	table_clear(&channels, NULL);
}
