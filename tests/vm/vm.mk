# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What runs in test guests. Packages are installed first and make starts anew after that, because
# the top Makefile looks for its tools when it is read.
#   CASES="6.1 before"  cases of check-vm, by default all that `tests/vm/check.sh --list` names
#   KERNEL=6.1          kernel of vm-shell

KERNEL ?= 6.1
BUILT := truth-6.1 truth-6.12 truth-6.1-lockstat
# those whose names stand for one of them with switches set
SWITCHED := before after aio-racy before-6.12
LACKING := no-kprobes no-ftrace no-btf

# $(1): groups of packages. The tool and the load generator, ready for a guest.
guest_ready = @tests/deps.sh $(1) && $(MAKE) $(O)/migtrace && O="$(abspath $(O))" tests/vm/build-load.sh
in_guest = $(Q)O="$(abspath $(O))"

.PHONY: cache cache-clean demo demo-race bars bars-compare bars-export bench-cost soak check-faults check-more check-vm-arm64 check-vm-lacking before-after check-before-after check-prom
demo: ## record in a stock Debian 6.1 guest; 1 to 5 minutes
	@echo 'migtrace demo: missing packages, the tool, a stock Debian 6.1 kernel; then 12 s of'
	@echo 'directory reads against page migration, in a guest. 1 to 5 minutes, printed as it comes.'
	$(call guest_ready,test)
	$(in_guest) tests/vm/demo.sh

demo-race: ## the race of 2019 found, and what its fix costs; 3 minutes, first 11
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

check-vm: ## the real kernels in QEMU (CASES="6.1 before" for some of them)
	@echo 'check-vm: $(or $(CASES),every case of tests/vm/check.sh, 25 minutes); the first time'
	@echo 'each kernel is fetched (a minute) or built (8 minutes on two cores)'
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/check.sh $(CASES)

# the cases of another architecture: its own build of the tool, and emulated in any case
check-vm-arm64: ## arm64 kernels in QEMU; 5 minutes (CASES="arm64-6.1" for one of them)
	@echo 'check-vm-arm64: $(or $(CASES),arm64-6.1 and arm64-6.12); cross builds, fetches two kernels once'
	@tests/deps.sh test arm64
	$(in_guest) tests/arm64.sh
	$(in_guest) tests/vm/check.sh $(or $(CASES),arm64-6.1 arm64-6.12)

check-vm-lacking: ## kernels without kprobes, function tracing or BTF, with lockdep; 10 minutes, first 40
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/check.sh $(or $(CASES),$(LACKING) lockdep aio-no-ftrace aio-lockdep before-kprobe)

bars-compare: ## false alarms and a planted slowdown of compare, 60 boots, 25 minutes
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/aa.sh

bars: ## the bars of hold and race at full length, 25 minutes
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/bars.sh

bars-export: ## ten minutes of export under full load, a minute of full disk; 15 minutes
	$(call guest_ready,test)
	$(in_guest) env SECONDS_=600 INTERVAL=15 FULL=60 TIME=1200 tests/vm/check.sh export-6.1

check-faults: ## every kind of system call fails once, under record and export; 9 minutes
	$(call guest_ready,test)
	$(in_guest) tests/vm/check.sh faults-record faults-export

check-more: ## the cases for which CI has no time, 10 minutes
	$(call guest_ready,test)
	$(in_guest) tests/vm/check.sh trunc-6.12 trunc-sync aio-6.12 rights-5.10 forced-7.x locked-6.12

soak: ## twenty minutes of all loads with every row on, on 6.1 and on 7.x; 45 minutes
	$(call guest_ready,test)
	$(in_guest) env TIME=1500 tests/vm/check.sh soak-6.1 soak-7.x

bench-cost: ## what recording costs, beside other instruments; 30 minutes (ROUNDS=5, SECONDS_=4)
	$(call guest_ready,test kernels cost)
	$(in_guest) $(if $(ROUNDS),ROUNDS="$(ROUNDS)") $(if $(SECONDS_),SECONDS_="$(SECONDS_)") \
		tests/vm/bench-cost.sh

# six boots a side: the fewest with which one that stands out does not hide everything
check-before-after: ## before-after with six boots a side, and what it has to find
	$(call guest_ready,test kernels)
	$(in_guest) BOOTS=6 ROUNDS=3 tests/vm/before-after.sh
	$(Q)tests/vm/ba_judge.py $(O)/migtrace-before-after.json

# runs of guests in both tiers, as the cases of check-vm leave them
PROM_RUNS := $(O)/vm/out/check-before-light/run.json $(O)/vm/out/check-7.x/run.json \
	$(O)/vm/out/check-6.1/run.json
check-prom: $(O)/migtrace ## what Prometheus and node_exporter make of runs of guests
	@tests/deps.sh prom
	$(Q)for f in $(PROM_RUNS) $(O)/vm/out/check-export-6.1/full-last.prom; do [ -s $$f ] || { \
		echo "check-prom: no $$f:" \
		'run make check-vm CASES="before-light 7.x 6.1 export-6.1" first'; exit 1; }; done
	$(Q)tests/prom.py $(O)/migtrace $(O)/vm/out/check-export-6.1 $(PROM_RUNS)

check: ## everything: check-unit, check-fuzz, check-html, check-install, check-vm, check-prom, check-before-after
	@echo 'check: unit tests, kept fuzz inputs, pages, installation (5 minutes), then real kernels in QEMU; first installs'
	@echo 'packages, fetches five kernels and builds three (25 minutes on two cores, once)'
	@tests/deps.sh test kernels page package prom
	$(Q)failed=; for t in check-unit check-fuzz check-html check-install check-vm check-prom \
		check-before-after; do $(MAKE) $$t || failed="$$failed $$t"; done; \
	[ -z "$$failed" ] || { echo "check: failed:$$failed"; exit 1; }
