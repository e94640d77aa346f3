# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Build, tests, installation. `make help` lists the targets.
#   O=DIR            build folder (build)
#   V=1              show the commands
#   GEN_VMLINUX_H=F  build the BPF side against the kernel BTF in F (1: the running kernel's)
#   WERROR=1         warnings are errors (CI)
#   CROSS=aarch64-linux-gnu-  compile for arm64 (objects only where its libraries are missing)

# THE version: of the binary, the manual, dist and (checked) contrib/debian/changelog.
VERSION := 0.1.0

O ?= build
$(if $(word 2,$(O)),$(error O=$(O): make can't build into a folder whose name has a blank; the tree's own may have one))
V ?= 0
PREFIX ?= /usr/local
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
ARCH ?= $(if $(CROSS),$(firstword $(subst -, ,$(CROSS))),$(shell uname -m))
BPF_ARCH := $(subst aarch64,arm64,$(subst x86_64,x86,$(ARCH)))

ifeq ($(V),1)
Q :=
msg =
else
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)';
MAKEFLAGS += --no-print-directory
endif

override CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter $(CFLAGS)
override CPPFLAGS := -D_GNU_SOURCE -DMIGTRACE_VERSION='"$(VERSION)"' -Isrc -I$(O) $(CPPFLAGS)
ifeq ($(WERROR),1)
override CFLAGS += -Werror
BPF_WERROR := -Werror
endif
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v2 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra \
	-Wno-unused-parameter -ffile-prefix-map='$(CURDIR)=.' $(BPF_WERROR)
LDLIBS := -lbpf -lelf -lz -ljansson -lm
# libelf from 0.189 on may need it, which a static link has to name.
STATIC_LIBS := $(LDLIBS) $(filter -lzstd,$(shell $(PKG_CONFIG) --static --libs-only-l libelf 2>/dev/null))

SRC := $(sort $(wildcard src/*/*.c))
OBJ := $(SRC:src/%.c=$(O)/src/%.o)
BPF_HDR := $(wildcard bpf/*.h)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all static help check check-unit check-vm check-format demo kernels vm-shell man-check arm64 clean \
	tools
all: $(O)/migtrace

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' Makefile tests/unit/unit.mk \
		tests/fuzz/fuzz.mk tests/model/model.mk tests/vm/vm.mk tests/checks.mk contrib/install.mk | column -t -s '|'

# Missing tools are named with the package that has them.
need = @command -v $(1) >/dev/null 2>&1 || [ -x "$(1)" ] || \
	{ echo "migtrace: '$(1)' is missing; on Debian: apt-get install $(2)" >&2; exit 1; }
tools:
	$(call need,$(CLANG),clang)
	$(call need,$(BPFTOOL),bpftool)
	$(call need,$(CC),gcc)
	$(call need,$(PKG_CONFIG),pkg-config)
	@$(PKG_CONFIG) --exists 'libbpf >= 1.1' libelf zlib 'jansson >= 2.13' || { \
		$(PKG_CONFIG) --print-errors --exists 'libbpf >= 1.1' libelf zlib 'jansson >= 2.13'; \
		echo "migtrace: on Debian: apt-get install libbpf-dev libelf-dev zlib1g-dev" \
		     "libjansson-dev" >&2; exit 1; }

# The types the programs see: ours by default, a real kernel's as a check.
ifdef GEN_VMLINUX_H
BTF := $(if $(filter 1,$(GEN_VMLINUX_H)),/sys/kernel/btf/vmlinux,$(GEN_VMLINUX_H))
VMLINUX_DIR := $(O)/vmlinux
VMLINUX := $(VMLINUX_DIR)/vmlinux.h
# Kernels since 6.19 embed structs the Microsoft way.
BPF_CFLAGS += -fms-extensions -Wno-microsoft-anon-tag
$(VMLINUX): $(BTF) | tools
	@mkdir -p $(@D)
	$(call msg,BTF,$@)
	$(Q)$(BPFTOOL) btf dump file $< format c > $@
else
VMLINUX_DIR := vmlinux
VMLINUX := vmlinux/vmlinux.h
endif

$(O)/migtrace.bpf.o: bpf/migtrace.bpf.c $(BPF_HDR) $(VMLINUX) Makefile | tools
	@mkdir -p $(@D)
	$(call msg,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -I$(VMLINUX_DIR) -Ibpf -c $< -o $(@:.o=.raw.o)
	$(Q)$(BPFTOOL) gen object $@ $(@:.o=.raw.o)

$(O)/migtrace.skel.h: $(O)/migtrace.bpf.o
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name migtrace_bpf > $@

$(O)/src/%.o: src/%.c Makefile | $(O)/migtrace.skel.h
	@mkdir -p $(@D)
	$(call msg,CC,$@)
	$(Q)$(CROSS)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/migtrace: $(OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CROSS)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

static: $(O)/migtrace-static ## one file without libraries, for any machine; CROSS= for arm64: tests/arm64.sh

# getaddrinfo() and its like are not used: nothing is loaded at run time.
$(O)/migtrace-static: $(OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CROSS)$(CC) $(CFLAGS) $(LDFLAGS) -static -s $^ $(STATIC_LIBS) -o $@

-include $(OBJ:.o=.d)
-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/model/model.mk
-include tests/vm/vm.mk
-include tests/checks.mk
include contrib/install.mk

clean: ## removes what was built, but for files of guests (build/vm); kernels stay: make cache-clean
	rm -rf $(O)/migtrace* $(O)/deb $(O)/src $(O)/unit $(O)/fuzz $(O)/vmlinux
