/* terminal.c: see terminal.h. */
#include "top/terminal.h"

#include <unistd.h>

#include <curses.h>
#include <term.h>

bool
terminal_is_able(void)
{
	int error;
	bool able;

	if (setupterm(NULL, STDOUT_FILENO, &error) != OK) {
		return false;
	}
	able = tigetstr("cup") != NULL && tigetstr("clear") != NULL;
	del_curterm(cur_term);
	return able;
}
