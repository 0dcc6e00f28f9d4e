/*
 * terminal.h: what terminfo knows of the terminal.
 *
 * Apart from screen.c, because <term.h> makes macros of everyday words.
 */
#ifndef TOP_TERMINAL_H
#define TOP_TERMINAL_H

#include <stdbool.h>

/*
 * Does terminfo know the terminal, and can it do what a screen is drawn with?
 * One of the type "dumb" cannot.
 */
bool terminal_is_able(void);

#endif
