/*
 * top_test.c: the viewer, in a real terminal.
 *
 * tmux is the terminal: each test has a tmux server of its own, on a socket in
 * the test's directory, with one window of fixed size in which a shell runs.
 * Keys are sent to it, and the text of the screen is what is looked at. The
 * target is the session server that loses a task with each client.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENTS 5

static struct harness_program *server;
static int port;

/* Where the viewer keeps the choices that are made in a test. */
static const char *
settings_folder(void)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/stranded", harness_directory());
	return path;
}

/* ---- The terminal ------------------------------------------------------ */

static const char *
terminal_socket(void)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/tmux", harness_directory());
	return path;
}

/* A command of tmux to the test's own server. */
#define TMUX(...)                                                              \
	harness_command(                                                       \
	    "tmux", "-f", "/dev/null", "-S", terminal_socket(), __VA_ARGS__)

/* Sends keys, each a word as tmux has them. */
#define KEYS(...) TMUX("send-keys", "-t", "top", __VA_ARGS__)

static const char *
terminal_text(void)
{
	return TMUX("capture-pane", "-p", "-t", "top").out;
}

static bool
terminal_shows(const char *text)
{
	return strstr(terminal_text(), text) != NULL;
}

/* Waits until the screen shows `text`. */
static void
await(const char *text)
{
	int64_t end = harness_now_ms() + 10000;

	while (!terminal_shows(text)) {
		if (harness_now_ms() > end) {
			fail_msg("\"%s\" never came; the screen is:\n%s", text,
			    terminal_text());
		}
		harness_sleep_ms(20);
	}
}

/* The same for its going. */
static void
await_gone(const char *text)
{
	HARNESS_UNTIL(!terminal_shows(text));
}

/* Types a command line into the shell. */
static void
type(const char *line)
{
	TMUX("send-keys", "-t", "top", "-l", line);
	KEYS("Enter");
}

static void
terminal_begin(const char *columns, const char *rows)
{
	struct harness_output output = TMUX("new-session", "-d", "-s", "top",
	    "-x", columns, "-y", rows, "PS1='$ ' exec bash --norc --noprofile");

	if (output.status != 0) {
		fail_msg("tmux: %s", output.err);
	}
	await("$");
}

/* ---- The viewer -------------------------------------------------------- */

/* Starts the server, and has clients leave `count` readers behind. */
static void
lose_readers(int count)
{
	for (int i = 0; i < count; i++) {
		int fd = harness_connect(port);

		harness_ask(fd, "hello", "hello");
		harness_ask(fd, "quit", "bye");
	}
}

static void
start_server(void)
{
	server = harness_start(HARNESS_PRELOAD, "session_server");
	port = harness_ready(server);
	lose_readers(CLIENTS);
	harness_await(server, CLIENTS, "chan send", "reader");
}

/* Types the viewer's command line, followed by `more`. */
static void
start_top(const char *options, const char *more)
{
	char line[1024];

	snprintf(line, sizeof line, "clear; %s top --interval=100 %s %d%s",
	    harness_tool(), options, harness_pid(server), more);
	type(line);
	await("Enter open");
}

static int
setup(void **state)
{
	int result = harness_setup(state);

	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("XDG_CONFIG_HOME", harness_directory(), 1);
	unsetenv("TMUX");
	unsetenv("NO_COLOR");
	return result;
}

/* Ends tmux, waits until it has, and removes what it leaves behind. */
static int
teardown(void **state)
{
	for (int i = 0; i < 200 && TMUX("kill-server").status == 0; i++) {
		harness_sleep_ms(20);
	}
	unlink(terminal_socket());
	harness_command("rm", "-rf", settings_folder());
	return harness_teardown(state);
}

/* ---- Tests ------------------------------------------------------------- */

static void
header_and_groups(void **state)
{
	char text[64];

	start_server();
	terminal_begin("100", "30");
	start_top("", "");
	snprintf(text, sizeof text, "session_server  pid %d  up ",
	    harness_pid(server));
	await(text);
	await("live");
	await("5 chan send");
	await("COUNT▾  CHANGE   /MIN  OLDEST STATE");
	await("     5 ");
	await("reader session_server.c:");
	lose_readers(2);
	await("7 chan send");
	await("     7      +2 ");
}

