# Postern: `make run` and `make test` install what they need on a machine that has Swift and apt.
# STRICT: in `make test` warnings of our own targets are errors (Package.swift reads the variable; dependencies are not touched).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run build release test unit-test system-test accept bench lint format clean

STRICT := POSTERN_STRICT=1
ARGS ?=
TESTS ?= Tests/system

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build (debug: it builds sooner) and start `postern dev`; more arguments: make run ARGS='--listen 127.0.0.1:9999'
	@scripts/install build
	swift build --product postern
	exec .build/debug/postern dev $(ARGS)

build: ## debug build of everything
	@scripts/install build
	swift build

release: ## release build of the postern command: .build/release/postern
	@scripts/install build
	swift build --configuration release --product postern

test: ## unit tests, then the system tests against the release build and a real S3
	@scripts/install build
	# What the system tests need arrives beside the build.
	scripts/install test & install=$$!
	$(STRICT) swift build --build-tests
	wait $$install
	$(STRICT) swift test --disable-xctest
	swift build --configuration release --product postern
	.venv/bin/python -m pytest $(TESTS)

unit-test: ## only the unit tests
	@scripts/install build
	$(STRICT) swift build --build-tests
	$(STRICT) swift test --disable-xctest

system-test: ## only the system tests: make system-test TESTS=Tests/system/test_admin.py
	@scripts/install build
	scripts/install test
	swift build --configuration release --product postern
	.venv/bin/python -m pytest $(TESTS)

accept: ## attacks on the release build, with figures and goals (about a quarter of an hour): make accept ARGS='--check fairness'
	@scripts/install build
	scripts/install test
	swift build --configuration release --product postern
	.venv/bin/python Tests/acceptance/run $(ARGS)

bench: ## what a ticket costs beside a bare SwiftNIO server, with wrk on loopback (about three minutes)
	@scripts/install build
	scripts/install bench
	swift build --configuration release --product postern
	swift build --configuration release --product Floor
	.venv/bin/python Benchmarks/run $(ARGS)

lint: ## swift format in strict mode, and what it cannot see
	@scripts/install build
	scripts/lint

format: ## format the Swift sources in place
	@swift format --in-place --recursive --parallel Sources Tests Benchmarks Package.swift

clean: ## remove what was built and installed here
	@swift package clean
	rm -rf .venv .rgw .pytest_cache .hypothesis
