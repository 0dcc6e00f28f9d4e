/* image.c: see image.h. */
#include "doctor/image.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/memory.h"

struct image {
	int fd;
	Elf *elf;
	char linker[256];
	const char **libraries; /* the names lie in `elf` */
	size_t library_count;
	size_t library_room;
};

/* The next section of a type after `section`, or NULL. */
static Elf_Scn *
next_section(const struct image *image, Elf_Scn *section, uint32_t type,
    GElf_Shdr *header)
{
	while ((section = elf_nextscn(image->elf, section)) != NULL) {
		if (gelf_getshdr(section, header) != NULL &&
		    header->sh_type == type) {
			return section;
		}
	}
	return NULL;
}

static void
read_linker(struct image *image)
{
	size_t count = 0;
	GElf_Phdr segment;
	ssize_t got = 0;

	elf_getphdrnum(image->elf, &count);
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(image->elf, (int) i, &segment) != NULL &&
		    segment.p_type == PT_INTERP) {
			got = pread(image->fd, image->linker,
			    sizeof(image->linker) - 1,
			    (off_t) segment.p_offset);
			break;
		}
	}
	image->linker[got > 0 ? got : 0] = '\0';
}

static void
read_libraries(struct image *image)
{
	GElf_Shdr header;
	GElf_Dyn entry;
	Elf_Scn *section = next_section(image, NULL, SHT_DYNAMIC, &header);
	Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;

	for (int i = 0; data != NULL && gelf_getdyn(data, i, &entry) != NULL;
	     i++) {
		const char *name = entry.d_tag == DT_NEEDED ?
		    elf_strptr(image->elf, header.sh_link, entry.d_un.d_val) :
		    NULL;

		if (name == NULL) {
			continue;
		}
		image->libraries =
		    memory_grow(image->libraries, image->library_count,
			&image->library_room, sizeof(*image->libraries));
		image->libraries[image->library_count++] = name;
	}
}

struct image *
image_open(const char *path)
{
	struct image *image = memory_new(1, sizeof(*image));

	elf_version(EV_CURRENT);
	image->fd = open(path, O_RDONLY | O_CLOEXEC);
	image->elf =
	    image->fd >= 0 ? elf_begin(image->fd, ELF_C_READ, NULL) : NULL;
	if (image->elf == NULL || elf_kind(image->elf) != ELF_K_ELF) {
		image_close(image);
		return NULL;
	}
	read_linker(image);
	read_libraries(image);
	return image;
}

void
image_close(struct image *image)
{
	if (image == NULL) {
		return;
	}
	elf_end(image->elf);
	if (image->fd >= 0) {
		close(image->fd);
	}
	free(image->libraries);
	free(image);
}

const char *
image_linker(const struct image *image)
{
	return image->linker;
}

size_t
image_library_count(const struct image *image)
{
	return image->library_count;
}

const char *
image_library(const struct image *image, size_t index)
{
	return image->libraries[index];
}

/* A symbol of a table: is there one? */
struct symbol_query {
	uint32_t table;   /* the section's type */
	const char *name; /* how it begins */
	size_t length;    /* of that; with its NUL it is the whole name */
	bool defined;     /* or wanted from others */
};

static bool
find_symbol(const struct image *image, const struct symbol_query *query)
{
	GElf_Shdr header;
	GElf_Sym symbol;
	Elf_Scn *section = next_section(image, NULL, query->table, &header);
	Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;

	for (int i = 0; data != NULL && gelf_getsym(data, i, &symbol) != NULL;
	     i++) {
		const char *name =
		    elf_strptr(image->elf, header.sh_link, symbol.st_name);

		if (name != NULL &&
		    strncmp(name, query->name, query->length) == 0 &&
		    (symbol.st_shndx != SHN_UNDEF) == query->defined) {
			return true;
		}
	}
	return false;
}

bool
image_wants(const struct image *image, const char *prefix)
{
	return find_symbol(image,
	    &(struct symbol_query) {
		SHT_DYNSYM, prefix, strlen(prefix), false });
}

bool
image_defines(const struct image *image, const char *prefix)
{
	struct symbol_query query = { SHT_DYNSYM, prefix, strlen(prefix),
		true };

	if (find_symbol(image, &query)) {
		return true;
	}
	query.table = SHT_SYMTAB;
	return find_symbol(image, &query);
}

bool
image_exports(const struct image *image, const char *name)
{
	return find_symbol(image,
	    &(struct symbol_query) {
		SHT_DYNSYM, name, strlen(name) + 1, true });
}

bool
image_has_section(const struct image *image, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names = 0;

	if (elf_getshdrstrndx(image->elf, &names) != 0) {
		return false;
	}
	while ((section = elf_nextscn(image->elf, section)) != NULL) {
		const char *found = gelf_getshdr(section, &header) != NULL ?
		    elf_strptr(image->elf, names, header.sh_name) :
		    NULL;

		if (found != NULL && strcmp(found, name) == 0) {
			return true;
		}
	}
	return false;
}
