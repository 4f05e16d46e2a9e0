# Postern: `make run` and `make test` install what they need on a machine that has Swift and apt.
# STRICT: in `make test` warnings of our own targets are errors (Package.swift reads the variable; dependencies are not touched).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run build release deb test unit-test system-test accept bench steps many-tenants instructions lint format clean

STRICT := POSTERN_STRICT=1
export SYMBOLS ?= no
ARGS ?=
TESTS ?= Tests/system
# The system tests wait more than they compute: two processes take half the time of one. A file is run by one process.
PYTEST := .venv/bin/python -m pytest -n 2 --dist loadfile

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build (debug: it builds sooner) and start `postern dev`; more arguments: make run ARGS='--listen 127.0.0.1:9999'
	@scripts/install build
	swift build --product postern
	exec .build/debug/postern dev $(ARGS)

build: ## debug build of everything
	@scripts/install build
	swift build

release: ## release build of the postern command, to run elsewhere: .build/release/postern (make release SYMBOLS=yes: not stripped)
	@scripts/install build
	scripts/build-release postern

deb: ## Debian package of the release build, in .build/deb; DEBFULLNAME and DEBEMAIL say whose
	@scripts/install build
	scripts/install deb
	scripts/build-release postern
	scripts/deb

test: ## unit tests, then the system tests against the release build and a real S3
	@scripts/install build
	# What the system tests need arrives beside the build.
	scripts/install test & install=$$!
	$(STRICT) swift build --build-tests
	wait $$install
	$(STRICT) swift test --disable-xctest
	scripts/build-release postern
	scripts/build-release PosternTestTool
	$(PYTEST) $(TESTS)

unit-test: ## only the unit tests
	@scripts/install build
	$(STRICT) swift build --build-tests
	$(STRICT) swift test --disable-xctest

system-test: ## only the system tests: make system-test TESTS=Tests/system/test_admin.py
	@scripts/install build
	scripts/install test
	scripts/build-release postern
	scripts/build-release PosternTestTool
	$(PYTEST) $(TESTS)

accept: ## attacks on the release build, with figures and goals (about twenty minutes): make accept ARGS='--check fairness'
	@scripts/install build
	scripts/install test
	scripts/build-release postern
	scripts/build-release PosternTestTool
	.venv/bin/python Tests/acceptance/run $(ARGS)

bench: ## what a ticket costs beside a bare SwiftNIO server, and with an audit log, with wrk on loopback (about four minutes)
	@scripts/install build
	scripts/install bench
	scripts/build-release postern
	case '$(ARGS)' in
	*upload*) scripts/build-release URLSessionUpload;;
	*) scripts/build-release Floor;;
	esac
	.venv/bin/python Benchmarks/run $(ARGS)

steps: ## how long the steps of one ticket take, in one process and one thread
	@scripts/install build
	scripts/build-release InProcess
	exec .build/release/InProcess

many-tenants: ## how long 100,000 rule files take, and their memory: load, look at rest, reload, diff (ARGS='20000' for so many)
	@scripts/install build
	scripts/build-release ManyTenants
	exec .build/release/ManyTenants $(ARGS)

instructions: ## how many instructions a ticket takes, counted by callgrind (about two minutes)
	@scripts/install build
	scripts/install bench
	scripts/build-release postern
	.venv/bin/python Benchmarks/instructions $(ARGS)

lint: ## swift format in strict mode, and what it cannot see
	@scripts/install build
	scripts/lint

format: ## format the Swift sources in place
	@swift format --in-place --recursive --parallel Sources Tests Benchmarks Package.swift

clean: ## remove what was built and installed here
	@swift package clean
	rm -rf .venv .rgw .pytest_cache .hypothesis
