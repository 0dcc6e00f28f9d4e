/*
 * settings.h: what the user has chosen, kept from one run to the next.
 *
 * A text file, $XDG_CONFIG_HOME/stranded/top.conf, or that in ~/.config: a word
 * and its value on each line. What is not understood there is left out; a file
 * that cannot be read or written is no error, only no memory.
 */
#ifndef TOP_SETTINGS_H
#define TOP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "top/viewer.h"

#define SETTINGS_INTERVAL_MIN 50 /* milliseconds */
#define SETTINGS_INTERVAL_MAX 3600000

struct settings {
	int interval_ms; /* 0: not chosen */
	bool ascii;
	bool no_mouse;
};

/* Reads the file; what is chosen for the viewer is set there. */
void settings_load(struct settings *settings, struct viewer *viewer);

/* Writes it, if something has changed since. */
void settings_save(
    const struct settings *settings, const struct viewer *viewer);

/* The same with an open file. */
void settings_read(
    struct settings *settings, struct viewer *viewer, FILE *file);
void settings_write(
    const struct settings *settings, const struct viewer *viewer, FILE *file);

#endif
