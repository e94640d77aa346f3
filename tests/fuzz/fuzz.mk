# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Fuzzing what reads bytes of others: tests/fuzz/fuzz_*.c is found by name, the kept inputs of
# fuzz_NAME are in tests/fuzz/corpus/NAME. clang's libFuzzer under ASan and UBSan.
#   SECONDS_=600     of each target, for `make fuzz`
#   TARGETS="text"   some of them, without fuzz_

FUZZ := $(O)/fuzz
FUZZ_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DMIGTRACE_VERSION='"0.0.test"' -O1 -gline-tables-only -Wall -Wextra \
	-Wno-unused-parameter -Werror -fno-sanitize-recover=all -fno-omit-frame-pointer -Isrc -I$(O) \
	-DRUNFILE_MAX_MEMORY='(64ULL << 20)' \
	-fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow
FUZZ_NAMES := $(sort $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_BIN := $(FUZZ_NAMES:%=$(FUZZ)/fuzz_%)
# What touches a kernel or makes a load is in no target; instead.c stands there.
FUZZ_OUT := cmd/main bench/% trace/tracer trace/spans trace/stall trace/detach trace/bpf_config trace/attach \
	record/snapshot record/snapshot_refs record/snapshot_drains record/snapshot_pinned record/layout record/counters record/workload base/privileges
FUZZ_OBJ := $(patsubst src/%.c,$(FUZZ)/src/%.o,$(filter-out $(FUZZ_OUT:%=src/%.c),$(SRC)))

.PHONY: fuzz check-fuzz fuzz-merge
fuzz: $(FUZZ_BIN) ## every reader of foreign bytes for SECONDS_=600 each (TARGETS=)
	$(Q)FUZZ=$(FUZZ) tests/fuzz/fuzz.sh run $(or $(TARGETS),$(FUZZ_NAMES))

check-fuzz: $(FUZZ_BIN) ## the kept inputs of all fuzz targets once, under ASan and UBSan
	$(Q)FUZZ=$(FUZZ) tests/fuzz/fuzz.sh check $(or $(TARGETS),$(FUZZ_NAMES))

fuzz-merge: $(FUZZ_BIN) ## keep what `make fuzz` found, as few inputs as cover the same
	$(Q)FUZZ=$(FUZZ) tests/fuzz/fuzz.sh merge $(or $(TARGETS),$(FUZZ_NAMES))

$(FUZZ)/src/%.o: src/%.c tests/fuzz/fuzz.mk | $(O)/migtrace.skel.h
	@mkdir -p $(@D)
	$(call msg,FUZZ-CC,$@)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c $< -o $@

$(FUZZ)/%.o: tests/fuzz/%.c tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(call msg,FUZZ-CC,$@)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c $< -o $@

$(FUZZ)/src/cmd/main.o: private FUZZ_CFLAGS += -Dmain=migtrace_main

# An archive: a target takes what it needs, and instead.c may take the place of the rest.
$(FUZZ)/src.a: $(FUZZ_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(FUZZ)/fuzz_runfile: $(FUZZ)/mutate_json.o
$(FUZZ)/fuzz_compare: $(FUZZ)/mutate_json.o
$(FUZZ)/fuzz_options: $(FUZZ)/src/cmd/main.o $(FUZZ)/instead.o $(FUZZ)/never.o
$(FUZZ)/fuzz_text: $(FUZZ)/text_arm64.o
$(FUZZ)/text_arm64.o: tests/unit/text_arm64.c tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(call msg,FUZZ-CC,$@)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c $< -o $@
$(FUZZ)/fuzz_%: $(FUZZ)/fuzz_%.o $(FUZZ)/fuzz.o $(FUZZ)/src.a
	$(call msg,LINK,$@)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer $(filter %.o,$^) $(FUZZ)/src.a \
		-lbpf -lelf -lz -ljansson -lm -o $@

-include $(FUZZ_OBJ:.o=.d) $(wildcard $(FUZZ)/*.d)
