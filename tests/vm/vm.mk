# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What runs in test guests. Packages are installed first and make starts anew after that, because
# the top Makefile looks for its tools when it is read.
#   CASES="6.1 before"  cases of check-vm, by default all that `tests/vm/check.sh --list` names
#   KERNEL=6.1          kernel of vm-shell

KERNEL ?= 6.1
BUILT := before after aio-racy after-lockstat before-6.12

# $(1): groups of packages. The tool and the load generator, ready for a guest.
guest_ready = @tests/deps.sh $(1) && $(MAKE) $(O)/migtrace && O="$(abspath $(O))" tests/vm/build-load.sh
in_guest = $(Q)O="$(abspath $(O))"

.PHONY: demo demo-race bars
demo: ## record in a stock Debian 6.1 guest; 1 to 5 minutes
	@echo 'migtrace demo: missing packages, the tool, a stock Debian 6.1 kernel; then 12 s of'
	@echo 'directory reads against page migration, in a guest. 1 to 5 minutes, printed as it comes.'
	$(call guest_ready,test)
	$(in_guest) tests/vm/demo.sh

demo-race: ## the race of 2019 found, and what its fix costs; 3 minutes, first 11
	@echo 'migtrace demo-race: builds two 6.1 kernels, without and with the fix of 2019 (8 minutes'
	@echo 'on two cores, once), and runs the same 30 s of load on both (2 minutes).'
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/demo-race.sh

vm-shell: ## a root shell in a test kernel with the tool in its PATH (KERNEL=6.1)
	$(call guest_ready,test $(if $(filter $(KERNEL),$(BUILT)),kernels))
	$(in_guest) tests/vm/shell.sh $(KERNEL)

kernels: ## compile the four built test kernels; 25 minutes on two cores, once
	@echo 'kernels: $(BUILT); 25 minutes on two cores, seconds when they are there'
	@tests/deps.sh kernels
	$(in_guest) tests/vm/kernels/build.sh $(BUILT)

check-vm: ## the real kernels in QEMU (CASES="6.1 before" for some of them)
	@echo 'check-vm: $(or $(CASES),every case of tests/vm/check.sh, 25 minutes); the first time'
	@echo 'each kernel is fetched (a minute) or built (8 minutes on two cores)'
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/check.sh $(CASES)

bars: ## the bars of hold and race at full length, 25 minutes
	$(call guest_ready,test kernels)
	$(in_guest) tests/vm/bars.sh

check: ## everything: check-unit and check-vm
	@echo 'check: unit tests (2 minutes), then real kernels in QEMU; the first time installs packages,'
	@echo 'fetches five kernels and builds four (25 minutes on two cores, once)'
	@tests/deps.sh test kernels
	$(Q)$(MAKE) check-unit
	$(Q)$(MAKE) check-vm
