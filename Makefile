# SPDX-License-Identifier: BSD-2-Clause
#
# A thin front for meson.  Finished programs: build/smol, build/probe.

PREFIX ?= /usr/local
DESTDIR ?=
TIME = 60

all: build/main/build.ninja
	@ninja -C build/main
	@ln -sf main/smol build/smol
	@[ ! -e build/main/smol-vmm ] || ln -sf main/smol-vmm build/smol-vmm
	@[ ! -e build/main/smol-net ] || ln -sf main/smol-net build/smol-net
	@ln -sf main/guest/probe/probe build/probe

build/main/build.ninja:
	@tools/deps.sh build
	meson setup build/main --prefix=$(PREFIX)

# A service becomes an image, boots, and answers.
demo:
	@tools/deps.sh --install build demo
	@$(MAKE) -s all
	@tests/e2e/demo.sh build/smol build/probe

# Every test, as the CI runs them; the last line counts.
check:
	@tools/deps.sh --install build demo check
	@tests/check.sh

install: all
	@meson configure build/main -Dprefix=$(PREFIX)
	DESTDIR=$(DESTDIR) meson install -C build/main

# Speed: of builds against makefs, cp, xz and smolBSD's way; of smol-vmm's devices against plain system calls and QEMU's; of its start against QEMU's.
bench: all
	@bench/build --smol build/smol
	@bench/io
	@bench/minimise --smol build/smol
	@bench/io_qemu
	@bench/start

# Each fuzz target for TIME seconds.
fuzz:
	@tests/fuzz/run.sh build/fuzz $(TIME)

# Unit and golden tests under AddressSanitizer and UBSan.
asan:
	@tests/check.sh asan

coverage:
	@tools/deps.sh build
	@[ -e build/coverage/build.ninja ] || meson setup build/coverage -Db_coverage=true
	meson test -C build/coverage --suite unit --suite golden
	ninja -C build/coverage coverage-text
	@cat build/coverage/meson-logs/coverage.txt

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build

.PHONY: all demo check install bench fuzz asan coverage format clean
