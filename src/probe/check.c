/* check.c: see check.h. */
#include "probe/check.h"

#include <linux/futex.h>
#include <time.h>

#include "probe/config.h"
#include "probe/init.h"
#include "probe/probe.h"
#include "probe/sys.h"
#include "probe/task.h"
#include "probe/text.h"

/* How often the waiting thread looks whether the tool is there, and how long it
   bears to hear nothing of it. */
#define LOOK_NS (100 * NS_PER_MS)
#define SILENCE (60 * NS_PER_SECOND)

static struct wire_check point; /* of the thread that is there */
static uint32_t there;      /* a futex: its id, 0: no thread is at a point */
static uint32_t waiting;    /* its number, 0: nobody waits */
static uint32_t free_up_to; /* a futex: those up to this may go on */
static uint32_t last;       /* number of the last point */
static int64_t heard;       /* when the tool last asked */

/* Waits a little, or until `word` is no longer `value`. */
static void
pause_at(const uint32_t *word, uint32_t value)
{
	const struct timespec left = { 0, LOOK_NS };

	sys(SYS_futex, word, FUTEX_WAIT, value, &left);
}

static bool
tool_is_there(void)
{
	return (int) sys(SYS_getppid) == config.judge &&
	    sys_now() - load_relaxed(&heard) < SILENCE;
}

static void
await_tool(uint32_t number)
{
	store_relaxed(&heard, sys_now());
	store_release(&waiting, number);
	while (tool_is_there()) {
		uint32_t up_to = load_acquire(&free_up_to);

		if (up_to >= number) {
			break;
		}
		pause_at(&free_up_to, up_to);
	}
	store_release(&waiting, 0);
}

/*
 * One thread at a time. False if the thread shall go on as it is: if it is at a
 * point already (this is a handler's, of a signal that came while it waits
 * there), or if the tool has gone.
 */
static bool
take_turn(uint32_t tid)
{
	uint32_t other = 0;

	while (!__atomic_compare_exchange_n(
	    &there, &other, tid, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		if (other == tid || !tool_is_there()) {
			return false;
		}
		pause_at(&there, other);
		other = 0;
	}
	return true;
}

void
check_at(const char *name, enum wire_check_kind kind)
{
	uint32_t tid;

	if (config.check == 0 || init_is_confined() ||
	    config.check != (int) sys(SYS_getpid)) {
		return;
	}
	tid = (uint32_t) sys(SYS_gettid);
	store_relaxed(&heard, sys_now());
	if (!take_turn(tid)) {
		return;
	}
	point = (struct wire_check) {
		.kind = kind,
		.tid = tid,
	};
	text_copy(point.name, name, sizeof(point.name));
	if (kind == WIRE_CHECK_EXIT && task_self != NULL) {
		task_self->flags |= TASK_LEAVING;
	}
	await_tool(++last);
	store_release(&there, 0);
	sys(SYS_futex, &there, FUTEX_WAKE, 1);
}

void
check_tell(struct wire_check *answer)
{
	uint32_t number = load_acquire(&waiting);

	store_relaxed(&heard, sys_now());
	*answer = number != 0 ? point : (struct wire_check) { 0 };
	answer->header =
	    (struct wire_header) { sizeof(*answer), WIRE_CHECK, 0 };
	answer->number = number;
}

void
check_go_on(uint64_t number)
{
	if (number > load_relaxed(&free_up_to)) {
		store_release(&free_up_to, (uint32_t) number);
		sys(SYS_futex, &free_up_to, FUTEX_WAKE, 1);
	}
}

void
check_reset(void)
{
	there = 0;
	waiting = 0;
}
