/*
 * report.h: what the doctor has found, one finding after the other.
 *
 * A finding says what is so, and, unless all is well, what to do about it. The
 * probe can be used if none of them is a problem.
 */
#ifndef DOCTOR_REPORT_H
#define DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum report_level {
	REPORT_OK,     /* as it should be */
	REPORT_NOTE,   /* something is not seen, or is otherwise than usual */
	REPORT_PROBLEM /* nothing is seen */
};

struct finding {
	enum report_level level;
	const char *topic; /* a word or two, for who searches */
	char *what;        /* no capital, no full stop */
	char *remedy;      /* what to do; NULL: nothing, or nothing can be */
};

struct report {
	struct finding *findings;
	size_t count;
	size_t room; /* for how many there is memory */
};

void report_free(struct report *report);

/* Adds a finding. `topic` must outlive the report. */
void report_add(struct report *report, enum report_level level,
    const char *topic, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds to the last finding what is to be done. */
void report_remedy(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many findings are of this level. */
size_t report_count(const struct report *report, enum report_level level);

/*
 * Prints the report: one finding a line, and a line that sums up; or as JSON,
 * where `target` is the pid or the command.
 */
void report_text(FILE *out, const struct report *report);
void report_json(FILE *out, const struct report *report, const char *target);

#endif
