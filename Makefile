# Stranded. `make help` lists every target and knob.

INSTALL ?= install
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
B ?= build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
comma := ,
$(if $(strip $(B)),,$(error B, the folder to build in, is empty))

VERSION := $(shell sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -1)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

# ---- Flags ------------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wno-unused-parameter
BASE := -std=gnu11 -D_GNU_SOURCE -DSTRANDED_VERSION='"$(VERSION)"' \
	-Ilib -Isrc -MMD -MP $(WARN) \
	-fasynchronous-unwind-tables -fno-omit-frame-pointer
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)

TOOL_PKGS := libunwind-generic libdw libelf ncursesw jansson
# Asked once, and only when it is needed: `make check` may have to install it.
TOOL_CFLAGS = $(eval TOOL_CFLAGS := $$(shell $(PKG_CONFIG) \
	--cflags $(TOOL_PKGS)))$(TOOL_CFLAGS)
TOOL_LIBS = $(eval TOOL_LIBS := $$(shell $(PKG_CONFIG) \
	--libs $(TOOL_PKGS)) -lpthread)$(TOOL_LIBS)

# ---- Sources ----------------------------------------------------------------

LIB_SRC := $(wildcard lib/*.c)
PROBE_SRC := $(wildcard src/probe/*.c)
HEAP_SRC := $(wildcard src/heap/*.c)
COMMON_SRC := $(wildcard src/common/*.c)
TOOL_SRC := $(wildcard src/client/*.c src/analyze/*.c src/render/*.c \
	src/proof/*.c src/record/*.c src/top/*.c src/doctor/*.c src/cmd/*.c)

obj = $(patsubst %.c,$(B)/obj/$(1)/%.o,$(2))
LIB_OBJ := $(call obj,lib,$(LIB_SRC))
PROBE_OBJ := $(call obj,probe,$(PROBE_SRC) $(COMMON_SRC))
HEAP_OBJ := $(call obj,heap,$(HEAP_SRC)) $(call obj,probe,src/probe/sys.c)
TOOL_OBJ := $(call obj,tool,$(TOOL_SRC) $(COMMON_SRC))
MAIN_OBJ := $(B)/obj/tool/src/cmd/main.o

all: $(B)/stranded $(B)/libstranded.so $(B)/libstranded_heap.so \
    $(B)/libstrand.so $(B)/libstrand.a

# ---- libstrand --------------------------------------------------------------

$(B)/obj/lib/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -O2 $(CFLAGS) $(SANFLAGS) -fPIC \
	    -fvisibility=hidden -fno-lto $(CPPFLAGS) -c -o $@ $<

$(B)/libstrand.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(B)/libstrand.so: $(LIB_OBJ) lib/libstrand.map
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(SANFLAGS) -shared -o $@ $(LIB_OBJ) \
	    -Wl,-soname,libstrand.so.0 -Wl,--version-script=lib/libstrand.map \
	    $(if $(SAN),,-Wl,-z,defs) -lpthread
	$(Q)ln -sf libstrand.so $(B)/libstrand.so.0

# ---- The probe --------------------------------------------------------------
# No sanitizer, no stack protector, no FORTIFY: they call into libc, or use
# thread-local storage that the agent has not. No loops that become calls of
# memset(): memory.c would call itself. No jumps instead of calls: a wrapper's
# frame must be there while its call lasts, and dlsym() looks at who calls it. No
# function in two parts: the second would lack the personality (wrap.h).

$(B)/obj/probe/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -O2 $(CFLAGS) -fPIC -fvisibility=hidden \
	    -fno-lto -fno-stack-protector -U_FORTIFY_SOURCE -fno-exceptions \
	    -fno-tree-loop-distribute-patterns -fno-optimize-sibling-calls \
	    -fno-reorder-blocks-and-partition \
	    -fcf-protection=none -ftls-model=initial-exec \
	    -DSTRANDED_NO_NOTE \
	    $(CPPFLAGS) -c -o $@ $<

$(B)/libstranded.so: $(PROBE_OBJ) src/probe/libstranded.map
	$(call say,LD,$@)$(CC) $(LDFLAGS) -shared -o $@ \
	    $(PROBE_OBJ) \
	    -Wl,-soname,libstranded.so \
	    -Wl,--version-script=src/probe/libstranded.map \
	    -Wl,-z,defs,-z,now,-z,relro,-z,nodelete,-z,noexecstack

# ---- The heap's marks -------------------------------------------------------
# Bound by the probe's rules. The functions it defines are the compiler's
# builtins, which are not to be taken for libc's here.

$(B)/obj/heap/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -O2 $(CFLAGS) -fPIC -fvisibility=hidden \
	    -fno-lto -fno-stack-protector -U_FORTIFY_SOURCE -fno-builtin \
	    -fno-optimize-sibling-calls -fcf-protection=none \
	    $(CPPFLAGS) -c -o $@ $<

$(B)/libstranded_heap.so: $(HEAP_OBJ) src/heap/libstranded_heap.map
	$(call say,LD,$@)$(CC) $(LDFLAGS) -shared -o $@ \
	    $(HEAP_OBJ) \
	    -Wl,-soname,libstranded_heap.so \
	    -Wl,--version-script=src/heap/libstranded_heap.map \
	    -Wl,-z,defs,-z,now,-z,relro,-z,nodelete,-z,noexecstack

# ---- The tool ---------------------------------------------------------------

$(B)/obj/tool/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(TOOL_CFLAGS) \
	    -DSTRANDED_NO_NOTE $(CPPFLAGS) -c -o $@ $<

$(B)/tool.a: $(filter-out $(MAIN_OBJ),$(TOOL_OBJ))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(B)/stranded: $(MAIN_OBJ) $(B)/tool.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(SANFLAGS) -o $@ $(MAIN_OBJ) \
	    $(B)/tool.a $(TOOL_LIBS)

include tests/tests.mk

# ---- What people ask for ----------------------------------------------------

# demo and check install what is missing, so they work on a fresh machine.
demo:
	$(Q)scripts/install-dependencies.sh build
	$(Q)$(MAKE) --no-print-directory all programs
	$(Q)B=$(B) scripts/demo.sh

check:
	$(Q)scripts/install-dependencies.sh build test
	$(Q)$(MAKE) --no-print-directory check-built

lint:
	$(Q)scripts/install-dependencies.sh build test lint
	$(Q)scripts/lint.sh

# ---- Installing -------------------------------------------------------------

BINDIR = $(DESTDIR)$(PREFIX)/bin
LIBDIR = $(DESTDIR)$(PREFIX)/lib
INCLUDEDIR = $(DESTDIR)$(PREFIX)/include
PCDIR = $(LIBDIR)/pkgconfig
MANDIR = $(DESTDIR)$(PREFIX)/share/man
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions

PAGES = $(wildcard man/*.[1-9])
page_dir = $(MANDIR)/man$(subst .,,$(suffix $(1)))

# Made anew each time: PREFIX may be another.
$(B)/%.pc: scripts/%.pc.in always
	@mkdir -p $(@D)
	$(call say,GEN,$@)sed -e 's|@PREFIX@|$(PREFIX)|' \
	    -e 's|@VERSION@|$(VERSION)|' $< > $@

install: all $(B)/libstrand.pc
	$(INSTALL) -d $(BINDIR) $(LIBDIR) $(INCLUDEDIR) $(PCDIR) \
	    $(BASHDIR) $(ZSHDIR) $(sort $(foreach p,$(PAGES),$(call page_dir,$(p))))
	$(INSTALL) -m 755 $(B)/stranded $(BINDIR)/
	$(INSTALL) -m 755 $(B)/libstranded.so $(B)/libstranded_heap.so \
	    $(LIBDIR)/
	$(INSTALL) -m 755 $(B)/libstrand.so $(LIBDIR)/libstrand.so.$(VERSION)
	ln -sf libstrand.so.$(VERSION) $(LIBDIR)/libstrand.so.0
	ln -sf libstrand.so.0 $(LIBDIR)/libstrand.so
	$(INSTALL) -m 644 $(B)/libstrand.a $(LIBDIR)/
	$(INSTALL) -m 644 lib/strand.h lib/stranded_observer.h $(INCLUDEDIR)/
	$(INSTALL) -m 644 $(B)/libstrand.pc $(PCDIR)/
	$(INSTALL) -m 644 scripts/completions/stranded.bash $(BASHDIR)/stranded
	$(INSTALL) -m 644 scripts/completions/_stranded $(ZSHDIR)/
	$(foreach p,$(PAGES),$(INSTALL) -m 644 $(p) $(call page_dir,$(p))/ &&) true

uninstall:
	rm -f $(BINDIR)/stranded $(LIBDIR)/libstranded.so \
	    $(LIBDIR)/libstranded_heap.so $(LIBDIR)/libstrand.so.$(VERSION) $(LIBDIR)/libstrand.so.0 \
	    $(LIBDIR)/libstrand.so $(LIBDIR)/libstrand.a \
	    $(INCLUDEDIR)/strand.h $(INCLUDEDIR)/stranded_observer.h \
	    $(PCDIR)/libstrand.pc $(BASHDIR)/stranded $(ZSHDIR)/_stranded \
	    $(foreach p,$(PAGES),$(call page_dir,$(p))/$(notdir $(p)))

clean:
	rm -rf build

help:
	@sed -n 's/^#? \{0,1\}//p' Makefile

.PHONY: all demo check lint install uninstall clean help always
-include $(shell find $(B) -name '*.d' 2>/dev/null)

#? make            builds into build/: the command, the probe, libstrand
#? make demo       shows the leaking session server found, and mended
#? make check      runs all tests; the last line is "N passed, N failed"
#? make leaks      what is proved of fifty known leaks, by class
#? make lint       checks format, headers, scripts and man pages; analyzers
#? make bench      measures, as ratios; goes on without what is not installed:
#?                 scripts/install-dependencies.sh test bench
#? make fuzz       fuzzes the parsers, FUZZ_SECONDS each
#? make install    into PREFIX; `make uninstall` takes it away again
#? make clean      removes build/
#?
#? demo, check and lint install missing Debian packages first (as root or with
#? sudo); when nothing is missing they need no rights.
#?
#? Knobs, as NAME=value:
#?   PREFIX     where it is installed (/usr/local)
#?   DESTDIR    put in front of PREFIX, for packagers
#?   CC         the compiler (gcc); CFLAGS, CPPFLAGS, LDFLAGS are yours
#?   SAN        sanitizers: address,undefined or thread; builds in a folder of
#?              its own below build/
#?   B          the folder to build in
#?   V=1        shows the commands
#?   REPEAT     how often `make leaks` does it; MATRIX=1: for other compilers,
#?              optimisations and allocators as well; LONG=1: ten thousand
#?              tasks, and idle servers for a minute
#?   BENCH      the figures that bench shall measure (all): "mutex redis"
#?   TEST_LIMIT seconds that one test program may take (300)
