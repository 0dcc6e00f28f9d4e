/*
 * screen.c: see screen.h.
 *
 * Curses' own signal handlers are never run: the loop has the signals blocked
 * and reads them from a descriptor. So a resize is told to curses here, and the
 * terminal is given back here before the process stops or dies.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <curses.h>

#include "client/memory.h"
#include "top/keys.h"
#include "top/screen.h"
#include "top/terminal.h"

#define ESCAPE_DELAY 25 /* ms in which the rest of a key's sequence comes */

/* What is drawn how: with colours, and without. */
struct look {
	attr_t attributes; /* always */
	short color;       /* of the terminal's palette; -1: its own */
};

static const struct look looks[STYLE_COUNT] = {
	[STYLE_PLAIN] = { A_NORMAL, -1 },
	[STYLE_FAINT] = { A_DIM, -1 },
	[STYLE_STRONG] = { A_BOLD, -1 },
	[STYLE_HEADING] = { A_BOLD | A_UNDERLINE, -1 },
	[STYLE_SELECTED] = { A_REVERSE, -1 },
	[STYLE_MARKED] = { A_UNDERLINE, -1 },
	[STYLE_GROWING] = { A_BOLD, COLOR_RED },
	[STYLE_SHRINKING] = { A_NORMAL, COLOR_GREEN },
	[STYLE_WARNING] = { A_BOLD, COLOR_MAGENTA },
	[STYLE_ALARM] = { A_BOLD, COLOR_RED },
	[STYLE_LINK] = { A_UNDERLINE, COLOR_BLUE },
	[STYLE_SOURCE] = { A_NORMAL, COLOR_GREEN },
	[STYLE_GRAPH] = { A_NORMAL, COLOR_GREEN },
};

static SCREEN *terminal; /* NULL while it is not ours */
static bool colored;

bool
screen_unicode(void)
{
	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void
set_colors(void)
{
	start_color();
	use_default_colors();
	for (int i = 0; i < STYLE_COUNT; i++) {
		init_pair((short) (i + 1), looks[i].color, -1);
	}
}

int
screen_check(struct failure *failure)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		return failure_set(failure, EXIT_FAILED,
		    "top needs a terminal on standard input and output; "
		    "`stranded dump` prints to anything");
	}
	return 0;
}

static int
refuse(const char *name, struct failure *failure)
{
	return failure_set(failure, EXIT_FAILED,
	    "top cannot use a terminal of type \"%.64s\": set TERM to one that "
	    "terminfo knows and that has a cursor",
	    name != NULL ? name : "");
}

int
screen_open(bool color, bool mouse, struct failure *failure)
{
	const char *name = getenv("TERM");

	if (!terminal_is_able()) {
		return refuse(name, failure);
	}
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL) {
		return refuse(name, failure);
	}
	set_term(terminal);
	atexit(screen_close); /* whoever exits, and wherever */
	set_escdelay(ESCAPE_DELAY);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	if (mouse) {
		/* Presses are told at once, and not held back for clicks. */
		mouseinterval(0);
		mousemask(
		    BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	}
	colored = color && has_colors();
	if (colored) {
		set_colors();
	}
	return 0;
}

void
screen_close(void)
{
	if (terminal != NULL) {
		endwin();
		delscreen(terminal);
		terminal = NULL;
	}
}

void
screen_suspend(void)
{
	endwin();
}

void
screen_resume(void)
{
	reset_prog_mode();
	curs_set(0);
	clearok(curscr, TRUE);
	refresh();
}

void
screen_measure(int *rows, int *columns)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0) {
		resizeterm(size.ws_row, size.ws_col);
	}
	getmaxyx(stdscr, *rows, *columns);
}

static void
show_cell(const struct canvas *canvas, int row, int column)
{
	const struct cell *cell = canvas_cell(canvas, row, column);
	const struct look *look = &looks[cell->style];
	wchar_t text[2] = { cell->symbol, 0 };
	cchar_t complex;

	if (cell->symbol == 0) {
		return; /* its left half has drawn it */
	}
	setcchar(&complex, text, look->attributes,
	    colored ? (short) (cell->style + 1) : 0, NULL);
	mvadd_wch(row, column, &complex);
}

void
screen_show(const struct canvas *canvas, bool all)
{
	erase();
	for (int row = 0; row < canvas->rows; row++) {
		for (int column = 0; column < canvas->columns; column++) {
			show_cell(canvas, row, column);
		}
	}
	if (all) {
		clearok(curscr, TRUE);
	}
	refresh();
}

/* ---- Keys -------------------------------------------------------------- */

