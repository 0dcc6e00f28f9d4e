/*
 * futex.c: the system call as a function of its own. See futex.h.
 *
 * Nothing that calls it keeps anything in the vector registers, as it is a
 * call, and it keeps nothing below the stack pointer. Whoever looks at a thread
 * that sleeps in it knows that from the note (stranded_observer(3)), and need
 * not take what earlier work has left there for something that is still in use.
 */
#include "futex.h"

#if defined(__x86_64__)

__asm__("	.pushsection .text.strand_futex, \"ax\", @progbits\n"
	"	.globl strand_futex\n"
	"	.hidden strand_futex\n"
	"	.type strand_futex, @function\n"
	"strand_futex:\n"
	"	.cfi_startproc\n"
	"	mov %rcx, %r10\n"
	"	xor %r8d, %r8d\n"
	"	mov $-1, %r9d\n"  /* FUTEX_BITSET_MATCH_ANY */
	"	mov $202, %eax\n" /* SYS_futex */
	"	syscall\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".Lfutex_end:\n"
	"	.size strand_futex, . - strand_futex\n"
	"	.popsection\n"
	"	.pushsection .note.stranded, \"a\", @note\n"
	"	.balign 4\n"
	"	.long 9, 16, 2\n"
	"	.asciz \"Stranded\"\n"
	"	.balign 4\n"
	"	.quad strand_futex - .\n"
	"	.quad .Lfutex_end - .\n"
	"	.popsection\n");

#endif
