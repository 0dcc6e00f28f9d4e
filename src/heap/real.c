/*
 * real.c: see real.h.
 *
 * The program's first allocation is made before any constructor has run, so
 * that is when the functions are looked for.
 */
#include "heap/real.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "heap/heap.h"
#include "probe/probe.h"

struct real_heap real;
bool real_has_operators;

enum progress { NOTHING, UNDER_WAY, DONE };

static uint32_t progress;

static struct {
	uintptr_t start;
	uintptr_t end;
} allocator;

static bool
is_same_object(void *a, void *b)
{
	Dl_info of_a, of_b;

	return a != NULL && b != NULL && dladdr(a, &of_a) != 0 &&
	    dladdr(b, &of_b) != 0 && of_a.dli_fbase == of_b.dli_fbase;
}

/*
 * Where the allocator's library lies, by its program headers, which lie in its
 * first page. The loader is not asked later: it has a lock, under which it
 * allocates.
 */
static void
find_allocator(void)
{
	Dl_info info;
	const ElfW(Ehdr) * header;
	const ElfW(Phdr) * part;

	if (dladdr((void *) real.malloc, &info) == 0 ||
	    info.dli_fname == NULL ||
	    strstr(basename(info.dli_fname), "malloc") == NULL) {
		return;
	}
	header = info.dli_fbase;
	part = (const void *) ((const char *) info.dli_fbase + header->e_phoff);
	allocator.start = (uintptr_t) info.dli_fbase;
	for (int i = 0; i < header->e_phnum; i++, part++) {
		uintptr_t end = allocator.start + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && end > allocator.end) {
			allocator.end = end;
		}
	}
}

bool
real_is_allocator(const void *address)
{
	return (uintptr_t) address >= allocator.start &&
	    (uintptr_t) address < allocator.end;
}

bool
real_resolve(void)
{
	uint32_t nothing = NOTHING;

	if (load_acquire(&progress) == DONE) {
		return true;
	}
	if (!__atomic_compare_exchange_n(&progress, &nothing, UNDER_WAY, false,
		__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		return false;
	}
#define FUNCTION(name, result, parameters)                                     \
	*(void **) &real.name = dlsym(RTLD_NEXT, #name);
#include "heap/functions.def"
#undef FUNCTION
	real_has_operators =
	    is_same_object((void *) real.malloc, (void *) real._Znwm);
	find_allocator();
	heap_prepare();
	stranded_heap_map.allocator = (uintptr_t) real.malloc;
	store_release(&progress, DONE);
	return true;
}

/*
 * A plug-in may bring C++ into a program that has none, out of sight of
 * RTLD_NEXT. Its references still come here first.
 */
void *
real_operator(const char *name)
{
	void *library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_NOLOAD);
	void *found = NULL;

	if (library == NULL) {
		library = dlopen("libc++.so.1", RTLD_NOW | RTLD_NOLOAD);
	}
	if (library != NULL) {
		found = dlsym(library, name);
		dlclose(library);
	}
	return found;
}
