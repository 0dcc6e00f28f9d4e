/* libc.c: see libc.h. */
#include "proof/libc.h"

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/memory.h"
#include "stranded_observer.h"

#define LIST_HEAD 16u /* bytes of a list's head */
#define BITS      8u
#define TLS_GUESS 1024u /* bytes of an object that nobody can look at */

/* ---- An object's symbols ----------------------------------------------- */

struct object {
	Elf *elf;
	int fd;
	uint64_t bias; /* what is added to its own addresses */
};

/* Opens the file behind a mapping, as the process sees it. */
static int
open_mapped(pid_t pid, const struct image_map *map)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid,
	    (unsigned long) map->start, (unsigned long) map->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d/root%s", pid, map->path);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	return fd;
}

/*
 * `map` is the object's first mapping. False if it is no object's, or with -1
 * for a descriptor if its file is not to be had.
 */
static bool
object_open(struct object *object, pid_t pid, const struct image_map *map)
{
	GElf_Phdr header;
	size_t count = 0;

	object->fd = open_mapped(pid, map);
	if (object->fd < 0) {
		return false;
	}
	elf_version(EV_CURRENT);
	object->elf = elf_begin(object->fd, ELF_C_READ_MMAP, NULL);
	if (object->elf != NULL) {
		elf_getphdrnum(object->elf, &count);
	}
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(object->elf, (int) i, &header) != NULL &&
		    header.p_type == PT_LOAD) {
			object->bias = map->start - (header.p_vaddr & ~4095ul);
			return true;
		}
	}
	elf_end(object->elf);
	close(object->fd);
	return false;
}

static void
object_close(struct object *object)
{
	elf_end(object->elf);
	close(object->fd);
}

