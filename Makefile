# Everything runs in a virtual environment of its own, .venv, made anew when pyproject.toml changes.
PYTHON ?= python3
# Processes that the tests are spread over.
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test style check prove mutants bench out clean

help: ## say what there is to make
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: $(READY) ## install, compile the library, judge the example manifests
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(READY) ## install, run the tests
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

check: style test ## what CI asks: style, types, tests, and `out/` as a compile writes it
	$(BIN)/capgen compile --check

style: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy

prove: $(READY) ## let the real engines judge what we write (ENGINES="psa vap" chooses)
	$(BIN)/python -m tests.engines.prove

mutants: $(READY) ## break the code in many small ways: the tests must notice each
	$(BIN)/python -m tests.mutants.run

bench: $(READY) ## measure, as ratios within one run
	$(BIN)/python -m tests.bench.reader
	$(BIN)/python -m tests.bench.check
	$(BIN)/python -m tests.bench.admission

out: $(READY) ## write `out/`, `docs/coverage.md` and the precompiled library anew
	$(BIN)/python -m capgen.profile.library
	$(BIN)/capgen compile
	$(BIN)/python -m tests.coverage

clean: ## remove what make made
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
