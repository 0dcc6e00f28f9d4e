/*
 * probe_fixture.h: the probe's parts in a program of their own.
 *
 * The tests link everything but the wrappers, the agent's thread and the
 * constructor (see probe.a in tests.mk): what those would provide stands here.
 * A test that hangs is ended by an alarm. Include it once, in the test itself.
 */
#ifndef UNIT_PROBE_FIXTURE_H
#define UNIT_PROBE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/agent.h"
#include "probe/init.h"
#include "probe/probe.h"
#include "probe/real.h"
#include "probe/session.h"
#include "probe/sys.h"
#include "probe/task.h"

#define FIXTURE_SECONDS 60

#ifdef __SANITIZE_THREAD__
#define FIXTURE_TSAN 1
#else
#define FIXTURE_TSAN 0
#endif

int init_pid;
int64_t init_time;
static bool confined;
int agent_tid;

uint32_t
agent_ranges(struct wire_range *ranges)
{
	return 0;
}

bool
init_probe(void)
{
	return true;
}

bool
init_is_confined(void)
{
	return confined;
}

bool
init_is_vfork_child(void)
{
	return sys(SYS_getpid) != init_pid;
}

/* As the constructor would; once a program. */
static int
fixture_begin(void **state)
{
	init_pid = getpid();
	init_time = sys_now();
	task_clock = init_time;
	real_resolve();
	real_resolve_libc();
	if (!FIXTURE_TSAN) {
		task_init();
	}
	session_init();
	return 0;
}

/*
 * A thread that has a record ends with this. Under the thread sanitizer its
 * record is ended here: what runs as late as the probe does finds that the
 * sanitizer has already given up the thread.
 */
static inline void
fixture_end_thread(void)
{
	if (FIXTURE_TSAN) {
		task_end(task_self);
		task_self = NULL;
	}
}

static int
fixture_setup(void **state)
{
	alarm(FIXTURE_SECONDS);
	return 0;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup(name, fixture_setup)

/*
 * A stack that belongs to nobody: `size` bytes, and its bounds. Waits that lie
 * in it can be made to nest, or to be jumped over, without jumping.
 */
struct fixture_stack {
	_Alignas(16) uint8_t bytes[16 << 10];
};

static inline struct bounds
fixture_bounds(const struct fixture_stack *stack)
{
	return (struct bounds) { (uintptr_t) stack->bytes,
		(uintptr_t) stack->bytes + sizeof stack->bytes };
}

/* The wait that lies `offset` bytes above the stack's lower end. */
static inline struct stranded_wait *
fixture_wait(struct fixture_stack *stack, size_t offset)
{
	return (struct stranded_wait *) (stack->bytes + offset);
}

/* A place whose stack pointer is at `offset`. */
static inline struct stranded_place
fixture_place(struct fixture_stack *stack, size_t offset)
{
	return (struct stranded_place) { (void *) 0x1234, stack->bytes + offset,
		(void *) 0x5678 };
}

#endif
