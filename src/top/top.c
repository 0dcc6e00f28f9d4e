/*
 * top.c: the viewer's loop.
 *
 * It waits for five things at once: a key, a signal, the end of the target, a
 * snapshot that was asked for, and the time to ask for the next one. None of
 * them makes it wait for another: the snapshots are taken by a thread, and
 * signals are blocked and read from a descriptor, so that none can come between
 * the look at a flag and the wait, and so that everything they call for, curses
 * included, may be done right here. The signals that end the process do so: the
 * terminal is given back, and then the signal is let through, so that the
 * caller sees what it should.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "top/screen.h"
#include "top/source.h"
#include "top/taker.h"
#include "top/top.h"
#include "top/viewer.h"

struct loop {
	struct source *source; /* until the taker has it */
	struct taker *taker;
	int end_fd; /* readable when the target has ended */
	struct viewer viewer;
	struct canvas canvas;
	sigset_t before; /* the mask of signals outside the loop */
	int signals;     /* the descriptor they are read from */
	int fatal;       /* the signal to die of, or 0 */
	int64_t interval_ns;
	int64_t asked_ns; /* when the newest snapshot was asked for */
	int64_t due_ns;   /* when to ask for the next */
	bool show_all;    /* the terminal's contents are not to be trusted */
};

static const int fatal_signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

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
	if (taken->snapshot != NULL) {
		viewer_feed(&loop->viewer, taken->snapshot);
	}
	viewer_connection(&loop->viewer, taken->state, taken->text);
}

static void
ask(struct loop *loop)
{
	loop->asked_ns = now_ns();
	taker_ask(loop->taker);
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
	show(loop, &taken);
	loop->due_ns = loop->asked_ns + loop->interval_ns;
	if (taken.snapshot == NULL) {
		loop->due_ns = now + loop->interval_ns;
	} else if (loop->due_ns < now) {
		loop->due_ns = now + (now - loop->asked_ns);
	}
}

/* May the loop ask for a snapshot, now or when it is due? */
static bool
may_ask(const struct loop *loop)
{
	return !taker_is_busy(loop->taker) &&
	    loop->viewer.state != SOURCE_ENDED;
}

static bool
will_ask(const struct loop *loop)
{
	return may_ask(loop) && !loop->viewer.paused;
}

/* ---- Signals ----------------------------------------------------------- */

/* A signal that the caller ignores, as under nohup, stays ignored. */
static void
add_fatal_signals(sigset_t *set)
{
	for (size_t i = 0; i < sizeof(fatal_signals) / sizeof(int); i++) {
		struct sigaction action;

		sigaction(fatal_signals[i], NULL, &action);
		if (action.sa_handler != SIG_IGN) {
			sigaddset(set, fatal_signals[i]);
		}
	}
}

static int
block_signals(struct loop *loop)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	add_fatal_signals(&set);
	loop->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->signals < 0) {
		return -1;
	}
	sigprocmask(SIG_BLOCK, &set, &loop->before);
	return 0;
}

/* Lets a blocked signal do what it does by default, now. */
static void
die_or_stop(int signal_number)
{
	sigset_t set;
	sigset_t before;

	signal(signal_number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &set, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

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
	die_or_stop(SIGTSTP);
	screen_resume();
	resize(loop);
}

static void
read_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
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
			loop->fatal = (int) info.ssi_signo;
			break;
		}
	}
}

/* ---- The loop ---------------------------------------------------------- */

static void
read_keys(struct loop *loop)
{
	int key;

	while ((key = screen_key()) != KEY_CODE_NONE) {
		viewer_act(&loop->viewer, keys_action(key));
	}
}

static void
draw(struct loop *loop)
{
	viewer_draw(&loop->viewer, &loop->canvas);
	screen_show(&loop->canvas, loop->show_all || loop->viewer.redraw);
	loop->show_all = loop->viewer.redraw = false;
}

/* How long to wait, in poll's manner. */
static int
timeout_ms(const struct loop *loop)
{
	int64_t left = loop->due_ns - now_ns();

	if (!will_ask(loop)) {
		return -1;
	}
	return left > 0 ? (int) ((left + 999999) / 1000000) : 0;
}

/* The end of the target is told by the snapshot that does not come any more. */
static void
wait_for_something(struct loop *loop)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = loop->signals, .events = POLLIN },
		{ .fd = taker_fd(loop->taker), .events = POLLIN },
		{ .fd = may_ask(loop) ? loop->end_fd : -1, .events = POLLIN },
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
	if (fds[3].revents || (will_ask(loop) && now_ns() >= loop->due_ns)) {
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

/* The first snapshot comes before the screen: what is wrong is said there. */
static int
begin(struct loop *loop, const struct top_options *options,
    struct failure *failure)
{
	struct taken taken;

	loop->source = source_open(options->pid, failure);
	if (loop->source == NULL) {
		return -1;
	}
	viewer_init(&loop->viewer, options->pid, source_start_ns(loop->source));
	canvas_init(&loop->canvas, options->ascii || !screen_unicode());
	loop->interval_ns = (int64_t) options->interval_ms * 1000000;
	loop->end_fd = source_end_fd(loop->source);
	source_take(loop->source, &taken);
	show(loop, &taken);
	loop->due_ns = now_ns() + loop->interval_ns;
	if (taken.snapshot == NULL) {
		return failure_set(failure, EXIT_NO_TARGET, "%s", taken.text);
	}
	if (block_signals(loop) != 0) {
		return failure_set(
		    failure, EXIT_FAILED, "top cannot receive signals: %m");
	}
	loop->taker = taker_new(loop->source);
	if (loop->taker == NULL) {
		return failure_set(
		    failure, EXIT_FAILED, "top cannot start a thread: %m");
	}
	loop->source = NULL;
	return screen_open(options->color, failure);
}

static void
end(struct loop *loop)
{
	if (loop->signals >= 0) {
		close(loop->signals);
		sigprocmask(SIG_SETMASK, &loop->before, NULL);
	}
	viewer_fini(&loop->viewer);
	canvas_fini(&loop->canvas);
	if (loop->taker != NULL) {
		taker_free(loop->taker);
	}
	if (loop->source != NULL) {
		source_close(loop->source);
	}
}

int
top_run(const struct top_options *options, struct failure *failure)
{
	struct loop loop = { .signals = -1 };
	int result = screen_check(failure);

	if (result == 0) {
		result = begin(&loop, options, failure);
	}
	if (result == 0) {
		run(&loop);
		screen_close();
	}
	end(&loop);
	if (loop.fatal != 0) {
		die_or_stop(loop.fatal);
	}
	return result;
}
