# The portal's commands; `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHONS := python3.11 python3.12 python3.13 python3.14 python3 python
PYTHON ?= $(shell for name in $(PYTHONS); do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo "$$name"; break; fi; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links
ARGS ?=

# What Django needs to load where no server is asked anything.
NOWHERE := postgresql://nobody:nobody@127.0.0.1:1/nowhere
OFFLINE := AETERNA_ENVIRONMENT=test DATABASE_URL=$(NOWHERE) DATABASE_PLATFORM_URL=$(NOWHERE) \
	REDIS_URL=redis://127.0.0.1:1/0 SECRET_KEY=checks-only-0123456789-0123456789-0123456789

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | \
	awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

.PHONY: run
run: .venv/.run assets ## Start the whole portal with a demo company; PORT=8000 HOST=127.0.0.1
	@$(BIN)/python -m aeterna_portal.local.run

.PHONY: reset
reset: .venv/.run ## Forget the demo's database, queues and secrets
	@$(BIN)/python -m aeterna_portal.local.reset

.PHONY: test
test: .venv/.dev assets ## Run the whole suite, browser journeys included; ARGS=tests/orgs narrows it
	@AETERNA_BROWSER="$$($(BIN)/python -m aeterna_portal.local.browser)" && \
	test -n "$$AETERNA_BROWSER" && export AETERNA_BROWSER && \
	$(BIN)/python -m pytest -n 2 $(ARGS)

.PHONY: test-slow
test-slow: .venv/.dev .venv-opal/.made assets ## Run the long fault, leak and fuzz suites; ARGS=tests/faults narrows it
	@AETERNA_BROWSER="$$($(BIN)/python -m aeterna_portal.local.browser)" && \
	test -n "$$AETERNA_BROWSER" && export AETERNA_BROWSER && \
	$(BIN)/python -m pytest -n 2 -m slow $(ARGS)

.PHONY: check
check: .venv/.dev ## Check format, lint, types, import contracts, architecture and migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(OFFLINE) $(BIN)/mypy apps aeterna_portal clients/cedar-agent/src
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/architecture
	$(OFFLINE) $(BIN)/python -W ignore manage.py makemigrations --check --dry-run

.PHONY: fmt
fmt: .venv/.dev ## Format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: .venv/.dev ## Measure every figure and write docs/benchmarks.md
	AETERNA_BENCH=1 $(BIN)/python -m pytest tests/benchmarks -s $(ARGS)

.PHONY: readiness
readiness: .venv/.dev assets ## Run the suite and write docs/readiness.md from what it proves
	@AETERNA_READINESS=docs/readiness.md $(MAKE) test

.PHONY: openapi
openapi: .venv/.run ## Write docs/openapi.json
	$(OFFLINE) $(BIN)/python manage.py spectacular --validate --fail-on-warn \
	--format openapi-json --file docs/openapi.json

.PHONY: permissions operations
permissions: .venv/.run ## Write docs/permissions.md from the Cedar policies
	@$(BIN)/python -m aeterna_portal.pages permissions

operations: .venv/.run ## Write docs/operations.md from the registry of operations
	@$(BIN)/python -m aeterna_portal.pages operations

.PHONY: assets
assets: .venv/.run ## Build the front-end files if their sources changed
	@$(BIN)/python -m aeterna_portal.local.assets

.PHONY: lock
lock: .venv/.dev ## Compile requirements*.in into pinned requirements*.txt
	$(LOCK) --output-file requirements.txt requirements.in
	$(LOCK) --output-file requirements-dev.txt requirements-dev.in
	$(LOCK) --output-file requirements-opal.txt requirements-opal.in

.PHONY: clean
clean: ## Remove .venv and everything built; the demo's data stays (see reset)
	rm -rf .venv .venv-opal static/dist static/root assets/node_modules build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "$(PYTHON) is not Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	echo "Creating .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv --clear .venv; }
	@touch $@

.venv/.run: .venv/.made requirements.txt clients/cedar-agent/pyproject.toml
	@echo "Installing what the portal runs on"
	@$(PIP) install --requirement requirements.txt
	@$(PIP) install --no-deps --editable clients/cedar-agent
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	@echo "Installing what building and testing needs"
	@$(PIP) install --requirement requirements-dev.txt
	@touch $@

# The stock OPAL client pins older libraries than the portal runs on: it has a place of its own.
.venv-opal/.made: .venv/.made requirements-opal.txt
	@echo "Installing the stock OPAL client"
	@$(BIN)/python -m venv --clear .venv-opal
	@.venv-opal/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --requirement requirements-opal.txt
	@touch $@
