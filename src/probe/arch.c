/* arch.c: see arch.h. */
#include "probe/arch.h"

#if defined(__aarch64__)

uintptr_t arch_jump_guard;

void
arch_learn_jump(void)
{
	struct __jmp_buf_tag env[1];
	uintptr_t sp;

	_setjmp(env);
	__asm__("mov %0, sp" : "=r"(sp));
	arch_jump_guard = (uintptr_t) env->__jmpbuf[ARCH_JUMP_SP] ^ sp;
}

#else

void
arch_learn_jump(void)
{
}

#endif
