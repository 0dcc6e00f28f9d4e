/* top_viewer_test.c: what is drawn, and what keys do, without a terminal. */
#include <locale.h>
#include <wchar.h>

#include "unit/top_snapshot.h"

#include "top/viewer.h"

/* A viewer on a canvas. */
struct stage {
	struct viewer viewer;
	struct canvas canvas;
	char *rows[300]; /* what was drawn last */
};

static void
stage_begin(struct stage *stage, int rows, int columns, bool ascii)
{
	*stage = (struct stage) { 0 };
	viewer_init(&stage->viewer);
	viewer_watch(&stage->viewer, 4711, 0);
	canvas_init(&stage->canvas, ascii);
	canvas_resize(&stage->canvas, rows, columns);
}

static void
stage_forget(struct stage *stage)
{
	for (int i = 0; i < stage->canvas.rows; i++) {
		free(stage->rows[i]);
		stage->rows[i] = NULL;
	}
}

static void
stage_end(struct stage *stage)
{
	stage_forget(stage);
	viewer_fini(&stage->viewer);
	canvas_fini(&stage->canvas);
}

/* One row of the canvas as UTF-8, trailing blanks left out. */
static char *
row_text(const struct canvas *canvas, int row)
{
	char *text = malloc((size_t) canvas->columns * MB_CUR_MAX + 1);
	size_t used = 0;

	assert_non_null(text);
	for (int i = 0; i < canvas->columns; i++) {
		wchar_t symbol = canvas_cell(canvas, row, i)->symbol;

		if (symbol != 0) {
			used += (size_t) wctomb(text + used, symbol);
		}
	}
	while (used > 0 && text[used - 1] == ' ') {
		used--;
	}
	text[used] = '\0';
	return text;
}

static void
draw(struct stage *stage)
{
	stage_forget(stage);
	layout_draw(&stage->viewer, &stage->canvas);
	for (int i = 0; i < stage->canvas.rows; i++) {
		stage->rows[i] = row_text(&stage->canvas, i);
	}
}

static void
press(struct stage *stage, int key)
{
	viewer_key(&stage->viewer, key);
	draw(stage);
}

/* Presses the keys of a text. */
static void
type(struct stage *stage, const char *text)
{
	for (; *text != '\0'; text++) {
		press(stage, (unsigned char) *text);
	}
}

/* The row that has `text` in it, or -1. */
static int
row_with(const struct stage *stage, const char *text)
{
	for (int i = 0; i < stage->canvas.rows; i++) {
		if (strstr(stage->rows[i], text) != NULL) {
			return i;
		}
	}
	return -1;
}

static void
expect(const struct stage *stage, const char *text)
{
	if (row_with(stage, text) < 0) {
		for (int i = 0; i < stage->canvas.rows; i++) {
			print_error("|%s\n", stage->rows[i]);
		}
		fail_msg("not on the screen: %s", text);
	}
}

static void
expect_not(const struct stage *stage, const char *text)
{
	assert_int_equal(row_with(stage, text), -1);
}

static struct snapshot *
server(int second, int readers)
{
	struct snapshot *snapshot = snapshot_empty(second);

	snapshot_add_main(snapshot, 1, second);
	for (int i = 0; i < readers; i++) {
		char name[32];
		uint64_t id = (uint64_t) i + 2;

		snprintf(name, sizeof(name), "10.0.0.%d:999", i);
		snapshot_add_reader(snapshot, id, 10 + i, id + 100);
		snapshot_add_session(snapshot, id + 100, name, id);
	}
	return snapshot;
}

static void
header_and_groups(void **state)
{
	struct stage stage;

	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	viewer_feed(&stage.viewer, server(101, 5));
	draw(&stage);
	expect(&stage, "session_server  pid 4711  up 1m41s");
	expect(&stage, "live");
	expect(&stage, "Sessions       5 +0.0/s -0.0/s");
	expect(&stage, "3..5 in 1m");
	expect(&stage, "▄");
	expect(&stage, "Blocked        6 of 6 tasks");
	expect(&stage, "Leaked         0 suspect 0");
	expect(&stage, "Tasks    5 chan send  1 IO accept");
	expect(&stage, "COUNT▾  CHANGE   /MIN  OLDEST STATE");
	expect(&stage, "     5      +2            14s chan send");
	expect(&stage, "reader session_server.c:58");
	expect(&stage, "main session_server.c:140");
	expect(&stage, "Enter open");
	assert_string_equal(
	    stage.rows[5] + strlen(stage.rows[5]) - 6, "1 of 2");
	stage_end(&stage);
}

