/*
 * arch.h: what the probe must know of the machine, system calls apart (sys.h).
 *
 * arch_clone() starts function(argument) on the stack that ends at `stack`, in
 * what clone() makes of `flags`; its result is the exit status. Not libc's
 * clone(): that writes errno, which the agent has not, and a sanitizer stands
 * in front of it.
 */
#ifndef PROBE_ARCH_H
#define PROBE_ARCH_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

/* What arch_jump_sp() needs to know: to be called once, at the start. */
void arch_learn_jump(void);

/*
 * ARCH_COND_VERSION is the symbol version since which a pthread_cond_t is what
 * it is today; NULL where it was never anything else.
 */
#if defined(__x86_64__)

#define ARCH_COND_VERSION "GLIBC_2.3.2"

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

/* Of an interrupted context: its stack pointer, and where results stand. */
static inline uintptr_t
arch_context_sp(const ucontext_t *context)
{
	return (uintptr_t) context->uc_mcontext.gregs[REG_RSP];
}

static inline long
arch_context_result(const ucontext_t *context)
{
	return (long) context->uc_mcontext.gregs[REG_RAX];
}

static inline long
arch_clone(int (*function)(void *), void *stack, unsigned long flags,
    void *argument, void *tls, uint32_t *cleared_at_end)
{
	void **sp = (void **) ((uintptr_t) stack & ~(uintptr_t) 15);
	register void *r10 __asm__("r10") = cleared_at_end;
	register void *r8 __asm__("r8") = tls;
	long result;

	*--sp = (void *) function;
	*--sp = argument;
	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "popq %%rdi\n\t"
			 "popq %%rax\n\t"
			 "callq *%%rax\n\t"
			 "movl %%eax, %%edi\n\t"
			 "movl %[exit], %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(flags), "S"(sp), "d"(NULL),
			 "r"(r10), "r"(r8), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return result;
}

/* A control block for a thread that libc does not know: see agent.c. */
static inline void
arch_fill_tcb(void *tcb)
{
	((void **) tcb)[0] = tcb; /* what %fs:0 must give */
	((void **) tcb)[2] = tcb; /* and the same for libc's own use */
}

#elif defined(__aarch64__)

static inline uintptr_t
arch_context_sp(const ucontext_t *context)
{
	return (uintptr_t) context->uc_mcontext.sp;
}

static inline long
arch_context_result(const ucontext_t *context)
{
	return (long) context->uc_mcontext.regs[0];
}

static inline long
arch_clone(int (*function)(void *), void *stack, unsigned long flags,
    void *argument, void *tls, uint32_t *cleared_at_end)
{
	void **sp = (void **) ((uintptr_t) stack & ~(uintptr_t) 15);
	register long x8 __asm__("x8") = SYS_clone;
	register unsigned long x0 __asm__("x0") = flags;
	register void *x1 __asm__("x1");
	register void *x2 __asm__("x2") = NULL;
	register void *x3 __asm__("x3") = tls;
	register void *x4 __asm__("x4") = cleared_at_end;

	*--sp = argument;
	*--sp = (void *) function;
	x1 = sp;
	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "ldp x1, x0, [sp], #16\n\t"
			 "blr x1\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc 0\n"
			 "1:"
			 : "+r"(x0), "+r"(x1), "+r"(x8)
			 : "r"(x2), "r"(x3), "r"(x4), [exit] "i"(SYS_exit)
			 : "memory");
	return (long) x0;
}

#define ARCH_COND_VERSION NULL
#define ARCH_JUMP_SP      13 /* where a jmp_buf has it */

/* What glibc guards it with: an exclusive-or, always with the same word. */
extern uintptr_t arch_jump_guard;

static inline uintptr_t
arch_jump_sp(const struct __jmp_buf_tag *env)
{
	return (uintptr_t) env->__jmpbuf[ARCH_JUMP_SP] ^ arch_jump_guard;
}

static inline void
arch_fill_tcb(void *tcb)
{
}

#else
#error "this machine is not described yet"
#endif

#endif
