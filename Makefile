# siterun. `make help` lists the targets.
#
# SAN=1 builds with AddressSanitizer and UBSan, in its own folder. V=1 shows the commands.

PREFIX ?= /usr/local
VERSION = 0.1.0
SAN ?=
STRIDE ?= 50
BUILD ?= build$(if $(SAN),-asan)
PROGRAM = $(if $(SAN),$(BUILD)/siterun,siterun)

PACKAGES = gcc make pkg-config liblua5.4-dev libcurl4-openssl-dev libjansson-dev lua-cjson-dev \
	lua-expat-dev libedit-dev libmicrohttpd-dev libgnutls28-dev libsqlite3-dev libssl-dev libcmocka-dev \
	lua5.4 lua-check clang-format nodejs nginx-light openssl tmux valgrind curl faketime sqlite3 strace zsh fish mandoc
LIBRARIES = lua5.4 libcurl libmicrohttpd libedit sqlite3 libcrypto

CFLAGS ?= $(if $(SAN),-O1,-O2) -g
WARN = -Wall -Wextra -Werror -Wconversion -Wshadow -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wpointer-arith -Wvla -Wformat=2
HARDEN = $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE)
, := ,
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DSITERUN_VERSION=\"$(VERSION)\" -Isrc $(WARN) $(HARDEN) $(PKG_CFLAGS) -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -Wl,--as-needed -Wl,-z,relro,-z,now $(if $(SAN),$(HARDEN),-pie) $(LDFLAGS)
# Each shared library costs a start 0.1 to 0.2 ms, so only those are shared that libcurl loads anyway. Lua
# is linked whole, for what C modules of the user's call.
STATIC_LIBS = -Wl,--whole-archive -llua5.4 -Wl,--no-whole-archive -llua5.4-cjson -llua5.4-expat -lexpat \
	-lmicrohttpd -ledit -lbsd -lmd -ltinfo -lsqlite3
# The loader looks symbols up in the order of the libraries: those come first that most are found in.
SYSTEM_LIBS = -lcrypto -lc -lgnutls -lcurl -lm
EXPORT_LUA = -Wl,--export-dynamic-symbol=lua_*,--export-dynamic-symbol=luaL_*
# gnutls.c says why.
WRAP = $(foreach f,gnutls_global_init gnutls_global_deinit dlopen,-Wl$(,)--wrap=$f)
LIBS = $(EXPORT_LUA) $(WRAP) -Wl,-Bstatic $(STATIC_LIBS) -Wl,-Bdynamic $(SYSTEM_LIBS)
SHARED_LIBS = $(WRAP) -l:liblua5.4-cjson.a -l:liblua5.4-expat.a $(PKG_LIBS) -lgnutls -lexpat -lm
PKG_CFLAGS := $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null)

say = $(if $(V),,@echo '  $(1)';)

