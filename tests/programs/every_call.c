/*
 * every_call.c: one thread blocked in each call that the probe wraps.
 *
 * The rows are those of the probe's own table: one that has no case here does
 * not compile. For each this prints, once its thread is about to block,
 *
 *     row NAME (fd N | object 0xN | none) (timed | -)
 *
 * or "row NAME passes" if there is nothing that it could be made to wait for.
 * Its thread is named by the row's place in the table: "row 12".
 *
 * At "disturb" on standard input each thread gets a SIGHUP. After "release" all
 * calls are brought to their end, and "wrong NAME" is printed for each that did
 * not come to what it must; "done" at the end. It is the same with the probe
 * and without.
 */
#include "every_call_io.h"
#include "every_call_locks.h"
#include "every_call_system.h"

static struct row rows[] = {
#define WAIT(row, version, state, file) { .name = #row, .call = case_##row },
#include "probe/calls.def"
};

#define ROWS (sizeof rows / sizeof rows[0])

static void *
run(void *arg)
{
	own = arg;
	own->right = own->call();
	return NULL;
}

static void
print_row(const struct row *row)
{
	fprintf(out, "row %s ", row->name);
	switch (row->kind) {
	case NOTHING:
		fprintf(out, "none");
		break;
	case FD:
		fprintf(out, "fd %d", (int) row->object);
		break;
	case OBJECT:
		fprintf(out, "object 0x%lx", (unsigned long) row->object);
		break;
	case PASSES:
		fprintf(out, "passes");
		break;
	}
	fprintf(out, " %s\n", row->timed ? "timed" : "-");
}

/* One after the other: what a thread tells is what it alone waits for. */
static void
start_rows(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		char name[16];

		snprintf(name, sizeof name, "row %zu", i);
		program_check(
		    pthread_create(&rows[i].thread, NULL, run, &rows[i]), name);
		pthread_setname_np(rows[i].thread, name);
		sem_wait(&told);
	}
}

/* The signal that asks for a dump, to each thread. system() ignores SIGQUIT. */
static void
disturb(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].kind != PASSES) {
			pthread_kill(rows[i].thread, SIGHUP);
		}
	}
	fprintf(out, "disturbed\n");
}

static void
release(void)
{
	release_locks();
	release_file_locks();
	for (size_t i = 0; i < action_count; i++) {
		actions[i].fn(actions[i].argument);
	}
}

/* What outlives the process otherwise. */
static void
remove_queues(void)
{
	for (size_t i = 0; i < action_count; i++) {
		if (actions[i].fn == remove_semaphores ||
		    actions[i].fn == remove_messages) {
			actions[i].fn(actions[i].argument);
		}
	}
}

static void
end_rows(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct timespec soon = { .tv_nsec = 20 * 1000000 };

		while (pthread_tryjoin_np(rows[i].thread, NULL) == EBUSY) {
			answer();
			nanosleep(&soon, NULL);
		}
		if (!rows[i].right) {
			fprintf(out, "wrong %s\n", rows[i].name);
		}
	}
}

int
main(void)
{
	char line[16] = "";

	program_begin();
	out = program_need(fdopen(dup(STDOUT_FILENO), "w"), "fdopen");
	setvbuf(out, NULL, _IOLBF, 0);
	sem_init(&told, 0, 0);
	sem_init(&gate, 0, 0);
	sem_init(&begun, 0, 0);
	prepare_signals();
	prepare_locks();
	prepare_resolver();
	prepare_file_locks();
	start_rows();
	for (size_t i = 0; i < ROWS; i++) {
		print_row(&rows[i]);
	}
	fprintf(out, "ready\n");
	while (program_read_line(STDIN_FILENO, line, sizeof line) &&
	    strcmp(line, "disturb") == 0) {
		disturb();
	}
	if (strcmp(line, "release") != 0) {
		remove_queues();
		_exit(0);
	}
	release();
	end_rows();
	fprintf(out, "done\n");
	program_wait();
	return 0;
}