/* On a high screen there is a row for each number; on a low one, for all. */
static void
headers_of_all_sizes(void **state)
{
	struct stage stage;
	struct snapshot *snapshot = server(100, 3);

	snapshot->uncovered = calloc(1, sizeof(*snapshot->uncovered));
	snapshot->uncovered[0] = (struct uncovered) { 77, "it is shy" };
	snapshot->uncovered_count = 1;
	stage_begin(&stage, 40, 100, false);
	viewer_feed(&stage.viewer, snapshot);
	draw(&stage);
	expect(&stage, "not covered: 1");
	expect(&stage, "Not covered: 1 thread, 77: it is shy");
	expect(&stage, "Suspect        0");
	stage_forget(&stage);
	canvas_resize(&stage.canvas, 15, 80);
	draw(&stage);
	expect(
	    &stage, "Sessions 3 +0.0/s -0.0/s  Blocked 4 of 4  Leaked 0 +0?");
	stage_end(&stage);
}

static void
ascii_is_ascii(void **state)
{
	struct stage stage;
	struct snapshot *snapshot = server(100, 3);

	free(snapshot->sessions[0].name);
	snapshot->sessions[0].name = strdup("日本\033[2J");
	stage_begin(&stage, 24, 60, true);
	viewer_feed(&stage.viewer, snapshot);
	for (const char *key = "12t345?q"; *key != '\0'; key++) {
		press(&stage, *key);
		for (int i = 0; i < stage.canvas.rows; i++) {
			for (const char *c = stage.rows[i]; *c != '\0'; c++) {
				assert_in_range(*c, 0x20, 0x7e);
			}
		}
	}
	stage_end(&stage);
}

static void
page_is_opened_and_closed(void **state)
{
	struct stage stage;

	stage_begin(&stage, 40, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	draw(&stage);
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "> Group");
	expect(&stage, "COUNT▾");
	expect(&stage, "3 in chan send, +0 since");
	expect(&stage, "reader             tests/programs/session_server.c:58");
	expect(&stage, "strand_chan_send   lib/chan.c:212");
	expect(&stage, "created by");
	press(&stage, 'G');
	expect(&stage, "task 4 \"reader\" [chan send, 12s]");
	expect(&stage, "session 104 \"10.0.0.2:999\"");
	expect(&stage, "Backspace back");
	press(&stage, KEY_CODE_BACKSPACE);
	expect_not(&stage, "> Group");
	press(&stage, KEY_CODE_ENTER);
	press(&stage, 'q');
	expect_not(&stage, "> Group");
	assert_false(stage.viewer.quit);
	press(&stage, KEY_CODE_ESCAPE);
	assert_false(stage.viewer.quit);
	press(&stage, 'q');
	assert_true(stage.viewer.quit);
	stage_end(&stage);
}

/* Moves the cursor of the page to the line with `text`. */
static void
go_to(struct stage *stage, const char *text)
{
	press(stage, '/');
	type(stage, text);
	press(stage, KEY_CODE_ENTER);
}