static void
stack_of_a_group(void **state)
{
	char text[128];

	start_server();
	terminal_begin("120", "40");
	start_top("", "");
	await("reader session_server.c:");
	KEYS("Enter");
	await("> Group");
	await("5 in chan send");
	await("strand_chan_send");
	snprintf(text, sizeof text, "tests/programs/session_server.c:%d",
	    harness_marker("session_server.c", "stuck here"));
	await(text);
	await("stuck here"); /* the source of it */
	KEYS("s");
	await("created by");
	await("  serve ");
	KEYS("G");
	await("\"127.0.0.1:");
	KEYS("BSpace");
	await_gone("> Group");
}

static void
sessions(void **state)
{
	int fd;

	start_server();
	fd = harness_connect(port);
	harness_ask(fd, "hello", "hello");
	terminal_begin("120", "40");
	start_top("", "");
	KEYS("Tab", "Tab");
	await("PEER/NAME");
	await(harness_name(fd));
	await("registry");
	await("user ended"); /* those that lost readers serve come first */
	KEYS("g", "Enter");
	await("> Session");
	await("opened by");
	await("[chan send, ");
	await("reader");
	KEYS("1");
	await("COUNT▾  CHANGE");
}

static void
any_size(void **state)
{
	start_server();
	terminal_begin("100", "30");
	start_top("", "");
	TMUX("resize-window", "-t", "top", "-x", "60", "-y", "15");
	await_gone("VERDICT");
	await("reader session_server");
	await("q quit");
	TMUX("resize-window", "-t", "top", "-x", "10", "-y", "3");
	harness_sleep_ms(300);
	TMUX("resize-window", "-t", "top", "-x", "300", "-y", "100");
	await("CREATED BY");
	await("q quit");
	KEYS("?");
	await("the next screen");
	KEYS("q");
	await_gone("the next screen");
}

static void
target_ends(void **state)
{
	start_server();
	terminal_begin("80", "24");
	start_top("", "; echo status $?");
	harness_kill(server);
	await("target has ended");
	await("5 chan send");
	KEYS("Enter");
	await("strand_chan_send");
	KEYS("q");
	await("COUNT▾  CHANGE");
	KEYS("q");
	await("status 0");
}

/* A target that does not answer does not keep the keys from working. */
static void
target_hangs(void **state)
{
	start_server();
	terminal_begin("80", "24");
	start_top("", "");
	kill(harness_pid(server), SIGSTOP);
	harness_sleep_ms(300);
	KEYS("3");
	await("PEER/NAME");
	await("no answer");
	KEYS("1");
	await("COUNT▾  CHANGE");
	kill(harness_pid(server), SIGCONT);
	await("live");
}

static void
pause_and_go_on(void **state)
{
	start_server();
	terminal_begin("80", "24");
	start_top("", "");
	KEYS("Space");
	await("paused");
	lose_readers(1);
	harness_await(server, CLIENTS + 1, "chan send", "reader");
	harness_sleep_ms(300);
	assert_true(terminal_shows("5 chan send"));
	KEYS("Space");
	await("live");
	await("6 chan send");
}

/* Quits, and finds the terminal as it was: its modes, and what it showed. */
static void
terminal_is_given_back(void **state)
{
	start_server();
	terminal_begin("80", "24");
	type("before=$(stty -g); echo was here");
	await("\nwas here");
	start_top("", "; echo status $?");
	await_gone("was here");
	KEYS("q");
	await("status 0");
	type("test \"$(stty -g)\" = \"$before\" && echo as it was");
	await("\nas it was");
}

/* The viewer's pid: the only child of the pane's shell. */
static pid_t
top_pid(void)
{
	char path[64];
	char pids[64] = "";
	int shell = atoi(TMUX("display", "-p", "-t", "top", "#{pane_pid}").out);
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", shell, shell);
	file = fopen(path, "re");
	assert_non_null(file);
	(void) fgets(pids, sizeof pids, file);
	fclose(file);
	assert_int_not_equal(atoi(pids), 0);
	return atoi(pids);
}

/* Ends it by `number`, and finds the terminal as it was. */
static void
kill_top(int number)
{
	char line[128];

	start_top("", "");
	kill(top_pid(), number);
	await_gone("Enter open");
	snprintf(line, sizeof line,
	    "test $? = %d -a \"$(stty -g)\" = \"$before\" && echo right",
	    128 + number);
	type(line);
	await("\nright");
}

static void
signals_give_it_back(void **state)
{
	start_server();
	terminal_begin("80", "24");
	type("before=$(stty -g)");
	kill_top(SIGTERM);
	kill_top(SIGHUP);
	kill_top(SIGINT);
}

