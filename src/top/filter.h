/*
 * filter.h: which rows are shown.
 *
 * A filter is terms with blanks between them; a row is shown if all of them
 * hold of it:
 *
 *     word           it is part of a name, a function, a file or an address
 *     state:chan     of the state's name ("state:peer" for sessions)
 *     session:41     the session's id, or a part of its name
 *     fn:reader      a function on one of its stacks
 *     verdict:leaked
 *     age>10m        waiting, or open, for so long; also age<, and s, m, h, d
 *     !term          the term does not hold
 *     "two words"    a term with blanks in it
 *
 * Capitals and small letters are the same. A term that makes no sense is looked
 * for as a word.
 */
#ifndef TOP_FILTER_H
#define TOP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/snapshot.h"

#define FILTER_TEXT_MAX  256
#define FILTER_TERMS_MAX 16
#define FILTER_WORDS_MAX 6

enum filter_kind {
	FILTER_WORD,
	FILTER_STATE,
	FILTER_SESSION,
	FILTER_FUNCTION,
	FILTER_VERDICT,
	FILTER_OLDER,
	FILTER_YOUNGER
};

struct filter_term {
	enum filter_kind kind;
	bool negated;
	const char *text; /* in the filter's own copy */
	int64_t age_ns;   /* of FILTER_OLDER and FILTER_YOUNGER */
};

/* All zeroes lets everything pass. */
struct filter {
	char text[FILTER_TEXT_MAX]; /* cut into the terms' texts */
	struct filter_term terms[FILTER_TERMS_MAX];
	size_t count;
};

/* What a filter looks at: what is known of one task or session. */
struct filter_subject {
	const char *words[FILTER_WORDS_MAX]; /* names; NULLs are skipped */
	const char *state;
	const char *session_name; /* or NULL */
	uint64_t session;         /* its id, or 0 */
	int64_t age_ns;           /* negative: not known */
	enum verdict verdict;
	const struct stack *stacks[2]; /* NULLs are skipped */
};

void filter_parse(struct filter *filter, const char *text);

bool filter_passes(
    const struct filter *filter, const struct filter_subject *subject);

#endif
