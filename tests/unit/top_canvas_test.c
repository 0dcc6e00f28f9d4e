/* top_canvas_test.c: texts of every kind stay in their columns. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "top/canvas.h"

#define COLUMNS 12

/* What a canvas of one row shows after `text` was written into `area`. */
static void
expect(bool ascii, struct area area, enum align align, const char *text,
    const wchar_t *expected)
{
	struct canvas canvas;

	canvas_init(&canvas, ascii);
	canvas_resize(&canvas, 1, COLUMNS);
	for (int i = 0; i < COLUMNS; i++) {
		canvas_symbol(&canvas, 0, i, STYLE_PLAIN, L'.');
	}
	canvas_text(&canvas, area, align, STYLE_STRONG, text);
	for (int i = 0; i < COLUMNS; i++) {
		wchar_t symbol = canvas_cell(&canvas, 0, i)->symbol;

		/* '<' stands for the right half of a wide symbol. */
		assert_int_equal(symbol ? symbol : L'<', expected[i]);
	}
	canvas_fini(&canvas);
}

static const struct area middle = { 0, 2, 1, 8 };

static void
text_is_padded(void **state)
{
	expect(false, middle, ALIGN_LEFT, "abc", L"..abc     ..");
	expect(false, middle, ALIGN_RIGHT, "abc", L"..     abc..");
	expect(false, middle, ALIGN_TAIL, "abc", L"..abc     ..");
	expect(false, middle, ALIGN_LEFT, "", L"..        ..");
	expect(false, middle, ALIGN_LEFT, "abcdefgh", L"..abcdefgh..");
}

static void
text_is_cut(void **state)
{
	expect(false, middle, ALIGN_LEFT, "abcdefghi", L"..abcdefg\u2026..");
	expect(false, middle, ALIGN_TAIL, "dir/file.c:7", L"..\u2026ile.c:7..");
	expect(true, middle, ALIGN_LEFT, "abcdefghi", L"..abcdefg~..");
	expect(false, (struct area) { 0, 2, 1, 0 }, ALIGN_LEFT, "abc",
	    L"............");
}

static void
wide_symbols_stay_whole(void **state)
{
	expect(false, middle, ALIGN_LEFT, "日本", L"..日<本<    ..");
	/* Seven columns and the mark: the fourth symbol has no room. */
	expect(
	    false, middle, ALIGN_LEFT, "日本語日本", L"..日<本<語<\u2026 ..");
	expect(
	    false, middle, ALIGN_TAIL, "日本語日本", L"..\u2026語<日<本< ..");
	expect(false, (struct area) { 0, 11, 1, 2 }, ALIGN_LEFT, "日",
	    L"........... ");
	expect(true, middle, ALIGN_LEFT, "日x", L"..?x      ..");
}

static void
halves_are_blanked(void **state)
{
	struct canvas canvas;

	canvas_init(&canvas, false);
	canvas_resize(&canvas, 1, 4);
	(void) canvas_put(
	    &canvas, canvas_area(&canvas), 0, STYLE_PLAIN, "日本");
	canvas_symbol(&canvas, 0, 1, STYLE_PLAIN, L'x');
	canvas_symbol(&canvas, 0, 2, STYLE_PLAIN, L'y');
	assert_int_equal(canvas_cell(&canvas, 0, 0)->symbol, L' ');
	assert_int_equal(canvas_cell(&canvas, 0, 1)->symbol, L'x');
	assert_int_equal(canvas_cell(&canvas, 0, 2)->symbol, L'y');
	assert_int_equal(canvas_cell(&canvas, 0, 3)->symbol, L' ');
	(void) canvas_put(&canvas, canvas_area(&canvas), 1, STYLE_PLAIN, "本");
	assert_int_equal(canvas_cell(&canvas, 0, 1)->symbol, L'本');
	assert_int_equal(canvas_cell(&canvas, 0, 2)->symbol, 0);
	canvas_fini(&canvas);
}

static void
control_characters_are_replaced(void **state)
{
	expect(false, middle, ALIGN_LEFT, "a\033[2Jb", L"..a?[2Jb  ..");
	expect(false, middle, ALIGN_LEFT, "a\nb\tc\177", L"..a?b?c?  ..");
	/* CSI of one byte, U+009B. */
	expect(false, middle, ALIGN_LEFT, "a\302\233b", L"..a\ufffdb     ..");
}

static void
broken_utf8_is_replaced(void **state)
{
	expect(false, middle, ALIGN_LEFT, "a\377b", L"..a\ufffdb     ..");
	expect(false, middle, ALIGN_LEFT, "a\303", L"..a\ufffd      ..");
	expect(
	    false, middle, ALIGN_LEFT, "\300\257x", L"..\ufffd\ufffdx     ..");
	expect(false, middle, ALIGN_LEFT, "\355\240\200",
	    L"..\ufffd\ufffd\ufffd     ..");
	expect(true, middle, ALIGN_LEFT, "a\377b", L"..a?b     ..");
}

/* Marks, and characters that turn the direction of what follows. */
static void
widthless_symbols_are_left_out(void **state)
{
	expect(false, middle, ALIGN_LEFT, "e\314\201x", L"..ex      ..");
	expect(false, middle, ALIGN_LEFT, "a\342\200\256b", L"..ab      ..");
}

static void
outside_is_left_out(void **state)
{
	expect(false, (struct area) { 0, -2, 1, 4 }, ALIGN_LEFT, "abcd",
	    L"cd..........");
	expect(false, (struct area) { 0, 10, 1, 9 }, ALIGN_LEFT, "abcd",
	    L"..........ab");
	expect(false, (struct area) { 1, 0, 1, 9 }, ALIGN_LEFT, "abcd",
	    L"............");
	expect(false, (struct area) { -1, 0, 1, 9 }, ALIGN_LEFT, "abcd",
	    L"............");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_padded),
		cmocka_unit_test(text_is_cut),
		cmocka_unit_test(wide_symbols_stay_whole),
		cmocka_unit_test(halves_are_blanked),
		cmocka_unit_test(control_characters_are_replaced),
		cmocka_unit_test(broken_utf8_is_replaced),
		cmocka_unit_test(widthless_symbols_are_left_out),
		cmocka_unit_test(outside_is_left_out),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
