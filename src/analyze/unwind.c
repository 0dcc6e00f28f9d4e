/*
 * unwind.c: libunwind, in an address space that is a snapshot. See unwind.h.
 *
 * libunwind asks for three things: the registers at the start, words of memory,
 * and the unwind information of a function. The memory is the copied stack, and
 * around it what the target has mapped; the information is found through the
 * search table of each object. What it has parsed it keeps, so that equal
 * calls on ten thousand stacks cost one parsing.
 *
 * Code without unwind information is crossed by its frame pointer, if that
 * leads to a place further up the copied stack, and back into code. libunwind
 * has a rule of its own for that, with fewer checks; it is kept from using it.
 *
 * Neither the bytes nor the tables are trusted. Each step must lead upward;
 * there is a limit to the steps, and one to the words that may be read for one
 * stack, which ends a DWARF expression that loops.
 */
#include "analyze/unwind.h"

#include <err.h>
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/arch.h"
#include "client/client.h"
#include "client/memory.h"

#define READS_MAX  200000 /* words that libunwind may read for one stack */
#define CACHE_SIZE 4096   /* places in code whose parsed rules are kept */

/* libunwind exports this one, but has no header for it. */
int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t ip,
    unw_dyn_info_t *table, unw_proc_info_t *info, int need_unwind_info,
    void *argument);

struct unwinder {
	struct objects *objects;
	unw_addr_space_t space;
	/* The stack that is being unwound. */
	const struct stack *stack;
	uint64_t pc;
	uint64_t sp;
	uint64_t fp;
	bool no_fp;         /* it is not known what that should be */
	unsigned int reads; /* that are left */
};

/* ---- What libunwind asks for ------------------------------------------- */

static bool
read_stack(const struct stack *stack, uint64_t address, uint64_t *word)
{
	uint64_t at = address - stack->raw.base;

	if (!stack->bytes || stack->raw.size < sizeof(*word) ||
	    address < stack->raw.base || at > stack->raw.size - sizeof(*word)) {
		return false;
	}
	memcpy(word, stack->bytes + at, sizeof(*word));
	return true;
}

static int
access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *word,
    int write, void *argument)
{
	struct unwinder *unwinder = argument;
	uint64_t value;

	if (write || unwinder->reads == 0) {
		return -UNW_EINVAL;
	}
	unwinder->reads--;
	if (!read_stack(unwinder->stack, address, &value) &&
	    !objects_read(unwinder->objects, address, &value, sizeof(value))) {
		return -UNW_EINVAL;
	}
	*word = value;
	return 0;
}

static int
access_register(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value,
    int write, void *argument)
{
	const struct unwinder *unwinder = argument;

	if (write) {
		return -UNW_EREADONLYREG;
	}
	switch (number) {
	case ARCH_REG_PC:
		*value = unwinder->pc;
		return 0;
	case ARCH_REG_SP:
		*value = unwinder->sp;
		return 0;
	case ARCH_REG_FP:
		*value = unwinder->fp;
		return unwinder->no_fp ? -UNW_EBADREG : 0;
	default:
		return -UNW_EBADREG;
	}
}

static int
access_no_float(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value,
    int write, void *argument)
{
	return -UNW_EBADREG;
}

/*
 * -UNW_ESTOPUNWIND where there is no information: any other error makes
 * libunwind guess.
 */
static int
find_information(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info,
    int need_unwind_info, void *argument)
{
	struct unwinder *unwinder = argument;
	const struct object *object = objects_find(unwinder->objects, ip);
	unw_dyn_info_t table = { .format = UNW_INFO_FORMAT_REMOTE_TABLE };

	if (object == NULL || !object->table.start) {
		return -UNW_ESTOPUNWIND;
	}
	table.start_ip = ip;
	table.end_ip = ip + 1;
	table.u.rti.segbase = object->table.base;
	table.u.rti.table_data = object->table.start;
	table.u.rti.table_len = object->table.words;
	if (UNW_OBJ(dwarf_search_unwind_table)(
		space, ip, &table, info, need_unwind_info, argument) < 0) {
		return -UNW_ESTOPUNWIND;
	}
	return 0;
}

static void
put_information(unw_addr_space_t space, unw_proc_info_t *info, void *argument)
{
}

static int
find_no_list(unw_addr_space_t space, unw_word_t *address, void *argument)
{
	return -UNW_ENOINFO;
}

static int
find_no_name(unw_addr_space_t space, unw_word_t address, char *name,
    size_t size, unw_word_t *offset, void *argument)
{
	return -UNW_ENOINFO;
}

static int
refuse_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument)
{
	return -UNW_EINVAL;
}

/* ---- The unwinder ------------------------------------------------------ */

struct unwinder *
unwinder_new(struct objects *objects)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_information,
		.put_unwind_info = put_information,
		.get_dyn_info_list_addr = find_no_list,
		.access_mem = access_memory,
		.access_reg = access_register,
		.access_fpreg = access_no_float,
		.resume = refuse_resume,
		.get_proc_name = find_no_name,
	};
	struct unwinder *unwinder = memory_new(1, sizeof(*unwinder));

	unwinder->objects = objects;
	unwinder->space = unw_create_addr_space(&accessors, 0);
	if (!unwinder->space) {
		errx(EXIT_FAILED, "out of memory");
	}
	unw_set_caching_policy(unwinder->space, UNW_CACHE_GLOBAL);
	unw_set_cache_size(unwinder->space, CACHE_SIZE, 0);
	return unwinder;
}