static const struct {
	int curses;
	int code;
} keys[] = {
	{ KEY_UP, KEY_CODE_UP },
	{ KEY_DOWN, KEY_CODE_DOWN },
	{ KEY_LEFT, KEY_CODE_LEFT },
	{ KEY_RIGHT, KEY_CODE_RIGHT },
	{ KEY_PPAGE, KEY_CODE_PAGE_UP },
	{ KEY_NPAGE, KEY_CODE_PAGE_DOWN },
	{ KEY_HOME, KEY_CODE_HOME },
	{ KEY_END, KEY_CODE_END },
	{ KEY_BTAB, KEY_CODE_BACK_TAB },
	{ KEY_BACKSPACE, KEY_CODE_BACKSPACE },
	{ KEY_ENTER, KEY_CODE_ENTER },
	{ KEY_F(1), KEY_CODE_F1 },
	{ KEY_F(3), KEY_CODE_F3 },
	{ KEY_F(4), KEY_CODE_F4 },
	{ KEY_F(5), KEY_CODE_F5 },
	{ KEY_F(6), KEY_CODE_F6 },
	{ KEY_F(10), KEY_CODE_F10 },
};

static int
special_key(int key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].curses == key) {
			return keys[i].code;
		}
	}
	return KEY_CODE_UNKNOWN;
}

static int
character(wint_t symbol)
{
	if (symbol == L'\b') {
		return KEY_CODE_BACKSPACE;
	}
	return symbol == L'\r' ? KEY_CODE_ENTER : (int) symbol;
}

static struct screen_event
mouse_event(void)
{
	struct screen_event event = { .code = KEY_CODE_UNKNOWN };
	MEVENT mouse;

	if (getmouse(&mouse) != OK) {
		return event;
	}
	event.row = mouse.y;
	event.column = mouse.x;
	if (mouse.bstate & BUTTON1_PRESSED) {
		event.code = KEY_CODE_CLICK;
	} else if (mouse.bstate & BUTTON4_PRESSED) {
		event.code = KEY_CODE_WHEEL_UP;
	} else if (mouse.bstate & BUTTON5_PRESSED) {
		event.code = KEY_CODE_WHEEL_DOWN;
	}
	return event;
}

/* The next character if it has come already; what is no character stays. */
static bool
next_character(wint_t *symbol)
{
	int kind = get_wch(symbol);

	if (kind == KEY_CODE_YES) {
		(void) ungetch((int) *symbol);
	}
	return kind == OK;
}

/*
 * After an escape: the rest of a sequence that the terminal's description does
 * not have. Its letters are no keys, least of all P. False if it is none.
 */
static bool
skip_sequence(void)
{
	wint_t first;
	wint_t next;

	if (!next_character(&first)) {
		return false;
	}
	if ((first != L'[' && first != L'O') || !next_character(&next)) {
		(void) unget_wch((wchar_t) first);
		return false;
	}
	while (first == L'[' &&
	    (next == L'[' || (next >= L' ' && next < L'@')) &&
	    next_character(&next)) {
	}
	return true;
}

struct screen_event
screen_event(void)
{
	wint_t symbol;

	switch (get_wch(&symbol)) {
	case OK:
		if (symbol == L'\033' && skip_sequence()) {
			return (
			    struct screen_event) { .code = KEY_CODE_UNKNOWN };
		}
		return (struct screen_event) { .code = character(symbol) };
	case KEY_CODE_YES:
		return symbol == KEY_MOUSE ?
		    mouse_event() :
		    (struct screen_event) { .code = special_key((int) symbol) };
	default:
		return (struct screen_event) { .code = KEY_CODE_NONE };
	}
}

/* ---- The clipboard ----------------------------------------------------- */

static char *
encode_base64(const char *text, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = memory_new((size + 2) / 3 * 4 + 1, 1);
	char *to = out;

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t) (uint8_t) text[i] << 16 |
		    (left > 1 ? (uint32_t) (uint8_t) text[i + 1] << 8 : 0) |
		    (left > 2 ? (uint32_t) (uint8_t) text[i + 2] : 0);

		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*to++ = left > 2 ? digits[bits & 63] : '=';
	}
	return out;
}

/* Past curses, whose idea of the screen it does not touch. */
void
screen_copy(const char *text)
{
	char *encoded = encode_base64(text, strlen(text));
	char *sequence = memory_print("\033]52;c;%s\a", encoded);
	size_t size = strlen(sequence);
	const char *at = sequence;
	ssize_t written = 1;

	refresh();
	while (size > 0 && written > 0) {
		written = write(STDOUT_FILENO, at, size);
		at += written > 0 ? written : 0;
		size -= written > 0 ? (size_t) written : 0;
	}
	free(sequence);
	free(encoded);
}
