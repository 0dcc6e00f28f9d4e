/*
 * source.c: see source.h.
 *
 * A descriptor for the process, opened before the first snapshot, tells the end
 * of this process from the life of another that got its number. How a process
 * ended is known to its parent alone, except for the moment until the parent
 * has asked: within it, /proc still has the status.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/analyze.h"
#include "client/memory.h"
#include "client/process.h"
#include "top/known.h"
#include "top/proved.h"
#include "top/source.h"

struct source {
	pid_t pid;
	bool follow;               /* look for a successor */
	struct recorder *recorder; /* NULL: nothing is recorded */
	int record_error;          /* of the newest snapshot */
	char name[64];             /* that it must bear: process_name() */
	int pidfd;                 /* -1: the kernel has none to give */
	struct client *first;      /* the symbolizer's, open or not */
	struct client *client;     /* the one to ask; NULL: connection lost */
	struct symbolizer *symbolizer;
	struct known known;   /* stacks of the last snapshot */
	struct proved proved; /* verdicts of the last proof */
	bool all;             /* ask for all stacks, the known ones too */
	uint64_t start_ns;    /* tells this program from one it execs */
	enum source_state state;
	char text[256]; /* about the state */
};

static void
disconnect(struct source *source)
{
	if (source->client != source->first) {
		client_close(source->client);
	}
	source->client = NULL;
}

struct source *
source_open(pid_t pid, bool follow, struct failure *failure)
{
	struct source *source = memory_new(1, sizeof(*source));

	source->pid = pid;
	source->follow = follow;
	process_name(pid, source->name, sizeof(source->name));
	source->pidfd = pidfd_open(pid, 0);
	source->first = source->client = client_open(pid, failure);
	if (source->client == NULL) {
		source_close(source);
		return NULL;
	}
	source->start_ns = client_hello(source->client)->start_ns;
	source->symbolizer = symbolizer_new(pid, source->first, failure);
	if (source->symbolizer == NULL) {
		source_close(source);
		return NULL;
	}
	return source;
}

void
source_close(struct source *source)
{
	if (source->symbolizer != NULL) {
		symbolizer_free(source->symbolizer);
	}
	if (source->client != NULL) {
		disconnect(source);
	}
	if (source->first != NULL) {
		client_close(source->first);
	}
	if (source->pidfd >= 0) {
		close(source->pidfd);
	}
	known_fini(&source->known);
	proved_fini(&source->proved);
	free(source);
}

/* Reads the wait status of a process that nobody has waited for yet. */
static bool
read_exit_status(pid_t pid, int *status)
{
	char path[32];
	char line[2048];
	const char *field;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	file = fopen(path, "re");
	if (file == NULL) {
		return false;
	}
	field = fgets(line, sizeof(line), file);
	fclose(file);
	/* The name may hold anything; what follows its bracket does not. */
	field = field != NULL ? strrchr(line, ')') : NULL;
	if (field == NULL || field[1] != ' ' || field[2] != 'Z') {
		return false;
	}
	field = strrchr(line, ' '); /* exit_code is the last */
	return field != NULL && sscanf(field, "%d", status) == 1;
}

static void
has_ended(struct source *source)
{
	int status;

	source->state = SOURCE_ENDED;
	if (!read_exit_status(source->pid, &status)) {
		snprintf(
		    source->text, sizeof(source->text), "target has ended");
	} else if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		snprintf(source->text, sizeof(source->text),
		    "target has ended: killed by SIG%s",
		    name != NULL ? name : "?");
	} else {
		snprintf(source->text, sizeof(source->text),
		    "target has ended: exit status %d", WEXITSTATUS(status));
	}
}

static void
check_end(struct source *source)
{
	struct pollfd end = { .fd = source->pidfd, .events = POLLIN };

	if (source->state == SOURCE_ENDED) {
		return;
	}
	if (source->pidfd >= 0 && poll(&end, 1, 0) == 1) {
		has_ended(source);
	}
}

static void
is_lost(struct source *source, const struct failure *failure)
{
	check_end(source);
	if (source->state != SOURCE_ENDED) {
		source->state = SOURCE_LOST;
		snprintf(source->text, sizeof(source->text),
		    "no answer, trying again: %.200s", failure->text);
	}
}

