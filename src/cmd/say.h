/*
 * say.h: how the commands speak to people. Everything that goes wrong is said
 * on standard error, in one line that begins with "stranded: ".
 */
#ifndef CMD_SAY_H
#define CMD_SAY_H

#include <stdbool.h>

#include "client/client.h"

void say_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Warns, and ends the program with `status`. */
_Noreturn void say_die(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, with what a function of the client has to say. */
_Noreturn void say_failure(const struct failure *failure);

/*
 * Writes out what was printed to standard output. Returns the exit status: if
 * it could not be written, that has been said, save where nobody reads on.
 */
int say_flush(void);

/* May what is printed to the descriptor be coloured? */
bool say_color(int fd);

#endif
