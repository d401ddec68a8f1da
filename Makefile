# The door for those who have make; what it does is plain pip and feedline, see README.md.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
BESIDE := $(VENV)-torchvision
JOBS ?= auto
KERNEL := setup.py $(wildcard src/feedline/native/csrc/*)

# What the kernel's own code is tested by.
SANITIZED := $(addprefix tests/native/test_,checksum.py chunk.py fuzz.py jpeg.py png.py place.py resample.py pixels.py \
	restarts.py segments.py warping.py philox.py) tests/test_filling.py

.PHONY: help demo test lint types tests torchvision sanitize clean

help:
	@echo "make demo   train on the embedded letters and print where the report is"
	@echo "make test   lint, format check, types, tests, and tests beside torchvision"
	@echo "make sanitize  the kernel's tests under AddressSanitizer and UBSan"
	@echo "make clean  remove $(VENV) and $(BESIDE)"

demo: $(VENV)/ready
	$(BIN)/feedline train

test: lint types tests torchvision

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready-dev
	$(BIN)/mypy

tests: $(VENV)/ready-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term

torchvision: $(BESIDE)/ready
	$(BESIDE)/bin/python -m pytest -n $(JOBS) tests_torchvision

sanitize: $(VENV)/ready-dev
	PYTHON=$(abspath $(BIN)/python) scripts/sanitize.sh build/sanitized $(BIN)/python -m pytest -n $(JOBS) $(SANITIZED)

$(VENV)/ready: pyproject.toml constraints.txt $(KERNEL)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -r requirements-dev.txt -e '.[all]'
	touch $@

# No bytecode for 9,000 modules of which these tests import 500: a third of the work of the installation.
$(BESIDE)/ready: pyproject.toml requirements-torchvision.txt
	test -x $(BESIDE)/bin/python || $(PYTHON) -m venv $(BESIDE)
	$(BESIDE)/bin/python -m pip install --quiet --no-compile -r requirements-torchvision.txt
	touch $@

clean:
	rm -rf $(VENV) $(BESIDE)
