/* Sessions and their registry. */
#include "strand_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static void
open_get_close(void **state)
{
	struct strand_registry *registry = strand_registry_new("test");
	struct strand_session *a;
	struct strand_session *b;
	char name[] = "one";
	int owner;

	errno = 0;
	assert_null(strand_session_get(registry, "one"));
	assert_int_equal(errno, ENOENT);
	a = strand_session_open(registry, name, &owner);
	name[0] = 'x';
	assert_string_equal(strand_session_name(a), "one");
	assert_ptr_equal(strand_session_owner(a), &owner);
	assert_true(strand_session_is_open(a));
	assert_int_equal(strand_registry_count(registry), 1);

	b = strand_session_get(registry, "one");
	assert_ptr_equal(a, b);
	strand_session_unref(b);
	errno = 0;
	assert_null(strand_session_open(registry, "one", NULL));
	assert_int_equal(errno, EEXIST);

	assert_int_equal(strand_session_close(a), 0);
	assert_int_equal(strand_session_close(a), ENOENT);
	assert_false(strand_session_is_open(a));
	assert_string_equal(strand_session_name(a), "one");
	assert_null(strand_session_get(registry, "one"));
	assert_int_equal(strand_registry_count(registry), 0);

	b = strand_session_open(registry, "one", NULL);
	assert_non_null(b);
	assert_true(strand_session_id(a) != strand_session_id(b));
	strand_session_unref(a);
	strand_session_unref(b);
	strand_registry_unref(registry);
}

static void
bad_names(void **state)
{
	struct strand_registry *registry = strand_registry_new(NULL);
	struct strand_session *session;
	char name[5000];
	bool opened = true;

	errno = 0;
	assert_null(strand_session_open(registry, NULL, NULL));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(strand_session_get_or_open(registry, NULL, NULL, &opened));
	assert_int_equal(errno, EINVAL);
	assert_false(opened);

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < 20; i++) {
		session = strand_session_open(registry, name + i * i, NULL);
		assert_string_equal(strand_session_name(session), name + i * i);
		strand_session_unref(session);
	}
	session = strand_session_open(registry, "", NULL);
	assert_ptr_equal(strand_session_get(registry, ""), session);
	strand_session_unref(session);
	strand_session_unref(session);
	strand_registry_unref(registry);
}

/* Whatever the order in which the last references go. */
static void
references_outlive_the_registry(void **state)
{
	struct strand_registry *registry = strand_registry_new("test");
	struct strand_session *session =
	    strand_session_open(registry, "a", NULL);

	strand_session_unref(strand_session_open(registry, "b", NULL));
	assert_ptr_equal(strand_registry_ref(registry), registry);
	strand_registry_unref(registry);
	assert_true(strand_session_is_open(session));
	strand_registry_unref(registry);
	assert_false(strand_session_is_open(session));
	assert_int_equal(strand_session_close(session), ENOENT);
	assert_ptr_equal(strand_session_ref(session), session);
	strand_session_unref(session);
	assert_string_equal(strand_session_name(session), "a");
	strand_session_unref(session);
	strand_session_unref(NULL);
	strand_registry_unref(NULL);
}

enum { HUNDRED_THOUSAND = 100000 };

static bool
mark(struct strand_session *session, void *arg)
{
	unsigned char *seen = arg;
	long i = strtol(strand_session_name(session) + 1, NULL, 10);

	assert_int_equal(seen[i], 0);
	seen[i] = 1;
	return true;
}

static void
a_hundred_thousand(void **state)
{
	struct strand_registry *registry = strand_registry_new("many");
	unsigned char *seen = calloc(HUNDRED_THOUSAND, 1);
	struct strand_session *session;
	char name[32];

	for (long i = 0; i < HUNDRED_THOUSAND; i++) {
		snprintf(name, sizeof(name), "s%ld", i);
		session = strand_session_open(registry, name, (void *) i);
		assert_non_null(session);
		strand_session_unref(session);
	}
	assert_int_equal(strand_registry_count(registry), HUNDRED_THOUSAND);
	strand_session_each(registry, mark, seen);
	for (long i = 0; i < HUNDRED_THOUSAND; i++) {
		snprintf(name, sizeof(name), "s%ld", i);
		session = strand_session_get(registry, name);
		assert_non_null(session);
		assert_int_equal(seen[i], 1);
		assert_ptr_equal(strand_session_owner(session), (void *) i);
		if (i % 3)
			assert_int_equal(strand_session_close(session), 0);
		strand_session_unref(session);
	}
	assert_int_equal(
	    strand_registry_count(registry), (HUNDRED_THOUSAND + 2) / 3);
	free(seen);
	strand_registry_unref(registry);
}