/* From a group to a task, its session, and all the way back. */
static void
links_lead_on_and_back(void **state)
{
	struct stage stage;

	stage_begin(&stage, 60, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, KEY_CODE_ENTER);
	go_to(&stage, "task 3");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "> Group > Task");
	expect(&stage, "task 3 \"reader\" [chan send, 11s]");
	go_to(&stage, "session 103");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "> Group > Task > Session");
	expect(&stage, "session 103 \"10.0.0.1:999\" registry, open");
	press(&stage, KEY_CODE_LEFT);
	press(&stage, KEY_CODE_BACKSPACE);
	expect(&stage, "> Group ");
	expect_not(&stage, "> Task");
	/* No end to it, and the first way back is forgotten. */
	for (int i = 0; i < 2 * PAGES_MAX; i++) {
		go_to(&stage, "task 3");
		press(&stage, KEY_CODE_ENTER);
		go_to(&stage, "one of 3");
		press(&stage, KEY_CODE_ENTER);
	}
	assert_int_equal(stage.viewer.pages.count, PAGES_MAX);
	stage_end(&stage);
}

static void
page_outlives_its_subject(void **state)
{
	struct stage stage;

	stage_begin(&stage, 30, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, KEY_CODE_ENTER);
	viewer_feed(&stage.viewer, server(101, 0));
	draw(&stage);
	expect(&stage, "> Group (gone)");
	expect(&stage, "3 in chan send");
	viewer_feed(&stage.viewer, server(102, 4));
	draw(&stage);
	expect(&stage, "4 in chan send, +1 since");
	expect_not(&stage, "(gone)");
	stage_end(&stage);
}

/* The next row's page takes the place of the one that is open. */
static void
rows_beside_a_page(void **state)
{
	struct stage stage;

	stage_begin(&stage, 40, 200, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, '2');
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "task 1 \"main\"");
	press(&stage, 'J');
	expect(&stage, "task 2 \"reader\"");
	assert_int_equal(stage.viewer.pages.count, 1);
	press(&stage, 'K');
	expect(&stage, "task 1 \"main\"");
	stage_end(&stage);
}

static void
sessions_screen(void **state)
{
	struct stage stage;
	struct snapshot *snapshot = server(100, 3);

	snapshot->sessions[1].state = SESSION_PEER_CLOSED;
	snapshot->sessions[1].peer_closed_ns = 65 * SECOND;
	snapshot->sessions[1].verdict = VERDICT_SUSPECT;
	snapshot->sessions[1].why = "the peer has gone";
	stage_begin(&stage, 50, 100, false);
	viewer_feed(&stage.viewer, snapshot);
	press(&stage, '3');
	expect(&stage, "ID PEER/NAME");
	expect(&stage, "   102 10.0.0.0:999");
	expect(&stage, "peer closed  1m05s  1m30s     5s      1        1 main");
	/* The one that is abandoned comes first. */
	assert_int_equal(row_with(&stage, "   103 10.0.0.1:999"),
	    row_with(&stage, "ID PEER/NAME") + 1);
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "> Session");
	expect(&stage, "session 103 \"10.0.0.1:999\" registry, peer closed");
	expect(&stage, "suspect: the peer has gone");
	expect(&stage, "opened 1m30s ago, last used 5s ago");
	expect(&stage, "tasks: 1");
	expect(&stage, "task 3 \"reader\" [chan send, 11s]");
	expect(&stage, "session_server.c:58");
	press(&stage, '1');
	expect(&stage, "COUNT▾  CHANGE");
	press(&stage, '5');
	expect(&stage, "suspect");
	expect(&stage, "session 103 pe");
	stage_end(&stage);
}

/* Task 1 holds what 2 waits for, which holds what 3 waits for. */
static struct snapshot *
chain(void)
{
	struct snapshot *snapshot = snapshot_empty(10);
	struct task *task;

	snapshot_add_task(snapshot, 1, "boss", STRANDED_SLEEP, 50);
	for (uint64_t id = 2; id <= 4; id++) {
		task = snapshot_add_task(
		    snapshot, id, "worker", STRANDED_MUTEX, 40);
		task->holder = id == 4 ? 2 : id - 1;
		task->object = 0x1000 * (id == 4 ? 3 : id);
		task->created_by_id = 1;
	}
	task = snapshot_add_task(snapshot, 5, "orphan", STRANDED_MUTEX, 9);
	task->object = 0x9000;
	task->holder_tid = 4242;
	return snapshot;
}

