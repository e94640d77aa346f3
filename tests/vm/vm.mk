# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What runs in test guests. Packages are installed first and make starts anew after that, because
# the top Makefile looks for its tools when it is read.
#   CASES="6.1 before"  cases of check-vm; `tests/check.py --list --ring all` names them
#   KERNEL=6.1          kernel of vm-shell

KERNEL ?= 6.1
BUILT := truth-6.1 truth-6.12 truth-6.1-lockstat
# those whose names stand for one of them with switches set
SWITCHED := before after aio-racy before-6.12
LACKING := no-kprobes no-ftrace no-btf

# $(1): groups of packages. The tool and the load generator, ready for a guest.
guest_ready = @tests/deps.sh $(1) && $(MAKE) guest
in_guest = $(Q)O="$(abspath $(O))"

HOLD := $(patsubst %,$(O)/vm/hold-%.bpf.o,folio_migrate_mapping folio_mc_copy)
guest: $(O)/migtrace $(O)/vm/load $(HOLD) ## what guests run: the tool and the load generator
$(O)/vm/load: $(wildcard tests/vm/load*.[ch]) src/bench/bench_dir.c
	$(call msg,LOAD,$@)
	$(in_guest) CC="$(CC)" tests/vm/build-load.sh
$(HOLD): $(O)/vm/hold-%.bpf.o: tests/vm/hold.bpf.c $(VMLINUX)
	@mkdir -p $(@D)
	$(call msg,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -I$(VMLINUX_DIR) '-DAT="$*"' -c $< -o $@

.PHONY: cache cache-clean demo demo-race guest bench-cost before-after check-before-after check-prom \
	bars-compare check-quick check-all
demo: ## installs what is missing, fetches a stock Debian 6.1 kernel and records 12 s in a guest; 1 to 5 minutes
	@echo 'migtrace demo: installs what is missing, fetches a stock Debian 6.1 kernel and records 12 s in'
	@echo 'a guest: directory reads against page migration. 1 to 5 minutes; the report comes at the end.'
	$(call guest_ready,test)
	$(in_guest) tests/vm/demo.sh

demo-race: ## the race of 2019 found, and what its fix costs; 3 minutes, the first time 11
	@echo 'migtrace demo-race: builds a 6.1 kernel in which the fix of 2019 is a switch (8 minutes'
	@echo 'on two cores, once), and runs the same 30 s of load without and with it (2 minutes).'
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/demo-race.sh

before-after: ## bench in ten boots each of two kernels, as text and a page (A=, B=, BOOTS=10)
	@echo 'before-after: $(or $(A),before) and $(or $(B),after), boots that take turns; 12 minutes,'
	@echo 'and 8 once to build the kernel in which the fix of 2019 is a switch'
	$(call guest_ready,test kernels)
	$(in_guest) $(if $(A),A="$(A)") $(if $(B),B="$(B)") $(if $(BOOTS),BOOTS="$(BOOTS)") \
		tests/vm/before-after.sh

vm-shell: ## a root shell in a test kernel with the tool in its PATH (KERNEL=6.1)
	$(call guest_ready,test $(if $(filter $(KERNEL),$(BUILT) $(SWITCHED) $(LACKING)),kernels))
	$(in_guest) tests/vm/shell.sh $(KERNEL)

kernels: ## compile the test kernels, once a machine (UPDATE=1: of Debian's newest source; NAMES="...")
	@echo 'kernels: $(or $(NAMES),$(BUILT)); 8 minutes each on two cores, seconds when the cache has them'
	@tests/deps.sh kernels $(if $(findstring clang,$(NAMES)),clang)
	$(in_guest) $(if $(UPDATE),UPDATE="$(UPDATE)") tests/vm/fetch.sh $(or $(NAMES),$(BUILT))

cache: ## what is kept of kernels and QEMU for all clones of this machine (MIGTRACE_CACHE=FOLDER)
	$(Q)tests/vm/cache-list.sh

cache-clean: ## remove it
	$(Q)tests/vm/cache-list.sh --clean

# Three rings, one list of cases, one runner: tests/check.py. The packages come first.
check-quick: ## the inner loop: unit tests, model, one boot of 6.1; 4 minutes
	@tests/deps.sh test
	$(in_guest) tests/check.py --ring quick

check: ## what a newcomer and CI run; 30 minutes, and 10 to 20 once a machine to fetch and build kernels
	@echo 'check: installs what is missing, fetches five kernels and builds two (10 to 20 minutes, once a'
	@echo 'machine), then 30 minutes. Every case prints its seconds; a table comes last.'
	@tests/deps.sh ci
	$(in_guest) tests/check.py --ring check

check-all: ## everything there is, 5 hours; interrupted, it goes on where it was
	@tests/deps.sh ci cost clang
	$(in_guest) tests/check.py --ring all --resume

check-vm: ## some cases (CASES="6.1 before"), by default the guests of make check
	$(call guest_ready,test kernels)
	$(in_guest) tests/check.py $(or $(CASES),--guests)

bars-compare: ## false alarms and a planted slowdown of compare, 60 boots, 25 minutes
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/aa.sh

# WHAT=instructions: of one guest whose clock counts them, against the figures in tests/data/cost
bench-cost: ## what recording costs beside other instruments, 30 minutes (WHAT=instructions, instructions-7.x: 2, held to the tree's figures)
	$(call guest_ready,test cost $(if $(filter instructions,$(WHAT)),,kernels))
	$(in_guest) $(if $(ROUNDS),ROUNDS="$(ROUNDS)") $(if $(SECONDS_),SECONDS_="$(SECONDS_)") \
		tests/vm/bench-cost.sh $(WHAT)

# six boots a side: the fewest with which one that stands out does not hide everything
check-before-after: ## before-after with six boots a side, and what it has to find
	$(call guest_ready,test kernels)
	$(in_guest) BOOTS=6 ROUNDS=3 tests/vm/before-after.sh
	$(Q)tests/vm/judge.py before_after - $(O)/migtrace-before-after.json

# runs of guests in both tiers, as the cases of check-vm leave them
PROM_CASES := before-light 7.x 6.1
PROM_RUNS := $(PROM_CASES:%=$(O)/vm/out/%/run.json)
check-prom: $(O)/migtrace ## what Prometheus and node_exporter make of runs of guests
	@tests/deps.sh prom
	$(Q)for f in $(PROM_RUNS) $(O)/vm/out/export-6.1/full-last.prom; do [ -s $$f ] || { \
		echo "check-prom: no $$f: run make check-vm CASES=\"$(PROM_CASES) export-6.1\" first"; \
		exit 1; }; done
	$(Q)tests/prom.py $(O)/migtrace $(O)/vm/out/export-6.1 $(PROM_RUNS)
