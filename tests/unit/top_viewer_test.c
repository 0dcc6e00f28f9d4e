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
	viewer_init(&stage->viewer, 4711, 0);
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
	viewer_draw(&stage->viewer, &stage->canvas);
	for (int i = 0; i < stage->canvas.rows; i++) {
		stage->rows[i] = row_text(&stage->canvas, i);
	}
}

static void
press(struct stage *stage, int key)
{
	viewer_act(&stage->viewer, keys_action(key));
	draw(stage);
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
	expect(&stage, "3..5");
	expect(&stage, "▂▄");
	expect(&stage, "Blocked        6 of 6 tasks");
	expect(&stage, "Tasks    5 chan send  1 IO accept");
	expect(&stage, "COUNT CHANGE OLDEST STATE");
	expect(&stage, "     5     +2    14s chan send");
	expect(&stage, "reader session_server.c:58");
	expect(&stage, "main session_server.c:140");
	expect(&stage, "Enter stack");
	assert_string_equal(
	    stage.rows[4] + strlen(stage.rows[4]) - 6, "1 of 2");
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
	for (const char *key = "12?q"; *key != '\0'; key++) {
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
stack_is_opened_and_closed(void **state)
{
	struct stage stage;

	stage_begin(&stage, 30, 100, false);
	viewer_feed(&stage.viewer, server(100, 3));
	draw(&stage);
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "> Stack");
	expect(&stage, "3 in chan send, +0 since");
	expect(&stage, "reader             tests/programs/session_server.c:58");
	expect(&stage, "strand_chan_send   lib/chan.c:212");
	expect(&stage, "created by");
	expect(&stage,
	    "task 4 \"reader\" [chan send, 12s]  session 104 "
	    "\"10.0.0.2:999\"");
	expect(&stage, "Backspace back");
	press(&stage, KEY_CODE_BACKSPACE);
	expect_not(&stage, "> Stack");
	press(&stage, KEY_CODE_ENTER);
	press(&stage, 'q');
	expect_not(&stage, "> Stack");
	assert_false(stage.viewer.quit);
	press(&stage, KEY_CODE_ESCAPE);
	assert_false(stage.viewer.quit);
	press(&stage, 'q');
	assert_true(stage.viewer.quit);
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
	expect(&stage, "> Stack (gone)");
	expect(&stage, "3 in chan send");
	viewer_feed(&stage.viewer, server(102, 4));
	draw(&stage);
	expect(&stage, "4 in chan send, +1 since");
	expect_not(&stage, "(gone)");
	stage_end(&stage);
}

static void
sessions_screen(void **state)
{
	struct stage stage;
	struct snapshot *snapshot = server(100, 3);

	snapshot->sessions[1].state = SESSION_PEER_CLOSED;
	stage_begin(&stage, 30, 100, false);
	viewer_feed(&stage.viewer, snapshot);
	press(&stage, KEY_CODE_TAB);
	expect(&stage, "ID PEER/NAME");
	expect(&stage, "   102 10.0.0.0:999");
	expect(&stage, "peer closed  1m30s     5s     1       1");
	press(&stage, 'j');
	press(&stage, KEY_CODE_ENTER);
	expect(&stage, "> Session");
	expect(&stage, "session 103 \"10.0.0.1:999\" registry, peer closed");
	expect(&stage, "opened 1m30s ago, last used 5s ago");
	expect(&stage, "tasks: 1, blocked: 1");
	expect(&stage, "task 3 \"reader\" [chan send, 11s]");
	expect(&stage, "session_server.c:58");
	press(&stage, '1');
	expect(&stage, "COUNT CHANGE");
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
	expect(&stage, "> Stack");
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

	stage_begin(&stage, 60, 80, false);
	viewer_feed(&stage.viewer, server(100, 1));
	press(&stage, '?');
	press(&stage, '?');
	assert_int_equal(stage.viewer.page_count, 1);
	for (const struct key *key = keys_table; key->code != KEY_CODE_NONE;
	     key++) {
		expect(&stage, key->name);
		if (key->help != NULL) {
			expect(&stage, key->help);
		}
	}
	expect(&stage, "Down, j");
	stage_forget(&stage);
	canvas_resize(&stage.canvas, 15, 80);
	draw(&stage);
	press(&stage, 'G');
	expect(&stage, "leave the viewer");
	press(&stage, 'g');
	expect(&stage, "stacks and everything");
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
		for (const char *key = "jGkg\n\tj\n2?qqq1"; *key != '\0';
		     key++) {
			press(&stage, *key);
		}
		if (sizes[i][1] >= 60) {
			expect(&stage, "Sessions      40");
			expect(&stage, "    40");
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
		cmocka_unit_test(ascii_is_ascii),
		cmocka_unit_test(stack_is_opened_and_closed),
		cmocka_unit_test(page_outlives_its_subject),
		cmocka_unit_test(sessions_screen),
		cmocka_unit_test(end_is_told),
		cmocka_unit_test(pause_is_told),
		cmocka_unit_test(help_is_the_table),
		cmocka_unit_test(any_size),
		cmocka_unit_test(nameless_places_are_shown),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
