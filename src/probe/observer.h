/* observer.h: the probe's side of stranded_observer.h. */
#ifndef PROBE_OBSERVER_H
#define PROBE_OBSERVER_H

/*
 * Offers the probe to every object in the process that was built with the
 * header. Called once, before the application's threads are there.
 */
void observer_init(void);

#endif
