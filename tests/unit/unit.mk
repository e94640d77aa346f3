# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Tests that need neither root nor a kernel: cmocka under ASan and UBSan, the command on bad input,
# documents against --help, run files against their schema. tests/unit/test_*.c is found by name.

UNIT := $(O)/unit
UNIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DMIGTRACE_VERSION='"0.0.test"' -O1 -g -Wall -Wextra \
	-Wno-unused-parameter -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -I$(O) -DRUNFILE_MAX_MEMORY='(64ULL << 20)'

# Everything that links without libbpf; a test needs no more.
UNIT_SRC := log opts opts_help out outfile pending suggest names run merge hist fmt cmd_report \
	run_table runfile runfile_get runfile_put runfile_hist runfile_read \
	doc doc_text doc_html doc_hist doc_tables doc_lists doc_words doc_run doc_compare render_late render_json render_csv \
	html html_page svg svg_hist svg_time svg_dots \
	select points places copies facts image image_symbols symbols btf_kind lock_calls probes insn insn_follow text text_inline stats runs compare compare_test compare_alike compare_left stats_power csv \
	render_compare_data metrics render_prometheus textfile event_group
UNIT_OBJ := $(UNIT_SRC:%=$(UNIT)/src/%.o) $(UNIT)/sample.o $(UNIT)/capture.o $(UNIT)/page.o $(UNIT)/text_arm64.o
UNIT_TESTS := $(patsubst tests/unit/%.c,$(UNIT)/%,$(sort $(wildcard tests/unit/test_*.c)))
UNIT_BIN_OBJ := $(patsubst src/%.c,$(UNIT)/src/%.o,$(SRC))

.PHONY: check-unit
check-unit: $(UNIT_TESTS) $(UNIT)/migtrace $(UNIT)/variants $(UNIT)/members $(UNIT)/stats_ask ## unit tests and bad input, no root
	$(Q)UNIT=$(UNIT) sh tests/unit/run.sh $(UNIT_TESTS)

$(UNIT)/src/%.o: src/%.c tests/unit/unit.mk | $(O)/migtrace.skel.h
	@mkdir -p $(@D)
	$(call msg,CC,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) -MMD -MP -c $< -o $@

$(UNIT)/%.o: tests/unit/%.c tests/unit/unit.mk
	@mkdir -p $(@D)
	$(call msg,CC,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) -MMD -MP -c $< -o $@

$(UNIT)/test_%: $(UNIT)/test_%.o $(UNIT_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) $^ -lcmocka -ljansson -lm -o $@

$(UNIT)/variants $(UNIT)/members: $(UNIT)/%: $(UNIT)/%.o $(UNIT_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) $^ -lcmocka -ljansson -lm -o $@

.PHONY: members
members: $(UNIT)/members ## writes the schema and the list of the manual from src/run_table.c
	$(Q)UNIT=$(UNIT) sh tests/members.sh --write

# a filter that another implementation asks: it draws millions of values
$(UNIT)/stats_ask: tests/unit/stats_ask.c src/stats.c src/stats_power.c src/stats.h tests/unit/unit.mk
	@mkdir -p $(@D)
	$(call msg,CC,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror $(filter %.c,$^) -lm -o $@

# The whole command, sanitised: bad input must not only be refused but refused without a stumble.
$(UNIT)/migtrace: $(UNIT_BIN_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) $^ -lbpf -lelf -lz -ljansson -lm -o $@

-include $(UNIT_BIN_OBJ:.o=.d) $(UNIT_TESTS:=.d) $(UNIT)/variants.d $(UNIT)/members.d $(UNIT)/sample.d $(UNIT)/capture.d $(UNIT)/page.d $(UNIT)/text_arm64.d