static void
stop_and_continue(void **state)
{
	start_server();
	terminal_begin("80", "24");
	start_top("", "");
	KEYS("Enter");
	await("> Group");
	KEYS("C-z");
	await("Stopped");
	type("stty size");
	await("24 80");
	type("fg");
	await("> Group");
	KEYS("q");
	await("COUNT▾  CHANGE");
	lose_readers(1);
	await("6 chan send");
}

static void
plain_looks(void **state)
{
	start_server();
	terminal_begin("80", "24");
	type("export NO_COLOR=1");
	start_top("--ascii", "");
	lose_readers(1);
	await("+1");
	for (const char *c = TMUX("capture-pane", "-p", "-e", "-t", "top").out;
	     *c != '\0'; c++) {
		assert_in_range(*c, 1, 127);
		/* A foreground colour: ESC [ ... 3x m. */
		assert_false(
		    strncmp(c, "\033[3", 3) == 0 && c[3] != '9' && c[4] == 'm');
	}
}

/* Types keys, and finds what each leads to. */
static void
every_key(void **state)
{
	start_server();
	terminal_begin("120", "40");
	start_top("", "");
	await("5 chan send");
	KEYS("2");
	await("ID▴ NAME");
	KEYS(">", "F6");
	await("STATE▴");
	KEYS("<", "<", "I");
	await("ID▾ NAME");
	KEYS("t");
	await("by holder");
	KEYS("t");
	await("by creator");
	KEYS("F5");
	await("tasks as a list");
	KEYS("\\");
	KEYS("-l", "fn:reader");
	await("Filter: fn:reader");
	await("of 5");
	KEYS("Enter");
	await_gone("Filter:");
	KEYS("F4", "C-u");
	KEYS("-l", "nobody");
	await("no row passes the filter");
	KEYS("Escape");
	await("of 6");
	KEYS("/");
	KEYS("-l", "poll");
	await("Search: poll");
	KEYS("Enter", "Enter");
	await("> Task");
	await("created by");
	KEYS("J");
	KEYS("Left");
	await_gone("> Task");
	KEYS("n", "N", "w");
	await("in 5m");
	KEYS("4");
	await("RECEIVERS");
	KEYS("5");
	await("VERDICT");
	KEYS("BTab");
	await("RECEIVERS");
	KEYS("End", "Home", "NPage", "PPage", "G", "g", "j", "k", "Down", "Up");
	KEYS("[");
	await("only a recording");
	KEYS("F1");
	await("> Help");
	KEYS("F10");
	await_gone("> Help");
	KEYS("C-l");
	await("RECEIVERS");
}

/* A mouse's button or wheel, as the terminal tells of it. */
static void
point(int button, int column, int row)
{
	char bytes[3][8];

	snprintf(bytes[0], sizeof bytes[0], "%x", 32 + button);
	snprintf(bytes[1], sizeof bytes[1], "%x", 33 + column);
	snprintf(bytes[2], sizeof bytes[2], "%x", 33 + row);
	KEYS("-H", "1b", "5b", "4d", bytes[0], bytes[1], bytes[2]);
	if (button == 0) { /* and is let go of */
		KEYS("-H", "1b", "5b", "4d", "23", bytes[1], bytes[2]);
	}
}

/* The row of the screen that has `text`, from 0. */
static int
row_with(const char *text)
{
	const char *screen = terminal_text();
	const char *found = strstr(screen, text);
	int row = 0;

	assert_non_null(found);
	for (; screen < found; screen++) {
		row += *screen == '\n';
	}
	return row;
}

/* Keys of another terminal than TERM names are not taken for letters. */
static void
unknown_keys(void **state)
{
	start_server();
	terminal_begin("100", "30");
	type("export TERM=vt100");
	start_top("", "");
	KEYS("F6", "F12", "3");
	await("PEER/NAME");
	KEYS("F5", "F9", "w");
	await("the last 5m");
	assert_true(terminal_shows("PEER/NAME"));
	KEYS("Escape");
	KEYS("1");
	await("COUNT");
}

