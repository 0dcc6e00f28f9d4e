/*
 * states.h: the names of the states, the one table of stranded_observer.h as
 * text. Used by every view and by the probe's own last-resort dump.
 */
#ifndef COMMON_STATES_H
#define COMMON_STATES_H

#include <stdint.h>

#include "stranded_observer.h"

/* Never NULL: a number that is no state is "unknown". */
const char *state_name(uint32_t state);

#endif
