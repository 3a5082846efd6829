# Fenghuo. `make` alone lists the commands; CI runs the same ones.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python that fits. Another one: make install PYTHON=/path/to/python3.12
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(or $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done),python3)

VENV := .venv
DOCS_VENV := .venv-docs
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := uv==0.13.8
CODE := streams detectors alerts config
ARGS ?=
# What pytest says when nothing was selected: the tests on Kafka run by themselves, after the others, and either may be none.
NONE := 5

.PHONY: help install demo test check format bench docs lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  ARGS='...' is passed on to demo, test and bench, e.g. make test ARGS='tests/unit -k merge'"

install: $(STAMP) ## create .venv from the hash-pinned lock (nothing to do when it is up to date)

$(STAMP): requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here. Install Python 3.11, 3.12 or 3.13 (Debian, Ubuntu: apt-get install python3 python3-venv) and run make again."; exit 1; }
	@$(PYTHON) -c '$(FITS)' || { echo "$$($(PYTHON) --version) does not fit: Fenghuo needs 3.11, 3.12 or 3.13. Name one: make install PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python cannot make virtual environments. Debian, Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -c '$(FITS)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing the locked packages into $(VENV) with $$($(BIN)/python --version), about a minute the first time ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Installed. The command is $(BIN)/fenghuo."

demo: install ## Kafka, worker, console and a busy day, faster than real time; alerts appear as they come
	@$(BIN)/fenghuo demo $(ARGS)

test: install ## every test: unit, contract, scenario, and integration on a real Kafka
	@set -- $(ARGS); \
	$(BIN)/python -m pytest -m 'not integration' --numprocesses auto --dist loadgroup "$$@"; fast=$$?; \
	[ $$fast -eq 0 ] || [ $$fast -eq $(NONE) ] || exit $$fast; \
	[ $$# -gt 0 ] || set -- tests/integration tests/browser; \
	$(BIN)/python -m pytest -m integration --numprocesses 3 --dist loadfile "$$@"; slow=$$?; \
	[ $$slow -eq 0 ] || [ $$slow -eq $(NONE) -a $$fast -eq 0 ]

check: install ## lint, format, types, import rules, function length, doctests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_functions.py
	$(BIN)/python -m pytest --quiet --doctest-modules $(CODE)

format: install ## format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## throughput against a Faust agent that does nothing, on the embedded Kafka
	@$(BIN)/python -m benchmarks.throughput $(ARGS)

docs: $(DOCS_VENV)/.installed ## the documents as a site, in site/ (Chinese in site/zh/); every link in it is checked
	@NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict $(ARGS)
	@echo "Built: site/index.html"

# An environment of its own: mkdocs wants a newer click than Faust allows.
$(DOCS_VENV)/.installed: requirements-docs.lock
	@$(PYTHON) -c '$(FITS)' || { echo "$$($(PYTHON) --version) does not fit: Fenghuo needs 3.11, 3.12 or 3.13. Name one: make docs PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv --clear $(DOCS_VENV)
	@$(DOCS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@

lock: install ## resolve the dependencies again and write the locks
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(UV)'
	$(COMPILE) pyproject.toml --extra postgres --output-file requirements.lock
	$(COMPILE) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements-build.lock
	$(COMPILE) --group docs --output-file requirements-docs.lock

COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

clean: ## remove the virtual environment and what tools left behind
	rm -rf $(VENV) $(DOCS_VENV) site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
	find $(CODE) tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +
