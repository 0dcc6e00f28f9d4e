/*
 * top.c: the viewer's loop.
 *
 * It waits for five things at once: a key, a signal, the end of the target, a
 * snapshot that was asked for, and the time to ask for the next one. None of
 * them makes it wait for another: the snapshots are taken by a thread, and
 * signals are read from a descriptor.
 */
#include "top/top.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "record/recorder.h"
#include "top/interrupts.h"
#include "top/replay.h"
#include "top/screen.h"
#include "top/settings.h"
#include "top/source.h"
#include "top/taker.h"
#include "top/viewer.h"

#define MS_NS        INT64_C(1000000)
#define INTERVAL_MS  1000 /* if nothing else is said */
#define FOLLOW_MS    500  /* between two looks for a successor */
#define WAIT_MOST_MS 2000 /* from one moment of a recording to the next */
#define PAST_MOMENTS 60   /* of a recording that are gone through first */
#define ROWS_ONCE    24   /* of one screen as text, */
#define COLUMNS_ONCE 100  /* if nobody says how large */

struct loop {
	const struct top_options *options;
	struct settings settings;
	struct taker *taker;   /* has the source; NULL: a recording is shown */
	struct replay *replay; /* that recording */
	struct recorder *recorder; /* NULL: nothing is recorded */
	int end_fd; /* readable when the target has ended; -1: none */
	struct viewer viewer;
	struct canvas canvas;
	struct interrupts interrupts;
	int fatal; /* the signal to die of, or 0 */
	int64_t interval_ns;
	int64_t asked_ns; /* when the newest snapshot was asked for */
	int64_t due_ns;   /* when to ask for the next */
	bool show_all;    /* the terminal's contents are not to be trusted */
};

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- Snapshots --------------------------------------------------------- */

static void
show(struct loop *loop, const struct taken *taken)
{
	if (taken->snapshot != NULL && loop->viewer.paused && !taken->proved) {
		snapshot_free(taken->snapshot); /* asked for before the pause */
	} else if (taken->snapshot != NULL) {
		viewer_feed(&loop->viewer, taken->snapshot);
	}
	viewer_connection(&loop->viewer, taken->state, taken->text);
	if (taken->proved) {
		viewer_proved(&loop->viewer, &taken->proof);
	}
	if (taken->record_error != 0) {
		loop->viewer.recording = "recording ended";
		viewer_say(&loop->viewer, "the recording has ended: %s",
		    strerror(taken->record_error));
	}
}

static void
ask(struct loop *loop)
{
	loop->asked_ns = now_ns();
	taker_ask(loop->taker, loop->viewer.prove);
	loop->viewer.prove = false;
}

/* Starts the thread that asks the source, which is its own from now on. */
static int
start_taker(struct loop *loop, struct source *source, struct failure *failure)
{
	loop->end_fd = source_end_fd(source);
	loop->taker = taker_new(source);
	if (loop->taker == NULL) {
		failure_set(
		    failure, EXIT_FAILED, "top cannot start a thread: %m");
		viewer_watch(&loop->viewer, 0, 0);
		source_close(source);
		return -1;
	}
	loop->due_ns = now_ns() + loop->interval_ns;
	return 0;
}

/*
 * Another process has taken the place of the one that has ended. What is shown
 * points to what the old source knows, and goes with it.
 */
static void
succeed(struct loop *loop, struct source *successor)
{
	struct failure failure;
	pid_t pid = source_pid(successor);

	viewer_watch(&loop->viewer, pid, source_start_ns(successor));
	taker_free(loop->taker);
	if (start_taker(loop, successor, &failure) != 0) {
		viewer_connection(&loop->viewer, SOURCE_ENDED, failure.text);
		return;
	}
	viewer_connection(&loop->viewer, SOURCE_LIVE, "");
	viewer_say(&loop->viewer, "now process %d", (int) pid);
	loop->due_ns = now_ns();
}

/*
 * The next snapshot is due an interval after this one was. If they take longer
 * than that, the target has as much time to itself as it spends on them.
 */
