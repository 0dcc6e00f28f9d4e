/*
 * twins.h: a program does the same with the probe and without it.
 *
 * Each case of a program (see tests/programs/host.h) is run three times:
 * without the probe, with it, and with it while dumps are asked for by signal.
 * All three must say the same and end with the same status. They run at the
 * same time: what they do is mostly waiting.
 */
#ifndef E2E_TWINS_H
#define E2E_TWINS_H

/* Runs all cases, and fails at the end unless each has gone as it must. */
#define TWINS_ASSERT_SAME(program, ...)                                        \
	twins_assert_same(                                                     \
	    (program), (const char *const[]) { __VA_ARGS__, NULL })

/* A case may have an argument, after a space. */
void twins_assert_same(const char *program, const char *const names[]);

#endif
