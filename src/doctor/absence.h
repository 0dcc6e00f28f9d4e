/* absence.h: why the probe is not in a process that runs. */
#ifndef DOCTOR_ABSENCE_H
#define DOCTOR_ABSENCE_H

#include <stddef.h>
#include <sys/types.h>

#include "doctor/report.h"

/*
 * Adds the reason, as a problem, with its remedy. `probe` is the library that
 * would be loaded, NULL if that is not known.
 */
void absence_explain(struct report *report, pid_t pid, const char *probe);

/*
 * The value of a variable in `size` bytes of an environment, words that end
 * with a NUL each, and the last with one more; or NULL.
 */
const char *absence_variable(
    const char *environment, size_t size, const char *name);

#endif
