/* binary.c: see binary.h. */
#include "doctor/binary.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"

struct binary {
	int fd;
	Elf *elf;
	char linker[256];
	const char **libraries; /* the names lie in `elf` */
	size_t library_count;
	size_t library_room;
};

/* The next section of a type after `section`, or NULL. */
static Elf_Scn *
next_section(const struct binary *binary, Elf_Scn *section, uint32_t type,
    GElf_Shdr *header)
{
	while ((section = elf_nextscn(binary->elf, section)) != NULL) {
		if (gelf_getshdr(section, header) != NULL &&
		    header->sh_type == type) {
			return section;
		}
	}
	return NULL;
}

static void
read_linker(struct binary *binary)
{
	size_t count = 0;
	GElf_Phdr segment;
	ssize_t got = 0;

	elf_getphdrnum(binary->elf, &count);
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(binary->elf, (int) i, &segment) != NULL &&
		    segment.p_type == PT_INTERP) {
			got = pread(binary->fd, binary->linker,
			    sizeof(binary->linker) - 1,
			    (off_t) segment.p_offset);
			break;
		}
	}
	binary->linker[got > 0 ? got : 0] = '\0';
}

static void
read_libraries(struct binary *binary)
{
	GElf_Shdr header;
	GElf_Dyn entry;
	Elf_Scn *section = next_section(binary, NULL, SHT_DYNAMIC, &header);
	Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;

	for (int i = 0; data != NULL && gelf_getdyn(data, i, &entry) != NULL;
	     i++) {
		const char *name = entry.d_tag == DT_NEEDED ?
		    elf_strptr(binary->elf, header.sh_link, entry.d_un.d_val) :
		    NULL;

		if (name == NULL) {
			continue;
		}
		binary->libraries =
		    memory_grow(binary->libraries, binary->library_count,
			&binary->library_room, sizeof(*binary->libraries));
		binary->libraries[binary->library_count++] = name;
	}
}

struct binary *
binary_open(const char *path)
{
	struct binary *binary = memory_new(1, sizeof(*binary));

	elf_version(EV_CURRENT);
	/* Something else may stand there: do not wait for a pipe. */
	binary->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	binary->elf =
	    binary->fd >= 0 ? elf_begin(binary->fd, ELF_C_READ, NULL) : NULL;
	if (binary->elf == NULL || elf_kind(binary->elf) != ELF_K_ELF) {
		binary_close(binary);
		return NULL;
	}
	read_linker(binary);
	read_libraries(binary);
	return binary;
}

void
binary_close(struct binary *binary)
{
	if (binary == NULL) {
		return;
	}
	elf_end(binary->elf);
	if (binary->fd >= 0) {
		close(binary->fd);
	}
	free(binary->libraries);
	free(binary);
}

const char *
binary_linker(const struct binary *binary)
{
	return binary->linker;
}

size_t
binary_library_count(const struct binary *binary)
{
	return binary->library_count;
}

const char *
binary_library(const struct binary *binary, size_t index)
{
	return binary->libraries[index];
}

/* A symbol of a table: is there one? */
struct symbol_query {
	uint32_t table;   /* the section's type */
	const char *name; /* how it begins */
	size_t length;    /* of that; with its NUL it is the whole name */
	bool defined;     /* or wanted from others */
};

static bool
find_symbol(const struct binary *binary, const struct symbol_query *query)
{
	GElf_Shdr header;
	GElf_Sym symbol;
	Elf_Scn *section = next_section(binary, NULL, query->table, &header);
	Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;

	for (int i = 0; data != NULL && gelf_getsym(data, i, &symbol) != NULL;
	     i++) {
		const char *name =
		    elf_strptr(binary->elf, header.sh_link, symbol.st_name);

		if (name != NULL &&
		    strncmp(name, query->name, query->length) == 0 &&
		    (symbol.st_shndx != SHN_UNDEF) == query->defined) {
			return true;
		}
	}
	return false;
}

bool
binary_wants(const struct binary *binary, const char *prefix)
{
	return find_symbol(binary,
	    &(struct symbol_query) {
		SHT_DYNSYM, prefix, strlen(prefix), false });
}

bool
binary_defines(const struct binary *binary, const char *prefix)
{
	struct symbol_query query = { SHT_DYNSYM, prefix, strlen(prefix),
		true };

	if (find_symbol(binary, &query)) {
		return true;
	}
	query.table = SHT_SYMTAB;
	return find_symbol(binary, &query);
}

bool
binary_exports(const struct binary *binary, const char *name)
{
	return find_symbol(binary,
	    &(struct symbol_query) {
		SHT_DYNSYM, name, strlen(name) + 1, true });
}

bool
binary_has_section(const struct binary *binary, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names = 0;

	if (elf_getshdrstrndx(binary->elf, &names) != 0) {
		return false;
	}
	while ((section = elf_nextscn(binary->elf, section)) != NULL) {
		const char *found = gelf_getshdr(section, &header) != NULL ?
		    elf_strptr(binary->elf, names, header.sh_name) :
		    NULL;

		if (found != NULL && strcmp(found, name) == 0) {
			return true;
		}
	}
	return false;
}
