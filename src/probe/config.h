/*
 * config.h: what the environment says. Read once, by the constructor; the
 * application may change its environment later, without ours.
 *
 *     STRANDED_SIGNAL     the signal that asks for a dump: a name, a number or
 *                         "none"; SIGQUIT if it is not set
 *     STRANDED_DUMP       the file that dumps are appended to; standard error
 *                         if it is not set
 *     STRANDED_CONNECT    if it is 1, connections to others are sessions
 *     STRANDED_DIR        where the socket is: see common/place.h
 *     STRANDED_TOOL       the `stranded` that makes the dump; by default the
 *                         one that was installed with the probe
 *     STRANDED_HANDSHAKE  a descriptor that `stranded run` waits at
 *     STRANDED_CHECK      the process that `stranded check` judges
 *     STRANDED_RUNTIME    the library that `stranded run` has put in front of
 *                         the probe in LD_PRELOAD, for this program alone
 */
#ifndef PROBE_CONFIG_H
#define PROBE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_PATH_MAX 4096

struct config {
	int signal;                 /* 0: none */
	int handshake;              /* descriptor, or -1 */
	int check;                  /* process, or 0 */
	int judge;                  /* its parent at the start, then */
	bool connect;               /* connect() makes sessions as well */
	char dump[CONFIG_PATH_MAX]; /* absolute; "": standard error */
	char directory[256];        /* "": the standard ones */
	char tool[CONFIG_PATH_MAX]; /* "": it was not found */
	char *environment[16];      /* what the tool gets; ends in NULL */
	char strings[4096];         /* what those point into */
};

extern struct config config;

void config_read(void);

#endif