static void
receive(struct loop *loop)
{
	int64_t now = now_ns();
	struct taken taken;

	if (!taker_answer(loop->taker, &taken)) {
		return;
	}
	if (taken.successor != NULL) {
		succeed(loop, taken.successor);
		return;
	}
	show(loop, &taken);
	loop->due_ns = loop->asked_ns + loop->interval_ns;
	if (taken.state == SOURCE_ENDED) {
		loop->due_ns = now + FOLLOW_MS * MS_NS;
	} else if (taken.snapshot == NULL) {
		loop->due_ns = now + loop->interval_ns;
	} else if (loop->due_ns < now) {
		loop->due_ns = now + (now - loop->asked_ns);
	}
}

/* May the loop ask for a snapshot, or a successor, now or when it is due? */
static bool
may_ask(const struct loop *loop)
{
	return loop->taker != NULL && !taker_is_busy(loop->taker) &&
	    (loop->viewer.state != SOURCE_ENDED || loop->options->follow);
}

static bool
will_ask(const struct loop *loop)
{
	return may_ask(loop) && !loop->viewer.paused;
}

/* ---- A recording ------------------------------------------------------- */

static void
show_moment(struct loop *loop)
{
	struct replay *replay = loop->replay;
	struct recording_moment moment = replay_moment(replay);
	struct snapshot *snapshot = replay_load(replay);
	int64_t wait = replay_wait_ns(replay);

	loop->viewer.moment = (struct moment) {
		.recorded = true,
		.index = replay_index(replay),
		.count = replay_count(replay),
		.unix_ns = snapshot->began_unix_ns,
	};
	loop->viewer.pid = moment.pid;
	loop->viewer.start_ns = moment.start_ns;
	viewer_feed(&loop->viewer, snapshot);
	loop->due_ns = now_ns() +
	    (wait > WAIT_MOST_MS * MS_NS ? WAIT_MOST_MS * MS_NS : wait);
	if (wait < 0) {
		loop->viewer.paused = true;
	}
}

/* What came before the first moment to show, so that there is a past. */
static void
show_past(struct loop *loop, size_t moment)
{
	size_t index = moment > 0 ? moment - 1 : SIZE_MAX;
	size_t from;

	show_moment(loop);
	replay_go(loop->replay, index);
	index = replay_index(loop->replay);
	from = index > PAST_MOMENTS ? index - PAST_MOMENTS : 1;
	for (size_t i = from; i <= index; i++) {
		replay_go(loop->replay, i);
		show_moment(loop);
	}
	loop->viewer.paused = true;
}

/* The keys may have asked for another moment, or for going on. */
static void
play(struct loop *loop)
{
	struct viewer *viewer = &loop->viewer;
	size_t last = replay_count(loop->replay) - 1;

	if (viewer->seek != 0) {
		replay_step(loop->replay, viewer->seek, viewer->far);
		viewer->seek = 0;
		show_moment(loop);
		viewer->paused = true;
	} else if (!viewer->paused && now_ns() >= loop->due_ns) {
		/* From the end it goes on at the beginning. */
		replay_go(loop->replay,
		    replay_index(loop->replay) == last ?
			0 :
			replay_index(loop->replay) + 1);
		show_moment(loop);
	}
}

/* ---- The terminal ------------------------------------------------------ */

static void
resize(struct loop *loop)
{
	int rows;
	int columns;

	screen_measure(&rows, &columns);
	canvas_resize(&loop->canvas, rows, columns);
	loop->show_all = true;
}

static void
stop(struct loop *loop)
{
	screen_suspend();
	interrupts_obey(SIGTSTP);
	screen_resume();
	resize(loop);
}

static void
read_signals(struct loop *loop)
{
	int number;

	while ((number = interrupts_next(&loop->interrupts)) != 0) {
		switch (number) {
		case SIGWINCH:
			resize(loop);
			break;
		case SIGTSTP:
			stop(loop);
			break;
		case SIGCONT:
			/* Whoever had the terminal meanwhile has written. */
			screen_resume();
			resize(loop);
			break;
		default:
			loop->fatal = number;
			break;
		}
	}
}

