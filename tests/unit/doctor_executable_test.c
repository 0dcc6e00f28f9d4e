/*
 * doctor_executable_test.c: which programs the probe can work in. The ones that
 * it cannot work in are copies of this test, with a few bytes changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/executable.h"

#define SELF "/proc/self/exe"

static char directory[32];
static char path[64]; /* of the copy */
static struct executable executable;

static int
setup(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/stranded-exec-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/program", directory);
	return 0;
}

static int
teardown(void **state)
{
	unlink(path);
	return rmdir(directory);
}

static void
make_file(const char *text, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0700);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, mode);
	close(fd);
}

/* Copies as much of this program as the tests look at: its first part. */
static int
make_copy(void)
{
	static char bytes[65536];
	int from = open(SELF, O_RDONLY);
	int to = open(path, O_CREAT | O_RDWR | O_TRUNC, 0700);
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) > 0) {
		assert_int_equal(write(to, bytes, (size_t) got), got);
	}
	close(from);
	return to;
}

/* The offset of the program header of `type`. */
static off_t
find_segment(int fd, uint32_t type, Elf64_Phdr *segment)
{
	Elf64_Ehdr header;
	off_t at;

	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	for (int i = 0; i < header.e_phnum; i++) {
		at = (off_t) (header.e_phoff + (size_t) i * sizeof(*segment));
		assert_int_equal(
		    pread(fd, segment, sizeof(*segment), at), sizeof(*segment));
		if (segment->p_type == type) {
			return at;
		}
	}
	fail_msg("there is no such segment");
	return -1;
}

static void
assert_possible(const char *program)
{
	struct failure failure = { 0 };

	if (executable_check(program, SELF, &executable, &failure) != 0) {
		fail_msg("%s", failure.text);
	}
}

static void
assert_impossible(const char *part)
{
	struct failure failure = { 0 };

	assert_int_equal(
	    executable_check(path, SELF, &executable, &failure), -1);
	assert_int_equal(failure.status, EXIT_NO_TARGET);
	if (strstr(failure.text, part) == NULL) {
		fail_msg("\"%s\" does not contain \"%s\"", failure.text, part);
	}
}

/* ---- Finding ----------------------------------------------------------- */

static void
assert_not_found(const char *command, int status)
{
	struct failure failure = { 0 };

	assert_null(executable_find(command, &failure));
	assert_int_equal(failure.status, status);
}

static void
find_in_path(void **state)
{
	struct failure failure;
	char *old = strdup(getenv("PATH"));
	char *found;

	make_file("", 0700);
	setenv("PATH", "/nonexistent", 1);
	assert_not_found("program", EXIT_FAILED);
	setenv("PATH", directory, 1);
	found = executable_find("program", &failure);
	assert_string_equal(found, path);
	free(found);
	/* One that cannot be run does not hide one that can. */
	chmod(path, 0600);
	assert_not_found("program", EXIT_FAILED);
	setenv("PATH", "", 1);
	assert_not_found("program", EXIT_FAILED);
	setenv("PATH", old, 1);
	free(old);
}

static void
find_by_path(void **state)
{
	struct failure failure;
	char *found = executable_find("/bin/sh", &failure);

	assert_string_equal(found, "/bin/sh");
	free(found);
	assert_not_found("/nonexistent/program", EXIT_FAILED);
	assert_not_found("/bin/sh/program", EXIT_FAILED);
	assert_not_found("/tmp", EXIT_FAILED);
	make_file("", 0600);
	assert_not_found(path, EXIT_FAILED);
}

/* ---- Checking ---------------------------------------------------------- */

static void
this_program(void **state)
{
	assert_possible(SELF);
#ifdef __SANITIZE_ADDRESS__
	assert_non_null(strstr(executable.runtime, "asan"));
#elif defined(__SANITIZE_THREAD__)
	assert_non_null(strstr(executable.runtime, "tsan"));
#else
	assert_string_equal(executable.runtime, "");
#endif
	close(make_copy());
	assert_possible(path);
}

