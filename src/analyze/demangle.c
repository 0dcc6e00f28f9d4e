/*
 * demangle.c: asks the C++ library. See demangle.h.
 *
 * Whoever looks at a C++ program has libstdc++ on the machine, most often, and
 * nobody else needs it. So it is loaded when the first mangled name comes up,
 * and building the tool takes no C++. Without it names stay mangled.
 *
 * It spells out the parameters and, for templates, the type that is returned.
 * On a stack that is noise, and a dump puts "(...)" behind each name: both are
 * cut off. The cut is made in the text, so it needs to know what may stand in
 * front of a "(" that opens no parameters, and where a space is part of a name.
 */
#include "analyze/demangle.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of the C++ ABI: returns memory of malloc(). */
typedef char *demangler_fn(
    const char *name, char *buffer, size_t *size, int *status);

static demangler_fn *
find_demangler(void)
{
	static demangler_fn *found;
	static bool looked;
	void *library;

	if (!looked) {
		looked = true;
		library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
		if (library) {
			found =
			    (demangler_fn *) dlsym(library, "__cxa_demangle");
		}
	}
	return found;
}

char *
demangle(const char *name)
{
	demangler_fn *demangler;
	char *text = NULL;

	if (strncmp(name, "_Z", 2) != 0) {
		return NULL;
	}
	demangler = find_demangler();
	if (demangler) {
		text = demangler(name, NULL, NULL, NULL);
	}
	if (text != NULL) {
		demangle_shorten(text);
	}
	return text;
}

/* ---- The function's own name ------------------------------------------- */

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *
after_spaces(const char *at)
{
	return at + strspn(at, " ");
}

/*
 * Past the bracket that closes the one at `at`. "<" may be an operator between
 * constants, and so may ">": neither pairs across another kind of bracket.
 */
static const char *
after_brackets(const char *at)
{
	static const char openers[] = "(<[{", closers[] = ")>]}";
	char closer = closers[strchr(openers, *at) - openers];

	at++;
	while (*at && *at != closer) {
		if (strchr(openers, *at)) {
			at = after_brackets(at);
		} else if (closer == '>' && strchr(closers, *at)) {
			return at;
		} else {
			at += begins(at, "->") ? 2 : 1;
		}
	}
	return *at ? at + 1 : at;
}

/* Past the sign of "operator<<": it may look like a bracket. */
static const char *
after_sign(const char *at)
{
	static const char *const signs[] = { "()", "[]", "<=>",
		"<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">" };

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (begins(at, signs[i])) {
			return at + strlen(signs[i]);
		}
	}
	return at;
}

/* Past the word "operator" and its sign if it stands at `at`. */
static const char *
after_operator(const char *name, const char *at)
{
	static const char word[] = "operator";
	const char *end = at + strlen(word);

	if (!begins(at, word) || isalnum((unsigned char) *end) || *end == '_' ||
	    (at > name && at[-1] != ':' && at[-1] != ' ')) {
		return at;
	}
	return after_sign(end);
}

/*
 * Past what may follow parameters, if they are those of a function that
 * another one is local to: "f() const::{lambda()#1}". Otherwise NULL.
 */
static const char *
after_enclosing(const char *at)
{
	static const char *const words[] = { " const", " volatile", " &&",
		" &" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (begins(at, words[i])) {
			at += strlen(words[i]);
		}
	}
	return begins(at, "::") ? at + 2 : NULL;
}

/* Are these parameters? Otherwise it is "(anonymous namespace)", or a type. */
static bool
opens_parameters(const char *start, const char *at)
{
	return *at == '(' && at > start && at[-1] != ':' && at[-1] != ' ';
}

void
demangle_shorten(char *name)
{
	const char *start = name, *at = name;
	const char *end, *next;
	bool of_operator = false; /* "operator bool", "operator new" */

	while (*at) {
		next = after_operator(name, at);
		if (next != at) {
			of_operator = true;
			at = next;
		} else if (opens_parameters(start, at)) {
			next = after_enclosing(after_brackets(at));
			if (!next) {
				break;
			}
			of_operator = false;
			at = next;
		} else if (strchr("(<[{", *at)) {
			at = after_brackets(at);
		} else if (begins(at, " [clone")) {
			break;
		} else if (*at == ' ' && !of_operator) {
			start = at = after_spaces(at);
		} else {
			at++;
		}
	}
	end = at;
	if (end > start) {
		memmove(name, start, end - start);
		name[end - start] = '\0';
	}
}
