/*
 * objects.c: see objects.h.
 *
 * From an address of code one must get to the object's headers. They lie where
 * the file's first page is mapped, which is below the code; but a file can be
 * mapped twice, and a linker may let the first page be part of two segments. So
 * each mapping of a first page below the code is tried, the nearest first, and
 * taken if by its headers the code would lie where it does lie.
 */
#include "analyze/objects.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/arch.h"
#include "analyze/symbols.h"
#include "analyze/table.h"
#include "client/memory.h"

#define PROBE_NAME   "libstranded.so"
#define SEGMENTS_MAX 64 /* program headers that are looked at */

/* Encodings of .eh_frame_hdr, from the Linux Standard Base. */
#define EH_UDATA4  0x03
#define EH_SDATA4  0x0b
#define EH_DATAREL 0x30
#define EH_FORMAT  0x0f

struct objects {
	pid_t pid;
	struct remote *remote;
	struct maps maps;
	struct mapping *last; /* where the last read was: likely the next */
	struct table files;   /* struct file by inode */
	struct table objects; /* struct object by bias */
};

struct headers {
	uint64_t bias;
	size_t count;
	Elf64_Phdr segments[SEGMENTS_MAX];
};

struct objects *
objects_new(pid_t pid, struct client *client)
{
	struct objects *objects = memory_new(1, sizeof(*objects));

	objects->pid = pid;
	objects->remote = remote_new(pid, client);
	return objects;
}

static void
free_file(void *file)
{
	file_free(file);
}

static void
free_object(void *value)
{
	struct object *object = value;

	symbols_free(object->symbols);
	free(object);
}

void
objects_free(struct objects *objects)
{
	if (objects) {
		table_clear(&objects->objects, free_object);
		table_clear(&objects->files, free_file);
		maps_free(&objects->maps);
		remote_free(objects->remote);
		free(objects);
	}
}

int
objects_refresh(struct objects *objects)
{
	struct maps maps;

	if (maps_read(objects->pid, &maps)) {
		return -1;
	}
	if (maps_equal(&maps, &objects->maps)) {
		maps_free(&maps);
		return 0;
	}
	maps_free(&objects->maps);
	objects->maps = maps;
	objects->last = NULL;
	remote_forget(objects->remote);
	return 1;
}

/* ---- Reading ----------------------------------------------------------- */

/*
 * A file that has been opened keeps its inode from being used again, so the
 * same number means the same file, even if it has lost its name since.
 */
static struct file *
file_of(struct objects *objects, struct mapping *mapping)
{
	struct file *file;
	size_t at = 0;

	if (mapping->file) {
		return mapping->file;
	}
	while ((file = table_next(&objects->files, mapping->inode, &at))) {
		if (mapping->inode ? file->device == mapping->device :
				     strcmp(file->path, mapping->path) == 0) {
			break;
		}
	}
	if (file == NULL) {
		file = file_open(objects->pid, mapping, objects->remote);
		table_add(&objects->files, mapping->inode, file);
	}
	mapping->file = file;
	return file;
}

static bool
read_mapped(struct objects *objects, struct mapping *mapping, uint64_t address,
    void *buffer, size_t size)
{
	struct file *file = file_of(objects, mapping);
	uint64_t offset = address - mapping->start + mapping->offset;

	if (!file->data) {
		return !mapping->writable &&
		    remote_read(objects->remote, address, buffer, size);
	}
	if (offset > file->size || size > file->size - offset) {
		return false;
	}
	memcpy(buffer, file->data + offset, size);
	return true;
}

bool
objects_read(
    struct objects *objects, uint64_t address, void *buffer, size_t size)
{
	struct mapping *mapping = objects->last;

	if (mapping == NULL || address < mapping->start ||
	    address >= mapping->end) {
		mapping = maps_find(&objects->maps, address);
	}
	if (mapping == NULL || size > mapping->end - address) {
		return false;
	}
	objects->last = mapping;
	return read_mapped(objects, mapping, address, buffer, size);
}

/* ---- Headers ----------------------------------------------------------- */

static bool
read_headers(struct objects *objects, uint64_t start, struct headers *headers)
{
	Elf64_Ehdr elf;

	if (!objects_read(objects, start, &elf, sizeof(elf)) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_machine != ARCH_ELF_MACHINE ||
	    elf.e_phentsize != sizeof(Elf64_Phdr) ||
	    elf.e_phnum > SEGMENTS_MAX) {
		return false;
	}
	headers->count = elf.e_phnum;
	return objects_read(objects, start + elf.e_phoff, headers->segments,
	    elf.e_phnum * sizeof(Elf64_Phdr));
}

