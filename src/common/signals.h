/*
 * signals.h: the names of signals, as users write them.
 *
 * The tool checks what `run --signal` was given, the probe reads
 * STRANDED_SIGNAL: both by this one table, and so without a call into libc.
 */
#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

#include <stddef.h>

/* The signal that asks for a dump if nothing else is said. */
#define SIGNALS_DEFAULT "QUIT"

/*
 * The number of the signal `word`: a name with or without "SIG", in any case,
 * "RTMIN+n", or a number; 0 for "none". -1 if it is none of these, or a signal
 * that cannot be caught or that means a fault.
 */
int signals_number(const char *word);

#endif
