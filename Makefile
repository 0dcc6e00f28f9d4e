# Stranded. `make help` lists every target and knob.

CC ?= gcc
AR ?= ar
INSTALL ?= install
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
B ?= build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
comma := ,

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
TOOL_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(TOOL_PKGS))
TOOL_LIBS = $(shell $(PKG_CONFIG) --libs $(TOOL_PKGS)) -lpthread

# ---- Sources ----------------------------------------------------------------

LIB_SRC := $(wildcard lib/*.c)
PROBE_SRC := $(wildcard src/probe/*.c)
COMMON_SRC := $(wildcard src/common/*.c)
TOOL_SRC := $(wildcard src/client/*.c src/analyze/*.c src/render/*.c \
	src/top/*.c src/cmd/*.c)

obj = $(patsubst %.c,$(B)/obj/$(1)/%.o,$(2))
LIB_OBJ := $(call obj,lib,$(LIB_SRC))
PROBE_OBJ := $(call obj,probe,$(PROBE_SRC) $(COMMON_SRC))
TOOL_OBJ := $(call obj,tool,$(TOOL_SRC) $(COMMON_SRC))
MAIN_OBJ := $(B)/obj/tool/src/cmd/main.o

all: $(B)/stranded $(B)/libstranded.so $(B)/libstrand.so $(B)/libstrand.a

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
# No sanitizer, no stack protector, no builtin calls into libc: see the head of
# src/probe/probe.h for the reasons.

$(B)/obj/probe/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -O2 $(CFLAGS) -fPIC -fvisibility=hidden \
	    -fno-lto -fno-stack-protector -U_FORTIFY_SOURCE -fno-exceptions \
	    -fno-tree-loop-distribute-patterns -fno-optimize-sibling-calls \
	    -fcf-protection=none -ftls-model=initial-exec \
	    $(CPPFLAGS) -c -o $@ $<

$(B)/libstranded.so: $(PROBE_OBJ) src/probe/libstranded.map
	$(call say,LD,$@)$(CC) $(LDFLAGS) -shared -o $@ \
	    $(PROBE_OBJ) \
	    -Wl,-soname,libstranded.so \
	    -Wl,--version-script=src/probe/libstranded.map \
	    -Wl,-z,defs,-z,now,-z,relro,-z,nodelete,-z,noexecstack

# ---- The tool ---------------------------------------------------------------

$(B)/obj/tool/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(TOOL_CFLAGS) \
	    $(CPPFLAGS) -c -o $@ $<

$(B)/tool.a: $(filter-out $(MAIN_OBJ),$(TOOL_OBJ))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(B)/stranded: $(MAIN_OBJ) $(B)/tool.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(SANFLAGS) -o $@ $(MAIN_OBJ) \
	    $(B)/tool.a $(TOOL_LIBS)

include tests/tests.mk

clean:
	rm -rf build

.PHONY: all clean
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