static void
other_machine(void **state)
{
	const uint16_t machine = EM_S390;
	int fd = make_copy();

	assert_int_equal(pwrite(fd, &machine, sizeof(machine),
			     offsetof(Elf64_Ehdr, e_machine)),
	    sizeof(machine));
	close(fd);
	assert_impossible("another architecture");
}

static void
static_program(void **state)
{
	const uint32_t type = PT_NULL;
	Elf64_Phdr segment;
	int fd = make_copy();
	off_t at = find_segment(fd, PT_INTERP, &segment);

	assert_int_equal(pwrite(fd, &type, sizeof(type), at), sizeof(type));
	close(fd);
	assert_impossible("linked statically");
}

static void
set_linker(const char *linker)
{
	char bytes[28] = "";
	Elf64_Phdr segment;
	int fd = make_copy();

	find_segment(fd, PT_INTERP, &segment);
	assert_true(segment.p_filesz <= sizeof(bytes));
	snprintf(bytes, sizeof(bytes), "%s", linker);
	assert_true(
	    pwrite(fd, bytes, segment.p_filesz, (off_t) segment.p_offset) > 0);
	close(fd);
}

static void
other_libc(void **state)
{
	set_linker("/lib/ld-musl-x86_64.so.1");
	assert_impossible("musl");
	set_linker("/libexec/ld-elf.so.1");
	assert_impossible("not glibc's");
}

static void
privileged(void **state)
{
	int fd;

	if (geteuid() != 0) {
		skip();
	}
	fd = make_copy();
	assert_int_equal(fchown(fd, 12345, 12345), 0);
	assert_possible(path);
	fchmod(fd, 04755);
	assert_impossible("setuid");
	fchmod(fd, 02755);
	assert_impossible("setgid");
	/* Its own user gains nothing by it. */
	assert_int_equal(fchown(fd, 0, 0), 0);
	fchmod(fd, 06755);
	assert_possible(path);
	close(fd);
}

static void
broken(void **state)
{
	make_file("\177ELF", 0700);
	assert_impossible("no whole ELF file");
	/* The headers lead beyond the end. */
	truncate(path, 0);
	close(make_copy());
	assert_int_equal(truncate(path, sizeof(Elf64_Ehdr)), 0);
	assert_impossible("linked statically");
}

static void
scripts(void **state)
{
	make_file("#!/bin/sh -e\nexit 0\n", 0700);
	assert_possible(path);
	make_file("#! \t/usr/bin/env sh\n", 0700);
	assert_possible(path);
	make_file("exit 0\n", 0700);
	assert_possible(path);
	make_file("", 0700);
	assert_possible(path);
	make_file("#!", 0700);
	assert_possible(path);
}

/* A script that interprets itself: the kernel refuses it, we only end. */
static void
endless_script(void **state)
{
	char text[80];

	snprintf(text, sizeof(text), "#!%s\n", path);
	make_file(text, 0700);
	assert_possible(path);
}

/* The interpreter counts, not the script. */
static void
script_of_static_program(void **state)
{
	char script[80];
	char text[80];
	struct failure failure;
	int fd;

	static_program(state);
	snprintf(script, sizeof(script), "%s/script", directory);
	snprintf(text, sizeof(text), "#!%s\n", path);
	fd = open(script, O_CREAT | O_WRONLY, 0700);
	assert_true(write(fd, text, strlen(text)) > 0);
	close(fd);
	assert_int_equal(
	    executable_check(script, SELF, &executable, &failure), -1);
	assert_true(executable.is_script);
	assert_string_equal(executable.path, path);
	assert_non_null(strstr(failure.text, path));
	unlink(script);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(find_in_path),
		TEST(find_by_path),
		TEST(this_program),
		TEST(other_machine),
		TEST(static_program),
		TEST(other_libc),
		TEST(privileged),
		TEST(broken),
		TEST(scripts),
		TEST(endless_script),
		TEST(script_of_static_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
