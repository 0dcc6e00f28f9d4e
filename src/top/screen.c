/*
 * screen.c: see screen.h.
 *
 * Curses' own signal handlers are never run: the loop has the signals blocked
 * and reads them from a descriptor. So a resize is told to curses here, and the
 * terminal is given back here before the process stops or dies.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <curses.h>

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
	[STYLE_GROWING] = { A_BOLD, COLOR_RED },
	[STYLE_SHRINKING] = { A_NORMAL, COLOR_GREEN },
	[STYLE_ALARM] = { A_BOLD, COLOR_RED },
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
screen_open(bool color, struct failure *failure)
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

int
screen_key(void)
{
	static const struct {
		int curses;
		int code;
	} special[] = {
		{ KEY_UP, KEY_CODE_UP },
		{ KEY_DOWN, KEY_CODE_DOWN },
		{ KEY_PPAGE, KEY_CODE_PAGE_UP },
		{ KEY_NPAGE, KEY_CODE_PAGE_DOWN },
		{ KEY_HOME, KEY_CODE_HOME },
		{ KEY_END, KEY_CODE_END },
		{ KEY_BTAB, KEY_CODE_BACK_TAB },
		{ KEY_BACKSPACE, KEY_CODE_BACKSPACE },
		{ '\b', KEY_CODE_BACKSPACE },
		{ KEY_ENTER, KEY_CODE_ENTER },
		{ '\r', KEY_CODE_ENTER },
	};
	int key = getch();

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (special[i].curses == key) {
			return special[i].code;
		}
	}
	if (key == ERR) {
		return KEY_CODE_NONE;
	}
	return key <= 0xff ? key : KEY_CODE_UNKNOWN;
}
