/*
 * arch.h: what unwinding must know about the machine. The only such place in
 * the tool: everything else asks libunwind and the ELF files.
 *
 * Both machines keep a frame record when a frame pointer is used: the caller's
 * frame pointer, then the return address, and the caller's stack ends above.
 * What a signal handler returns to asks the kernel to go back to where the
 * signal came, and begins with the same eight bytes in all programs.
 */
#ifndef ANALYZE_ARCH_H
#define ANALYZE_ARCH_H

#include <elf.h>
#include <libunwind.h>

#if defined(__x86_64__)
#define ARCH_ELF_MACHINE EM_X86_64
#define ARCH_REG_PC      UNW_X86_64_RIP
#define ARCH_REG_SP      UNW_X86_64_RSP
#define ARCH_REG_FP      UNW_X86_64_RBP
#define ARCH_TRAMPOLINE  0x0f0000000fc0c748u /* mov $15, %rax; syscall */
#elif defined(__aarch64__)
#define ARCH_ELF_MACHINE EM_AARCH64
#define ARCH_REG_PC      UNW_AARCH64_PC
#define ARCH_REG_SP      UNW_AARCH64_SP
#define ARCH_REG_FP      UNW_AARCH64_X29
#define ARCH_TRAMPOLINE  0xd4000001d2801168u /* mov x8, #139; svc #0 */
#else
#error "this machine's registers are not known to the unwinder"
#endif

#define ARCH_FRAME_ALIGN 8 /* of a frame record */

#endif
