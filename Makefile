# One command each; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?=

# Many short processes run here; none of them should compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# Tests never see the settings of whoever runs them.
foreign := $(filter Q2C_% TEMPORAL_%,$(.VARIABLES))
clean_env := env $(foreign:%=-u %)

# Any python3 can read the setup script and say what is missing.
found := $(shell command -v python3 || command -v python || command -v "$(PYTHON)")

.PHONY: help setup demo up test check bench format lock

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name line; do printf '  make %-8s %s\n' "$$name" "$$line"; done

setup: ## Make the environment in .venv from the locked versions (nothing to do when it is current)
	@$(if $(found),,echo "Python is missing. Install Python 3.11 or newer." >&2; exit 1)
	@PYTHON="$(PYTHON)" "$(found)" .ci/setup.py

demo: setup ## Watch five deals go from offer to cash, revenue and renewal
	@.venv/bin/q2c demo

up: setup ## Run server, worker and API on this machine until Ctrl-C
	@.venv/bin/q2c up

# Two processes halve the time; the tests of a file stay in one, because they share its servers, and
# long files do not come last, where one process would wait for the other.
test: setup ## Run all tests on two cores (ARGS="-n 0 tests/models" runs some of them on one)
	@$(clean_env) .venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## Check format, lint, types, import directions and architecture
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(clean_env) .venv/bin/python -m pytest tests/architecture -q

bench: setup ## Measure throughput and latency on this machine
	@$(clean_env) .venv/bin/python -m tests.bench

format: setup ## Format the code and fix what the linter can fix
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: setup ## Choose new versions within pyproject.toml and write requirements.lock
	@.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --output-file requirements.lock pyproject.toml