/*
 * Connects again. The first connection is not closed, because the symbolizer,
 * and with it all frames, lives on; reads through it simply fail from now on.
 */
static bool
reconnect(struct source *source)
{
	struct failure failure;
	struct client *client = client_open(source->pid, &failure);

	if (client == NULL) {
		is_lost(source, &failure);
		return false;
	}
	if (client_hello(client)->start_ns != source->start_ns) {
		client_close(client);
		source->state = SOURCE_ENDED;
		snprintf(source->text, sizeof(source->text),
		    "target has ended: it runs another program now");
		return false;
	}
	source->client = client;
	return true;
}

/* The flags of the next request. */
static uint32_t
flags(const struct source *source)
{
	return WIRE_WITH_STACKS | WIRE_WITH_CREATION |
	    (source->all ? 0 : WIRE_ONLY_NEW);
}

void
source_record(struct source *source, struct recorder *recorder)
{
	source->recorder = recorder;
	if (recorder != NULL) {
		recorder_watch(recorder, source->pid, source->start_ns);
	}
}

/* A recording that cannot go on is told of once. */
static void
record(struct source *source, const struct snapshot *snapshot)
{
	source->record_error = source->recorder != NULL ?
	    recorder_add(source->recorder, snapshot) :
	    0;
	if (source->record_error != 0) {
		source->recorder = NULL;
	}
}

/* All verdicts there are without a proof, or with a new one. */
static int
judge(struct source *source, struct snapshot *snapshot, struct proof *proof,
    struct failure *failure)
{
	int result = 0;

	if (proof == NULL) {
		analyze_verdicts(snapshot);
		proved_apply(&source->proved, snapshot);
		return 0;
	}
	result = proof_judge(
	    source->client, snapshot, PROOF_MAX_STOP_NS, proof, failure);
	if (result == 0) {
		proved_keep(&source->proved, snapshot);
	}
	return result;
}

/* With a proof, if there is a place for it. */
static struct snapshot *
take(struct source *source, struct proof *proof)
{
	struct failure failure;
	struct snapshot *snapshot;

	check_end(source);
	if (source->state == SOURCE_ENDED ||
	    (source->client == NULL && !reconnect(source))) {
		return NULL;
	}
	snapshot = client_snapshot(source->client, flags(source), &failure);
	if (snapshot == NULL || judge(source, snapshot, proof, &failure) != 0) {
		snapshot_free(snapshot);
		disconnect(source);
		is_lost(source, &failure);
		return NULL;
	}
	source->all = !known_fill(&source->known, snapshot);
	analyze_stacks(snapshot, source->symbolizer);
	known_keep(&source->known, snapshot);
	proved_suspect(snapshot);
	record(source, snapshot);
	source->state = SOURCE_LIVE;
	source->text[0] = '\0';
	return snapshot;
}

/* The source of the newest process of the same name, or NULL. */
static struct source *
find_successor(const struct source *source)
{
	struct source *successor = NULL;
	struct failure failure;
	size_t count;
	struct target *targets = client_list(&count, &failure);

	for (size_t i = count; i-- > 0 && successor == NULL;) {
		if (strcmp(targets[i].name, source->name) == 0) {
			successor = source_open(targets[i].pid, true, &failure);
		}
	}
	free(targets);
	if (successor != NULL) {
		source_record(successor, source->recorder);
	}
	return successor;
}

void
source_take(struct source *source, bool prove, struct taken *taken)
{
	bool ended = source->state == SOURCE_ENDED;

	taken->successor =
	    ended && source->follow ? find_successor(source) : NULL;
	source->record_error = 0;
	taken->proved = prove;
	taken->snapshot = take(source, prove ? &taken->proof : NULL);
	taken->proved &= taken->snapshot != NULL;
	taken->record_error = source->record_error;
	taken->state = source->state;
	memcpy(taken->text, source->text, sizeof(taken->text));
}

pid_t
source_pid(const struct source *source)
{
	return source->pid;
}

int
source_end_fd(const struct source *source)
{
	return source->pidfd;
}

uint64_t
source_start_ns(const struct source *source)
{
	return source->start_ns;
}
