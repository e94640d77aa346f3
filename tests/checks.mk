# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Checks that boot nothing: style, pages, the build for the other architecture; the picture of a page.

.PHONY: check-format check-html check-static check-blank bench-fleet arm64 picture
check-format: ## style of all files
	@tests/deps.sh ci
	$(Q)tests/format.sh

check-html: $(O)/migtrace ## pages in headless Chromium; pictures in build/pages
	@tests/deps.sh page
	$(Q)O=$(O) tests/html-pages.sh

# Light, its first 1380 lines: down to the first histogram.
picture: $(O)/migtrace ## the picture of a report in README.md, contrib/report.png, from a run file of the tests
	@tests/deps.sh page
	$(Q)mkdir -p $(O)/picture
	$(Q)$(O)/migtrace report -f html -o $(O)/picture/report.html tests/data/migrate.json
	$(Q)HEIGHT=1380 tests/html-shots.sh $(O)/picture/report.html $(O)/picture/report
	$(Q)pngquant --force --speed 1 --strip -o contrib/report.png 32 $(O)/picture/report-light.png
	@ls -l contrib/report.png

check-static: $(O)/migtrace-static ## the static file, in a folder that has nothing else
	@tests/deps.sh build
	$(Q)O=$(O) tests/static.sh

check-blank: ## a tree in a folder whose name has blanks: builds there, and what the tests call; a minute
	@tests/deps.sh test
	$(Q)tests/blank.sh

bench-fleet: $(O)/migtrace ## a Prometheus that scrapes 1,000 simulated hosts, 12 minutes (HOSTS=1000 MINUTES=8)
	@tests/deps.sh prom
	$(Q)O=$(O) tests/fleet.py $(O)/migtrace $(or $(HOSTS),1000) $(or $(MINUTES),8)

arm64: ## everything compiled for arm64
	@tests/deps.sh build arm64
	$(Q)O=$(O) tests/arm64.sh
