# Eungdap. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,12))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)
BIN := .venv/bin
RASA := nlu/rasa/.venv

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/.main .env ## Run everything on http://127.0.0.1:8000 (PORT= for another)
	@exec $(BIN)/eungdap up --demo

test: .venv/.dev .env ## Run all tests
	@$(BIN)/python scripts/ensure_chromium.py
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

test-faults: .venv/.dev .env ## Kill, race and cut the power, and see that nothing is lost
	@RANDOM_TEXTS=1000 $(BIN)/python -m pytest -m "faults or texts" tests/faults tests/bot tests/channels

screenshots: .venv/.dev .env ## Take the screenshots that the README shows
	@SCREENSHOTS=docs/images $(BIN)/python -m pytest -q tests/browser

bench: .venv/.bench .env ## Measure what docs/benchmarks.md shows
	@for part in turns faq broadcast; do $(BIN)/eungdap bench $$part || exit 1; done

rasa: $(RASA)/.ready ## Set up, train and serve the rasa engine on 127.0.0.1:5005 (EPOCHS= for a quick try)
	@model="$$($(RASA)/bin/python -W ignore nlu/rasa/train.py $(if $(EPOCHS),--epochs $(EPOCHS)))" && \
		exec $(RASA)/bin/python -W ignore nlu/rasa/serve.py "$$model"

test-rasa: $(RASA)/.ready .venv/.dev .env ## Train and serve Rasa, and hold whole conversations on it
	@$(BIN)/python -m pytest -m rasa tests/rasa

lint: .venv/.dev ## Check style, types and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: .venv/.dev ## Put the code into its form
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: .venv/.dev ## Write the locked requirements anew from pyproject.toml
	@$(BIN)/python scripts/lock.py
	@$(BIN)/python nlu/rasa/lock.py

install: .venv/.main ## Set up the environment alone

clean: ## Remove the environment; data stays
	rm -rf .venv $(RASA) *.egg-info

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install one, or name it as in PYTHON=/path/to/python3.11 make run."; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.main: requirements/main.lock pyproject.toml | .venv/bin/python
	@echo "Setting up (once): about a minute."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/main.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements/dev.lock .venv/.main
	@echo "Setting up for tests (once)."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

.venv/.bench: requirements/bench.lock .venv/.main
	@echo "Setting up the peers that are measured beside us (once)."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.lock
	@touch $@

$(RASA)/.ready: nlu/rasa/requirements.lock
	@python="$$(nlu/rasa/find_python.sh)" && \
		echo "Setting up Rasa (once): about two minutes and 2.8 GB of disk." && \
		"$$python" -m venv --clear $(RASA) && \
		$(RASA)/bin/pip install -q --disable-pip-version-check --require-hashes -r $< && touch $@

.env: | .venv/.main
	@$(BIN)/python scripts/write_env.py

.PHONY: help run test bench screenshots lint format lock install clean rasa test-rasa test-faults