/* Is the code where it would be if the object began at `start`? */
static bool
headers_fit(struct headers *headers, uint64_t start, const struct mapping *code)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	bool first = true;

	for (size_t i = 0; i < headers->count; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];
		uint64_t at = segment->p_vaddr - segment->p_offset;

		if (segment->p_type != PT_LOAD) {
			continue;
		}
		if (first) {
			if (segment->p_offset >= page) {
				return false;
			}
			headers->bias = start - at;
			first = false;
		}
		if (segment->p_flags & PF_X &&
		    headers->bias + at + code->offset == code->start &&
		    code->offset + page > segment->p_offset &&
		    code->offset < segment->p_offset + segment->p_filesz) {
			return true;
		}
	}
	return false;
}

static bool
find_headers(struct objects *objects, const struct mapping *code,
    struct headers *headers)
{
	for (size_t i = code - objects->maps.list + 1; i-- > 0;) {
		const struct mapping *mapping = &objects->maps.list[i];

		if (mapping->inode == code->inode &&
		    mapping->device == code->device && mapping->offset == 0 &&
		    read_headers(objects, mapping->start, headers) &&
		    headers_fit(headers, mapping->start, code)) {
			return true;
		}
	}
	return false;
}

/*
 * What libunwind can search is the table in the only form that linkers write:
 * entries of two signed words relative to the header.
 */
static void
find_table(
    struct objects *objects, const Elf64_Phdr *segment, struct object *object)
{
	static const uint8_t sizes[16] = {
		[0x02] = 2,
		[0x03] = 4,
		[0x04] = 8,
		[0x0a] = 2,
		[0x0b] = 4,
		[0x0c] = 8,
	};
	uint64_t start = object->bias + segment->p_vaddr;
	struct {
		uint8_t version, frame_encoding, count_encoding, encoding;
	} header;
	uint32_t count;
	uint64_t at = start + sizeof(header);

	if (!objects_read(objects, start, &header, sizeof(header)) ||
	    header.version != 1 || header.count_encoding != EH_UDATA4 ||
	    header.encoding != (EH_DATAREL | EH_SDATA4)) {
		return;
	}
	at += sizes[header.frame_encoding & EH_FORMAT];
	if (!objects_read(objects, at, &count, sizeof(count)) || count == 0 ||
	    count > segment->p_memsz / 8) {
		return;
	}
	object->table = (struct unwind_table) {
		.base = start,
		.start = at + sizeof(count),
		.words = (uint64_t) count * 8 / sizeof(unw_word_t),
	};
}

/* ---- Objects ----------------------------------------------------------- */

static bool
is_probe(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strncmp(slash ? slash + 1 : path, PROBE_NAME,
		   strlen(PROBE_NAME)) == 0;
}

static struct object *
make_object(struct objects *objects, const struct file *file,
    const struct headers *headers)
{
	struct object *object = memory_new(1, sizeof(*object));

	object->file = file;
	object->bias = headers->bias;
	object->probe = is_probe(file->path);
	for (size_t i = 0; i < headers->count; i++) {
		if (headers->segments[i].p_type == PT_GNU_EH_FRAME) {
			find_table(objects, &headers->segments[i], object);
		}
	}
	table_add(&objects->objects, object->bias, object);
	return object;
}

/*
 * Code in a file that is no ELF object, and code that was generated, is an
 * object without headers: its addresses are offsets in the file, or those in
 * the memory.
 */
static void
invent_headers(const struct mapping *code, struct headers *headers)
{
	headers->bias = code->inode ? code->start - code->offset : 0;
	headers->count = 0;
}

static struct object *
object_of(struct objects *objects, struct mapping *code)
{
	const struct file *file = file_of(objects, code);
	struct headers headers;
	struct object *object;
	size_t at = 0;

	if (!find_headers(objects, code, &headers)) {
		invent_headers(code, &headers);
	}
	while ((object = table_next(&objects->objects, headers.bias, &at))) {
		if (object->file == file) {
			return object;
		}
	}
	return make_object(objects, file, &headers);
}

const struct mapping *
objects_code(const struct objects *objects, uint64_t address)
{
	const struct mapping *mapping = maps_find(&objects->maps, address);

	return mapping && mapping->executable ? mapping : NULL;
}

struct object *
objects_find(struct objects *objects, uint64_t address)
{
	struct mapping *mapping = maps_find(&objects->maps, address);

	if (mapping == NULL || !mapping->executable) {
		return NULL;
	}
	if (!mapping->object) {
		mapping->object = object_of(objects, mapping);
	}
	return mapping->object;
}
