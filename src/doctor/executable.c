/*
 * executable.c: see executable.h.
 *
 * What cannot be read is not an obstacle here: whether the probe was loaded is
 * asked again once the program runs.
 */
#include "doctor/executable.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "client/memory.h"

/* How many scripts may interpret scripts; the kernel has a limit as well. */
#define SCRIPTS_MAX 4

/* Room for a script's first line. */
#define LINE_SIZE 256

/* ---- Finding ----------------------------------------------------------- */

/* 0 if the file can be run, else an error number. */
static int
try_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		return errno;
	}
	if (!S_ISREG(status.st_mode) || access(path, X_OK) != 0) {
		return EACCES;
	}
	return 0;
}

/* Looks in the directories of PATH; a file that cannot be run is passed by. */
static int
search_path(const char *command, char **found)
{
	const char *path = getenv("PATH");
	int result = ENOENT;

	if (path == NULL) {
		path = "/bin:/usr/bin";
	}
	for (;;) {
		size_t length = strcspn(path, ":");
		char *file = memory_print("%.*s%s%s", (int) length, path,
		    length > 0 ? "/" : "./", command);
		int error = try_file(file);

		if (error == 0) {
			*found = file;
			return 0;
		}
		free(file);
		if (error == EACCES) {
			result = EACCES;
		}
		if (path[length] == '\0') {
			return result;
		}
		path += length + 1;
	}
}

char *
executable_find(const char *command, struct failure *failure)
{
	char *path = NULL;
	int error;

	if (command[0] == '\0') {
		error = ENOENT; /* not the directories of PATH */
	} else if (strchr(command, '/') == NULL) {
		error = search_path(command, &path);
	} else {
		error = try_file(command);
		path = error == 0 ? memory_print("%s", command) : NULL;
	}
	if (error == ENOENT || error == ENOTDIR) {
		failure_set(failure, EXIT_FAILED,
		    "there is no command \"%.200s\"", command);
	} else if (error != 0) {
		failure_set(failure, EXIT_FAILED, "cannot run \"%.200s\": %s",
		    command, strerror(error));
	}
	return path;
}

/* ---- Checks of an ELF file --------------------------------------------- */

/* A program, opened. */
struct program {
	int fd;
	Elf *elf;
	GElf_Ehdr header;
};

static const struct obstacle is_setuid = {
	"it is setuid, so the dynamic linker ignores LD_PRELOAD",
	"run it as the user that owns it, or a copy that is not setuid",
};
static const struct obstacle is_setgid = {
	"it is setgid, so the dynamic linker ignores LD_PRELOAD",
	"run a copy that is not setgid",
};
static const struct obstacle has_capabilities = {
	"the file has capabilities, so the dynamic linker ignores LD_PRELOAD",
	"run a copy without them, or run as root",
};
static const struct obstacle other_machine = {
	"it is built for another architecture than the probe",
	"build libstranded.so for that one, and name it in STRANDED_PROBE",
};
static const struct obstacle is_static = {
	"it is linked statically, and it is the dynamic linker that loads the "
	"probe",
	"link it dynamically",
};
static const struct obstacle uses_musl = {
	"it uses the C library musl, and the probe needs glibc",
	"build it for glibc",
};
static const struct obstacle other_linker = {
	"its dynamic linker is not glibc's",
	"build it for glibc",
};
static const struct obstacle is_broken = {
	"it is no whole ELF file",
	"build or install it again",
};

/*
 * A program that runs with more rights than its caller has may not be told
 * what to load.
 */
static const struct obstacle *
check_privilege(const struct program *program)
{
	struct stat status;

	if (fstat(program->fd, &status) != 0) {
		return NULL;
	}
	if ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) {
		return &is_setuid;
	}
	if ((status.st_mode & S_ISGID) != 0 && status.st_gid != getegid()) {
		return &is_setgid;
	}
	if (geteuid() != 0 &&
	    fgetxattr(program->fd, "security.capability", NULL, 0) > 0) {
		return &has_capabilities;
	}
	return NULL;
}

/* Is it for the machine that the probe is for? */
static const struct obstacle *
check_machine(const struct program *program, const char *probe)
{
	Elf64_Ehdr header;
	int fd = open(probe, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? pread(fd, &header, sizeof(header), 0) : -1;

	if (fd >= 0) {
		close(fd);
	}
	/* e_machine is at the same place in both classes. */
	if (got != (ssize_t) sizeof(header) ||
	    (header.e_ident[EI_CLASS] == program->header.e_ident[EI_CLASS] &&
		header.e_machine == program->header.e_machine)) {
		return NULL;
	}
	return &other_machine;
}

/* Reads the name of the dynamic linker; "" if the program has none. */
static void
read_linker(const struct program *program, char *linker, size_t size)
{
	size_t count = 0;
	GElf_Phdr segment;
	ssize_t got = 0;

	elf_getphdrnum(program->elf, &count);
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(program->elf, (int) i, &segment) != NULL &&
		    segment.p_type == PT_INTERP) {
			got = pread(program->fd, linker, size - 1,
			    (off_t) segment.p_offset);
			break;
		}
	}
	linker[got > 0 ? got : 0] = '\0';
}

