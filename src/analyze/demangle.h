/*
 * demangle.h: what a C++ programmer calls a function.
 */
#ifndef ANALYZE_DEMANGLE_H
#define ANALYZE_DEMANGLE_H

/*
 * "server::Pool<int>::take" for "_ZN6server4PoolIiE4takeEi", as a string of its
 * own. NULL if the name is not mangled, or not by the rules. Not thread safe.
 */
char *demangle(const char *name);

/*
 * Reduces a demangled name in place to the function's own: without the type
 * that it returns, its parameters, and what follows them.
 */
void demangle_shorten(char *name);

#endif
