/* keys.c: see keys.h. */
#include "top/keys.h"

#define ANYWHERE     (KEY_ON_LIST | KEY_ON_PAGE)
#define CTRL(letter) ((letter) &0x1f)

const struct key keys_table[] = {
	{ KEY_CODE_ENTER, "Enter", ACTION_OPEN, KEY_ON_LIST, "stack",
	    "stacks and everything known about the selected row" },
	{ KEY_CODE_BACKSPACE, "Backspace", ACTION_BACK, KEY_ON_PAGE, "back",
	    "back to where you came from" },
	{ KEY_CODE_ESCAPE, "Esc", ACTION_BACK, 0, NULL, NULL },
	{ KEY_CODE_TAB, "Tab", ACTION_NEXT_SCREEN, KEY_ON_LIST, "screen",
	    "the next screen" },
	{ KEY_CODE_BACK_TAB, "Shift-Tab", ACTION_PREVIOUS_SCREEN, 0, NULL,
	    "the screen before" },
	{ '1', "1", ACTION_SCREEN_GROUPS, 0, NULL,
	    "groups: tasks in the same wait with the same stack" },
	{ '2', "2", ACTION_SCREEN_SESSIONS, 0, NULL,
	    "sessions: clients, and the tasks that serve them" },
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
	{ ' ', "Space", ACTION_PAUSE, ANYWHERE, "pause",
	    "pause the updates, and go on with them" },
	{ CTRL('l'), "Ctrl-L", ACTION_REDRAW, 0, NULL, "draw the screen anew" },
	{ '?', "?", ACTION_HELP, ANYWHERE, "help", "this help" },
	{ 'h', "h", ACTION_HELP, 0, NULL, NULL },
	{ 'q', "q", ACTION_QUIT, ANYWHERE, "quit",
	    "back; from a list, leave the viewer" },
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
