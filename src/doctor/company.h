/* company.h: libraries and runtimes that the probe shares a process with. */
#ifndef DOCTOR_COMPANY_H
#define DOCTOR_COMPANY_H

#include "doctor/binary.h"
#include "doctor/report.h"

/* What is to be said of a library, by its file's name, if there is anything. */
void company_check_library(struct report *report, const char *name);

/* What is to be said of what is linked into the program itself. */
void company_check_binary(struct report *report, const struct binary *binary);

/* What the program may load once it runs. */
void company_check_loading(struct report *report, const struct binary *binary);

/* What can be seen of the program's own functions. */
void company_check_symbols(struct report *report, const struct binary *binary);

#endif
