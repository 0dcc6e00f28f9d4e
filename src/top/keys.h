/*
 * keys.h: the one table of what keys do. The loop looks keys up in it, the
 * bottom lines and the help are made from it.
 */
#ifndef TOP_KEYS_H
#define TOP_KEYS_H

#include <stddef.h>

/*
 * Keys that are no character. Characters are themselves; Ctrl with a letter is
 * the letter's control character.
 */
enum key_code {
	KEY_CODE_NONE = 0,
	KEY_CODE_TAB = '\t',
	KEY_CODE_ENTER = '\n',
	KEY_CODE_ESCAPE = 27,
	KEY_CODE_BACKSPACE = 127,
	KEY_CODE_UP = 0x110000, /* beyond all characters */
	KEY_CODE_DOWN,
	KEY_CODE_LEFT,
	KEY_CODE_RIGHT,
	KEY_CODE_PAGE_UP,
	KEY_CODE_PAGE_DOWN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_BACK_TAB,
	KEY_CODE_F1,
	KEY_CODE_F3,
	KEY_CODE_F4,
	KEY_CODE_F5,
	KEY_CODE_F6,
	KEY_CODE_F10,
	KEY_CODE_CLICK, /* these three are a mouse's */
	KEY_CODE_WHEEL_UP,
	KEY_CODE_WHEEL_DOWN,
	KEY_CODE_UNKNOWN
};

enum action {
	ACTION_NONE,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_FIRST,
	ACTION_LAST,
	ACTION_OPEN,
	ACTION_BACK,
	ACTION_NEXT_ROW,
	ACTION_PREVIOUS_ROW,
	ACTION_SCREEN_GROUPS, /* the screens in their order */
	ACTION_SCREEN_TASKS,
	ACTION_SCREEN_SESSIONS,
	ACTION_SCREEN_CHANNELS,
	ACTION_SCREEN_VERDICTS,
	ACTION_NEXT_SCREEN,
	ACTION_PREVIOUS_SCREEN,
	ACTION_SEARCH,
	ACTION_FIND_NEXT,
	ACTION_FIND_PREVIOUS,
	ACTION_FILTER,
	ACTION_SORT_NEXT,
	ACTION_SORT_PREVIOUS,
	ACTION_INVERT,
	ACTION_TREE,
	ACTION_WINDOW,
	ACTION_SOURCE,
	ACTION_PAUSE,
	ACTION_DUMP,
	ACTION_COPY,
	ACTION_SEEK_BACK,
	ACTION_SEEK_ON,
	ACTION_SEEK_FAR_BACK,
	ACTION_SEEK_FAR_ON,
	ACTION_PROVE,
	ACTION_REDRAW,
	ACTION_HELP,
	ACTION_QUIT
};

/* Where a key's hint is shown. */
enum key_place {
	KEY_ON_LIST = 1,
	KEY_ON_PAGE = 2,
	KEY_ON_RECORDING = 4 /* with either, if a recording is shown */
};

struct key {
	int code;         /* a character or enum key_code */
	const char *name; /* as printed on it */
	enum action action;
	unsigned int where; /* enum key_place: the bottom lines show it there */
	const char *hint;   /* a word for them, NULL if not there */
	const char *help;   /* NULL: another key for what the one above does */
};

/* The table; ends with a key of code KEY_CODE_NONE. */
extern const struct key keys_table[];

enum action keys_action(int code);

#endif