static void
tasks_as_trees(void **state)
{
	struct stage stage;

	stage_begin(&stage, 40, 120, false);
	viewer_feed(&stage.viewer, chain());
	press(&stage, 't'); /* from the groups: to the tasks */
	expect(&stage, "by holder");
	expect(&stage, "     1 boss");
	expect(&stage, "     2 └─worker");
	expect(&stage, "     3   ├─worker");
	expect(&stage, "     4   └─worker");
	expect(&stage, "thread 4242");
	expect(&stage, "     5 └─orphan");
	press(&stage, 't');
	expect(&stage, "by creator");
	expect(&stage, "     3 ├─worker");
	expect_not(&stage, "thread 4242   ");
	press(&stage, 't');
	expect_not(&stage, "├─");
	stage_end(&stage);
}

/* The task's page says whom it waits for, and who waits for it. */
static void
blame_is_told(void **state)
{
	struct stage stage;

	stage_begin(&stage, 50, 120, false);
	viewer_feed(&stage.viewer, chain());
	press(&stage, '2');
	press(&stage, 'j');
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "task 2 \"worker\" [mutex lock, 40s]");
	expect(&stage, "waits for 0x2000");
	expect(&stage, "held by task 1 \"boss\"");
	expect(&stage, "waited for by 2");
	expect(&stage, "task 4 \"worker\"");
	press(&stage, 'J');
	expect(&stage, "to blame: task 1 \"boss\"");
	go_to(&stage, "waits for");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "what 0x3000 is waited for as: mutex lock");
	expect(&stage, "held by task 2");
	press(&stage, '2');
	press(&stage, 'G');
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "held by thread 4242, which is not known");
	stage_end(&stage);
}

static void
channels_screen(void **state)
{
	static uint64_t senders[] = { 2 };
	struct snapshot *snapshot = server(100, 2);
	struct stage stage;

	snapshot->channels = calloc(1, sizeof(*snapshot->channels));
	snapshot->channel_count = 1;
	snapshot->channels[0] = (struct channel) {
		.id = 9,
		.object = 0xabc0,
		.length = 3,
		.capacity = 3,
		.created_ns = 70 * SECOND,
		.senders = senders,
		.sender_count = 1,
		.sender = { .told = true },
		.receiver = { .task = 77,
		    .told = true,
		    .ended = true,
		    .place = STACK(stack_main) },
		.created_by = STACK(stack_serve),
	};
	snapshot->tasks[1].object = 0xabc0;
	stage_begin(&stage, 50, 100, false);
	viewer_feed(&stage.viewer, snapshot);
	press(&stage, '4');
	expect(&stage, "     9       3/3        1          0 open    1m10s");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "channel 9 at 0xabc0, open");
	expect(&stage, "holds 3 of 3, created 1m10s ago");
	expect(&stage, "wait to send: 1");
	expect(&stage, "no sender so far");
	expect(&stage, "last receiver");
	expect(&stage, "task 77, which has ended");
	go_to(&stage, "task 2");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "waits for channel 0xabc0");
	expect(&stage, "> Channel > Task");
	stage.viewer.model.snapshot->channels[0].senders = NULL;
	stage_end(&stage);
}

static void
filter_is_typed(void **state)
{
	struct stage stage;

	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, '2');
	press(&stage, '\\');
	type(&stage, "fn:reader");
	expect(&stage, "Filter: fn:reader");
	expect(&stage, "filter: fn:reader  1 of 3");
	press(&stage, KEY_CODE_ENTER);
	expect_not(&stage, "Filter:");
	expect_not(&stage, "IO accept    ");
	viewer_feed(&stage.viewer, server(101, 5));
	draw(&stage);
	expect(&stage, "1 of 5");
	press(&stage, KEY_CODE_F4);
	type(&stage, " session:104");
	expect(&stage, "1 of 1");
	press(&stage, 'w' & 0x1f);
	press(&stage, 'u' & 0x1f);
	type(&stage, "nobody");
	expect(&stage, "no row passes the filter");
	press(&stage, KEY_CODE_ESCAPE);
	press(&stage, 'g');
	expect(&stage, "1 of 6");
	expect_not(&stage, "filter:");
	stage_end(&stage);
}

