/*
 * top_bench.c: what the viewer costs, and how soon it answers.
 *
 *     top_bench [SECONDS]        B is the build's directory, "build" if not set
 *
 * The target is tests/programs/crowd: 10,000 tasks, 5,000 of them in sessions.
 * The viewer runs in a terminal of its own and looks twice a second. Measured
 * are its processor time and the target's, in which nobody but the agent does
 * anything; how long a key takes to change the screen; and how long the first
 * screen takes. Processor time is what is compared where it can be: others use
 * the machine, too.
 *
 * The last figure is its memory while a thousand tasks come and go each second;
 * top_day_bench.c has what is left of that after a day.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>

#include "target.h"

#define SECONDS 10
#define KEYS    300
#define STARTS  5

struct viewer_process {
	pid_t pid;
	int terminal;
};

static char directory[] = "/tmp/stranded-top-bench-XXXXXX";

static void
figure(const char *text, double number, const char *unit, const char *goal)
{
	printf("%-58s %9.3f %-5s %-14s\n", text, number, unit, goal);
}

/* ---- The viewer -------------------------------------------------------- */

static struct viewer_process
viewer_start(pid_t target)
{
	struct winsize size = { .ws_row = 40, .ws_col = 120 };
	struct viewer_process viewer;
	char path[512], pid[16];

	snprintf(path, sizeof path, "%s/stranded", target_build());
	snprintf(pid, sizeof pid, "%d", target);
	fflush(NULL);
	viewer.pid = forkpty(&viewer.terminal, NULL, NULL, &size);
	bench_check(viewer.pid >= 0, "forkpty");
	if (viewer.pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		setenv("XDG_CONFIG_HOME", directory, 1);
		execl(path, path, "top", "--interval=500", "--screen=tasks",
		    pid, (char *) NULL);
		_exit(127);
	}
	return viewer;
}

/* Reads what it draws, for so long; how much it was. */
static size_t
viewer_read(
    const struct viewer_process *viewer, int ms, char *bytes, size_t size)
{
	struct pollfd polled = { .fd = viewer->terminal, .events = POLLIN };
	ssize_t got;

	if (poll(&polled, 1, ms) != 1) {
		return 0;
	}
	got = read(viewer->terminal, bytes, size);
	return got > 0 ? (size_t) got : 0;
}

/* Waits until it has drawn `text`. */
static void
viewer_await(const struct viewer_process *viewer, const char *text)
{
	static char seen[1 << 20];
	size_t used = 0;

	while (used < sizeof seen - 4096 &&
	    memmem(seen, used, text, strlen(text)) == NULL) {
		size_t got = viewer_read(viewer, 20000, seen + used, 4096);

		bench_check(got > 0, "the viewer draws nothing");
		used += got;
	}
}

static void
viewer_stop(struct viewer_process *viewer)
{
	char bytes[4096];

	bench_check(write(viewer->terminal, "q", 1) == 1, "write");
	while (viewer_read(viewer, 5000, bytes, sizeof bytes) > 0) {
		continue;
	}
	waitpid(viewer->pid, NULL, 0);
	close(viewer->terminal);
}

/* Processor time of a process so far, in seconds. */
static double
cpu_of(pid_t pid)
{
	char path[64], line[1024];
	unsigned long user, system;
	const char *fields;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "r");
	bench_check(file && fgets(line, sizeof line, file), path);
	fclose(file);
	fields = strrchr(line, ')');
	bench_check(sscanf(fields,
			") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			"%lu %lu",
			&user, &system) == 2,
	    path);
	return (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
}

/* ---- Figures ----------------------------------------------------------- */

static void
measure_start(pid_t target)
{
	double times[STARTS];

	for (size_t i = 0; i < STARTS; i++) {
		double begun = bench_now_ns();
		struct viewer_process viewer = viewer_start(target);

		viewer_await(&viewer, "prove");
		times[i] = (bench_now_ns() - begun) / 1e9;
		viewer_stop(&viewer);
	}
	figure("top: start to the first screen", bench_median(times, STARTS),
	    "s", "at most 0.5");
}

static void
measure_load(const struct viewer_process *viewer, pid_t target, double seconds)
{
	double begun = bench_now_ns();
	double viewer_cpu = cpu_of(viewer->pid);
	double target_cpu = cpu_of(target);
	double passed = 0;
	char bytes[4096];

	while (passed < seconds) {
		viewer_read(viewer, 100, bytes, sizeof bytes);
		passed = (bench_now_ns() - begun) / 1e9;
	}
	figure("top: the viewer's share of a processor",
	    (cpu_of(viewer->pid) - viewer_cpu) / passed * 100, "%",
	    "at most 10");
	figure("top: the agent's share of a processor",
	    (cpu_of(target) - target_cpu) / passed * 100, "%", "at most 2");
}

/* From the key to the first byte that it changes on the screen. */
static void
measure_keys(const struct viewer_process *viewer)
{
	static double times[KEYS];
	char bytes[1 << 16];

	for (size_t i = 0; i < KEYS; i++) {
		double begun;

		while (viewer_read(viewer, 7, bytes, sizeof bytes) > 0) {
			continue;
		}
		begun = bench_now_ns();
		bench_check(
		    write(viewer->terminal, i % 40 < 20 ? "j" : "k", 1) == 1,
		    "write");
		bench_check(viewer_read(viewer, 5000, bytes, sizeof bytes) > 0,
		    "the viewer does not answer");
		times[i] = (bench_now_ns() - begun) / 1e6;
	}
	figure("top: a key to the screen, median", bench_median(times, KEYS),
	    "ms", "");
	figure("top: a key to the screen, 99 of 100", times[KEYS * 99 / 100],
	    "ms", "at most 50");
}

/* ---- Churn ------------------------------------------------------------- */

/* The whole viewer, while tasks come and go as fast. */
static void
measure_churn(double seconds)
{
	const char *const argv[] = { "crowd", "--tasks=1000", "--sessions=500",
		"--churn=1000", NULL };
	struct bench_target target = target_start(argv, 1);
	struct viewer_process viewer = viewer_start(target.pid);
	double begun = bench_now_ns();
	char bytes[4096], path[64];
	long pages = 0;
	FILE *file;

	while (bench_now_ns() - begun < seconds * 1e9) {
		viewer_read(&viewer, 100, bytes, sizeof bytes);
	}
	snprintf(path, sizeof path, "/proc/%d/statm", viewer.pid);
	file = fopen(path, "r");
	bench_check(file && fscanf(file, "%*d %ld", &pages) == 1, path);
	fclose(file);
	figure("top: the viewer's memory amid such churn",
	    (double) pages * (double) sysconf(_SC_PAGESIZE) / (1 << 20), "MiB",
	    "at most 100");
	viewer_stop(&viewer);
	target_stop(&target);
}

int
main(int argc, char **argv)
{
	const char *const crowd[] = { "crowd", NULL };
	double seconds = argc > 1 ? atof(argv[1]) : SECONDS;
	struct viewer_process viewer;
	struct bench_target target;
	char command[128];

	bench_check(mkdtemp(directory) != NULL, directory);
	setenv("STRANDED_DIR", directory, 1);
	target = target_start(crowd, 1);
	measure_start(target.pid);
	viewer = viewer_start(target.pid);
	viewer_await(&viewer, "prove");
	measure_load(&viewer, target.pid, seconds);
	measure_keys(&viewer);
	viewer_stop(&viewer);
	target_stop(&target);
	measure_churn(seconds);
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}
