# Tests, the programs they watch, benchmarks and fuzzers.

# Unit tests: one program a file, cmocka, linked with whatever it names.
UNIT_SRC := $(wildcard tests/unit/*_test.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT_SRC))

$(B)/tests/unit/%: tests/unit/%.c $(B)/tool.a $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(TOOL_CFLAGS) \
	    -Itests $(CPPFLAGS) -o $@ $< $(B)/tool.a $(B)/libstrand.a \
	    $(TOOL_LIBS) -lcmocka

# Makes allocations and threads of libstrand fail.
$(B)/tests/unit/strand_nomem_test: CPPFLAGS += -Wl,--wrap=malloc \
    -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=aligned_alloc \
    -Wl,--wrap=pthread_create

# Those of the probe's parts: compiled as the tests are, so that a sanitizer sees
# them too. Left out is what would make the test itself a probed program. Their
# copies of memory are the compiler's own: memory.c is for the library.
PROBE_PART_SRC := $(filter-out src/probe/wrap%.c src/probe/init.c \
    src/probe/agent.c src/probe/signal.c src/probe/dump.c \
    src/probe/observer.c src/probe/arch.c src/probe/memory.c,$(PROBE_SRC)) $(COMMON_SRC)
PROBE_PART_OBJ := $(call obj,parts,$(PROBE_PART_SRC))

# The sanitizer warns that it does not understand fences. What they order is read
# through the kernel, which it does not see either.
PART_FLAGS = $(BASE) $(CFLAGS) $(SANFLAGS) \
    $(if $(findstring thread,$(SAN)),-Wno-tsan) $(CPPFLAGS)

$(B)/obj/parts/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(PART_FLAGS) -c -o $@ $<

$(B)/tests/probe.a: $(PROBE_PART_OBJ)
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/unit/probe_%: tests/unit/probe_%.c tests/unit/probe_fixture.h \
    $(B)/tests/probe.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(PART_FLAGS) -Itests -o $@ $< \
	    $(B)/tests/probe.a -lcmocka -lpthread

# End to end: one program a file, with the harness that starts real processes.
HARNESS := $(addprefix tests/e2e/,harness.c harness_dump.c servers.c twins.c)
E2E_SRC := $(wildcard tests/e2e/*_test.c)
E2E_BIN := $(patsubst tests/e2e/%.c,$(B)/tests/e2e/%,$(E2E_SRC))

$(B)/tests/e2e/%: tests/e2e/%.c $(HARNESS) \
    tests/e2e/harness.h tests/e2e/servers.h tests/e2e/twins.h $(B)/tool.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(TOOL_CFLAGS) \
	    $(CPPFLAGS) -o $@ $< $(HARNESS) $(B)/tool.a \
	    $(TOOL_LIBS) -lcmocka

# The programs that the probe watches.
PROGRAM_SRC := $(filter-out tests/programs/glib_%,$(wildcard tests/programs/*.c))
PROGRAM_BIN := $(patsubst tests/programs/%.c,$(B)/tests/programs/%,$(PROGRAM_SRC))

$(B)/tests/programs/%: tests/programs/%.c $(B)/libstrand.a \
    $(wildcard tests/programs/*.h)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -o $@ \
	    $< $(B)/libstrand.a -lpthread $(PROGRAM_LIBS)

# The same with GLib, and in C++. Not among the programs above, which the demo
# builds on machines that need have neither.
GLIB_BIN := $(B)/tests/programs/glib_waits
$(GLIB_BIN): PROGRAM_LIBS = \
    $(shell $(PKG_CONFIG) --cflags --libs glib-2.0)

CXX_SRC := $(wildcard tests/programs/*.cc)
CXX_BIN := $(patsubst tests/programs/%.cc,$(B)/tests/programs/%,$(CXX_SRC))
CXX_FLAGS = -std=c++20 -MMD -MP -Wall -Wextra -Wshadow \
    -fasynchronous-unwind-tables -fno-omit-frame-pointer

$(B)/tests/programs/%: tests/programs/%.cc
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) $(CXX_FLAGS) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) \
	    -o $@ $< -lpthread

# These go by what the system does to the letter. A sanitizer would do some of it
# otherwise: it delays signals, and makes system calls of its own.
$(B)/tests/programs/host $(B)/tests/programs/host_waits \
$(B)/tests/programs/host_process $(B)/tests/programs/kernel_waits: \
    private SANFLAGS :=

# A sanitizer brings an allocator of its own, in front of all others.
$(B)/tests/programs/heap_marks: private SANFLAGS :=

# The leak cases: one program, whose frames shall be those of its source.
# CASE_FLAGS is for them alone: libstrand is as it is.
CASE_SRC := $(filter-out %_test.c,$(wildcard tests/leaks/*.c))
CASE_OBJ := $(call obj,case,$(CASE_SRC))
CASE_MAIN_OBJ := $(call obj,case,tests/leaks/main.c)

$(B)/obj/case/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) -Itests \
	    -fno-optimize-sibling-calls $(CASE_FLAGS) $(CPPFLAGS) -c -o $@ $<

$(B)/tests/leaks/cases: $(CASE_OBJ) $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(SANFLAGS) -o $@ $(CASE_OBJ) \
	    $(B)/libstrand.a -lpthread

# What runs them has their tables, and never calls them.
$(B)/tests/leaks/leaks_test: tests/leaks/leaks_test.c tests/leaks/case.h \
    $(HARNESS) tests/e2e/harness.h $(CASE_OBJ) $(B)/tool.a $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -Itests $(CFLAGS) $(SANFLAGS) \
	    $(TOOL_CFLAGS) $(CPPFLAGS) -o $@ $< $(HARNESS) \
	    $(filter-out $(CASE_MAIN_OBJ),$(CASE_OBJ)) $(B)/libstrand.a \
	    $(B)/tool.a $(TOOL_LIBS) -lcmocka

# One that keeps company: with each sanitizer, whatever SAN says, and with each
# allocator that is installed, linked as a program would have it.
ALLOCATORS := $(foreach a,jemalloc tcmalloc_minimal,$(if \
    $(wildcard /usr/lib/*/lib$(a).so.*),$(a)))
