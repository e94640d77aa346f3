# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The programs' own text over a kernel of our own: tests/model/model.c.

MODEL_SRC := $(sort $(wildcard tests/model/*.c))
MODEL_HDR := $(wildcard tests/model/*.h tests/model/bpf/*.h) $(BPF_HDR)
# two places in a set of windows, so that they meet
MODEL_FLAGS := -std=gnu11 -D_GNU_SOURCE -DWINDOW_WAYS=2 -Wall -Wextra -Wno-unused-parameter \
	-Wno-unknown-pragmas $(if $(filter 1,$(WERROR)),-Werror)

$(O)/model/model: $(MODEL_SRC) $(MODEL_HDR) tests/model/model.mk
	@mkdir -p $(@D)
	$(call msg,MODEL,$@)
	$(Q)$(CC) $(MODEL_FLAGS) -O2 -g -Itests/model -Ibpf -o $@ $(MODEL_SRC)

.PHONY: check-model check-model-mutations
check-model: $(O)/model/model ## the programs against every interleaving of a kernel's steps; no kernel needed
	$(Q)$<

check-model-mutations: $(O)/model/model ## and whether the model would notice
	$(Q)CC='$(CC)' MODEL_FLAGS='$(MODEL_FLAGS)' tests/model/mutations.sh $(O)/model/mutations
