/* analyze_demangle_test.c: names of C++, and the part of them that is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/demangle.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *full;
	const char *name;
} all[] = {
	{ "", "" },
	{ "f()", "f" },
	{ "plain", "plain" },
	{ "ns::Class::method(int, char const*)", "ns::Class::method" },
	{ "A::f() const", "A::f" },
	{ "A::f() const &", "A::f" },
	{ "f() [clone .cold]", "f" },
	{ "f(int) [clone .part.0] [clone .cold]", "f" },
	{ "text[abi:cxx11](int)", "text[abi:cxx11]" },
	{ "A::~A()", "A::~A" },
	/* Templates: a type in front, brackets of all kinds within. */
	{ "void f<int>(int)", "f<int>" },
	{ "unsigned long const& ns::f<(char)40>(char)", "ns::f<(char)40>" },
	{ "std::vector<int, std::allocator<int> > f<int>()", "f<int>" },
	{ "int f<void (), (A)3>(void (*)(int))", "f<void (), (A)3>" },
	{ "void f<((1)>(2))>()", "f<((1)>(2))>" },
	{ "void f<((1)<(2))>()", "f<((1)<(2))>" },
	{ "decltype ((a)->b) f<int>(int)", "f<int>" },
	{ "std::_Function_handler<void (), main::{lambda()#1}>::_M_invoke("
	  "std::_Any_data const&)",
	    "std::_Function_handler<void (), main::{lambda()#1}>::_M_invoke" },
	/* Names with parentheses of their own. */
	{ "(anonymous namespace)::f(int)", "(anonymous namespace)::f" },
	{ "a::(anonymous namespace)::B::f()",
	    "a::(anonymous namespace)::B::f" },
	{ "void (anonymous namespace)::f<int>(int)",
	    "(anonymous namespace)::f<int>" },
	{ "main::{lambda()#1}::operator()() const",
	    "main::{lambda()#1}::operator()" },
	{ "A::f() const::{lambda(int)#2}::operator()(int) const",
	    "A::f() const::{lambda(int)#2}::operator()" },
	{ "void f<int>(int)::{lambda()#1}::operator()() const",
	    "f<int>(int)::{lambda()#1}::operator()" },
	{ "auto f()::{lambda(auto:1)#1}::operator()<int>(int) const",
	    "f()::{lambda(auto:1)#1}::operator()<int>" },
	{ "f()::Local::g(int)", "f()::Local::g" },
	{ "A::{unnamed type#1}::f()", "A::{unnamed type#1}::f" },
	/* Operators, whose signs look like brackets. */
	{ "A::operator()(int)", "A::operator()" },
	{ "A::operator[](int) const", "A::operator[]" },
	{ "operator<(A const&, A const&)", "operator<" },
	{ "operator<<(A&, int)", "operator<<" },
	{ "std::ostream& std::operator<< <char>(std::ostream&, char)",
	    "std::operator<< <char>" },
	{ "bool operator< <int>(int)", "operator< <int>" },
	{ "bool operator><int>(int)", "operator><int>" },
	{ "A::operator->() const", "A::operator->" },
	{ "A::operator->*(int)", "A::operator->*" },
	{ "A::operator<=>(A const&) const", "A::operator<=>" },
	{ "A::operator,(int)", "A::operator," },
	{ "A::operator bool() const", "A::operator bool" },
	{ "A::operator std::vector<int>() const",
	    "A::operator std::vector<int>" },
	{ "A::operator unsigned long()", "A::operator unsigned long" },
	{ "A::operator void (*)(int)()", "A::operator void (*)" },
	{ "operator new(unsigned long)", "operator new" },
	{ "operator delete[](void*)", "operator delete[]" },
	{ "operator\"\" _km(long double)", "operator\"\" _km" },
	{ "operators::f(int)", "operators::f" },
	{ "non-virtual thunk to A::f()", "A::f" },
	/* No name at all, but no crash. */
	{ "((((", "((((" },
	{ "f<<<(", "f<<<(" },
	{ ")>]}", ")>]}" },
	{ "operator", "operator" },
	{ " ", " " },
};

static void
the_functions_own_name(void **state)
{
	char name[256];

	for (size_t i = 0; i < LENGTH(all); i++) {
		snprintf(name, sizeof(name), "%s", all[i].full);
		demangle_shorten(name);
		assert_string_equal(name, all[i].name);
	}
}

/* Whatever a name begins with: each is looked at to its end and no further. */
static void
any_part_of_a_name(void **state)
{
	for (size_t i = 0; i < LENGTH(all); i++) {
		for (size_t j = strlen(all[i].full); j > 0; j--) {
			char *name = strndup(all[i].full, j);

			demangle_shorten(name);
			assert_true(strlen(name) <= j);
			free(name);
		}
	}
}

static void
check(const char *mangled, const char *expected)
{
	char *name = demangle(mangled);

	assert_non_null(name);
	assert_string_equal(name, expected);
	free(name);
}

static void
mangled_names(void **state)
{
	check("_ZNSt5mutex4lockEv", "std::mutex::lock");
	check("_ZNSt11unique_lockISt5mutexEC2ERS0_",
	    "std::unique_lock<std::mutex>::unique_lock");
	check("_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()");
	check("_ZZN4node23WorkerThreadsTaskRunner20DelayedTaskScheduler5"
	      "StartEvENUlPvE_4_FUNES2_",
	    "node::WorkerThreadsTaskRunner::DelayedTaskScheduler::Start()::"
	    "{lambda(void*)#1}::_FUN");
}

static void
other_names_are_left(void **state)
{
	assert_null(demangle("main"));
	assert_null(demangle(""));
	assert_null(demangle("_Z"));
	assert_null(demangle("_ZN"));
	assert_null(demangle("_ZNot mangled"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_functions_own_name),
		cmocka_unit_test(any_part_of_a_name),
		cmocka_unit_test(mangled_names),
		cmocka_unit_test(other_names_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
