/* twins.c: see twins.h. */
#include "twins.h"

#include <string.h>

#include "harness.h"

#define CANNOT    77    /* the status of a case that cannot be done here */
#define CASES_MAX 16    /* in one test */
#define LIFE_MS   10000 /* that a case may take */

enum { BARE, PROBED, DUMPED, RUNS };

static const char *const run_names[RUNS] = { "without the probe",
	"with the probe", "while dumps are made" };

struct twins {
	const char *name;
	struct harness_program *runs[RUNS];
};

/* `name` may have an argument, after a space. */
static void
twins_start(struct twins *twins, const char *program, const char *name)
{
	static char words[CASES_MAX][256];
	static size_t used;
	char *word = words[used++ % CASES_MAX], *arg;

	snprintf(word, sizeof words[0], "%s", name);
	arg = strchr(word, ' ');
	if (arg) {
		*arg++ = '\0';
	}
	twins->name = name;
	twins->runs[BARE] = harness_start(HARNESS_BARE, program, word, arg);
	twins->runs[PROBED] =
	    harness_start(HARNESS_PRELOAD, program, word, arg);
	twins->runs[DUMPED] =
	    harness_start(HARNESS_PRELOAD, program, "--dump", word, arg);
}

/* Waits for the end of all; false if one goes on beyond `end`. */
static bool
twins_end(struct twins *twins, int64_t end)
{
	bool ended = true;

	for (int i = 0; i < RUNS; i++) {
		struct harness_program *run = twins->runs[i];

		while (harness_alive(run) && harness_now_ms() < end) {
			harness_errors(run); /* so that it can go on */
			harness_sleep_ms(10);
		}
		if (harness_alive(run)) {
			print_error("%s, %s: does not end\n", twins->name,
			    run_names[i]);
			harness_kill(run);
			ended = false;
		}
	}
	return ended;
}

static bool
twins_are_same(const struct twins *twins)
{
	struct harness_program *bare = twins->runs[BARE];
	int expected = harness_stop(bare);
	bool same = harness_said(bare)[0] != '\0';

	if (!same) {
		print_error(
		    "%s: does nothing without the probe\n", twins->name);
	}
	if (expected == CANNOT) {
		print_message("%s: %s", twins->name, harness_said(bare));
	}
	for (int i = PROBED; i < RUNS; i++) {
		struct harness_program *run = twins->runs[i];
		int status = harness_stop(run);

		if (status != expected ||
		    strcmp(harness_said(run), harness_said(bare)) != 0) {
			print_error("%s, %s: status %d, not %d: %sinstead of: "
				    "%s",
			    twins->name, run_names[i], status, expected,
			    harness_said(run), harness_said(bare));
			same = false;
		}
	}
	if (strcmp(harness_errors(twins->runs[PROBED]), harness_errors(bare)) !=
	    0) {
		print_error("%s, %s: %s\n", twins->name, run_names[PROBED],
		    harness_errors(twins->runs[PROBED]));
		same = false;
	}
	return same;
}

void
twins_assert_same(const char *program, const char *const names[])
{
	struct twins twins[CASES_MAX];
	int64_t end = harness_now_ms() + LIFE_MS;
	bool good = true;
	size_t count;

	for (count = 0; names[count]; count++) {
		assert_in_range(count, 0, CASES_MAX - 1);
		twins_start(&twins[count], program, names[count]);
	}
	for (size_t i = 0; i < count; i++) {
		good &= twins_end(&twins[i], end) && twins_are_same(&twins[i]);
	}
	assert_true(good);
}
