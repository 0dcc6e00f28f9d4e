/*
 * agent.h: the probe's own thread.
 */
#ifndef PROBE_AGENT_H
#define PROBE_AGENT_H

#include <stdbool.h>
#include <stdint.h>

/* The agent's thread id; 0 before it runs. */
extern int agent_tid;

/*
 * Starts the agent. A child of fork is `patient`: it opens its socket only
 * after a moment, because most such children are about to call exec.
 */
void agent_start(bool patient);

/* Waits until the agent has looked for the first time; for a second at most. */
void agent_await(void);

/*
 * Ends the agent, and waits until it has ended. False if there was none, or it
 * did not end within a second.
 */
bool agent_stop(void);

struct wire_range;

/* Where its stack lies: one range. How many are there? */
uint32_t agent_ranges(struct wire_range *ranges);

/* From a signal handler: the agent shall make a dump at its next look. */
void agent_ask_for_dump(void);

/* The process ends: removes the socket's file, if that is allowed. */
void agent_leave(void);

#endif
