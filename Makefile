# Two commands do everything on a fresh machine: `make demo` and `make test`. Nothing else has to be installed.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c

# The first Python of at least 3.11 that really runs (a shim may be on the path and refuse). Production runs on 3.12.
PYTHON ?= $(shell for each in python3 python3.12 python3.11 python3.13 python3.14 python; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGUMENTS ?= -n auto --dist loadgroup -q
SOURCES := function_app.py functions shared local bench tests

.PHONY: demo test check lint types format serve bench mutation coverage lock clean help
help:  ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.local  ## bill a made-up month through the function app on this machine
	@$(BIN)/prorata demo

test: $(VENV)/.dev  ## run the tests; what needs Node or LibreOffice is skipped aloud where it is missing
	@$(BIN)/python -m pytest $(PYTEST_ARGUMENTS)

check: lint types test  ## what CI runs

lint: $(VENV)/.dev
	@$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: $(VENV)/.dev
	@$(BIN)/mypy

format: $(VENV)/.dev  ## format the code
	@$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

serve: $(VENV)/.local  ## run the function app on http://127.0.0.1:7071
	@$(BIN)/prorata serve

bench: $(VENV)/.bench  ## measure against pandas in the same run
	@$(BIN)/python bench/run.py

mutation: $(VENV)/.dev  ## change the arithmetic bit by bit; every change must fail a test (some minutes)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c requirements-dev.txt "mutmut==3.8.1"
	$(BIN)/python bench/mutation.py

coverage: $(VENV)/.dev  ## run the tests and show what they do not reach
	@$(BIN)/python -m coverage run -m pytest -q
	$(BIN)/python -m coverage report

lock: $(VENV)/.dev  ## write the requirement files anew from pyproject.toml, without index addresses
	@$(BIN)/python -m pip install -q uv
	compile="$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links"
	$$compile pyproject.toml -o requirements.txt
	$$compile --extra local -c requirements.txt pyproject.toml -o requirements-local.txt
	$$compile --extra dev -c requirements-local.txt pyproject.toml -o requirements-dev.txt
	$$compile --extra dev --extra bench -c requirements-dev.txt pyproject.toml -o requirements-bench.txt

clean:  ## remove everything that was made here, stored months included
	@rm -rf $(VENV) .prorata .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "Prorata needs Python 3.11 or newer; install it, or say: make PYTHON=/path/to/python"; exit 1; fi
	$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m virtualenv -q $(VENV) 2>/dev/null; } || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }

# Each stamp installs one requirement file and the `prorata` command; a changed file installs again.
$(VENV)/.%: requirements-%.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing $< (once; a minute or so)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@
