# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Checks that run no program of ours: the style of all files, the build for the other architecture.

.PHONY: check-format check-html check-static arm64
check-format: ## style of all files
	@tests/deps.sh ci
	$(Q)tests/format.sh

check-html: $(O)/migtrace ## pages in headless Chromium; pictures in build/pages
	@tests/deps.sh page
	$(Q)O=$(O) tests/html-pages.sh

check-static: $(O)/migtrace-static ## the static file, in a folder that has nothing else
	@tests/deps.sh build
	$(Q)O=$(O) tests/static.sh

arm64: ## everything compiled for arm64
	@tests/deps.sh build arm64
	$(Q)O=$(O) tests/arm64.sh
