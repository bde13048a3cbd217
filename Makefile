# Each target sets up what it needs (packaging/set-up). `make help` lists them.

PYTHON ?= python3
SECONDS ?= 60
BIN := .venv/bin
WORKERS ?= 2

.PHONY: help demo test check bench fuzz requirements set-up clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

demo: set-up ## the main job on a real domain, told as it happens (EXIT=1: take all down at the end)
	@$(BIN)/isthmus lab demo $(if $(EXIT),--exit)

test: set-up ## every test, on real servers
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term:skip-covered

check: set-up ## what CI runs: formatting, lint, types, imports, then the tests
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: set-up ## every figure, as a ratio measured in one run
	@set -e; for program in bench/[a-z]*.py; do echo "== $$program"; $(BIN)/python $$program; done

fuzz: set-up ## every decoder of foreign bytes for SECONDS=60
	@$(BIN)/python fuzz/run.py --seconds $(SECONDS)

compile := $(BIN)/pip-compile --quiet --generate-hashes --no-header --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

requirements: set-up ## pin again what pyproject.toml asks for
	$(compile) --upgrade --extra kerberos --extra postgresql --extra lab --extra dev -o requirements/dev.txt pyproject.toml
	$(compile) --extra postgresql -c requirements/dev.txt -o requirements/run.txt pyproject.toml
	$(compile) --extra kerberos -c requirements/dev.txt -o requirements/kerberos.txt pyproject.toml

set-up:
	@PYTHON=$(PYTHON) packaging/set-up

clean: ## remove what the targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