static void
read_keys(struct loop *loop)
{
	struct screen_event event;

	while ((event = screen_event()).code != KEY_CODE_NONE) {
		if (event.code >= KEY_CODE_CLICK &&
		    event.code <= KEY_CODE_WHEEL_DOWN) {
			viewer_mouse(
			    &loop->viewer, event.code, event.row, event.column);
		} else {
			viewer_key(&loop->viewer, event.code);
		}
	}
	if (loop->viewer.copy != NULL) {
		screen_copy(loop->viewer.copy);
		free(loop->viewer.copy);
		loop->viewer.copy = NULL;
	}
}

static void
draw(struct loop *loop)
{
	layout_draw(&loop->viewer, &loop->canvas);
	screen_show(&loop->canvas, loop->show_all || loop->viewer.redraw);
	loop->show_all = loop->viewer.redraw = false;
}

/* ---- The loop ---------------------------------------------------------- */

/* How long to wait, in poll's manner. */
static int
timeout_ms(const struct loop *loop)
{
	int64_t left = loop->due_ns - now_ns();

	if (loop->replay != NULL ? loop->viewer.paused : !will_ask(loop)) {
		return -1;
	}
	return left > 0 ? (int) ((left + MS_NS - 1) / MS_NS) : 0;
}

/* The end of the target is told by the snapshot that does not come any more. */
static bool
awaits_end(const struct loop *loop)
{
	return may_ask(loop) && loop->viewer.state != SOURCE_ENDED;
}

static void
wait_for_something(struct loop *loop)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = loop->interrupts.fd, .events = POLLIN },
		{ .fd = loop->taker != NULL ? taker_fd(loop->taker) : -1,
		    .events = POLLIN },
		{ .fd = awaits_end(loop) ? loop->end_fd : -1,
		    .events = POLLIN },
	};

	if (poll(fds, 4, timeout_ms(loop)) < 0) {
		return;
	}
	if (fds[1].revents) {
		read_signals(loop);
	}
	if (fds[2].revents) {
		receive(loop);
	}
	if (fds[0].revents & POLLIN) {
		read_keys(loop);
	} else if (fds[0].revents) {
		loop->fatal = SIGHUP; /* the terminal is no more */
	}
	if (loop->replay != NULL) {
		play(loop);
	} else if ((fds[3].revents && awaits_end(loop)) ||
	    (may_ask(loop) && loop->viewer.prove) ||
	    (will_ask(loop) && now_ns() >= loop->due_ns)) {
		ask(loop);
	}
}

static void
run(struct loop *loop)
{
	resize(loop);
	while (!loop->viewer.quit && loop->fatal == 0) {
		draw(loop);
		wait_for_something(loop);
	}
}

/* ---- Beginning and end ------------------------------------------------- */

