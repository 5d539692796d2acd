# consentlog: `make help` lists what there is. Logic lives in tools/ and in the CLI.
PYTHON ?= python3
BIN := .venv/bin
# What folds and decides: each of its branches is shown by a test.
empty :=
space := $(empty) $(empty)
comma := ,
DECIDING := $(subst $(space),$(comma),$(patsubst %,consentlog/domain/%.py,clocks decision derive effects \
	events explain facts grants hours policy scope standing state))

.DEFAULT_GOAL := help
.PHONY: help setup jars demo test test-faults lint coverage wheel format types imports lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## virtual environment in .venv from the hash-checked lock
	@$(PYTHON) tools/setup.py

jars: setup
	@$(BIN)/consentlog local fetch

demo: jars ## the main job, on screen; ONCE=1 ends by itself and judges the result
	@$(BIN)/consentlog demo $(if $(ONCE),--once)

test: jars ## every test but the long fault runs, on two processes: most of them wait
	$(BIN)/pytest tests -m "not faults" --numprocesses 2 --dist worksteal

test-faults: jars ## the long fault runs
	$(BIN)/pytest tests -m faults --numprocesses 2 --dist worksteal

lint: setup ## ruff, format check, types, import contracts
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	@$(MAKE) --no-print-directory types imports

coverage: setup ## every branch of decision and fold, by the tests of the domain alone
	$(BIN)/coverage run --branch --source=consentlog/domain -m pytest -q tests/domain -m "not faults" --hypothesis-seed=0 \
		--ignore=tests/domain/test_small_world.py --ignore=tests/domain/test_machine.py
	$(BIN)/coverage report --fail-under=100 --skip-covered --include='$(DECIDING)'

wheel: setup ## the built wheel, in an environment of its own
	$(BIN)/python -m tools.check_wheel

format: setup ## put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup ## mypy, strict
	$(BIN)/mypy

imports: setup ## who may import whom
	$(BIN)/lint-imports

lock: setup ## remake the lock of Kafka's jars
	$(BIN)/python tools/lock_jars.py

clean: ## remove what can be remade; data directories and downloads stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
