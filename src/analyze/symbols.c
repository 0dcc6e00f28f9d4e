/*
 * symbols.c: asks elfutils. See symbols.h.
 *
 * Each object has a Dwfl of its own, in which it lies at the addresses of its
 * file. So objects come and go independently, and an offset in the object is
 * the address that everything here speaks of.
 *
 * Debug information is looked for in the file and, by build id and debug link,
 * where distributions install it. Never on the net: a dump must not wait for a
 * server, and must not tell one what runs here.
 */
#include "analyze/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/demangle.h"
#include "analyze/table.h"
#include "client/memory.h"

struct symbols {
	Dwfl *dwfl;           /* NULL: nothing is known but offsets */
	Dwfl_Module *module;  /* the only one in it */
	struct table exports; /* names of functions, by their offset */
	struct table made;    /* names that are in no file, by the address of
	                         what they were made from */
};

/* ---- Exported names ---------------------------------------------------- */

/*
 * A library's function has several names: its own, and those under which others
 * call it. People know the latter: read, not __GI___libc_read. They are the
 * exported ones, of which the one with the fewest ornaments is taken.
 */
static bool
is_plainer(const char *name, const char *than)
{
	size_t ornaments = strspn(name, "_"), others = strspn(than, "_");

	if (ornaments != others) {
		return ornaments < others;
	}
	return strlen(name) < strlen(than);
}

static void
add_exports(struct symbols *symbols, Elf *elf, Elf_Scn *section,
    const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count =
	    header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 0; i < count && gelf_getsym(data, i, &symbol); i++) {
		int type = GELF_ST_TYPE(symbol.st_info);
		char *name = elf_strptr(elf, header->sh_link, symbol.st_name);

		if (name && symbol.st_shndx != SHN_UNDEF &&
		    (type == STT_FUNC || type == STT_GNU_IFUNC)) {
			table_add(&symbols->exports, symbol.st_value, name);
		}
	}
}

static void
find_exports(struct symbols *symbols)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(symbols->module, &bias);
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while (elf && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) &&
		    header.sh_type == SHT_DYNSYM) {
			add_exports(symbols, elf, section, &header);
		}
	}
}

static const char *
exported_name(const struct symbols *symbols, uint64_t start)
{
	const char *best = NULL;
	const char *name;
	size_t at = 0;

	while ((name = table_next(&symbols->exports, start, &at))) {
		if (!best || is_plainer(name, best)) {
			best = name;
		}
	}
	return best;
}

/* ---- The object -------------------------------------------------------- */

static int
find_no_elf(Dwfl_Module *module, void **userdata, const char *name,
    Dwarf_Addr base, char **file, Elf **elf)
{
	return -1; /* it was given by descriptor */
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_no_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

struct symbols *
symbols_new(const struct object *object)
{
	struct symbols *symbols = memory_new(1, sizeof(*symbols));
	const char *path = object->file->path;
	int fd = dup(object->file->fd);

	if (fd < 0) {
		return symbols;
	}
	symbols->dwfl = dwfl_begin(&callbacks);
	if (symbols->dwfl) {
		dwfl_report_begin(symbols->dwfl);
		symbols->module =
		    dwfl_report_elf(symbols->dwfl, path, path, fd, 0, true);
		dwfl_report_end(symbols->dwfl, NULL, NULL);
	}
	if (symbols->module) {
		find_exports(symbols);
	} else {
		close(fd); /* otherwise it is the module's now */
	}
	return symbols;
}

void
symbols_free(struct symbols *symbols)
{
	if (symbols) {
		table_clear(&symbols->exports, NULL);
		table_clear(&symbols->made, free);
		dwfl_end(symbols->dwfl);
		free(symbols);
	}
}

/* ---- Symbols ----------------------------------------------------------- */

static void
name_by_symbol(struct symbols *symbols, uint64_t offset, struct frame *frame)
{
	GElf_Off distance;
	GElf_Sym symbol;
	const char *name;

	name = dwfl_module_addrinfo(
	    symbols->module, offset, &distance, &symbol, NULL, NULL, NULL);
	if (name != NULL) {
		frame->function = name;
		frame->function_offset = distance;
	}
}

/* ---- Debug information ------------------------------------------------- */

/*
 * The compilation unit that the code at the address comes from. There is an
 * index for that, but it gives a unit the gaps between its functions as well,
 * and not all compilers write it.
 */
static Dwarf_Die *
find_unit(struct symbols *symbols, uint64_t offset, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(symbols->module, offset, bias);

	if (unit && dwarf_haspc(unit, offset - *bias) == 1) {
		return unit;
	}
	unit = NULL;
	while ((unit = dwfl_module_nextcu(symbols->module, unit, bias))) {
		if (dwarf_haspc(unit, offset - *bias) == 1) {
			return unit;
		}
	}
	return NULL;
}

/* People know a file by the path that they gave to the compiler. */
static const char *
shorten(Dwarf_Die *unit, const char *path)
{
	Dwarf_Attribute attribute;
	const char *directory;
	size_t length;

	directory =
	    dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	length = directory ? strlen(directory) : 0;
	if (path && length > 0 && strncmp(path, directory, length) == 0 &&
	    path[length] == '/') {
		path += length + 1;
	}
	return path && strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

static void
name_line(Dwarf_Die *unit, Dwarf_Addr address, struct frame *frame)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	int number;

	/* Line 0 is the compiler's word for code that is of no line. */
	if (line && dwarf_lineno(line, &number) == 0 && number > 0) {
		frame->file = shorten(unit, dwarf_linesrc(line, NULL, NULL));
		frame->line = frame->file != NULL ? number : 0;
	}
}

static Dwarf_Word
number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &number)) {
		return 0;
	}
	return number;
}

