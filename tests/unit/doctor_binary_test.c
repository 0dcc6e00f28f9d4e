/*
 * doctor_binary_test.c: what an ELF file says of itself, and what is said of
 * that. The files are made here, with no more in them than is looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <unistd.h>

#include "doctor/company.h"
#include "doctor/binary.h"
#include "doctor/report.h"

#define SYMBOLS_MAX  8
#define STRINGS_SIZE 512

/* ---- Making files ------------------------------------------------------ */

enum { NONE, STRINGS, SYMBOLS, DYNAMIC, NAMED, SECTIONS };

/* All of the file, as it lies on disk. */
struct file {
	Elf64_Ehdr header;
	Elf64_Shdr sections[SECTIONS];
	Elf64_Sym symbols[SYMBOLS_MAX]; /* the first is nobody */
	Elf64_Dyn dynamic[SYMBOLS_MAX]; /* the last is DT_NULL */
	char strings[STRINGS_SIZE];     /* of sections, symbols, libraries */
	size_t used;                    /* of the strings */
	size_t symbol_count;
	size_t library_count;
};

static char path[] = "/tmp/stranded-binary-XXXXXX";

static uint32_t
add_string(struct file *file, const char *string)
{
	size_t at = file->used;

	file->used += strlen(string) + 1;
	assert_true(file->used <= STRINGS_SIZE);
	memcpy(file->strings + at, string, strlen(string) + 1);
	return (uint32_t) at;
}

static void
set_section(struct file *file, int index, uint32_t type, size_t offset,
    size_t size, size_t entry)
{
	file->sections[index] = (Elf64_Shdr) {
		.sh_name = file->sections[index].sh_name,
		.sh_type = type,
		.sh_offset = offset,
		.sh_size = size,
		.sh_link = STRINGS,
		.sh_entsize = entry,
	};
}

/* A file with one section of the given name, which is empty. */
static struct file
make_file(const char *section)
{
	struct file file = {
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
			    ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_shoff = offsetof(struct file, sections),
			.e_shentsize = sizeof(Elf64_Shdr),
			.e_shnum = SECTIONS,
			.e_shstrndx = STRINGS,
		},
		.used = 1,
		.symbol_count = 1,
	};

	file.sections[NAMED].sh_name = add_string(&file, section);
	set_section(&file, STRINGS, SHT_STRTAB, offsetof(struct file, strings),
	    sizeof(file.strings), 0);
	set_section(&file, SYMBOLS, SHT_DYNSYM, offsetof(struct file, symbols),
	    sizeof(file.symbols), sizeof(Elf64_Sym));
	set_section(&file, DYNAMIC, SHT_DYNAMIC, offsetof(struct file, dynamic),
	    sizeof(file.dynamic), sizeof(Elf64_Dyn));
	set_section(&file, NAMED, SHT_PROGBITS, 0, 0, 0);
	return file;
}

static void
add_symbol(struct file *file, const char *name, bool defined)
{
	assert_true(file->symbol_count < SYMBOLS_MAX);
	file->symbols[file->symbol_count++] = (Elf64_Sym) {
		.st_name = add_string(file, name),
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = defined ? NAMED : SHN_UNDEF,
	};
}

static void
add_library(struct file *file, const char *name)
{
	assert_true(file->library_count < SYMBOLS_MAX - 1);
	file->dynamic[file->library_count++] = (Elf64_Dyn) {
		.d_tag = DT_NEEDED,
		.d_un.d_val = add_string(file, name),
	};
}

static struct binary *
open_file(const struct file *file)
{
	struct binary *binary;
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_int_equal(write(fd, file, sizeof(*file)), sizeof(*file));
	close(fd);
	binary = binary_open(path);
	unlink(path);
	return binary;
}

/* ---- What the file says ------------------------------------------------ */

static void
questions(void **state)
{
	struct file file = make_file(".note.go.buildid");
	struct binary *binary;

	add_symbol(&file, "dlopen", false);
	add_symbol(&file, "pollute", true);
	add_library(&file, "libone.so.1");
	add_library(&file, "libtwo.so");
	binary = open_file(&file);
	assert_non_null(binary);
	assert_string_equal(binary_linker(binary), "");
	assert_int_equal(binary_library_count(binary), 2);
	assert_string_equal(binary_library(binary, 1), "libtwo.so");
	assert_true(binary_wants(binary, "dlo"));
	assert_false(binary_wants(binary, "dlmopen"));
	assert_false(binary_wants(binary, "pollute"));
	assert_true(binary_defines(binary, "poll"));
	assert_false(binary_exports(binary, "poll"));
	assert_true(binary_exports(binary, "pollute"));
	assert_false(binary_exports(binary, "dlopen"));
	assert_true(binary_has_section(binary, ".note.go.buildid"));
	assert_false(binary_has_section(binary, ".debug_info"));
	binary_close(binary);
}

