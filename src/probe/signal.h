/*
 * signal.h: the signal that asks for a dump.
 *
 * The probe's handler stays installed whatever the application does. What the
 * application asks for with sigaction() is kept beside it and told back to it;
 * its handler runs after ours, with the mask and the flags that it wanted. Ours
 * does no more than leave word for the agent, so it is safe at any point.
 */
#ifndef PROBE_SIGNAL_H
#define PROBE_SIGNAL_H

#include <stdbool.h>

#include "common/wire.h"

/* `number` 0: no signal asks for a dump. */
void signal_init(int number);

/*
 * Can nothing but the dump's signal break off a wait, because the application
 * has no handler for any other? False if that is not known. Makes system calls.
 */
bool signal_is_only_ours(void);

/* What is to be said of it to a client. */
void signal_tell(struct wire_signal *answer);

#endif
