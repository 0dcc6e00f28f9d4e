/*
 * check.h: what `stranded check` has found, as text, as JSON, and as the XML
 * that continuous integration reads (JUnit's).
 */
#ifndef RENDER_CHECK_H
#define RENDER_CHECK_H

#include <jansson.h>
#include <stdio.h>

#include "analyze/check.h"

/* For people: one point, with the stacks of what is leaked. */
void render_check_text(FILE *out, const struct check_point *point);

/* Says which suppressions were of no use. */
void render_check_unused(FILE *out, const struct suppressions *suppressions);

/* One point, as an object: see stranded-check(1). */
json_t *render_check_json(const struct check_point *point);

/*
 * Adds the point's test cases to an array of objects with "name" and, if they
 * have failed, "failure": one for each label that has leaks, or one for all.
 */
void render_check_cases(json_t *cases, const struct check_point *point);

/* Those test cases as one test suite. */
int render_check_junit(FILE *out, const json_t *cases, const char *suite);

#endif
