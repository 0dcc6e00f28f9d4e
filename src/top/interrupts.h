/*
 * interrupts.h: signals, read from a descriptor.
 *
 * They are blocked, so that none can come between the look at a flag and the
 * wait, and so that everything they call for, curses included, may be done in
 * the loop. The signals that end the process do so: the terminal is given back,
 * and then the signal is let through, so that the caller sees what it should.
 */
#ifndef TOP_INTERRUPTS_H
#define TOP_INTERRUPTS_H

#include <signal.h>

struct interrupts {
	int fd;          /* readable when there is a signal; -1: not open */
	sigset_t before; /* the mask outside the loop */
};

/* 0, or -1 and errno. */
int interrupts_open(struct interrupts *interrupts);
void interrupts_close(struct interrupts *interrupts);

/* The next signal that has come, or 0. */
int interrupts_next(struct interrupts *interrupts);

/* Lets a blocked signal do what it does by default, now: die, or stop. */
void interrupts_obey(int signal_number);

#endif