COMPANY_BIN := $(addprefix $(B)/tests/programs/company_,asan tsan $(ALLOCATORS))

$(B)/tests/programs/company_asan: COMPANY_FLAGS = -fsanitize=address
$(B)/tests/programs/company_tsan: COMPANY_FLAGS = -fsanitize=thread
$(foreach a,$(ALLOCATORS),$(eval $(B)/tests/programs/company_$(a): \
    COMPANY_FLAGS = -Wl,--no-as-needed \
    -l:$(notdir $(firstword $(wildcard /usr/lib/*/lib$(a).so.?)))))
$(COMPANY_BIN): tests/programs/company.c tests/programs/program.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(BASE) $(CFLAGS) $(CPPFLAGS) -o $@ $< \
	    $(COMPANY_FLAGS) -lpthread

$(B)/tests/leaks/silence_test $(B)/tests/leaks/scale_test: \
    $(B)/tests/leaks/%: tests/leaks/%.c $(HARNESS) tests/e2e/harness.h \
    tests/e2e/servers.h $(B)/tool.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -Itests $(CFLAGS) $(SANFLAGS) \
	    $(TOOL_CFLAGS) $(CPPFLAGS) -o $@ $< $(HARNESS) $(B)/tool.a \
	    $(TOOL_LIBS) -lcmocka

# Benchmarks; the one that compares with GLib only where that is installed.
BENCH_SRC := $(wildcard tests/bench/*.c)
ifneq ($(shell $(PKG_CONFIG) --exists glib-2.0 2>/dev/null && echo yes),yes)
BENCH_SRC := $(filter-out %glib_bench.c,$(BENCH_SRC))
endif
BENCH_BIN := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(BENCH_SRC)) \
    $(if $(shell command -v $(CXX)),$(B)/tests/bench/throw_bench) \
    $(B)/tests/bench/leaks_lsan

$(B)/tests/bench/%: tests/bench/%.c $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -o $@ \
	    $< $(BENCH_LIBS) $(B)/libstrand.a -lpthread \
	    $(if $(findstring glib,$@),$(shell $(PKG_CONFIG) --cflags --libs glib-2.0))

$(B)/tests/bench/throw_bench: tests/bench/throw_bench.cc
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) -O2 -g -D_GNU_SOURCE -MMD -MP -Wall -Wextra \
	    $(SANFLAGS) $(CPPFLAGS) -o $@ $< -lpthread

# The same with the leak sanitizer, where the compiler has one.
$(B)/tests/bench/leaks_lsan: tests/bench/leaks_target.c $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(BASE) $(CFLAGS) -fsanitize=leak $(CPPFLAGS) \
	    -o $@ $< $(B)/libstrand.a -lpthread || \
	    echo "no leak sanitizer to compare with"

# These measure the tool.
TOOL_BENCH := $(addprefix $(B)/tests/bench/,unwind_bench top_day_bench \
    graph_bench)
$(TOOL_BENCH): $(B)/tool.a
$(TOOL_BENCH): BENCH_LIBS = $(B)/tool.a $(TOOL_LIBS)

# Storms, and what watches them. The same storms once more for each sanitizer
# that makes a target that is hard on a probe, whatever SAN says.
STRESS_BIN := $(addprefix $(B)/tests/stress/,stress_test storms storms_asan \
    storms_tsan storms_module.so)
STORMS_FLAGS = $(BASE) -Itests $(CFLAGS) $(CPPFLAGS)

$(B)/tests/stress/stress_test: tests/stress/stress_test.c $(HARNESS) \
    tests/e2e/harness.h tests/e2e/twins.h $(B)/tool.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) -Itests $(CFLAGS) $(SANFLAGS) \
	    $(TOOL_CFLAGS) $(CPPFLAGS) -o $@ $< $(HARNESS) \
	    $(B)/tool.a $(TOOL_LIBS) -lcmocka

$(B)/tests/stress/storms_asan: STORMS_FLAGS += -fsanitize=address
$(B)/tests/stress/storms_tsan: STORMS_FLAGS += -fsanitize=thread
$(B)/tests/stress/storms $(B)/tests/stress/storms_asan \
$(B)/tests/stress/storms_tsan: tests/stress/storms.c tests/programs/program.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(STORMS_FLAGS) -o $@ $< -lpthread

$(B)/tests/stress/storms_module.so: tests/stress/storms_module.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(STORMS_FLAGS) -fPIC -shared -o $@ $<

# Fuzzers of what comes over the socket: with clang's libFuzzer, or, without
# clang, with a driver of our own that mutates blindly.
FUZZ_SECONDS ?= 60
FUZZ_SRC := $(wildcard src/client/*.c src/common/*.c)
# What reads a dump from a file, and compares it.
FUZZ_JSON_SRC := $(addprefix src/,$(addsuffix .c,analyze/blame analyze/diff \
    analyze/frames analyze/groups analyze/table render/diff render/json \
    render/json_read render/output render/stack render/syscalls render/words))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_FLAGS := $(BASE) -Itests -g -O1 -fno-sanitize-recover=all
CLANG := $(shell command -v clang)

$(B)/fuzz/%_seeds: tests/fuzz/%_fuzz.c tests/fuzz/driver.c $(FUZZ_SRC)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(FUZZ_FLAGS) -fsanitize=address,undefined -o $@ \
	    $(filter %.c,$^) $(FUZZ_LIBS)

$(B)/fuzz/%_fuzz: tests/fuzz/%_fuzz.c $(FUZZ_SRC)
	@mkdir -p $(@D)
	$(call say,CC,$@)clang $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined \
	    -o $@ $(filter %.c,$^) $(FUZZ_LIBS)

$(B)/fuzz/json_seeds $(B)/fuzz/json_fuzz: $(FUZZ_JSON_SRC)
$(B)/fuzz/json_seeds $(B)/fuzz/json_fuzz: FUZZ_LIBS = -ljansson
# And a recording.
$(B)/fuzz/recording_seeds $(B)/fuzz/recording_fuzz: \
    $(wildcard src/record/*.c) src/analyze/table.c

ifneq ($(CLANG),)
fuzz: $(FUZZ_BIN) $(FUZZ_BIN:_fuzz=_seeds)
	$(Q)for f in $(FUZZ_BIN:_fuzz=); do \
	    echo "  FUZZ    $$f for $(FUZZ_SECONDS) s"; \
	    mkdir -p $${f}_corpus $${f}_first && $${f}_seeds -w $${f}_first && \
	    $${f}_fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=16384 \
	        -print_final_stats=1 -verbosity=0 $${f}_corpus $${f}_first \
	        || exit 1; \
	done
else
fuzz: $(FUZZ_BIN:_fuzz=_seeds)
	$(Q)for f in $^; do echo "  FUZZ    $$f"; $$f -n 200000 || exit 1; done
endif

# Ratios within one run, on this machine, which is printed first. Goes on where
# something to compare with is not installed.
bench: all programs $(BENCH_BIN)
	$(Q)B=$(B) BENCH="$(BENCH)" tests/bench/run.sh

# What is proved of the leak cases, by class. MATRIX=1: for each compiler, each
# optimisation and each allocator; REPEAT: how often; LONG=1: ten thousand tasks,
# and idle servers for a minute.
LEAKS_BIN := $(addprefix $(B)/tests/leaks/,cases leaks_test silence_test \
    scale_test)

leaks: all programs $(LEAKS_BIN)
	$(Q)B=$(B) REPEAT=$(REPEAT) $(B)/tests/leaks/leaks_test
	$(Q)B=$(B) LONG=$(LONG) $(B)/tests/leaks/scale_test
	$(Q)B=$(B) LONG=$(LONG) $(B)/tests/leaks/silence_test
	$(if $(MATRIX),$(Q)B=$(B) tests/leaks/matrix.sh)

programs: $(PROGRAM_BIN)
unit: $(UNIT_BIN)
stress: $(STRESS_BIN)
e2e: $(E2E_BIN) $(PROGRAM_BIN) $(GLIB_BIN) $(CXX_BIN) \
    $(COMPANY_BIN) $(B)/tests/stress/storms_module.so

# Below a sanitizer the tests end to end run as well: the tool and the programs
# are instrumented, the probe is not.
check-built: all unit e2e stress $(LEAKS_BIN)
	$(Q)B=$(B) SAN=$(SAN) tests/run.sh

.PHONY: programs unit e2e stress leaks check-built fuzz bench