static void
search_is_typed(void **state)
{
	struct stage stage;

	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 9));
	press(&stage, '3');
	press(&stage, '/');
	type(&stage, "0.0.");
	press(&stage, '4');
	expect(&stage, "5 of 9");
	press(&stage, KEY_CODE_BACKSPACE);
	expect(&stage, "1 of 9");
	type(&stage, "7x");
	expect(&stage, "Search: 0.0.7x");
	press(&stage, KEY_CODE_ESCAPE);
	expect(&stage, "1 of 9");
	press(&stage, '/');
	type(&stage, "10.0");
	press(&stage, KEY_CODE_ENTER);
	press(&stage, 'n');
	press(&stage, 'n');
	expect(&stage, "3 of 9");
	press(&stage, 'N');
	expect(&stage, "2 of 9");
	press(&stage, 'g');
	press(&stage, 'N');
	expect(&stage, "9 of 9");
	stage_end(&stage);
}

static void
columns_sort(void **state)
{
	struct stage stage;

	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, '2');
	expect(&stage, "ID▴");
	press(&stage, 'I');
	expect(&stage, "ID▾");
	assert_int_equal(
	    row_with(&stage, "     4 reader"), row_with(&stage, "ID▾") + 1);
	press(&stage, '>');
	expect(&stage, "NAME▴");
	expect(&stage, "sorted by NAME");
	press(&stage, KEY_CODE_F6);
	expect(&stage, "STATE▴");
	press(&stage, '<');
	press(&stage, '<');
	press(&stage, '<');
	expect(&stage, "sorted by CREATED BY");
	stage_end(&stage);
}

static void
mouse_points(void **state)
{
	struct stage stage;
	int row;

	stage_begin(&stage, 50, 100, false);
	viewer_feed(&stage.viewer, server(100, 9));
	draw(&stage);
	row = row_with(&stage, "1 Groups");
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, row, 12);
	draw(&stage);
	expect(&stage, "ID▴");
	row = row_with(&stage, "ID▴");
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, row, 8);
	draw(&stage);
	expect(&stage, "NAME▴");
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, row + 4, 8);
	draw(&stage);
	expect(&stage, "4 of 10");
	viewer_mouse(&stage.viewer, KEY_CODE_WHEEL_DOWN, row + 4, 8);
	draw(&stage);
	expect(&stage, "7 of 10");
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, row + 7, 8);
	draw(&stage);
	expect(&stage, "> Task");
	row = stage.viewer.layout.page.row;
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, row + 2, 8);
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, row + 2, 8);
	draw(&stage);
	expect(&stage, "> Task > Session");
	viewer_mouse(&stage.viewer, KEY_CODE_WHEEL_UP, row + 2, 8);
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, 49, 99);
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, 0, 0);
	viewer_mouse(&stage.viewer, KEY_CODE_CLICK, 48, 3);
	stage_end(&stage);
}

/* What the clipboard gets is what is open, or what would be. */
static void
stack_is_copied(void **state)
{
	struct stage stage;

	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, 'y');
	assert_non_null(stage.viewer.copy);
	assert_non_null(strstr(
	    stage.viewer.copy, "  reader  tests/programs/session_server.c:58"));
	assert_int_equal(stage.viewer.pages.count, 0);
	press(&stage, KEY_CODE_ENTER);
	press(&stage, 'y');
	expect(&stage, "copied");
	assert_int_equal(stage.viewer.pages.count, 1);
	stage_end(&stage);
}

static void
dump_is_written(void **state)
{
	char path[] = "/tmp/stranded-top-test-XXXXXX";
	struct stage stage;
	char command[128];

	assert_non_null(mkdtemp(path));
	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, 'd');
	expect(&stage, "stranded-4711");
	press(&stage, 'u' & 0x1f);
	type(&stage, path);
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "File exists");
	press(&stage, 'd');
	press(&stage, 'u' & 0x1f);
	type(&stage, path);
	type(&stage, "/dump.json");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "written to /tmp");
	snprintf(command, sizeof(command), "%s/dump.json", path);
	assert_int_equal(remove(command), 0);
	press(&stage, 'd');
	press(&stage, 'u' & 0x1f);
	type(&stage, path);
	type(&stage, "/dump.txt");
	press(&stage, KEY_CODE_ENTER);
	snprintf(command, sizeof(command), "%s/dump.txt", path);
	assert_int_equal(remove(command), 0);
	assert_int_equal(remove(path), 0);
	stage_end(&stage);
}

