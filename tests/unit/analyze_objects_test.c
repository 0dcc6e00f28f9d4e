/*
 * analyze_objects_test.c: other processes, whose files are not always what they
 * were.
 *
 * The process that is looked at is this program itself, as a copy that can be
 * stripped, patched, deleted and replaced. It captures its own stack, writes
 * that to its standard output, and waits.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/analyze.h"
#include "analyze_capture.h"

#define LIFE 60 /* seconds that a child lives at most */

static struct capture captured;
static volatile int sink; /* keeps calls from being tail calls */

/* ---- The process that is looked at ------------------------------------- */

__attribute__((noinline)) static void
wait_here(void)
{
	capture_stack(&captured, NULL);
	sink++;
}

__attribute__((noinline)) static void
worker(void)
{
	wait_here();
	sink++;
}

/* Called from inside the library. */
static int
take_text(const char *text, size_t size, void *unused)
{
	worker();
	return 0;
}

static void
call_through(const char *library)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	json_t *(*make)(void) = NULL;
	int (*dump)(const json_t *json, json_dump_callback_t callback,
	    void *data, size_t flags) = NULL;

	if (handle) {
		*(void **) &make = dlsym(handle, "json_array");
		*(void **) &dump = dlsym(handle, "json_dump_callback");
	}
	if (!make || !dump) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	dump(make(), take_text, NULL, 0);
}

static int
copy_file(const char *from, const char *to)
{
	static char buffer[1 << 16];
	FILE *in = fopen(from, "re");
	FILE *out = fopen(to, "we");
	size_t size;

	if (!in || !out) {
		return -1;
	}
	while ((size = fread(buffer, 1, sizeof(buffer), in)) > 0) {
		fwrite(buffer, 1, size, out);
	}
	fclose(in);
	return fclose(out) || chmod(to, 0755) ? -1 : 0;
}

/* Sees a library under a path that is there for nobody else. */
static void
hide(const char *directory, const char *library)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/hidden.so", directory);
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", directory, "tmpfs", 0, NULL) ||
	    copy_file(library, path)) {
		return;
	}
	call_through(path);
}

__attribute__((noinline)) static int
be_child(char **argv)
{
	alarm(LIFE);
	if (strcmp(argv[1], "plain") == 0) {
		worker();
	} else if (strcmp(argv[1], "library") == 0) {
		call_through(argv[2]);
	} else {
		hide(argv[2], argv[3]);
	}
	if (write(STDOUT_FILENO, &captured, sizeof(captured)) < 0) {
		return 1;
	}
	for (;;) {
		pause();
	}
}

/* ---- The test's side --------------------------------------------------- */

struct child {
	pid_t pid;
	struct symbolizer *symbolizer;
	struct stack stack;
};

static char directory[64];

static const char *
file(const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

/* The library that this program itself is linked with. */
static const char *
library(void)
{
	Dl_info info;

	assert_true(dladdr((void *) (uintptr_t) json_array, &info));
	return info.dli_fname;
}

static void
start(struct child *child, const char *program, const char *mode,
    const char *first, const char *second)
{
	size_t size = 0;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		close(pipes[0]);
		close(pipes[1]);
		execl(program, program, mode, first, second, NULL);
		_exit(127);
	}
	close(pipes[1]);
	while (size < sizeof(captured)) {
		ssize_t part = read(pipes[0], (char *) &captured + size,
		    sizeof(captured) - size);

		assert_true(part > 0);
		size += part;
	}
	close(pipes[0]);
}

static void
look(struct child *child)
{
	struct failure failure;
	struct task task = { .id = 1 };
	struct snapshot snapshot = { .tasks = &task, .task_count = 1 };

	child->symbolizer = symbolizer_new(child->pid, NULL, &failure);
	assert_non_null(child->symbolizer);
	capture_fill(&captured, &task.stack);
	analyze_stacks(&snapshot, child->symbolizer);
	child->stack = task.stack;
}

static void
stop(struct child *child)
{
	symbolizer_free(child->symbolizer);
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
}

static const struct frame *
find(const struct stack *stack, const char *function)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		const char *name = stack->frames[i]->function;

		if (name && strcmp(name, function) == 0) {
			return stack->frames[i];
		}
	}
	return NULL;
}

/* Is the stack whole, from the wait to main()? */
static void
check_whole(const struct stack *stack)
{
	assert_false(stack->cut);
	assert_non_null(find(stack, "wait_here"));
	assert_non_null(find(stack, "worker"));
	assert_non_null(find(stack, "be_child"));
	assert_non_null(find(stack, "main"));
	assert_non_null(
	    strstr(find(stack, "worker")->file, "analyze_objects_test.c"));
}

static void
copy_self(const char *name)
{
	assert_int_equal(copy_file("/proc/self/exe", file(name)), 0);
}

static void
a_program_as_it_is(void **state)
{
	struct child child;

	copy_self("plain");
	start(&child, file("plain"), "plain", NULL, NULL);
	look(&child);
	check_whole(&child.stack);
	assert_string_equal(
	    find(&child.stack, "worker")->module, file("plain"));
	stop(&child);
}

static void
a_stripped_program_has_offsets(void **state)
{
	struct child named, stripped;
	char command[256];

	copy_self("named");
	copy_self("stripped");
	snprintf(command, sizeof(command), "strip %s", file("stripped"));
	if (system(command) != 0) {
		skip();
	}
	start(&named, file("named"), "plain", NULL, NULL);
	look(&named);
	start(&stripped, file("stripped"), "plain", NULL, NULL);
	look(&stripped);
	check_whole(&named.stack);
	assert_false(stripped.stack.cut);
	assert_int_equal(stripped.stack.frame_count, named.stack.frame_count);
	for (size_t i = 0; i < 3; i++) {
		const struct frame *frame = stripped.stack.frames[i];

		assert_null(frame->function);
		assert_null(frame->file);
		assert_string_equal(frame->module, file("stripped"));
		assert_int_equal(frame->offset, named.stack.frames[i]->offset);
	}
	stop(&stripped);
	stop(&named);
}