/* ---- Visiting ---------------------------------------------------------- */

struct visit {
	struct strand_registry *registry;
	int count;
	int limit;
};

/* Does to the registry whatever a visitor may. */
static bool
meddle(struct strand_session *session, void *arg)
{
	struct visit *visit = arg;
	struct visit inner = { visit->registry, 0, 3 };
	char name[32];

	assert_true(strand_session_is_open(session));
	if (++visit->count % 2)
		assert_int_equal(strand_session_close(session), 0);
	if (visit->limit > 10) {
		snprintf(name, sizeof(name), "new%d", visit->count);
		strand_session_unref(
		    strand_session_open(visit->registry, name, NULL));
		strand_session_each(visit->registry, meddle, &inner);
		assert_true(inner.count <= 3);
	}
	return visit->count < visit->limit;
}

static void
visitors_may_do_anything(void **state)
{
	struct visit visit = { strand_registry_new("test"), 0, 5000 };
	char name[32];

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%d", i);
		strand_session_unref(
		    strand_session_open(visit.registry, name, NULL));
	}
	strand_session_each(visit.registry, meddle, &visit);
	assert_true(visit.count >= 1 && visit.count <= 5000);
	strand_registry_unref(visit.registry);
}

static bool
stop(struct strand_session *session, void *arg)
{
	return ++*(int *) arg < 7;
}

static void
visit_can_be_stopped(void **state)
{
	struct strand_registry *registry = strand_registry_new("test");
	struct strand_session *session;
	int count = 0;
	char name[32];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		strand_session_unref(strand_session_open(registry, name, NULL));
	}
	strand_session_each(registry, stop, &count);
	assert_int_equal(count, 7);
	session = strand_session_get(registry, "50");
	assert_int_equal(strand_session_close(session), 0);
	strand_session_unref(session);
	strand_registry_unref(registry);
}

/* ---- Being in a session ------------------------------------------------ */

static void
report_session(void *arg)
{
	struct strand_session *session = strand_session_current();

	strand_chan_send(arg, &session, STRAND_FOREVER);
}

static struct strand_session *
session_of_new_task(struct strand_chan *chan)
{
	struct strand_session *session;

	test_go(report_session, chan);
	assert_int_equal(strand_chan_recv(chan, &session, STRAND_FOREVER), 0);
	test_drain();
	return session;
}

static void
enter_and_inherit(void **state)
{
	struct strand_registry *registry = strand_registry_new("test");
	struct strand_session *a = strand_session_open(registry, "a", NULL);
	struct strand_session *b = strand_session_open(registry, "b", NULL);
	struct strand_chan *chan = strand_chan_new(sizeof(void *), 0);
	struct strand_session *before;

	assert_null(strand_session_current());
	assert_null(strand_session_enter(a));
	assert_ptr_equal(session_of_new_task(chan), a);
	before = strand_session_enter(b);
	assert_ptr_equal(before, a);
	assert_ptr_equal(session_of_new_task(chan), b);

	/* Back into a, whose reference came with the return. */
	strand_session_unref(strand_session_enter(before));
	strand_session_unref(before);
	assert_ptr_equal(strand_session_current(), a);
	assert_int_equal(strand_session_close(a), 0);
	strand_session_unref(a);
	assert_string_equal(strand_session_name(strand_session_current()), "a");
	strand_session_unref(strand_session_enter(NULL));
	assert_null(strand_session_current());
	assert_null(session_of_new_task(chan));

	strand_session_unref(b);
	strand_chan_unref(chan);
	strand_registry_unref(registry);
}

static void
enter_only(void *arg)
{
	strand_session_enter(arg);
}

static void *
enter_in_thread(void *arg)
{
	strand_session_enter(arg);
	return NULL;
}

