/*
 * preload.h: the probe's file, and LD_PRELOAD, by which the dynamic linker
 * loads it into a command.
 */
#ifndef CMD_PRELOAD_H
#define CMD_PRELOAD_H

#include <stdbool.h>

#include "client/client.h"

/*
 * The probe that this command preloads: the one that STRANDED_PROBE names, or
 * the one that was built or installed with it. A malloc'ed path, or NULL and
 * `failure`.
 */
char *preload_find(struct failure *failure);

/*
 * Checks that the probe can work in `command`, and puts it into LD_PRELOAD, for
 * who is executed next; with what marks the heap's blocks, if that is wanted.
 * Ends the program if it cannot.
 */
void preload_prepare(const char *command, bool track_heap);

/* Says that the probe is not in `command`, which has ended, or was ended. */
void preload_missed(const char *command, bool has_ended);

#endif
