# Tests, the programs they watch, benchmarks and fuzzers.

# Unit tests: one program a file, cmocka, linked with whatever it names.
UNIT_SRC := $(wildcard tests/unit/*_test.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT_SRC))

$(B)/tests/unit/%: tests/unit/%.c $(B)/tool.a $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(TOOL_CFLAGS) \
	    -Itests $(CPPFLAGS) -o $@ $< $(B)/tool.a $(B)/libstrand.a \
	    $(TOOL_LIBS) -lcmocka

# The programs that the probe watches.
PROGRAM_SRC := $(wildcard tests/programs/*.c)
PROGRAM_BIN := $(patsubst tests/programs/%.c,$(B)/tests/programs/%,$(PROGRAM_SRC))

$(B)/tests/programs/%: tests/programs/%.c $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -o $@ \
	    $< $(B)/libstrand.a -lpthread

# Benchmarks.
BENCH_SRC := $(wildcard tests/bench/*.c)
BENCH_BIN := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(BENCH_SRC))

$(B)/tests/bench/%: tests/bench/%.c $(B)/libstrand.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BASE) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -o $@ \
	    $< $(B)/libstrand.a -lpthread \
	    $(if $(findstring glib,$@),$(shell $(PKG_CONFIG) --cflags --libs glib-2.0))

programs: $(PROGRAM_BIN)
unit: $(UNIT_BIN)

.PHONY: programs unit