/* What does not fit is said to go on. */
static void
states_are_cut(void **state)
{
	struct stage stage;

	stage_begin(&stage, 24, 30, false);
	viewer_feed(&stage.viewer, server(100, 3));
	draw(&stage);
	expect(&stage, "3 chan send  1 IO ac…");
	stage_end(&stage);
}

/* It says what it will do, and what the last one did; only y is yes. */
static void
proof_is_asked_for(void **state)
{
	const struct proof proof = { .threads = 41,
		.candidates = 40,
		.proved = 3,
		.stopped_ns = 2500000 };
	const struct proof none = { .why_not = "ptrace is not allowed" };
	struct stage stage;

	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, 'P');
	expect(&stage, "Stop process 4711 for a proof? y/n");
	press(&stage, 'n');
	assert_false(stage.viewer.prove);
	press(&stage, 'P');
	press(&stage, 'y');
	assert_true(stage.viewer.prove);
	viewer_proved(&stage.viewer, &proof);
	draw(&stage);
	expect(
	    &stage, "proved 3 of 40 tasks leaked; 41 threads stopped for 2.5");
	press(&stage, 'P');
	expect(&stage, "(last time: 2.5 ms)");
	press(&stage, KEY_CODE_ESCAPE);
	viewer_proved(&stage.viewer, &none);
	draw(&stage);
	expect(&stage, "no proof: ptrace is not allowed");
	viewer_connection(&stage.viewer, SOURCE_ENDED, "target has ended");
	press(&stage, 'P');
	expect(&stage, "there is no process to stop");
	stage_end(&stage);
}

static void
window_is_changed(void **state)
{
	struct stage stage;

	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, 'w');
	expect(&stage, "3..3 in 5m");
	for (int i = 1; i < HISTORY_WINDOWS; i++) {
		press(&stage, 'w');
	}
	expect(&stage, "3..3 in 1m");
	stage_end(&stage);
}

/* Leaked tasks are told of in the header, the groups, and by themselves. */
static void
verdicts_screen(void **state)
{
	struct snapshot *snapshot = server(100, 3);
	struct stage stage;

	for (size_t i = 1; i <= 2; i++) {
		snapshot->tasks[i].verdict = VERDICT_LEAKED;
		snapshot->tasks[i].why = "Nobody is left to receive.";
		snapshot->tasks[i].cure = "Give it room for one.";
	}
	stage_begin(&stage, 30, 120, false);
	viewer_feed(&stage.viewer, snapshot);
	draw(&stage);
	expect(&stage, "Leaked         2");
	expect(&stage, "leaked");
	press(&stage, '5');
	expect(&stage, "leaked        2    11s chan send");
	expect(&stage, "Nobody is left");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "leaked: Nobody is left to receive.");
	expect(&stage, "Give it room for one.");
	stage_end(&stage);
}

static void
end_is_told(void **state)
{
	struct stage stage;

	stage_begin(&stage, 20, 80, false);
	viewer_feed(&stage.viewer, server(100, 3));
	viewer_connection(
	    &stage.viewer, SOURCE_ENDED, "target has ended: killed by SIGKILL");
	draw(&stage);
	expect(&stage, "target has ended: killed by SIGKILL");
	expect(&stage, "chan send");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "> Group");
	expect(&stage, "target has ended: killed by SIGKILL");
	stage_end(&stage);
}

static void
pause_is_told(void **state)
{
	struct stage stage;

	stage_begin(&stage, 20, 80, false);
	viewer_feed(&stage.viewer, server(100, 3));
	press(&stage, ' ');
	assert_true(stage.viewer.paused);
	expect(&stage, "paused");
	press(&stage, ' ');
	assert_false(stage.viewer.paused);
	expect(&stage, "live");
	stage_end(&stage);
}