static void
a_deleted_program_is_known(void **state)
{
	struct child child;

	copy_self("deleted");
	start(&child, file("deleted"), "plain", NULL, NULL);
	unlink(file("deleted"));
	look(&child);
	check_whole(&child.stack);
	stop(&child);
}

static void
a_program_replaced_is_not_mistaken(void **state)
{
	struct child child;

	copy_self("replaced");
	start(&child, file("replaced"), "plain", NULL, NULL);
	assert_int_equal(copy_file("/bin/true", file("new")), 0);
	assert_int_equal(rename(file("new"), file("replaced")), 0);
	look(&child);
	check_whole(&child.stack);
	stop(&child);
}

/* A program without the table is one whose headers do not mention it. */
static void
forget_table(const char *path)
{
	FILE *program = fopen(path, "r+e");
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	assert_non_null(program);
	assert_int_equal(fread(&header, sizeof(header), 1, program), 1);
	for (int i = 0; i < header.e_phnum; i++) {
		long at = header.e_phoff + i * sizeof(segment);

		fseek(program, at, SEEK_SET);
		assert_int_equal(
		    fread(&segment, sizeof(segment), 1, program), 1);
		if (segment.p_type == PT_GNU_EH_FRAME) {
			segment.p_type = PT_NULL;
			fseek(program, at, SEEK_SET);
			fwrite(&segment, sizeof(segment), 1, program);
		}
	}
	assert_int_equal(fclose(program), 0);
}

static void
without_tables_by_frame_pointer(void **state)
{
	struct child child;

	copy_self("tableless");
	forget_table(file("tableless"));
	start(&child, file("tableless"), "plain", NULL, NULL);
	look(&child);
	check_whole(&child.stack);
	stop(&child);
}

static void
a_library_with_broken_sections(void **state)
{
	static const unsigned char rubbish[4096] = { 0x7f, 0xff, 0x80 };
	struct child child;
	Elf64_Ehdr header;
	FILE *broken;

	assert_int_equal(copy_file(library(), file("broken.so")), 0);
	broken = fopen(file("broken.so"), "r+e");
	assert_non_null(broken);
	assert_int_equal(fread(&header, sizeof(header), 1, broken), 1);
	fseek(broken, header.e_shoff, SEEK_SET);
	fwrite(rubbish, sizeof(rubbish), 1, broken);
	fclose(broken);
	start(&child, "/proc/self/exe", "library", file("broken.so"), NULL);
	look(&child);
	check_whole(&child.stack);
	stop(&child);
}

static void
a_library_that_only_the_target_sees(void **state)
{
	const struct frame *frame;
	struct child child;

	start(&child, "/proc/self/exe", "hide", directory, library());
	if (captured.raw.pc == 0) {
		stop(&(struct child) { .pid = child.pid });
		skip(); /* it takes privileges */
	}
	assert_int_not_equal(access(file("hidden.so"), F_OK), 0);
	look(&child);
	check_whole(&child.stack);
	frame = find(&child.stack, "json_dump_callback");
	assert_non_null(frame);
	assert_string_equal(frame->module, file("hidden.so"));
	stop(&child);
}

/* Gives up what lets one follow the kernel's links to mapped files. */
static void
give_up_privileges(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	const int given_up[] = { CAP_SYS_ADMIN, CAP_CHECKPOINT_RESTORE };

	if (geteuid() != 0) {
		return;
	}
	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	for (int i = 0; i < 2; i++) {
		prctl(PR_CAPBSET_DROP, given_up[i]);
		data[given_up[i] / 32].effective &= ~(1u << given_up[i] % 32);
		data[given_up[i] / 32].permitted &= ~(1u << given_up[i] % 32);
	}
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

/* Then its tables are read from memory; names would be those of another. */
static void
a_library_replaced_is_not_mistaken(void **state)
{
	struct child child;
	size_t nameless = 0;

	give_up_privileges();
	assert_int_equal(copy_file(library(), file("old.so")), 0);
	start(&child, "/proc/self/exe", "library", file("old.so"), NULL);
	assert_int_equal(copy_file(library(), file("new.so")), 0);
	assert_int_equal(rename(file("new.so"), file("old.so")), 0);
	look(&child);
	check_whole(&child.stack);
	for (size_t i = 0; i < child.stack.frame_count; i++) {
		const struct frame *frame = child.stack.frames[i];

		if (strstr(frame->module, "old.so")) {
			assert_null(frame->function);
			assert_true(frame->offset < 0x100000);
			nameless++;
		}
	}
	assert_true(nameless > 0);
	stop(&child);
}

static int
set_up(void **state)
{
	strcpy(directory, "/tmp/stranded-test-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "plain", "named", "stripped",
		"replaced", "tableless", "broken.so", "old.so" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unlink(file(names[i]));
	}
	return rmdir(directory);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_as_it_is),
		cmocka_unit_test(a_stripped_program_has_offsets),
		cmocka_unit_test(a_deleted_program_is_known),
		cmocka_unit_test(a_program_replaced_is_not_mistaken),
		cmocka_unit_test(without_tables_by_frame_pointer),
		cmocka_unit_test(a_library_with_broken_sections),
		cmocka_unit_test(a_library_that_only_the_target_sees),
		cmocka_unit_test(a_library_replaced_is_not_mistaken),
	};

	if (argc > 1) {
		return be_child(argv);
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