/* Where the function that `die` inlines was called. */
static void
name_call(Dwarf_Die *unit, Dwarf_Die *die, struct frame *frame)
{
	Dwarf_Word file = number_of(die, DW_AT_call_file);
	Dwarf_Word line = number_of(die, DW_AT_call_line);
	Dwarf_Files *files;
	size_t count;

	if (line > 0 && dwarf_getsrcfiles(unit, &files, &count) == 0 &&
	    file < count) {
		frame->file =
		    shorten(unit, dwarf_filesrc(files, file, NULL, NULL));
		frame->line = frame->file != NULL ? line : 0;
	}
}

static bool
is_mangled(const char *name)
{
	return name &&
	    (strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0);
}

static bool
is_cxx(Dwarf_Die *die)
{
	Dwarf_Die unit;

	if (!dwarf_diecu(die, &unit, NULL, NULL)) {
		return false;
	}
	switch (dwarf_srclang(&unit)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
		return true;
	default:
		return false;
	}
}

/* From where a function stands in code to where its class has it. */
static void
find_declaration(Dwarf_Die *die)
{
	static const unsigned int links[] = { DW_AT_abstract_origin,
		DW_AT_specification };
	Dwarf_Attribute attribute;
	Dwarf_Die next;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (dwarf_formref_die(
			dwarf_attr(die, links[i], &attribute), &next)) {
			*die = next;
		}
	}
}

/* What stands before the function's name and "::"; NULL if nothing does. */
static const char *
scope_name(Dwarf_Die *scope, const char *function)
{
	const char *name = dwarf_diename(scope);

	switch (dwarf_tag(scope)) {
	case DW_TAG_namespace:
		return name != NULL ? name : "(anonymous namespace)";
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		if (name != NULL) {
			return name;
		}
		return strcmp(function, "operator()") == 0 ? "{lambda}" :
							     "{unnamed type}";
	case DW_TAG_subprogram:
		return name;
	default:
		return NULL;
	}
}

/* The name with its class and namespaces. */
static const char *
qualify(struct symbols *symbols, Dwarf_Die *die, const char *name)
{
	Dwarf_Die declaration = *die;
	Dwarf_Die *scopes = NULL;
	char *text, *longer;
	const char *scope;
	uint64_t key;
	int count;

	find_declaration(&declaration);
	key = (uintptr_t) declaration.addr;
	text = table_find(&symbols->made, key);
	if (text != NULL) {
		return text;
	}
	text = memory_print("%s", name);
	count = dwarf_getscopes_die(&declaration, &scopes);
	for (int i = 1; i < count; i++) {
		scope = scope_name(&scopes[i], name);
		if (scope) {
			longer = memory_print("%s::%s", scope, text);
			free(text);
			text = longer;
		}
	}
	free(scopes);
	table_add(&symbols->made, key, text);
	return text;
}