BINDS := $(sort $(wildcard src/bind/*.c))
SOURCES := $(sort $(wildcard src/*.c src/core/*.c src/host/*.c)) $(BINDS)
RECIPES := $(BUILD)/lua/siterun/recipes.lua
MODULES := $(sort $(shell find lua -name '*.lua')) $(RECIPES)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o) $(BUILD)/embedded.o
C_TESTS := $(patsubst tests/c/%.c,$(BUILD)/tests/%,$(wildcard tests/c/*_test.c))

# Programs that tests start, and how they find them.
TOOLS = $(BUILD)/tools/arrivals
RUN_TESTS = TOOLS=$(BUILD)/tools tests/all

JOBS = -j$(shell nproc)

.DEFAULT_GOAL := all

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 18

deps: ## install the Debian packages that are missing
	@src/tools/deps.sh $(PACKAGES)

all: $(PROGRAM) ## build ./siterun (the default)

demo: deps ## install what is missing, build, run the first example against the sandbox
	@$(MAKE) --no-print-directory $(JOBS) run-demo

SHARE = $(DESTDIR)$(PREFIX)/share
PAGES = $(BUILD)/siterun.1 $(BUILD)/siterun.bash $(BUILD)/siterun.zsh $(BUILD)/siterun.fish

install: $(PROGRAM) $(PAGES) ## program, manual and completions into $(DESTDIR)$(PREFIX)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/siterun
	install -D -m 644 $(BUILD)/siterun.1 $(SHARE)/man/man1/siterun.1
	install -D -m 644 $(BUILD)/siterun.bash $(SHARE)/bash-completion/completions/siterun
	install -D -m 644 $(BUILD)/siterun.zsh $(SHARE)/zsh/site-functions/_siterun
	install -D -m 644 $(BUILD)/siterun.fish $(SHARE)/fish/vendor_completions.d/siterun.fish

man: $(BUILD)/siterun.1 ## build the manual page

clean: ## remove what was built
	rm -rf build build-* siterun

test: deps ## build, then run all tests
	@$(MAKE) --no-print-directory $(JOBS) run-tests

asan: deps ## all tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory $(JOBS) SAN=1 run-tests

pressure: deps ## the Lua tests while the collector never rests
	@SITERUN_COLLECTOR=pressure $(MAKE) --no-print-directory C_TESTS= run-tests

check: test asan pressure rules compare ## all tests in each build, the rules and the counts

rules: $(PROGRAM) ## what a machine can check of the style: limits, linters, names
	@tests/check ./$(PROGRAM) $(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS))

format: ## lay out the C code as .clang-format says
	clang-format -i $(wildcard src/*.[ch] src/*/*.[ch] tests/c/*.[ch])

soak: test asan ## the long proofs: each allocation failing once, valgrind, limits
	@$(MAKE) --no-print-directory sweep STRIDE=1
	@$(MAKE) --no-print-directory sweep STRIDE=7 SAN=1
	@tests/soak/valgrind ./$(PROGRAM) $(filter-out %slots_model_test,$(C_TESTS))
	@tests/soak/slots $(CC) $(BUILD)/tests/slots_model_test $(MODELLED)
	@$(BUILD)/tests/jsontape_jansson_test 5000000
	@$(MAKE) --no-print-directory prove

prove: $(PROGRAM) $(TOOLS) ## the long proofs with real processes alone, with their figures
	@FILES='tests/soak/*_test.lua' $(RUN_TESTS) $(PROGRAM)

sweep: $(BUILD)/sweep ## fail one allocation in STRIDE
	@tests/sweep/all $(BUILD)/sweep $(STRIDE)

BENCH = $(BUILD)/bench/raw $(BUILD)/bench/measure $(BUILD)/bench/slots_bench
bench: $(PROGRAM) $(BENCH) ## measure against libcurl alone, in 5 minutes, and write the README's figures
	@BENCH=$(BUILD)/bench tests/bench/in_scratch ./$(PROGRAM) 295 tests/bench/bench.lua README.md

counts: $(PROGRAM) ## count the instructions of the hot paths, for `make compare`
	@tests/bench/in_scratch ./$(PROGRAM) 120 tests/bench/count.lua tests/bench/counts

compare: $(PROGRAM) ## compare the hot paths' instructions with those kept, within 3 %
	@tests/bench/in_scratch ./$(PROGRAM) 180 tests/bench/count.lua --check tests/bench/counts

bench-flat: $(PROGRAM) ## what a request costs among 10 to 10,000 tasks, in instructions
	@tests/bench/in_scratch ./$(PROGRAM) 290 tests/bench/count.lua --flat

bench-slots: $(BUILD)/bench/slots_bench ## what a slot costs, alone and in a crowd
	@$<

bench-journal: $(PROGRAM) ## what the journal adds to a write, alone and among others
	@tests/bench/journal ./$(PROGRAM)

bench-prompt: $(PROGRAM) $(BUILD)/bench/prompt_bench ## when a session can be typed at, and how soon Ctrl-C ends a loop
	@$(BUILD)/bench/prompt_bench ./$(PROGRAM)

bench-complete: $(PROGRAM) ## what a Tab takes where a value has 10,000 fields
	@./$(PROGRAM) tests/bench/complete.lua

docs: $(PROGRAM) ## write the declarations' tables into the README
	./$(PROGRAM) tests/docs.lua README.md

run-demo: $(PROGRAM)
	@examples/demo ./$(PROGRAM)

run-tests: $(PROGRAM) $(C_TESTS) $(BUILD)/sweep $(TOOLS)
	@$(RUN_TESTS) $(PROGRAM) $(C_TESTS)

$(PROGRAM): $(OBJECTS)
	$(call say,ld $@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# luaopen_c_* is declared where it is listed, in embedded.c.
$(BUILD)/bind/%.o: WARN += -Wno-missing-prototypes

$(BUILD)/embed: src/tools/embed.c Makefile
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(PKG_LIBS)

$(BUILD)/siterun.1: $(PROGRAM)
	$(call say,write $@)day=$$(date -u -d @$${SOURCE_DATE_EPOCH:-$$(date +%s)} +%F) && \
		./$(PROGRAM) -e "io.write(require('siterun.manual').page('$$day'))" > $@

$(BUILD)/siterun.bash $(BUILD)/siterun.zsh $(BUILD)/siterun.fish: $(PROGRAM)
	$(call say,write $@)./$(PROGRAM) completion $(subst .,,$(suffix $@)) > $@

$(RECIPES): src/tools/recipes.sh $(wildcard examples/*.lua)
	@mkdir -p $(@D)
	$(call say,pack $@)src/tools/recipes.sh $(filter %.lua,$^) > $@

# The list of names is a prerequisite of its own: a module that goes must leave the program too.
$(BUILD)/embedded.names: FORCE
	@mkdir -p $(@D)
	@echo $(MODULES) $(BINDS) | cmp -s - $@ || echo $(MODULES) $(BINDS) > $@

$(BUILD)/embedded.c: $(BUILD)/embed $(BUILD)/embedded.names $(MODULES)
	$(call say,embed lua)ASAN_OPTIONS=detect_leaks=0 $(BUILD)/embed lua $(MODULES) $(BINDS) > $@ || (rm -f $@; false)

$(BUILD)/embedded.o: $(BUILD)/embedded.c
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/json_test: LDFLAGS += -Wl,--wrap=malloc,--wrap=realloc

$(BUILD)/tests/multi_test: LDFLAGS += -Wl,--wrap=clock_ms

# The reader's peer.
$(BUILD)/tests/jsontape_jansson_test: LIBS += -ljansson

$(BUILD)/tests/%: tests/c/%.c $(filter-out $(BUILD)/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.c %.o,$^) $(LIBS) -lcmocka

# What is compared with, and what measures, hold nothing of ours.
$(BUILD)/bench/raw $(BUILD)/bench/measure: $(BUILD)/bench/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< -lcurl

$(BUILD)/bench/%: tests/bench/%.c $(filter-out $(BUILD)/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.c %.o,$^) $(LIBS)

$(BUILD)/tools/%: tests/c/%.c Makefile
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< -lm

# The model of the slots runs on a small block, and is told of each store by the instrumentation of
# ThreadSanitizer, without its library.
MODEL_CFLAGS = $(filter-out $(HARDEN) $(PKG_CFLAGS),$(ALL_CFLAGS)) -DSLOTS_SMALL -O2
MODEL = $(wildcard tests/c/slots_model_*.c)
MODELLED = slots slots_ends slots_queue
MODELLED_OBJECTS = $(MODELLED:%=$(BUILD)/model/%.o)

$(BUILD)/model/%.o: src/core/%.c $(MODELLED:%=src/core/%.h) src/core/slots_budget.h Makefile
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(MODEL_CFLAGS) -fsanitize=thread -c -o $@ $<

$(BUILD)/tests/slots_model_test: $(MODEL) $(MODELLED_OBJECTS) tests/c/slots_model.h
	@mkdir -p $(@D)
	$(call say,cc $(MODEL))$(CC) $(MODEL_CFLAGS) -o $@ $(MODEL) $(MODELLED_OBJECTS) -lcmocka

# Calls of malloc and its kin from our own objects go through the sweep; those of the libraries must not.
$(BUILD)/sweep: tests/c/sweep.c $(filter-out $(BUILD)/main.o,$(OBJECTS))
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes $(ALL_LDFLAGS) -o $@ $^ $(SHARED_LIBS) \
		$(foreach f,malloc calloc realloc strdup strndup,-Wl$(,)--wrap=$f)

FORCE:
.PHONY: help deps all demo install man clean test asan pressure check rules format soak prove sweep \
	bench counts compare bench-flat bench-slots bench-journal bench-prompt bench-complete docs run-demo run-tests FORCE
-include $(OBJECTS:.o=.d) $(C_TESTS:=.d) $(BUILD)/embed.d