static void
mouse(void **state)
{
	start_server();
	terminal_begin("100", "30");
	start_top("", "");
	point(0, 12, row_with("1 Groups"));
	await("ID▴ NAME");
	point(0, 9, row_with("ID▴"));
	await("NAME▴");
	await("6 of 6");
	point(64, 9, row_with("NAME▴") + 2);
	await("3 of 6");
	point(0, 9, row_with("NAME▴") + 1);
	await("1 of 6");
	point(0, 9, row_with("NAME▴") + 1);
	await("> Task");
	KEYS("q", "q");
	await_gone("Enter open");
	/* The mouse is the terminal's, if that is wished. */
	start_top("--no-mouse --screen=groups", "");
	point(0, 12, row_with("1 Groups"));
	harness_sleep_ms(200);
	assert_true(terminal_shows("COUNT▾"));
}

static void
copied_and_dumped(void **state)
{
	char line[512];

	start_server();
	terminal_begin("120", "40");
	TMUX("set", "-g", "set-clipboard", "on");
	start_top("", "");
	KEYS("y");
	await("copied");
	HARNESS_UNTIL(
	    strstr(TMUX("show-buffer").out, "session_server.c:") != NULL);
	KEYS("d");
	await("Write a dump");
	KEYS("C-u");
	snprintf(line, sizeof line, "%s/.dump.json", harness_directory());
	KEYS("-l", line);
	KEYS("Enter");
	await("written to");
	harness_command("cat", line);
	assert_non_null(strstr(harness_command("cat", line).out, "chan send"));
}

static void
choices_are_kept(void **state)
{
	start_server();
	terminal_begin("100", "30");
	start_top("", "; echo status $?");
	KEYS("3", ">", "w", "q");
	await("status 0");
	start_top("", "");
	await("GONE▾");
	await("in 5m");
	KEYS("q");
	await_gone("Enter open");
	start_top("--screen=tasks", "");
	await("ID▴ NAME");
}

static void
once(void **state)
{
	struct harness_output output;
	char pid[16];

	start_server();
	snprintf(pid, sizeof pid, "%d", harness_pid(server));
	setenv("COLUMNS", "100", 1);
	setenv("LINES", "20", 1);
	output = harness_stranded("top", "--once", pid);
	unsetenv("COLUMNS");
	unsetenv("LINES");
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "5 chan send"));
	assert_non_null(strstr(output.out, "reader session_server.c:"));
	assert_null(strchr(output.out, '\033'));
	output = harness_stranded("top", "--once", "--screen=nowhere", pid);
	assert_int_equal(output.status, 2);
}

/* The server comes back as another process, and the viewer goes on with it. */
static void
successor(void **state)
{
	char text[32];

	start_server();
	terminal_begin("100", "30");
	start_top("--follow", "");
	harness_kill(server);
	await("target has ended");
	start_server();
	snprintf(text, sizeof text, "pid %d ", harness_pid(server));
	await(text);
	await("live");
	await("5 chan send");
}