/*
 * Mangled if the language mangles: that is the name that tells them apart. What
 * no other file can call may have none.
 */
static const char *
name_of(struct symbols *symbols, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name;

	name = dwarf_formstring(
	    dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	if (is_mangled(name)) {
		return name;
	}
	name =
	    dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
	return name && is_cxx(die) ? qualify(symbols, die, name) : name;
}

/* A mangled name may be in the symbol table alone. */
static void
name_function(struct symbols *symbols, Dwarf_Die *die, struct frame *frame)
{
	const char *name = name_of(symbols, die);

	if (name && (is_mangled(name) || !is_mangled(frame->function))) {
		frame->function = name;
	}
}

/*
 * The scopes around the address, innermost first. The first answer leads from
 * an inlined function to the place where that is defined; the second one, which
 * begins at the same scope, to the place where it was inlined.
 */
static int
find_scopes(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **scopes)
{
	Dwarf_Die *inner = NULL;
	Dwarf_Die innermost;
	int count;

	count = dwarf_getscopes(unit, address, &inner);
	if (count <= 0) {
		return 0;
	}
	innermost = inner[0];
	free(inner);
	count = dwarf_getscopes_die(&innermost, scopes);
	return count > 0 ? count : 0;
}

/*
 * Goes outward through the scopes. An inlined function ends the frame that was
 * begun and says where in its caller the next one is.
 */
static size_t
name_scopes(struct symbols *symbols, Dwarf_Die *unit, Dwarf_Die *scopes,
    int scope_count, struct frame frames[SYMBOLS_INLINED_MAX])
{
	size_t count = 1;

	for (int i = 0; i < scope_count; i++) {
		struct frame *frame = &frames[count - 1];
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram) {
			name_function(symbols, &scopes[i], frame);
			break;
		}
		if (tag == DW_TAG_inlined_subroutine &&
		    count < SYMBOLS_INLINED_MAX) {
			frames[count++] = *frame;
			frame->function = name_of(symbols, &scopes[i]);
			frame->function_offset = 0;
			frame->inlined = true;
			frame[1].file = NULL;
			frame[1].line = 0;
			name_call(unit, &scopes[i], &frame[1]);
		}
	}
	return count;
}

static size_t
name_by_debuginfo(struct symbols *symbols, uint64_t offset,
    struct frame frames[SYMBOLS_INLINED_MAX])
{
	Dwarf_Die *scopes = NULL;
	Dwarf_Addr bias;
	Dwarf_Die *unit;
	size_t count;
	int scope_count;

	unit = find_unit(symbols, offset, &bias);
	if (!unit) {
		return 1;
	}
	name_line(unit, offset - bias, &frames[0]);
	scope_count = find_scopes(unit, offset - bias, &scopes);
	count = name_scopes(symbols, unit, scopes, scope_count, frames);
	free(scopes);
	return count;
}

/* ---- Both -------------------------------------------------------------- */

/* The name as its programmer would write it. */
static const char *
readable(struct symbols *symbols, const char *name)
{
	uint64_t key = (uintptr_t) name;
	char *text = table_find(&symbols->made, key);

	if (text == NULL) {
		text = demangle(name);
		if (text == NULL) {
			return name;
		}
		table_add(&symbols->made, key, text);
	}
	return text;
}

/*
 * The last of the frames is the function that the code stands in; its name
 * there is in the symbol table, with a version, or in the debug information.
 */
size_t
symbols_name(struct symbols *symbols, uint64_t offset,
    struct frame frames[SYMBOLS_INLINED_MAX])
{
	struct frame *function;
	const char *exported;
	size_t count;

	frames[0] = (struct frame) { .function = NULL };
	if (!symbols->module) {
		return 1;
	}
	name_by_symbol(symbols, offset, &frames[0]);
	count = name_by_debuginfo(symbols, offset, frames);
	function = &frames[count - 1];
	exported = exported_name(symbols, offset - function->function_offset);
	if (function->function && exported) {
		function->function = exported;
	}
	for (size_t i = 0; i < count; i++) {
		if (frames[i].function) {
			frames[i].function =
			    readable(symbols, frames[i].function);
		}
	}
	return count;
}
