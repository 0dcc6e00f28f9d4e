/* mapped.h: what the map of a process says of the libraries in it. */
#ifndef DOCTOR_MAPPED_H
#define DOCTOR_MAPPED_H

#include "analyze/maps.h"
#include "doctor/report.h"

/* The first mapping of the probe, or NULL. */
const struct mapping *mapped_probe(const struct maps *maps);

/* Company, copies of libc, and libraries that were replaced on disk. */
void mapped_check(struct report *report, const struct maps *maps);

#endif