/* A link to the file stays one; what is no file is left alone. */
static void
choices_elsewhere(void **state)
{
	char kept[300];
	char link[300];
	struct stat status;
	FILE *file;

	snprintf(kept, sizeof kept, "%s/kept", harness_directory());
	snprintf(link, sizeof link, "%s/top.conf", settings_folder());
	file = fopen(kept, "we");
	assert_non_null(file);
	fputs("screen tasks\n", file);
	fclose(file);
	assert_int_equal(mkdir(settings_folder(), 0700), 0);
	assert_int_equal(symlink("../kept", link), 0);
	start_server();
	terminal_begin("100", "30");
	start_top("", "; echo status $?");
	await("ID▴ NAME");
	KEYS("3", "q");
	await("status 0");
	assert_int_equal(lstat(link, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_true(harness_file_has(kept, "screen sessions"));
	unlink(link);
	unlink(kept);
	assert_int_equal(mkfifo(link, 0600), 0);
	start_top("", "; echo status $?");
	await("COUNT▾  CHANGE");
	KEYS("q");
	await("status 0");
	assert_int_equal(lstat(link, &status), 0);
	assert_true(S_ISFIFO(status.st_mode));
}

/* What is being looked at does not make room for a successor. */
static void
successor_waits_for_a_pause(void **state)
{
	char text[32];

	start_server();
	terminal_begin("100", "30");
	start_top("--follow --interval=50", "");
	await("5 chan send");
	KEYS("Space");
	await("paused");
	harness_kill(server);
	await("target has ended");
	start_server();
	snprintf(text, sizeof text, "pid %d ", harness_pid(server));
	harness_sleep_ms(1000);
	assert_false(terminal_shows(text));
	assert_true(terminal_shows("5 chan send"));
	KEYS("Space");
	await(text);
	await("live");
}

/* The viewer is killed; what it has recorded is there. */
static void
record_and_replay(void **state)
{
	struct harness_output output;
	char path[256];
	char line[512];

	start_server();
	terminal_begin("110", "30");
	snprintf(path, sizeof path, "%s/.recording", harness_directory());
	snprintf(line, sizeof line, "--record=%s", path);
	start_top(line, "");
	await("5 chan send");
	await("s  recording");
	lose_readers(3);
	await("8 chan send");
	kill(top_pid(), SIGKILL);
	harness_kill(server);
	type("reset; stty sane");
	await("$");
	snprintf(line, sizeof line, "clear; %s top --replay=%s; echo status $?",
	    harness_tool(), path);
	type(line);
	await("8 chan send");
	await("paused");
	await("moment");
	for (int i = 0; i < 1000 && !terminal_shows("5 chan send"); i++) {
		KEYS("[");
	}
	await("5 chan send");
	KEYS("}");
	await("8 chan send");
	KEYS("{");
	await("moment 1 of");
	KEYS("]");
	await("moment 2 of");
	KEYS("Space");
	await("8 chan send");
	KEYS("Enter");
	await("strand_chan_send");
	KEYS("q", "q");
	await("status 0");
	output = harness_stranded("dump", "--replay", path);
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "8 chan send"));
	output = harness_stranded("leaks", "--replay", path);
	assert_int_equal(output.status, 0);
	assert_non_null(strstr(output.out, "this is a recording"));
	snprintf(line, sizeof line, "%s/.first.json", harness_directory());
	output = harness_stranded("dump", "--replay", path, "--moment=1",
	    "--format=json", "--output", line);
	assert_int_equal(output.status, 0);
	output = harness_stranded("diff", line, path);
	assert_int_equal(output.status, 1);
	assert_non_null(strstr(output.out, "grown: 5 -> 8 tasks"));
	output = harness_stranded("top", "--once", "--replay", line);
	assert_int_equal(output.status, 4);
	assert_non_null(strstr(output.err, "is no recording"));
}

/* Clients by the hundred come and go, and children too: it stays usable. */
static void
target_floods(void **state)
{
	char port_option[32];

	start_server();
	terminal_begin("100", "30");
	start_top("", "");
	snprintf(port_option, sizeof port_option, "--port=%d", port);
	harness_start(HARNESS_BARE, "session_client", port_option, "--waves=40",
	    "--clients=25", "--hangup");
	for (int i = 0; i < 10; i++) {
		KEYS("2", "G", "Enter");
		await("> Task");
		KEYS("BSpace", "3", "G", "t", "1");
		await("COUNT▾");
	}
	KEYS("q");
	await_gone("Enter open");
}

static void
no_terminal(void **state)
{
	struct harness_output output;
	char pid[16];

	start_server();
	snprintf(pid, sizeof pid, "%d", harness_pid(server));
	output = harness_stranded("top", pid);
	assert_in_range(output.status, 2, 4);
	assert_non_null(strstr(output.err, "terminal"));
	assert_string_equal(output.out, "");
}

/* Children are processes of their own: the viewer stays with what it has. */
static void
target_forks(void **state)
{
	char text[32];

	server = harness_start(HARNESS_PRELOAD, "forker", "--fork=3");
	harness_ready(server);
	terminal_begin("100", "30");
	start_top("", "");
	snprintf(text, sizeof text, "forker  pid %d ", harness_pid(server));
	await(text);
	await("live");
	harness_kill(server);
	await("target has ended");
}

#define TOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TOP_TEST(header_and_groups),
		TOP_TEST(stack_of_a_group),
		TOP_TEST(sessions),
		TOP_TEST(any_size),
		TOP_TEST(target_ends),
		TOP_TEST(target_hangs),
		TOP_TEST(pause_and_go_on),
		TOP_TEST(terminal_is_given_back),
		TOP_TEST(signals_give_it_back),
		TOP_TEST(stop_and_continue),
		TOP_TEST(plain_looks),
		TOP_TEST(every_key),
		TOP_TEST(unknown_keys),
		TOP_TEST(mouse),
		TOP_TEST(copied_and_dumped),
		TOP_TEST(choices_are_kept),
		TOP_TEST(choices_elsewhere),
		TOP_TEST(once),
		TOP_TEST(successor),
		TOP_TEST(successor_waits_for_a_pause),
		TOP_TEST(record_and_replay),
		TOP_TEST(target_floods),
		TOP_TEST(target_forks),
		TOP_TEST(no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