static const struct obstacle *
check_linker(const struct program *program)
{
	char linker[128];

	read_linker(program, linker, sizeof(linker));
	if (linker[0] == '\0') {
		return &is_static;
	}
	if (strstr(linker, "/ld-musl") != NULL) {
		return &uses_musl;
	}
	if (strstr(linker, "/ld-linux") == NULL &&
	    strstr(linker, "/ld64.so") == NULL) {
		return &other_linker;
	}
	return NULL;
}

static bool
is_runtime(const char *library)
{
	static const char *const runtimes[] = { "libasan.so", "libtsan.so",
		"liblsan.so", "libhwasan.so", "libclang_rt.asan",
		"libclang_rt.tsan" };

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++) {
		if (strncmp(library, runtimes[i], strlen(runtimes[i])) == 0) {
			return true;
		}
	}
	return false;
}

/* Looks for a sanitizer among the libraries that one section names. */
static void
find_runtime_in(
    const struct program *program, Elf_Scn *section, char *runtime, size_t size)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Shdr header;
	GElf_Dyn entry;

	if (data == NULL || gelf_getshdr(section, &header) == NULL) {
		return;
	}
	for (int i = 0; gelf_getdyn(data, i, &entry) != NULL; i++) {
		const char *name = entry.d_tag == DT_NEEDED ?
		    elf_strptr(program->elf, header.sh_link, entry.d_un.d_val) :
		    NULL;

		if (name != NULL && is_runtime(name)) {
			snprintf(runtime, size, "%s", name);
		}
	}
}

static void
find_runtime(const struct program *program, struct executable *executable)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(program->elf, section)) != NULL) {
		if (gelf_getshdr(section, &header) != NULL &&
		    header.sh_type == SHT_DYNAMIC) {
			find_runtime_in(program, section, executable->runtime,
			    sizeof(executable->runtime));
		}
	}
}

static const struct obstacle *
check_elf(
    struct program *program, const char *probe, struct executable *executable)
{
	const struct obstacle *obstacle;

	elf_version(EV_CURRENT);
	program->elf = elf_begin(program->fd, ELF_C_READ, NULL);
	if (program->elf == NULL ||
	    gelf_getehdr(program->elf, &program->header) == NULL) {
		elf_end(program->elf);
		return &is_broken;
	}
	obstacle = check_machine(program, probe);
	if (obstacle == NULL) {
		obstacle = check_linker(program);
	}
	if (obstacle == NULL) {
		obstacle = check_privilege(program);
	}
	if (obstacle == NULL) {
		find_runtime(program, executable);
	}
	elf_end(program->elf);
	return obstacle;
}

/* ---- Scripts ----------------------------------------------------------- */

/* Cuts a first line "#! /bin/sh -e" down to the interpreter's path. */
static const char *
interpreter(char *line)
{
	char *path;

	/* The shell runs what the kernel does not know. */
	if (strncmp(line, "#!", 2) != 0) {
		return "/bin/sh";
	}
	path = line + 2;
	path += strspn(path, " \t");
	path[strcspn(path, " \t\r\n")] = '\0';
	return path;
}

static const struct obstacle *
look(const char *path, const char *probe, int scripts,
    struct executable *executable)
{
	struct program program = { 0 };
	const struct obstacle *obstacle = NULL;
	char line[LINE_SIZE];
	ssize_t got;

	program.fd = open(path, O_RDONLY | O_CLOEXEC);
	got =
	    program.fd >= 0 ? pread(program.fd, line, sizeof(line) - 1, 0) : -1;
	if (got > 0) {
		line[got] = '\0';
	}
	snprintf(executable->path, sizeof(executable->path), "%s", path);
	if (got >= SELFMAG && memcmp(line, ELFMAG, SELFMAG) == 0) {
		obstacle = check_elf(&program, probe, executable);
	} else if (got > 0 && scripts > 0) {
		executable->is_script = true;
		obstacle =
		    look(interpreter(line), probe, scripts - 1, executable);
	}
	if (program.fd >= 0) {
		close(program.fd);
	}
	return obstacle;
}

const struct obstacle *
executable_look(
    const char *path, const char *probe, struct executable *executable)
{
	*executable = (struct executable) { 0 };
	return look(path, probe, SCRIPTS_MAX, executable);
}

int
executable_check(const char *path, const char *probe,
    struct executable *executable, struct failure *failure)
{
	const struct obstacle *obstacle =
	    executable_look(path, probe, executable);

	if (obstacle == NULL) {
		return 0;
	}
	return failure_set(failure, EXIT_NO_TARGET,
	    "the probe cannot work in %.200s: %s; %s", executable->path,
	    obstacle->why, obstacle->remedy);
}