/* A symbol of that name: one that is its own, or one of another's it uses. */
static bool
look_up(
    const struct object *object, const char *name, bool own, GElf_Sym *symbol)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(object->elf, section)) != NULL) {
		Elf_Data *data = NULL;

		if (gelf_getshdr(section, &header) != NULL &&
		    header.sh_type == SHT_DYNSYM) {
			data = elf_getdata(section, NULL);
		}
		for (int i = 0;
		     data != NULL && gelf_getsym(data, i, symbol) != NULL;
		     i++) {
			const char *found = elf_strptr(
			    object->elf, header.sh_link, symbol->st_name);

			if ((symbol->st_shndx != SHN_UNDEF) == own &&
			    found != NULL && strcmp(found, name) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* A symbol's value in the object's own addresses; 0 if there is none. */
static uint64_t
find_symbol(const struct object *object, const char *name)
{
	GElf_Sym symbol;

	return look_up(object, name, true, &symbol) ? symbol.st_value : 0;
}

/* Does the object use a symbol of another's? */
static bool
has_import(const struct object *object, const char *name)
{
	GElf_Sym symbol;

	return look_up(object, name, false, &symbol);
}

/* Reads what the object's file has at an address of its own. */
static bool
read_constant(
    const struct object *object, uint64_t address, void *buffer, size_t size)
{
	GElf_Phdr header;
	size_t count = 0;

	elf_getphdrnum(object->elf, &count);
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(object->elf, (int) i, &header) != NULL &&
		    header.p_type == PT_LOAD && address >= header.p_vaddr &&
		    address + size <= header.p_vaddr + header.p_filesz) {
			return pread(object->fd, buffer, size,
				   (off_t) (header.p_offset +
				       (address - header.p_vaddr))) ==
			    (ssize_t) size;
		}
	}
	return false;
}

/*
 * What libc says of a field: how large one element is, in bits, how many there
 * are, and where it is.
 */
struct field {
	uint32_t bits;
	uint32_t count;
	uint32_t offset;
};

static bool
find_field(const struct object *object, const char *name, struct field *field)
{
	uint64_t address = find_symbol(object, name);

	return address != 0 &&
	    read_constant(object, address, field, sizeof(*field));
}

static bool
find_size(const struct object *object, const char *name, uint64_t *size)
{
	uint64_t address = find_symbol(object, name);
	uint32_t value = 0;

	if (address == 0 ||
	    !read_constant(object, address, &value, sizeof(value))) {
		return false;
	}
	*size = value;
	return true;
}

/* ---- libc -------------------------------------------------------------- */

/* The lists of stacks follow each other in the loader's data. */
static bool
find_fields(struct libc *libc, const struct object *object)
{
	struct field list, tid, dtv, keys, used, user;
	uint64_t first_keys;

	if (!find_size(object, "_thread_db_sizeof_pthread", &libc->size) ||
	    !find_field(object, "_thread_db_pthread_list", &list) ||
	    !find_field(object, "_thread_db_pthread_tid", &tid) ||
	    !find_field(object, "_thread_db_pthread_dtvp", &dtv) ||
	    !find_field(object, "_thread_db_pthread_specific", &keys) ||
	    !find_size(object, "_thread_db_sizeof_pthread_key_data_level2",
		&first_keys) ||
	    !find_field(
		object, "_thread_db_rtld_global__dl_stack_used", &used) ||
	    !find_field(
		object, "_thread_db_rtld_global__dl_stack_user", &user)) {
		return false;
	}
	libc->list_at = list.offset;
	libc->tid_at = tid.offset;
	libc->dtv_at = dtv.offset;
	/* The first block of them lies before the pointers to the others. */
	libc->keys_at = keys.offset - first_keys;
	libc->keys_size = first_keys + (uint64_t) keys.bits / BITS * keys.count;
	libc->used = used.offset;
	libc->user = user.offset;
	libc->cached = user.offset + LIST_HEAD;
	return user.offset == used.offset + LIST_HEAD &&
	    libc->keys_at < libc->size && libc->tid_at < libc->size;
}

static bool
is_named(const struct image_map *map, const char *name)
{
	const char *slash = strrchr(map->path, '/');

	return slash != NULL && strncmp(slash + 1, name, strlen(name)) == 0;
}

/* The first mapping of the object whose file is called so. */
static const struct image_map *
find_object(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->map_count; i++) {
		if (is_named(&image->maps[i], name)) {
			return &image->maps[i];
		}
	}
	return NULL;
}

static void
add_quiet(struct libc *libc, uint64_t start, uint64_t end)
{
	libc->quiet = memory_grow(libc->quiet, libc->quiet_count,
	    &libc->quiet_room, sizeof(*libc->quiet));
	libc->quiet[libc->quiet_count++] = (struct stop_quiet) { start, end };
}

/* Its writable data, and what follows without a file of its own. */
static void
find_parts(
    struct libc *libc, const struct image *image, const struct image_map *first)
{
	const struct image_map *end = image->maps + image->map_count;

	for (const struct image_map *map = first; map < end; map++) {
		bool own = strcmp(map->path, first->path) == 0;

		if (own && map->executable) {
			add_quiet(libc, map->start, map->end);
		} else if (own && map->writable) {
			libc->data = map->start;
			libc->data_end = map->end;
		} else if (!own && libc->data_end == map->start &&
		    libc->data != 0 && map->anonymous && map->writable &&
		    map->path[0] == '\0') {
			libc->data_end = map->end;
		} else if (!own) {
			return;
		}
	}
}

static bool
find_lists(struct libc *libc, const struct image *image, pid_t pid)
{
	const struct image_map *loader = find_object(image, "ld-linux");
	struct object object;
	uint64_t global;

	if (loader == NULL || !object_open(&object, pid, loader)) {
		return false;
	}
	global = find_symbol(&object, "_rtld_global");
	object_close(&object);
	if (global == 0) {
		return false;
	}
	global += object.bias;
	libc->used += global;
	libc->user += global;
	libc->cached += global;
	return true;
}

