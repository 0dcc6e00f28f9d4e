/* signals.c: see signals.h. */
#include "common/signals.h"

#include <signal.h>
#include <stdbool.h>

/* glibc keeps the first two of the kernel's (32 and 33) for itself. */
#define FIRST_REALTIME 34
#define LAST_REALTIME  64

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "NONE", 0 },
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "URG", SIGURG },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },
	{ "IO", SIGIO },
	{ "POLL", SIGPOLL },
	{ "PWR", SIGPWR },
};

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}

/* If `word` begins with `prefix`, what follows it; NULL if it does not. */
static const char *
skip(const char *word, const char *prefix)
{
	while (*prefix != '\0') {
		if (upper(*word++) != *prefix++) {
			return NULL;
		}
	}
	return word;
}

/* A number of at most three digits and nothing else; -1 if it is not. */
static int
decimal(const char *word)
{
	int number = 0;
	int digits = 0;

	for (; *word >= '0' && *word <= '9' && digits < 3; word++, digits++) {
		number = number * 10 + (*word - '0');
	}
	return digits > 0 && *word == '\0' ? number : -1;
}

static bool
is_usable(int number)
{
	if (number >= FIRST_REALTIME && number <= LAST_REALTIME) {
		return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == number) {
			return true;
		}
	}
	return false;
}

static int
realtime(const char *offset)
{
	int number;

	if (*offset == '\0') {
		return FIRST_REALTIME;
	}
	number = *offset == '+' ? decimal(offset + 1) : -1;
	return number >= 0 && number <= LAST_REALTIME - FIRST_REALTIME ?
	    FIRST_REALTIME + number :
	    -1;
}

int
signals_number(const char *word)
{
	const char *rest = skip(word, "SIG");
	int number = decimal(word);

	if (number >= 0) {
		/* "none" is a word; nobody means it by a number. */
		return number > 0 && is_usable(number) ? number : -1;
	}
	if (rest != NULL) {
		word = rest;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		rest = skip(word, names[i].name);
		if (rest != NULL && *rest == '\0') {
			return names[i].number;
		}
	}
	rest = skip(word, "RTMIN");
	return rest != NULL ? realtime(rest) : -1;
}
