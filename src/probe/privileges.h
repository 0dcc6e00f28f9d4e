/* privileges.h: the agent's user id and capabilities. */
#ifndef PROBE_PRIVILEGES_H
#define PROBE_PRIVILEGES_H

/* Has the application dropped privileges? Then the agent, who calls, does. */
void privileges_follow(void);

#endif
