# The door for those who have make; what it does is plain pip and feedline, see README.md.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= auto

.PHONY: help demo test lint types tests clean

help:
	@echo "make demo   train on the embedded letters and print where the report is"
	@echo "make test   lint, format check, types and tests"
	@echo "make clean  remove $(VENV)"

demo: $(VENV)/ready
	$(BIN)/feedline train

test: lint types tests

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready-dev
	$(BIN)/mypy

tests: $(VENV)/ready-dev
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term

$(VENV)/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -r requirements-dev.txt -e '.[all]'
	touch $@

clean:
	rm -rf $(VENV)