/* The leak checker sees it if a task or a thread keeps its reference. */
static void
the_end_leaves(void **state)
{
	struct strand_registry *registry = strand_registry_new("test");
	struct strand_session *a = strand_session_open(registry, "a", NULL);
	struct strand_chan *chan = strand_chan_new(sizeof(void *), 0);
	pthread_t thread;

	test_go(enter_only, a);
	test_drain();
	assert_null(session_of_new_task(chan));
	assert_int_equal(pthread_create(&thread, NULL, enter_in_thread, a), 0);
	pthread_join(thread, NULL);
	strand_session_unref(a);
	strand_chan_unref(chan);
	strand_registry_unref(registry);
}

/* ---- Races ------------------------------------------------------------- */

struct race {
	struct strand_registry *registry;
	struct strand_wg *done;
	_Atomic int opened;
	_Atomic int closed;
};

enum { RACERS = 6, NAMES = 50, TURNS = 4000 };

static void
race_to_open(void *arg)
{
	struct race *race = arg;
	char name[32];
	bool opened;

	for (int i = 0; i < TURNS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		strand_session_unref(strand_session_get_or_open(
		    race->registry, name, NULL, &opened));
		atomic_fetch_add(&race->opened, opened);
	}
	strand_wg_done(race->done);
}

static void
exactly_one_opens(void **state)
{
	struct race race = { strand_registry_new("test"), strand_wg_new(), 0,
		0 };

	strand_wg_add(race.done, RACERS);
	for (int i = 0; i < RACERS; i++)
		test_go(race_to_open, &race);
	strand_wg_wait(race.done, STRAND_FOREVER);
	assert_int_equal(race.opened, TURNS);
	assert_int_equal(strand_registry_count(race.registry), TURNS);
	test_drain();
	strand_wg_unref(race.done);
	strand_registry_unref(race.registry);
}

static bool
touch(struct strand_session *session, void *arg)
{
	*(size_t *) arg += strlen(strand_session_name(session));
	return true;
}

/* Opens, finds, visits and closes a few names, all at once. */
static void
churn(void *arg)
{
	struct race *race = arg;
	struct strand_session *session;
	char name[32];
	size_t sum = 0;
	bool opened;

	for (int i = 0; i < TURNS; i++) {
		snprintf(name, sizeof(name), "session %d", i * 7 % NAMES);
		session = strand_session_get_or_open(
		    race->registry, name, NULL, &opened);
		atomic_fetch_add(&race->opened, opened);
		assert_string_equal(strand_session_name(session), name);
		if (i % 2 && strand_session_close(session) == 0)
			atomic_fetch_add(&race->closed, 1);
		strand_session_unref(session);
		session = strand_session_get(race->registry, "session 7");
		strand_session_unref(session);
		if (i % 100 == 0)
			strand_session_each(race->registry, touch, &sum);
	}
	strand_wg_done(race->done);
}

static void
all_at_once(void **state)
{
	struct race race = { strand_registry_new("test"), strand_wg_new(), 0,
		0 };

	strand_wg_add(race.done, RACERS);
	for (int i = 0; i < RACERS; i++)
		test_go(churn, &race);
	strand_wg_wait(race.done, STRAND_FOREVER);
	assert_int_equal(
	    strand_registry_count(race.registry), race.opened - race.closed);
	test_drain();
	strand_wg_unref(race.done);
	strand_registry_unref(race.registry);
}

static void
close_later(void *arg)
{
	struct strand_session *session = arg;

	strand_session_close(session);
	strand_session_unref(session);
}

/* Sessions are closed while the last reference to the registry goes. */
static void
close_races_with_the_end(void **state)
{
	for (int i = 0; i < 300; i++) {
		struct strand_registry *registry = strand_registry_new("test");
		struct strand_session *a =
		    strand_session_open(registry, "a", NULL);

		test_go(close_later, a);
		strand_registry_unref(registry);
	}
	test_drain();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(open_get_close),
	cmocka_unit_test(bad_names),
	cmocka_unit_test(references_outlive_the_registry),
	cmocka_unit_test(a_hundred_thousand),
	cmocka_unit_test(visitors_may_do_anything),
	cmocka_unit_test(visit_can_be_stopped),
	cmocka_unit_test(enter_and_inherit),
	cmocka_unit_test(the_end_leaves),
	cmocka_unit_test(exactly_one_opens),
	cmocka_unit_test(all_at_once),
	cmocka_unit_test(close_races_with_the_end),
};

test_main(tests)
