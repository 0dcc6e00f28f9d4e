/* filter.c: see filter.h. */
#include "top/filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/words.h"

static const struct {
	const char *name;
	enum filter_kind kind;
} prefixes[] = {
	{ "state:", FILTER_STATE },
	{ "session:", FILTER_SESSION },
	{ "fn:", FILTER_FUNCTION },
	{ "verdict:", FILTER_VERDICT },
	{ "age>", FILTER_OLDER },
	{ "age<", FILTER_YOUNGER },
};

/* ---- Parsing ----------------------------------------------------------- */

/* "10m" in nanoseconds; -1 if it is none. Without a unit it is seconds. */
static int64_t
parse_age(const char *text)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {
		{ "", WORDS_SECOND },
		{ "s", WORDS_SECOND },
		{ "m", WORDS_MINUTE },
		{ "h", WORDS_HOUR },
		{ "d", WORDS_DAY },
	};
	char *end;
	double number = strtod(text, &end);

	if (end == text || !(number >= 0)) {
		return -1;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(end, units[i].unit) == 0) {
			number *= (double) units[i].ns;
			return number < 9e18 ? (int64_t) number : INT64_MAX;
		}
	}
	return -1;
}

static void
parse_term(struct filter_term *term, const char *word)
{
	term->negated = *word == '!' && word[1] != '\0';
	word += term->negated;
	term->kind = FILTER_WORD;
	term->text = word;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t length = strlen(prefixes[i].name);

		if (strncasecmp(word, prefixes[i].name, length) != 0) {
			continue;
		}
		if (prefixes[i].kind >= FILTER_OLDER) {
			term->age_ns = parse_age(word + length);
			if (term->age_ns < 0) {
				return;
			}
		}
		term->kind = prefixes[i].kind;
		term->text = word + length;
	}
}

/*
 * Cuts the next term off: up to a blank that is not in quotation marks, which
 * are taken out. NULL at the end.
 */
static char *
cut_word(char **at)
{
	char *from = *at;
	char *word;
	char *to;
	bool quoted = false;

	while (isspace((unsigned char) *from)) {
		from++;
	}
	if (*from == '\0') {
		return NULL;
	}
	for (word = to = from; *from != '\0'; from++) {
		if (*from == '"') {
			quoted = !quoted;
		} else if (isspace((unsigned char) *from) && !quoted) {
			from++;
			break;
		} else {
			*to++ = *from;
		}
	}
	*at = from;
	*to = '\0';
	return word;
}

void
filter_parse(struct filter *filter, const char *text)
{
	char *at = filter->text;
	char *word;

	*filter = (struct filter) { 0 };
	snprintf(filter->text, sizeof(filter->text), "%s", text);
	while (filter->count < FILTER_TERMS_MAX &&
	    (word = cut_word(&at)) != NULL) {
		parse_term(&filter->terms[filter->count++], word);
	}
}

/* ---- Looking ----------------------------------------------------------- */

static bool
has(const char *text, const char *part)
{
	return text != NULL && strcasestr(text, part) != NULL;
}

static bool
in_stack(const struct stack *stack, const char *part, bool everywhere)
{
	if (stack == NULL || stack->frames == NULL) {
		return false;
	}
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct frame *frame = stack->frames[i];

		if (frame->probe) {
			continue;
		}
		if (has(frame->function, part) ||
		    (everywhere &&
			(has(frame->file, part) || has(frame->module, part)))) {
			return true;
		}
	}
	return false;
}

static bool
in_stacks(
    const struct filter_subject *subject, const char *part, bool everywhere)
{
	return in_stack(subject->stacks[0], part, everywhere) ||
	    in_stack(subject->stacks[1], part, everywhere);
}

static bool
in_words(const struct filter_subject *subject, const char *part)
{
	for (size_t i = 0; i < FILTER_WORDS_MAX; i++) {
		if (has(subject->words[i], part)) {
			return true;
		}
	}
	return has(subject->state, part) || has(subject->session_name, part) ||
	    in_stacks(subject, part, true);
}

static bool
is_session(const struct filter_subject *subject, const char *text)
{
	char *end;
	unsigned long long id;

	errno = 0;
	id = strtoull(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0 &&
	    id == subject->session) {
		return id != 0;
	}
	return has(subject->session_name, text);
}

static bool
holds(const struct filter_term *term, const struct filter_subject *subject)
{
	switch (term->kind) {
	case FILTER_STATE:
		return has(subject->state, term->text);
	case FILTER_SESSION:
		return is_session(subject, term->text);
	case FILTER_FUNCTION:
		return in_stacks(subject, term->text, false);
	case FILTER_VERDICT:
		return has(words_verdict(subject->verdict), term->text);
	case FILTER_OLDER:
		return subject->age_ns > term->age_ns;
	case FILTER_YOUNGER:
		return subject->age_ns >= 0 && subject->age_ns < term->age_ns;
	default:
		return in_words(subject, term->text);
	}
}

bool
filter_passes(const struct filter *filter, const struct filter_subject *subject)
{
	for (size_t i = 0; i < filter->count; i++) {
		if (holds(&filter->terms[i], subject) ==
		    filter->terms[i].negated) {
			return false;
		}
	}
	return true;
}
