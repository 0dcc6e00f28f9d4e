/*
 * ground.h: the ground that a program is started on: what its environment and
 * the machine allow. Each check is told what it judges, so that it can be told
 * anything.
 */
#ifndef DOCTOR_GROUND_H
#define DOCTOR_GROUND_H

#include <stdbool.h>
#include <sys/types.h>

#include "doctor/report.h"

/* All of what follows, for a program that the caller would start. */
void ground_check(struct report *report);

/* What LD_PRELOAD says already; NULL: nothing. */
void ground_check_preload(struct report *report, const char *value);

/* STRANDED_SIGNAL and STRANDED_DUMP; NULL: they are not set. */
void ground_check_signal(struct report *report, const char *value);
void ground_check_dump(struct report *report, const char *value);

/*
 * Where the probe of a process of `uid` would listen: in `chosen`, or, if that
 * is NULL, in one of the usual places.
 */
void ground_check_place(struct report *report, const char *chosen, uid_t uid);

/*
 * May the caller read the memory of another process of its own? `scope` is
 * Yama's, -1 where there is no Yama.
 */
void ground_check_memory(struct report *report, int scope, bool capable);

/* Yama's scope on this machine, and whether the caller is above it. */
int ground_scope(void);
bool ground_is_capable(void);

#endif
