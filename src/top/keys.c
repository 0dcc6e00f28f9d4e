/* keys.c: see keys.h. */
#include "top/keys.h"

#define ANYWHERE     (KEY_ON_LIST | KEY_ON_PAGE)
#define CTRL(letter) ((letter) &0x1f)

const struct key keys_table[] = {
	{ KEY_CODE_ENTER, "Enter", ACTION_OPEN, ANYWHERE, "open",
	    "everything about the selected row; on a page, follow the link" },
	{ KEY_CODE_RIGHT, "Right", ACTION_OPEN, 0, NULL, NULL },
	{ KEY_CODE_BACKSPACE, "Backspace", ACTION_BACK, KEY_ON_PAGE, "back",
	    "back to where you came from" },
	{ KEY_CODE_LEFT, "Left", ACTION_BACK, 0, NULL, NULL },
	{ KEY_CODE_ESCAPE, "Esc", ACTION_BACK, 0, NULL, NULL },
	{ 'q', "q", ACTION_QUIT, ANYWHERE, "quit",
	    "back; from a list, leave the viewer" },
	{ KEY_CODE_F10, "F10", ACTION_QUIT, 0, NULL, NULL },
	{ '?', "?", ACTION_HELP, ANYWHERE, "help", "this help" },
	{ KEY_CODE_F1, "F1", ACTION_HELP, 0, NULL, NULL },
	{ 'h', "h", ACTION_HELP, 0, NULL, NULL },
	{ '[', "[", ACTION_SEEK_BACK, KEY_ON_RECORDING, "back in time",
	    "in a recording, one moment back" },
	{ ']', "]", ACTION_SEEK_ON, KEY_ON_RECORDING, "on",
	    "in a recording, one moment on" },
	{ '{', "{", ACTION_SEEK_FAR_BACK, 0, NULL,
	    "in a recording, a minute back" },
	{ '}', "}", ACTION_SEEK_FAR_ON, 0, NULL,
	    "in a recording, a minute on" },
	{ KEY_CODE_TAB, "Tab", ACTION_NEXT_SCREEN, KEY_ON_LIST, "screen",
	    "the next screen" },
	{ KEY_CODE_BACK_TAB, "Shift-Tab", ACTION_PREVIOUS_SCREEN, 0, NULL,
	    "the screen before" },
	{ '1', "1", ACTION_SCREEN_GROUPS, 0, NULL,
	    "groups: tasks in the same wait with the same stack" },
	{ '2', "2", ACTION_SCREEN_TASKS, 0, NULL, "tasks, each for itself" },
	{ '3', "3", ACTION_SCREEN_SESSIONS, 0, NULL,
	    "sessions: clients, and the tasks that serve them" },
	{ '4', "4", ACTION_SCREEN_CHANNELS, 0, NULL,
	    "channels, and who waits at them" },
	{ '5', "5", ACTION_SCREEN_VERDICTS, 0, NULL,
	    "verdicts: what is leaked, or suspect, and why" },
	{ '/', "/", ACTION_SEARCH, ANYWHERE, "search",
	    "search as you type; Enter ends it, Esc takes it back" },
	{ KEY_CODE_F3, "F3", ACTION_SEARCH, 0, NULL, NULL },
	{ 'n', "n", ACTION_FIND_NEXT, 0, NULL, "the next that matches" },
	{ 'N', "N", ACTION_FIND_PREVIOUS, 0, NULL, "the one before" },
	{ '\\', "\\", ACTION_FILTER, KEY_ON_LIST, "filter",
	    "show some rows only: words, state:, session:, fn:, verdict:, "
	    "age>10m, !not" },
	{ KEY_CODE_F4, "F4", ACTION_FILTER, 0, NULL, NULL },
	{ '>', ">", ACTION_SORT_NEXT, KEY_ON_LIST, "sort",
	    "sort by the next column" },
	{ KEY_CODE_F6, "F6", ACTION_SORT_NEXT, 0, NULL, NULL },
	{ '<', "<", ACTION_SORT_PREVIOUS, 0, NULL,
	    "sort by the column before" },
	{ 'I', "I", ACTION_INVERT, KEY_ON_LIST, "invert",
	    "sort the other way round" },
	{ 't', "t", ACTION_TREE, KEY_ON_LIST, "tree",
	    "tasks as a list, as a tree by who waits for whom, by who created "
	    "whom" },
	{ KEY_CODE_F5, "F5", ACTION_TREE, 0, NULL, NULL },
	{ 'J', "J", ACTION_NEXT_ROW, KEY_ON_PAGE, "next row",
	    "with a page open, the next row of the list" },
	{ 'K', "K", ACTION_PREVIOUS_ROW, 0, NULL,
	    "with a page open, the row before" },
	{ 's', "s", ACTION_SOURCE, KEY_ON_PAGE, "source",
	    "show the lines of source in stacks, or not" },
	{ 'y', "y", ACTION_COPY, KEY_ON_PAGE, "copy",
	    "copy the stack to the terminal's clipboard" },
	{ 'P', "P", ACTION_PROVE, KEY_ON_LIST, "prove",
	    "prove what is leaked; stops the process for a moment, and asks "
	    "first" },
	{ ' ', "Space", ACTION_PAUSE, ANYWHERE, "pause",
	    "pause the updates, and go on with them" },
	{ 'd', "d", ACTION_DUMP, ANYWHERE, "dump",
	    "write all that is known now to a file" },
	{ 'w', "w", ACTION_WINDOW, KEY_ON_LIST, "window",
	    "how long a past the lines in the header show" },
	{ KEY_CODE_UP, "Up", ACTION_UP, 0, NULL, "one line up" },
	{ 'k', "k", ACTION_UP, 0, NULL, NULL },
	{ KEY_CODE_DOWN, "Down", ACTION_DOWN, 0, NULL, "one line down" },
	{ 'j', "j", ACTION_DOWN, 0, NULL, NULL },
	{ KEY_CODE_PAGE_UP, "PgUp", ACTION_PAGE_UP, 0, NULL, "one page up" },
	{ CTRL('b'), "Ctrl-B", ACTION_PAGE_UP, 0, NULL, NULL },
	{ KEY_CODE_PAGE_DOWN, "PgDn", ACTION_PAGE_DOWN, 0, NULL,
	    "one page down" },
	{ CTRL('f'), "Ctrl-F", ACTION_PAGE_DOWN, 0, NULL, NULL },
	{ KEY_CODE_HOME, "Home", ACTION_FIRST, 0, NULL, "to the first line" },
	{ 'g', "g", ACTION_FIRST, 0, NULL, NULL },
	{ KEY_CODE_END, "End", ACTION_LAST, 0, NULL, "to the last line" },
	{ 'G', "G", ACTION_LAST, 0, NULL, NULL },
	{ CTRL('l'), "Ctrl-L", ACTION_REDRAW, 0, NULL, "draw the screen anew" },
	{ KEY_CODE_NONE, NULL, ACTION_NONE, 0, NULL, NULL }
};

enum action
keys_action(int code)
{
	const struct key *key = keys_table;

	while (key->code != KEY_CODE_NONE && key->code != code) {
		key++;
	}
	return key->action;
}
