# The only door to the repository: `make` lists what there is.

# A python3 earlier in PATH may be a slow version-manager shim.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11) python3)
BIN := .venv/bin
SERVE_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
LOAD_ARGS ?=
WEB_TEST_ARGS ?=
SHOTS ?= docs

export RUNYARD_TOOLCHAIN_DIRS ?= ["$(CURDIR)/tools"]

WEB_TYPES := web/src/lib/api/generated/types.gen.ts

.PHONY: help setup serve check test test-all test-vm test-web screenshots bench load fix agent web openapi lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

serve: .venv/.serve agent toolchains web ## Set up what is needed and serve on http://127.0.0.1:8080
	RUNYARD_DATA_DIR=$${RUNYARD_DATA_DIR:-$(CURDIR)/.runyard} $(BIN)/runyard serve --profile development $(SERVE_ARGS)

test: setup ## Run the tests (make test TEST_ARGS="tests/unit -k frames" for some of them)
	@tools/need $(TEST_PROGRAMS)
	$(REQUIRED) $(BIN)/pytest $(TEST_ARGS)
	$(if $(TEST_ARGS),,@$(MAKE) --no-print-directory test-web)

test-web: setup web ## Run the site's tests, in Chromium too (make test-web WEB_TEST_ARGS="login")
	@tools/need chromium=chromium
	$(NPM) test
	$(NPM) run e2e -- $(WEB_TEST_ARGS)

# SHOTS=all takes every page in both themes and two widths, into web/test-results.
screenshots: setup web ## Take the pictures of docs/images anew
	@tools/need chromium=chromium
	RUNYARD_SHOTS=$(SHOTS) $(NPM) run screenshots

check: setup ## Check format, lint, types, layers and the rules of tests/tidy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/clang-format --dry-run --Werror $(C_SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/tidy
	$(NPM) run check

test-all: setup test-vm ## Run everything, the long tests and the virtual machine included
	@tools/need $(TEST_PROGRAMS)
	$(REQUIRED) $(BIN)/pytest -m "long or not long"
	$(MAKE) --no-print-directory test-web

test-vm: setup ## Run the engine's suites under cgroup v2, as root and rootless, in a virtual machine
	$(BIN)/python -m tests.vm

bench: setup ## Measure Runyard against a bare process, side by side
	$(BIN)/python -m bench $(BENCH_ARGS)

load: setup .venv/.load ## Let 200 people use a server at once for five minutes
	$(BIN)/python -m bench.crowd $(LOAD_ARGS)

fix: setup ## Format and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/clang-format -i $(C_SOURCES)
	$(NPM) run fix

setup: .venv/.dev agent toolchains $(WEB_TYPES) ## Make the virtual environment and build the agent

agent: .venv/.serve ## Build the agent for this machine
	@$(BIN)/python agent/build.py --host-only

# The stamp is newer than every source of the site it was built from.
web: src/runyard/_web/.built ## Build the site that `runyard serve` shows

openapi: .venv/.dev ## Write down what the API is, for the site's client
	RUNYARD_WRITE_OPENAPI=1 $(BIN)/pytest -q tests/unit/api/test_openapi_document.py
	$(NPM) run types

lock: .venv/.dev ## Pin the dependencies anew
	$(BIN)/uv pip compile $(LOCK) --extra server pyproject.toml requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile $(LOCK) --extra server pyproject.toml requirements/serve.in -c requirements/dev.txt -o requirements/serve.txt
	$(BIN)/uv pip compile $(LOCK) requirements/load.in -c requirements/dev.txt -o requirements/load.txt

clean: ## Remove what the other recipes made
	rm -rf .venv .cache .runyard build dist web/node_modules web/.svelte-kit src/runyard/_binaries src/runyard/_web

# What a test run may not skip: all that root can have on a Debian machine.
REQUIRED := RUNYARD_REQUIRE_ENGINES=linux,unconfined RUNYARD_REQUIRE_POSTGRESQL=1 RUNYARD_REQUIRE_TOOLS=node,sqlite3,cargo,go
TEST_PROGRAMS = gcc=gcc g++=g++ perl=perl awk=mawk sqlite3=sqlite3 dbus-daemon=dbus-daemon dbus-send=dbus-bin java=openjdk-17-jdk-headless javac=openjdk-17-jdk-headless go=golang-go /usr/bin/cargo=cargo node=nodejs $(INITDB)=postgresql
# Debian keeps it out of PATH, in a folder for each version.
INITDB := $(or $(firstword $(wildcard /usr/lib/postgresql/*/bin/initdb)),initdb)
C_SOURCES = $(wildcard agent/*/*.c agent/*/*.h)
NPM := npm --silent --prefix web
WEB_SOURCES = $(shell find web/src web/static web/tools -type f -not -path '*/generated/*') $(wildcard web/*.ts web/*.json)
LOCK := --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header

.venv/.dev: requirements/dev.txt .venv/.serve
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.load: requirements/load.txt .venv/.dev
	$(BIN)/pip install --quiet --require-hashes -r requirements/load.txt
	@touch $@

.venv/.serve: requirements/serve.txt pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || tools/need /nonexistent=python3-venv
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements/serve.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Sandboxes are shown the TypeScript compiler from here; without npm that runtime stays unavailable.
.PHONY: toolchains
toolchains: $(if $(shell command -v npm),tools/typescript/node_modules/.installed)
	@tools/warm-go tools/go-cache

tools/typescript/node_modules/.installed: tools/typescript/package-lock.json
	@npm ci --silent --ignore-scripts --prefix tools/typescript && touch $@ || \
		echo 'npm could not fetch the TypeScript compiler; that runtime stays unavailable.' >&2

web/node_modules/.installed: web/package-lock.json
	@npm ci --silent --prefix web
	@touch $@

$(WEB_TYPES): web/openapi.json web/openapi-ts.config.ts web/node_modules/.installed
	@$(NPM) run types >/dev/null
	@touch $@

# Without npm the API is served alone.
src/runyard/_web/.built: $(if $(shell command -v npm),$(WEB_TYPES)) $(WEB_SOURCES)
	@if command -v npm >/dev/null; then $(NPM) run build >/dev/null && touch $@; \
	else echo 'npm is not installed; the server shows no pages.' >&2; fi
