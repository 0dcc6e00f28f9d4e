/* before.h: what the probe would see in a command that does not run yet. */
#ifndef DOCTOR_BEFORE_H
#define DOCTOR_BEFORE_H

#include "doctor/report.h"

/* `path` is the program's file, `probe` that of the library. */
void before_check(struct report *report, const char *path, const char *probe);

#endif