/* ---- Thread-local storage ---------------------------------------------- */

static uint64_t
tls_size_of(const struct object *object)
{
	GElf_Phdr header;
	size_t count = 0;

	elf_getphdrnum(object->elf, &count);
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(object->elf, (int) i, &header) != NULL &&
		    header.p_type == PT_TLS) {
			return header.p_memsz + header.p_align;
		}
	}
	return 0;
}

/* ---- Notes ------------------------------------------------------------- */

/* Two distances, each from where it stands. */
static void
read_note(struct libc *libc, const struct object *object, uint64_t address)
{
	int64_t distances[2];

	if (read_constant(object, address, distances, sizeof(distances))) {
		add_quiet(libc,
		    object->bias + address + (uint64_t) distances[0],
		    object->bias + address + 8 + (uint64_t) distances[1]);
	}
}

static bool
is_quiet_note(const GElf_Nhdr *note, const char *owner)
{
	return note->n_type == STRANDED_NOTE_QUIET && note->n_descsz == 16 &&
	    note->n_namesz == sizeof(STRANDED_NOTE_OWNER) &&
	    strcmp(owner, STRANDED_NOTE_OWNER) == 0;
}

/* The notes of a runtime about its code (stranded_observer.h). */
static void
read_notes(struct libc *libc, const struct object *object)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Nhdr note;
	size_t name, content;

	while ((section = elf_nextscn(object->elf, section)) != NULL) {
		Elf_Data *data = NULL;
		size_t at = 0;

		if (gelf_getshdr(section, &header) != NULL &&
		    header.sh_type == SHT_NOTE) {
			data = elf_getdata(section, NULL);
		}
		while (data != NULL &&
		    (at = gelf_getnote(data, at, &note, &name, &content)) > 0) {
			if (is_quiet_note(
				&note, (const char *) data->d_buf + name)) {
				read_note(
				    libc, object, header.sh_addr + content);
			}
		}
	}
}

/* Is any of the mappings code that are, from `first` on, of the same file? */
static bool
has_code(const struct image *image, size_t first)
{
	const char *path = image->maps[first].path;

	for (size_t i = first;
	     i < image->map_count && strcmp(image->maps[i].path, path) == 0;
	     i++) {
		if (image->maps[i].executable) {
			return true;
		}
	}
	return false;
}

/* All that are mapped: each file's first mapping begins it. */
static void
look_at_objects(struct libc *libc, const struct image *image, pid_t pid)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->map_count; i++) {
		const struct image_map *map = &image->maps[i];
		struct object object;

		if (map->path[0] != '/' ||
		    (i > 0 && strcmp(map[-1].path, map->path) == 0)) {
			continue;
		}
		if (object_open(&object, pid, map)) {
			size += tls_size_of(&object);
			read_notes(libc, &object);
			libc->cancels = libc->cancels ||
			    has_import(&object, "pthread_cancel");
			object_close(&object);
		} else if (object.fd < 0 && has_code(image, i)) {
			size += TLS_GUESS; /* its file is gone */
			libc->cancels = true;
		}
	}
	libc->tls_size = (size + 63) & ~(uint64_t) 63;
}

void
libc_free(struct libc *libc)
{
	free(libc->quiet);
	libc->quiet = NULL;
}

void
libc_find(struct libc *libc, const struct image *image, pid_t pid)
{
	const struct image_map *first = find_object(image, "libc.so.6");
	struct object object;

	*libc = (struct libc) { 0 };
	if (first == NULL) {
		first = find_object(image, "libc-2.");
	}
	if (first == NULL || !object_open(&object, pid, first)) {
		return;
	}
	find_parts(libc, image, first);
	libc->known = libc->data != 0 && find_fields(libc, &object);
	object_close(&object);
	libc->known = libc->known && find_lists(libc, image, pid);
	look_at_objects(libc, image, pid);
}