/* Every key with a help text is in the help, which scrolls. */
static void
help_is_the_table(void **state)
{
	struct stage stage;

	stage_begin(&stage, 70, 160, false);
	viewer_feed(&stage.viewer, server(100, 1));
	press(&stage, '?');
	press(&stage, '?');
	assert_int_equal(stage.viewer.pages.count, 1);
	stage_forget(&stage);
	canvas_resize(&stage.canvas, 120, 160);
	draw(&stage);
	for (const struct key *key = keys_table; key->code != KEY_CODE_NONE;
	     key++) {
		expect(&stage, key->name);
		if (key->help != NULL) {
			char begin[24];

			snprintf(begin, sizeof(begin), "%s", key->help);
			expect(&stage, begin);
		}
	}
	expect(&stage, "Down, j");
	stage_forget(&stage);
	canvas_resize(&stage.canvas, 15, 80);
	draw(&stage);
	press(&stage, 'G');
	expect(&stage, "draw the screen anew");
	press(&stage, 'g');
	expect(&stage, "everything about the selected row");
	stage_end(&stage);
}

/* No size brings it down, and 60 by 15 shows what matters. */
static void
any_size(void **state)
{
	static const int sizes[][2] = { { 1, 1 }, { 2, 5 }, { 5, 20 },
		{ 15, 60 }, { 100, 300 } };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct stage stage;

		stage_begin(&stage, sizes[i][0], sizes[i][1], false);
		draw(&stage);
		viewer_feed(&stage.viewer, server(100, 40));
		for (const char *key =
			 "jGkg\n\tj\n2t?qqq3\n4\n5\n1w/x\n\\y\n\\\x1b";
		     *key != '\0'; key++) {
			press(&stage, *key);
		}
		if (sizes[i][1] >= 60) {
			expect(&stage, "40");
			expect(&stage, "chan send");
			expect(&stage, "reader session_server");
			expect(&stage, "q quit");
		}
		stage_end(&stage);
	}
}

static void
nameless_places_are_shown(void **state)
{
	static const struct frame *const frames[] = { &frame_nameless };
	struct snapshot *snapshot = snapshot_empty(5);
	struct stage stage;

	snapshot_add_task(snapshot, 1, "", STRANDED_MUTEX, 3)->stack =
	    STACK(frames);
	snapshot_add_task(snapshot, 2, "", STRANDED_RUNNING, 0);
	stage_begin(&stage, 24, 100, false);
	viewer_feed(&stage.viewer, snapshot);
	draw(&stage);
	expect(&stage, "quiet.so+0xabc");
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "??  /srv/plugins/quiet.so+0xabc");
	expect(&stage, "no stack");
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_groups),
		cmocka_unit_test(headers_of_all_sizes),
		cmocka_unit_test(ascii_is_ascii),
		cmocka_unit_test(page_is_opened_and_closed),
		cmocka_unit_test(links_lead_on_and_back),
		cmocka_unit_test(page_outlives_its_subject),
		cmocka_unit_test(rows_beside_a_page),
		cmocka_unit_test(sessions_screen),
		cmocka_unit_test(tasks_as_trees),
		cmocka_unit_test(blame_is_told),
		cmocka_unit_test(channels_screen),
		cmocka_unit_test(filter_is_typed),
		cmocka_unit_test(search_is_typed),
		cmocka_unit_test(columns_sort),
		cmocka_unit_test(mouse_points),
		cmocka_unit_test(stack_is_copied),
		cmocka_unit_test(dump_is_written),
		cmocka_unit_test(states_are_cut),
		cmocka_unit_test(proof_is_asked_for),
		cmocka_unit_test(window_is_changed),
		cmocka_unit_test(verdicts_screen),
		cmocka_unit_test(end_is_told),
		cmocka_unit_test(pause_is_told),
		cmocka_unit_test(help_is_the_table),
		cmocka_unit_test(any_size),
		cmocka_unit_test(nameless_places_are_shown),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
