# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Tests that need neither root nor a kernel: cmocka under ASan and UBSan, the command on bad input,
# documents against --help, run files against their schema. tests/unit/test_*.c is found by name.

UNIT := $(O)/unit
UNIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DMIGTRACE_VERSION='"0.0.test"' -O1 -g -Wall -Wextra \
	-Wno-unused-parameter -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -Isrc -I$(O) -DRUNFILE_MAX_MEMORY='(64ULL << 20)'

# Everything that links without libbpf; a test needs no more.
UNIT_SRC := base/log base/out base/outfile base/fmt base/textfile \
	model/names model/run model/merge model/hist model/run_table model/runfile \
	model/runfile_check model/runfile_check_asked model/runfile_get model/runfile_read \
	model/stats model/stats_mean model/runs model/compare \
	model/compare_test model/compare_unlike model/run_table_asked \
	kernel/facts kernel/image kernel/image_symbols kernel/image_table kernel/func_index \
	kernel/symbols kernel/system_info kernel/btf_kind kernel/lock_calls kernel/insn kernel/text \
	trace/code trace/select trace/points trace/probes trace/places trace/stops trace/kprobe_events \
	report/doc report/doc_text report/doc_html report/doc_hist report/doc_tables \
	report/doc_lists report/doc_run report/doc_contended report/doc_refs report/doc_drains report/doc_pinned report/doc_cost \
	report/doc_why report/doc_compare report/render_late report/render_stall report/render_csv \
	report/html_page report/svg report/svg_hist report/svg_dots report/render_data \
	report/metrics report/metrics_put \
	cmd/opts cmd/cmd_report
UNIT_OBJ := $(UNIT_SRC:%=$(UNIT)/src/%.o) $(UNIT)/sample.o $(UNIT)/capture.o $(UNIT)/page.o $(UNIT)/text_arm64.o
UNIT_TESTS := $(patsubst tests/unit/%.c,$(UNIT)/%,$(sort $(wildcard tests/unit/test_*.c)))
UNIT_BIN_OBJ := $(patsubst src/%.c,$(UNIT)/src/%.o,$(SRC))

.PHONY: check-unit
check-unit: $(UNIT_TESTS) $(UNIT)/migtrace $(UNIT)/variants $(UNIT)/members $(UNIT)/stats_ask $(UNIT)/layout ## unit tests and bad input, no root
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
members: $(UNIT)/members ## writes the schema and the list of the manual from src/model/run_table.c
	$(Q)UNIT=$(UNIT) sh tests/members.sh --write

# a filter that another implementation asks: it draws millions of values
$(UNIT)/stats_ask: tests/unit/stats_ask.c src/model/stats.c src/model/stats.h tests/unit/unit.mk
	@mkdir -p $(@D)
	$(call msg,CC,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Isrc -O2 -Wall -Wextra -Werror $(filter %.c,$^) -lm -o $@

$(UNIT)/layout: $(UNIT)/layout.o $(patsubst src/%.c,$(UNIT)/src/%.o,$(wildcard src/record/layout*.c))
	$(call msg,LINK,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) $^ -o $@

# The whole command, sanitised: bad input must not only be refused but refused without a stumble.
$(UNIT)/migtrace: $(UNIT_BIN_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) $^ -lbpf -lelf -lz -ljansson -lm -o $@

-include $(UNIT_BIN_OBJ:.o=.d) $(UNIT_TESTS:=.d) $(UNIT)/variants.d $(UNIT)/members.d $(UNIT)/layout.d $(UNIT)/sample.d $(UNIT)/capture.d $(UNIT)/page.d $(UNIT)/text_arm64.d
