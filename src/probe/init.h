/* init.h: the probe's beginning, and what fork makes of it. */
#ifndef PROBE_INIT_H
#define PROBE_INIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes sure that the real functions can be called. Other libraries'
 * constructors may run before ours, and call wrapped functions: so every way
 * into the probe that does not pass task_adopt() begins here. False while it
 * is still under way: then the real functions that an allocator may call are
 * there already, and nobody calls the others (see real.c).
 */
bool init_probe(void);

/* This process's id: a vfork child has another. */
extern int init_pid;

/*
 * Are we in a child that shares its parent's memory, but not its descriptors
 * and signals? Under a filter it is not asked, and taken to be none.
 */
bool init_is_vfork_child(void);

/*
 * The application has put its threads under a seccomp filter: from now on none
 * of them may make a system call that is not its own. Set for good.
 */
void init_confine(void);
bool init_is_confined(void);

/* What the last thread that left by a bare exit has left; -1: none has. */
extern int init_exit_status;

/* When the probe was loaded, CLOCK_MONOTONIC. */
extern int64_t init_time;

#endif
