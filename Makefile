# guestwatchd: `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Where SwiftPM builds. Put it outside the clone to share it between clones.
BUILD ?= .build
SWIFT_FLAGS ?=
# What `make simulate` plays: so many seeds from that one on, or SEED=n alone with everything that happens in it; HOURS=n
# virtual hours of faults in each, where that is not the default; BY_HAND=1: an operator kills, too; JOBS seeds at once.
SEEDS ?= 1000
FIRST ?= 1
SEED ?=
HOURS ?=
BY_HAND ?=
# What `make crash-test` does: so many kill -9 over so many worlds side by side; SEED=n draws the same again.
CRASHES ?= 200
WORLDS ?= 4
JOBS ?= $(shell nproc)

# Where `make deb` builds: apart from other release builds, for the Swift runtime inside compiles everything anew.
RELEASE_BUILD ?= $(BUILD)/static
# Where it leaves the packages.
DEBS ?= $(BUILD)/deb
# What `make systemd-test` boots.
SUITES ?= bookworm trixie

debug = $(BUILD)/debug
# The Swift runtime inside; no library is looked for beside the program; addresses are bound and read-only before it runs.
release_flags = -c release --static-swift-stdlib --disable-local-rpath -Xlinker -z -Xlinker now

.PHONY: help deps need build test unit-test simulation-test end-to-end-test crash-test client-test simulate mutations demo \
  deb deb-check systemd-test lint format clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

deps: ## install the Debian packages that building and testing need
	@scripts/need swift
	@scripts/install-deps

need: # what a build needs, said plainly
	@scripts/need swift build

build: need ## build the daemon and the simulator (debug)
	@scripts/build $(BUILD) $(SWIFT_FLAGS)

test: deps ## do all the set-up and run all tests
	@scripts/build $(BUILD) --build-tests $(SWIFT_FLAGS)
	@$(MAKE) --no-print-directory unit-test simulation-test end-to-end-test client-test

unit-test: need ## run each part's own tests
	@scripts/test $(BUILD) $(SWIFT_FLAGS) --skip EndToEndTests --skip SimulationTests

# On their own: they keep all cores busy, and tests that talk over sockets would starve beside them.
simulation-test: need ## the simulation: its checker against hand-made stories, and a hundred seeds (3 minutes when cold)
	@scripts/test $(BUILD) $(SWIFT_FLAGS) --filter SimulationTests
	@JOBS=$(JOBS) Tests/Simulation/run.sh $(BUILD) $(SWIFT_FLAGS)

# On their own: a dozen daemons and simulators at once would make tests late that measure time.
end-to-end-test: need ## the daemon against the simulator, with real processes (2 minutes)
	@scripts/test $(BUILD) $(SWIFT_FLAGS) --filter EndToEndTests

crash-test: need ## kill -9 the daemon 200 times in mid-kill and hold its ledger against the truth (8 minutes): CRASHES=n SEED=n WORLDS=n
	@scripts/build $(BUILD) --build-tests $(SWIFT_FLAGS)
	@GUESTWATCH_CRASHES=$(CRASHES) GUESTWATCH_WORLDS=$(WORLDS) $(if $(SEED),GUESTWATCH_TEST_SEED=$(SEED)) \
	  scripts/crash-test $(BUILD) $(SWIFT_FLAGS)

client-test: need ## VMware's Python SDK against the simulator
	Tests/Clients/run.sh $(debug)/vcenter-simulator

simulate: need ## the decision against a simulated world: make simulate SEEDS=1000, or SEED=n HOURS=n FIRST=n
	@swift build --scratch-path $(BUILD) -c release --product simulate $(SWIFT_FLAGS)
	@$(BUILD)/release/simulate --jobs $(JOBS) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS) --first $(FIRST)) \
	  $(if $(HOURS),--hours $(HOURS)) $(if $(BY_HAND),--by-hand)

mutations: need ## faults in the decision: each must be found by the simulation; writes Tests/Simulation/MUTATIONS.md anew
	@JOBS=$(JOBS) Tests/Simulation/mutations.sh $(BUILD) $(SWIFT_FLAGS)

demo: deps ## watch it kill real runaway processes in a simulated vCenter
	@scripts/build $(BUILD) $(SWIFT_FLAGS)
	@demo/run $(debug)

deb: need ## the Debian packages, in BUILD/deb (the first time 6 to 10 minutes)
	@scripts/install-deps deb
	@scripts/build $(RELEASE_BUILD) $(release_flags) --product guestwatchd $(SWIFT_FLAGS)
	@scripts/build $(RELEASE_BUILD) $(release_flags) --product vcenter-simulator $(SWIFT_FLAGS)
	@packaging/deb/build $(RELEASE_BUILD)/release $(DEBS)

deb-check: deb ## the packages built twice to the same bytes, and lintian (2 minutes)
	@packaging/deb/check $(RELEASE_BUILD)/release $(DEBS)

systemd-test: deb ## the packages on Debian 12 and 13, each with its own systemd, in containers (as root): SUITES=trixie
	@scripts/install-deps boot
	@Tests/Systemd/run.sh $(DEBS) $(SUITES)

lint: need ## check the format of all Swift files, and the manual pages
	@scripts/need lint
	swift format lint --strict -r Package.swift Sources Tests
	mandoc -T lint -W warning packaging/man/*

format: need ## rewrite all Swift files in the project's format
	swift format -i -r Package.swift Sources Tests

clean: ## remove what was built
	rm -rf $(BUILD)
