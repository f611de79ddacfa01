# make env: the environment in .venv; make demo: the demo city in a browser; make test: all tests.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
PORT ?= 7860

.DEFAULT_GOAL := help
.PHONY: help env demo test lint clean

help:
	@echo "make env    build the environment in $(VENV)"
	@echo "make demo   load the demo city and serve it (PORT=$(PORT); the next free port if it is taken)"
	@echo "make test   lint, type check and all tests"

env: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or newer, or name one with make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: Precedent needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "1/2 environment: creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "The module venv is missing: install it (Debian: python3-venv), then run make again"; exit 1; }
	@echo "2/2 environment: installing packages (a few minutes the first time)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -c constraints.txt -e '.[dev]' > $(VENV)/install.log 2>&1 \
	  & pid=$$!; while kill -0 $$pid 2>/dev/null; do printf '.'; sleep 3; done; echo; wait $$pid \
	  || { tail -n 5 $(VENV)/install.log; echo "The packages could not be installed: the lines above say why, $(VENV)/install.log has all; mend it and run make again"; exit 1; }
	@touch $(STAMP)
	@echo "environment: ready"

demo: env
	@$(BIN)/precedent demo --port $(PORT)

lint: env
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

test: lint
	@$(BIN)/python -m pytest

clean:
	rm -rf $(VENV) *.egg-info
