/*
 * arch.h: what the probe must know of the machine, system calls apart (sys.h).
 */
#ifndef PROBE_ARCH_H
#define PROBE_ARCH_H

#include <setjmp.h>
#include <stdint.h>

#if defined(__x86_64__)

/*
 * The stack pointer that a jmp_buf holds. glibc guards it: exclusive-or with a
 * word of the thread's control block, then a rotation (PTR_MANGLE in its
 * sysdeps/unix/sysv/linux/x86_64). The sanitizers undo it in the same way.
 */
static inline uintptr_t
arch_jump_sp(const struct __jmp_buf_tag *env)
{
	uintptr_t sp = (uintptr_t) env->__jmpbuf[6];

	__asm__("rorq $0x11, %0\n\txorq %%fs:0x30, %0" : "+r"(sp));
	return sp;
}

/* A control block for a thread that libc does not know: see agent.c. */
static inline void
arch_fill_tcb(void *tcb)
{
	((void **) tcb)[0] = tcb; /* what %fs:0 must give */
	((void **) tcb)[2] = tcb; /* and the same for libc's own use */
}

#else

/* The guard is not within reach here: task_encloses() does what it can. */
static inline uintptr_t
arch_jump_sp(const struct __jmp_buf_tag *env)
{
	return 0;
}

static inline void
arch_fill_tcb(void *tcb)
{
}

#endif

#endif