void
unwinder_free(struct unwinder *unwinder)
{
	if (unwinder) {
		unw_destroy_addr_space(unwinder->space);
		free(unwinder);
	}
}

void
unwinder_forget(struct unwinder *unwinder)
{
	unw_flush_cache(unwinder->space, 0, 0);
}

/* ---- The way up -------------------------------------------------------- */

enum step {
	STEP_ON,  /* one frame up */
	STEP_END, /* that was the outermost */
	STEP_FAILED
};

/*
 * Where unwinding has got to. A pc that a call left on the stack is that of the
 * instruction after it, which may be of another line, or function; so one less
 * is looked up. That is wrong for code that a signal interrupted, and for the
 * trampoline which a handler returns to, since nothing ever calls that.
 */
struct position {
	unw_cursor_t cursor;
	uint64_t sp;
	bool signal; /* this is the trampoline */
	bool exact;  /* the cursor's pc is no return address */
};

/*
 * By its code, as debuggers know it: libunwind can tell only some of the time.
 */
static bool
is_trampoline(struct unwinder *unwinder, uint64_t pc)
{
	uint64_t code;

	return objects_read(unwinder->objects, pc, &code, sizeof(code)) &&
	    code == ARCH_TRAMPOLINE;
}

/* Begins at the registers that the unwinder holds. */
static bool
begin(struct unwinder *unwinder, struct position *position)
{
	if (unw_init_remote(&position->cursor, unwinder->space, unwinder)) {
		return false;
	}
	position->sp = unwinder->sp;
	position->signal = is_trampoline(unwinder, unwinder->pc);
	position->exact = true;
	return true;
}

/* Begins at a frame whose pc is a return address. */
static bool
begin_at(struct unwinder *unwinder, struct position *position, uint64_t pc,
    uint64_t sp, uint64_t fp)
{
	unwinder->pc = pc;
	unwinder->sp = sp;
	unwinder->fp = fp;
	if (!begin(unwinder, position)) {
		return false;
	}
	if (position->signal) {
		return true;
	}
	unwinder->pc--;
	return begin(unwinder, position);
}

/* To the caller by the frame record, in the copied bytes and nowhere else. */
static enum step
step_by_frame_pointer(struct unwinder *unwinder, struct position *position)
{
	unw_word_t fp;
	uint64_t caller_fp, pc;

	if (unw_get_reg(&position->cursor, ARCH_REG_FP, &fp) < 0) {
		return STEP_FAILED;
	}
	if (fp == 0) {
		return STEP_END; /* so the ABI marks the outermost frame */
	}
	if (fp < position->sp || fp % ARCH_FRAME_ALIGN != 0 ||
	    !read_stack(unwinder->stack, fp, &caller_fp) ||
	    !read_stack(unwinder->stack, fp + sizeof(fp), &pc)) {
		return STEP_FAILED;
	}
	if (pc == 0) {
		return STEP_END;
	}
	unwinder->no_fp = false;
	return begin_at(
		   unwinder, position, pc, fp + 2 * sizeof(fp), caller_fp) ?
	    STEP_ON :
	    STEP_FAILED;
}

static enum step
step(struct unwinder *unwinder, struct position *position)
{
	uint64_t old_sp = position->sp;
	bool was_signal = position->signal;
	int result = unw_step(&position->cursor);
	unw_word_t sp, pc;

	if (result == -UNW_ESTOPUNWIND) {
		return step_by_frame_pointer(unwinder, position);
	}
	if (result <= 0) {
		return result == 0 ? STEP_END : STEP_FAILED;
	}
	if (unw_get_reg(&position->cursor, UNW_REG_SP, &sp) < 0 ||
	    unw_get_reg(&position->cursor, UNW_REG_IP, &pc) < 0) {
		return STEP_FAILED;
	}
	/* A handler may have had a stack of its own, above or below. */
	if (sp < old_sp && !was_signal) {
		return STEP_FAILED;
	}
	position->sp = sp;
	position->signal = is_trampoline(unwinder, pc);
	position->exact = was_signal || position->signal;
	return STEP_ON;
}

/* Notes the place; only code is believed. */
static enum step
take_place(
    struct unwinder *unwinder, struct position *position, struct walk *walk)
{
	unw_word_t pc;

	if (unw_get_reg(&position->cursor, UNW_REG_IP, &pc) < 0) {
		return STEP_FAILED;
	}
	if (pc == 0) {
		return STEP_END;
	}
	pc -= !position->exact;
	if (!objects_code(unwinder->objects, pc)) {
		return STEP_FAILED;
	}
	walk->pcs[walk->count++] = pc;
	return STEP_ON;
}

void
unwinder_walk(
    struct unwinder *unwinder, const struct stack *stack, struct walk *walk)
{
	const struct wire_stack *raw = &stack->raw;
	struct position position;
	enum step next = STEP_FAILED;

	unwinder->stack = stack;
	unwinder->reads = READS_MAX;
	unwinder->no_fp = (raw->flags & WIRE_STACK_NO_FP) != 0;
	walk->count = 0;
	if (raw->leaf_pc) {
		walk->pcs[walk->count++] = raw->leaf_pc;
	}
	if (begin_at(unwinder, &position, raw->pc, raw->sp, raw->fp)) {
		next = take_place(unwinder, &position, walk);
	}
	while (next == STEP_ON && walk->count < UNWIND_MAX) {
		next = step(unwinder, &position);
		if (next == STEP_ON) {
			next = take_place(unwinder, &position, walk);
		}
	}
	walk->cut = next != STEP_END;
}