bool
top_has_screen(const char *name)
{
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		if (strcmp(views[i]->name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* What the command line says goes before what was chosen once. */
static void
set_up(struct loop *loop)
{
	const struct top_options *options = loop->options;
	int interval_ms = options->interval_ms;

	viewer_init(&loop->viewer);
	settings_load(&loop->settings, &loop->viewer);
	if (interval_ms == 0) {
		interval_ms = loop->settings.interval_ms;
	}
	if (interval_ms <= 0) {
		interval_ms = INTERVAL_MS;
	}
	loop->interval_ns = interval_ms * MS_NS;
	for (size_t i = 0; options->screen != NULL && i < VIEW_COUNT; i++) {
		if (strcmp(views[i]->name, options->screen) == 0) {
			loop->viewer.screen = i;
		}
	}
	canvas_init(&loop->canvas,
	    options->ascii || loop->settings.ascii || !screen_unicode());
}

/* The first snapshot comes before the screen: what is wrong is said there. */
static struct source *
open_source(struct loop *loop, struct failure *failure)
{
	const struct top_options *options = loop->options;
	struct source *source =
	    source_open(options->pid, options->follow, failure);
	struct taken taken;

	if (source == NULL) {
		return NULL;
	}
	source_record(source, loop->recorder);
	viewer_watch(
	    &loop->viewer, source_pid(source), source_start_ns(source));
	source_take(source, false, &taken);
	if (taken.snapshot == NULL) {
		failure_set(failure, EXIT_NO_TARGET, "%s", taken.text);
		source_close(source);
		return NULL;
	}
	show(loop, &taken);
	return source;
}

static int
open_replay(struct loop *loop, struct failure *failure)
{
	loop->replay = replay_open(loop->options->replay, failure);
	if (loop->replay == NULL) {
		return -1;
	}
	if (loop->options->moment > replay_count(loop->replay)) {
		return failure_set(failure, EXIT_USAGE,
		    "the last moment in %s is %zu", loop->options->replay,
		    replay_count(loop->replay));
	}
	show_past(loop, loop->options->moment);
	return 0;
}

static int
open_recorder(struct loop *loop, struct failure *failure)
{
	if (loop->options->record != NULL) {
		loop->recorder = recorder_open(loop->options->record, failure);
		loop->viewer.recording = "recording";
	}
	return loop->options->record != NULL && loop->recorder == NULL ? -1 : 0;
}

/* A process: the thread that asks it. */
static int
begin_live(struct loop *loop, struct failure *failure)
{
	struct source *source = open_source(loop, failure);

	return source != NULL ? start_taker(loop, source, failure) : -1;
}

static int
begin(struct loop *loop, struct failure *failure)
{
	const struct top_options *options = loop->options;

	/* Before there is another thread, which would get them. */
	if (interrupts_open(&loop->interrupts) != 0) {
		return failure_set(
		    failure, EXIT_FAILED, "top cannot receive signals: %m");
	}
	if (open_recorder(loop, failure) != 0 ||
	    (options->replay != NULL ? open_replay(loop, failure) :
				       begin_live(loop, failure)) != 0) {
		return -1;
	}
	return screen_open(options->color,
	    !options->no_mouse && !loop->settings.no_mouse, failure);
}

/* A thread that is still waiting for an answer keeps the recorder, too. */
static void
end(struct loop *loop)
{
	bool busy = loop->taker != NULL && taker_is_busy(loop->taker);

	interrupts_close(&loop->interrupts);
	viewer_fini(&loop->viewer);
	canvas_fini(&loop->canvas);
	if (loop->taker != NULL) {
		taker_free(loop->taker);
	}
	if (!busy) {
		recorder_close(loop->recorder);
	}
	replay_close(loop->replay);
}

/* ---- One screen as text ------------------------------------------------ */

static int
size_of(const char *variable, int otherwise)
{
	const char *text = getenv(variable);
	long size = text != NULL ? strtol(text, NULL, 10) : 0;

	return size > 0 && size <= 1000 ? (int) size : otherwise;
}

/* As large as the terminal, or as LINES and COLUMNS say. */
static void
size_once(struct canvas *canvas)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 ||
	    size.ws_col == 0) {
		size.ws_row = ROWS_ONCE;
		size.ws_col = COLUMNS_ONCE;
	}
	canvas_resize(canvas, size_of("LINES", size.ws_row),
	    size_of("COLUMNS", size.ws_col));
}

static int
once(struct loop *loop, struct failure *failure)
{
	struct source *source = NULL;

	if (open_recorder(loop, failure) != 0) {
		return -1;
	}
	if (loop->options->replay != NULL) {
		if (open_replay(loop, failure) != 0) {
			return -1;
		}
	} else {
		source = open_source(loop, failure);
		if (source == NULL) {
			return -1;
		}
	}
	loop->viewer.plain = true;
	size_once(&loop->canvas);
	layout_draw(&loop->viewer, &loop->canvas);
	canvas_print(&loop->canvas, stdout);
	viewer_watch(&loop->viewer, 0, 0);
	if (source != NULL) {
		source_close(source);
	}
	return 0;
}

int
top_run(const struct top_options *options, struct failure *failure)
{
	struct loop loop = { .options = options, .interrupts = { .fd = -1 } };
	int result;

	set_up(&loop);
	if (options->once) {
		result = once(&loop, failure);
		end(&loop);
		return result;
	}
	result = screen_check(failure);
	if (result == 0) {
		result = begin(&loop, failure);
	}
	if (result == 0) {
		run(&loop);
		screen_close();
	}
	if (loop.viewer.quit) {
		settings_save(&loop.settings, &loop.viewer);
	}
	end(&loop);
	if (loop.fatal != 0) {
		interrupts_obey(loop.fatal);
	}
	return result;
}