/* Numbers that lead beyond the file, and files that are none. */
static void
nonsense(void **state)
{
	struct file file = make_file(".text");
	struct binary *binary;

	add_symbol(&file, "dlopen", false);
	file.symbols[1].st_name = UINT32_MAX;
	file.dynamic[0] = (Elf64_Dyn) { DT_NEEDED, { UINT64_MAX } };
	file.sections[NAMED].sh_name = UINT32_MAX;
	binary = open_file(&file);
	assert_non_null(binary);
	assert_int_equal(binary_library_count(binary), 0);
	assert_false(binary_wants(binary, "dlopen"));
	assert_false(binary_has_section(binary, ".text"));
	binary_close(binary);
	file.sections[SYMBOLS].sh_offset = UINT64_MAX / 2;
	binary = open_file(&file);
	assert_false(binary_wants(binary, "dlopen"));
	binary_close(binary);
	assert_null(binary_open("/proc/self/status"));
	assert_null(binary_open("/nonexistent"));
}

static void
itself(void **state)
{
	struct binary *binary = binary_open("/proc/self/exe");

	assert_non_null(binary);
	assert_non_null(strstr(binary_linker(binary), "/ld-linux"));
	assert_true(binary_library_count(binary) > 0);
	assert_true(binary_defines(binary, "main"));
	binary_close(binary);
}

/* ---- What is said of it ------------------------------------------------ */

/* Fails unless the only finding is this note, with `word` in it. */
static void
assert_note(struct report *report, const char *topic, const char *word)
{
	assert_int_equal(report->count, 1);
	assert_int_equal(report->findings[0].level, REPORT_NOTE);
	assert_string_equal(report->findings[0].topic, topic);
	assert_non_null(strstr(report->findings[0].what, word));
	report_free(report);
	*report = (struct report) { 0 };
}

static void
assert_company(const struct file *file, const char *topic, const char *word)
{
	struct report report = { 0 };
	struct binary *binary = open_file(file);

	company_check_binary(&report, binary);
	company_check_loading(&report, binary);
	binary_close(binary);
	assert_note(&report, topic, word);
}

static void
runtimes(void **state)
{
	static const struct {
		const char *symbol;
		bool defined;
		const char *topic;
		const char *word;
	} cases[] = {
		{ "__asan_init", true, "sanitizer", "AddressSanitizer" },
		{ "__tsan_init", true, "sanitizer", "ThreadSanitizer" },
		{ "rust_eh_personality", true, "tasks", "Rust" },
		{ "io_uring_queue_init", true, "io_uring", "not seen" },
		{ "io_uring_submit", false, "io_uring", "not seen" },
		{ "je_mallctl", true, "allocator", "--track-heap" },
		{ "dlmopen", false, "libraries", "dlmopen" },
		{ "dlopen", false, "libraries", "RTLD_DEEPBIND" },
		{ "accept", true, "calls", "accept" },
	};
	struct file file = make_file(".note.go.buildid");

	assert_company(&file, "tasks", "goroutines");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		file = make_file(".text");
		add_symbol(&file, cases[i].symbol, cases[i].defined);
		assert_company(&file, cases[i].topic, cases[i].word);
	}
}

/* A sanitizer's wrappers are no calls of the program's own. */
static void
wrappers(void **state)
{
	struct file file = make_file(".text");

	add_symbol(&file, "accept", true);
	add_symbol(&file, "__tsan_init", true);
	assert_company(&file, "sanitizer", "ThreadSanitizer");
}

static void
nothing(void **state)
{
	struct report report = { 0 };
	struct file file = make_file(".text");
	struct binary *binary;

	add_symbol(&file, "accept", false);
	binary = open_file(&file);
	company_check_binary(&report, binary);
	assert_int_equal(report.count, 0);
	binary_close(binary);
}

static void
symbols(void **state)
{
	static const struct {
		const char *section;
		size_t index; /* of the finding */
		const char *word;
	} cases[] = {
		{ ".text", 0, "unwind tables" },
		{ ".text", 1, "stripped" },
		{ ".symtab", 1, "no line numbers" },
		{ ".debug_info", 1, "and line numbers" },
		{ ".eh_frame_hdr", 0, "stripped" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct report report = { 0 };
		struct file file = make_file(cases[i].section);
		struct binary *binary = open_file(&file);

		company_check_symbols(&report, binary);
		binary_close(binary);
		assert_true(report.count > cases[i].index);
		assert_non_null(strstr(
		    report.findings[cases[i].index].what, cases[i].word));
		report_free(&report);
	}
}

static void
libraries(void **state)
{
	struct report report = { 0 };

	company_check_library(&report, "libc.so.6");
	company_check_library(&report, "libtest.so");
	assert_int_equal(report.count, 0);
	company_check_library(&report, "libtsan.so.2");
	assert_note(&report, "sanitizer", "libtsan.so.2");
	company_check_library(&report, "liburing.so.2");
	assert_note(&report, "io_uring", "liburing.so.2");
	company_check_library(&report, "libjemalloc.so.2");
	assert_note(&report, "allocator", "--track-heap");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(itself),
		cmocka_unit_test(runtimes),
		cmocka_unit_test(wrappers),
		cmocka_unit_test(nothing),
		cmocka_unit_test(symbols),
		cmocka_unit_test(libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
