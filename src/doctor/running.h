/*
 * running.h: what the probe sees in a process that runs, and what it does not;
 * or why it is not there.
 *
 * What can be found out from outside is not asked of the probe: it may be the
 * one that does not answer.
 */
#ifndef DOCTOR_RUNNING_H
#define DOCTOR_RUNNING_H

#include "doctor/report.h"

#include <sys/types.h>

/*
 * `probe` is the library of this command, NULL if it is not known. Returns the
 * exit status: done, no such target (also: the probe is not in it), or failed.
 * `report` says why, but for a process that is not there: then nothing is in
 * it.
 */
int running_check(struct report *report, pid_t pid, const char *probe);

#endif
