# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Installation, the source as a tarball, Debian packages.
#   DESTDIR=DIR      installs below DIR, for packages
#   PREFIX=DIR       /usr/local; also bindir, datadir, mandir, unitdir and completiondir
#   REV=COMMIT       what dist packs (HEAD)
#   TARBALL=F        what deb builds, where there is no git checkout to pack

prefix ?= $(PREFIX)
bindir ?= $(prefix)/bin
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
completiondir ?= $(datadir)/bash-completion/completions
unitdir ?= $(prefix)/lib/systemd/system
REV ?= HEAD

# MODE:FILE:WHERE
INSTALL_ROWS := \
	755:$(O)/migtrace:$(bindir)/migtrace \
	644:man/migtrace.8:$(mandir)/man8/migtrace.8 \
	644:man/migtrace-run.5:$(mandir)/man5/migtrace-run.5 \
	644:man/migtrace-guide.7:$(mandir)/man7/migtrace-guide.7 \
	644:man/migtrace-kernels.7:$(mandir)/man7/migtrace-kernels.7 \
	644:contrib/migtrace.bash-completion:$(completiondir)/migtrace \
	644:contrib/systemd/migtrace-export.service:$(unitdir)/migtrace-export.service \
	644:contrib/prometheus/migtrace.rules.yml:$(datadir)/migtrace/prometheus/migtrace.rules.yml \
	644:contrib/grafana/migtrace.json:$(datadir)/migtrace/grafana/migtrace.json
row = $(word $(1),$(subst :, ,$(2)))
installed = $(DESTDIR)$(call row,3,$(1))

# These name the release, and files by where `make install` alone puts them.
INSTALL_EDITED := $(mandir)/man8/migtrace.8 $(mandir)/man5/migtrace-run.5 \
	$(mandir)/man7/migtrace-guide.7 $(mandir)/man7/migtrace-kernels.7 $(unitdir)/migtrace-export.service
INSTALL_SED := -e 's|^\.Os$$|.Os "migtrace $(VERSION)"|' -e 's|/usr/local/bin/|$(bindir)/|g' \
	-e 's|/usr/local/share/migtrace/|$(datadir)/migtrace/|g' \
	-e 's|/usr/local/lib/systemd/system/|$(unitdir)/|g'

define newline


endef

.PHONY: install uninstall version dist deb check-install check-deb
install: all ## into DESTDIR and PREFIX (/usr/local); builds only what is not built
	$(foreach r,$(INSTALL_ROWS),install -D -m $(call row,1,$(r)) $(call row,2,$(r)) \
		"$(call installed,$(r))"$(newline))
	sed -i $(INSTALL_SED) $(INSTALL_EDITED:%="$(DESTDIR)%")

uninstall: ## removes what install puts there, given the same DESTDIR and PREFIX
	rm -f $(foreach r,$(INSTALL_ROWS),"$(call installed,$(r))")
	$(Q)for d in migtrace/prometheus migtrace/grafana migtrace; do \
		rmdir "$(DESTDIR)$(datadir)/$$d" 2>/dev/null || :; done

version: ## prints it
	@echo $(VERSION)

DIST := $(O)/migtrace-$(VERSION).tar.gz
dist: ## the source as build/migtrace-VERSION.tar.gz, from git, always the same bytes (REV=HEAD)
	$(Q)[ "$$(git rev-parse --show-toplevel)" = "$(CURDIR)" ] || \
		{ echo "dist: $(CURDIR) is not a git checkout, and what to pack is asked of git" >&2; exit 1; }
	$(Q)[ "$(REV)" != HEAD ] || git diff --quiet HEAD || \
		echo "dist: changes that are not committed are left out" >&2
	@mkdir -p $(O)
	$(Q)git -c tar.umask=0022 archive --format=tar --prefix=migtrace-$(VERSION)/ \
		-o $(DIST:.gz=) $(REV) && gzip -9nf $(DIST:.gz=)
	@echo $(DIST)

deb: $(if $(TARBALL),,dist) ## Debian packages of what dist packs, checked by lintian, in build/deb
	@tests/deps.sh package
	$(Q)contrib/deb.sh "$(or $(TARBALL),$(DIST))" $(VERSION) "$(O)/deb"

check-install: $(O)/migtrace ## install, dist and deb, each put somewhere and removed; a minute
	@tests/deps.sh package
	$(Q)O=$(O) tests/install.sh

check-deb: deb ## the package installed, run and purged by apt in a fresh Debian; 2 minutes, network
	$(Q)O=$(O) tests/deb-chroot.sh
