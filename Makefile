# Fireside: every target sets up what it needs and skips what is already there.

ifndef PYTHON
PYTHON := $(shell command -v python3.11 2>/dev/null || command -v python3 2>/dev/null || echo python3.11)
endif
BOOTSTRAP = command -v $(PYTHON) >/dev/null || { echo 'Fireside needs Python 3.11. Install \
python3.11, or say where it is: make run PYTHON=/path/to/python3.11'; exit 1; }; \
$(PYTHON) -m robot.bootstrap
BIN = .venv/bin
MADE = .venv .rasa-venv .fireside/setup .mypy_cache .ruff_cache .pytest_cache \
       .import_linter_cache .hypothesis *.egg-info

.PHONY: help setup run test lint bench lock licences clean
.DEFAULT_GOAL := help

help:
	@echo 'make run              set up what is missing, then start the simulated robot and print its address'
	@echo 'make setup            only set up; asks again for what could not be had before'
	@echo 'make test             set up, then check style, types and import rules, and run all tests'
	@echo 'make lint             only style, types and import rules'
	@echo 'make bench NAME=...   a benchmark, such as choice or latency; ARGS="--data DIR" for your own data'
	@echo 'make lock             both lock files anew from pyproject.toml; ARGS=--upgrade for newer versions'
	@echo 'make licences         docs/third-party-licences.md anew'
	@echo 'make clean            remove environments and caches; keep speech models and what a home has stored'
	@echo 'make clean ALL=1      remove .fireside too: models, training and everything a home has stored'
	@echo
	@echo 'ARGS="..." is passed on; PYTHON=/path/to/python3.11 names another Python.'

setup:
	@$(BOOTSTRAP) setup

run:
	@$(BOOTSTRAP) run
	@exec $(BIN)/fireside simulate $(ARGS)

# Tests run even when lint finds something, so that one run shows both.
test:
	@$(BOOTSTRAP) test
	@$(MAKE) --no-print-directory lint; lint=$$?; \
	$(BIN)/pytest $(ARGS) && exit $$lint

lint:
	@$(BOOTSTRAP) lint
	@failed=0; for check in 'ruff check' 'ruff format --check' mypy lint-imports; do \
	  echo "$$check"; $(BIN)/$$check || failed=1; done; exit $$failed

bench:
	@$(BOOTSTRAP) run
	@exec $(BIN)/fireside bench $(NAME) $(ARGS)

lock:
	@$(BOOTSTRAP) lock $(ARGS)

licences:
	@$(BOOTSTRAP) test
	@$(BOOTSTRAP) licences

clean:
	rm -rf $(MADE) $(if $(ALL),.fireside)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
