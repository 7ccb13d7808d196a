# Every command of the project. `make` alone lists them.

# The Python that .venv is made from: make PYTHON=/path/to/python3.12 demo
PYTHON ?= python3
# The folder with real data sets, beside the checkout if it is there; tests that need it are skipped without it.
AGILE_SALES_DATA ?= $(if $(wildcard ../shared/data),$(CURDIR)/../shared/data)
# More words for pytest: make test PYTEST="tests/pipeline -x"
PYTEST ?=
PROCESSES ?= 2

run = .venv/bin/python -m
# Checks read the code, no server; a fixed key and address stand in for what a production process is given.
offline = AGILE_SALES_OFFLINE=True
schema = .local/openapi.yaml
# The packages that ship.
packages = $(filter-out tests benchmarks,$(patsubst %/__init__.py,%,$(wildcard */__init__.py)))

export AGILE_SALES_DATA
# Compiled once and kept, whatever the machine's habit: the tests start some hundred processes of this code.
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help environment demo test test-long check lint types imports templates migrations openapi security schema bench lock
.DEFAULT_GOAL := help

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

environment: ## Make or update .venv from requirements.lock (every other command does this by itself)
	@exec $(PYTHON) agile_sales/local/virtual_environment.py

demo: environment ## Start the whole product with two simulated companies; PORT=8123 make demo for another port
	@exec $(run) agile_sales.local

test: environment ## Run the tests on servers of their own (what takes minutes is in test-long)
	@exec $(run) pytest -n $(PROCESSES) --dist loadgroup $(PYTEST)

test-long: environment ## Run every test, the sampled ones in full
	@AGILE_SALES_LONG=1 exec $(run) pytest -n $(PROCESSES) --dist loadgroup $(PYTEST)

check: environment ## Check style, types, borders, templates, migrations, API document, unsafe calls
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target types templates lint imports migrations openapi security
	@echo "All checks passed."

lint: environment
	@$(run) ruff check .
	@$(run) ruff format --check .

types: environment
	@$(offline) $(run) mypy .

imports: environment
	@.venv/bin/lint-imports

templates: environment
	@git ls-files -z '*.html' | xargs -0 -r .venv/bin/djade --check
	@$(run) djhtml --check templates
	@$(run) curlylint templates

migrations: environment
	@$(offline) .venv/bin/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(offline) .venv/bin/python manage.py check --deploy --fail-level WARNING

openapi: environment
	@mkdir -p .local
	@$(offline) .venv/bin/python manage.py spectacular --validate --fail-on-warn --file $(schema)
	@diff -u docs/openapi.yaml $(schema) || { echo "The API changed. If that is meant: make schema"; exit 1; }

# Its log says of each `# nosec` over several lines that some of them needed none: shown only beside a finding.
security: environment
	@mkdir -p .local
	@.venv/bin/bandit -q -ll -r $(packages) 2>.local/bandit.log || { cat .local/bandit.log; exit 1; }

schema: environment ## Write docs/openapi.yaml anew after a meant change of the API
	@$(offline) .venv/bin/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

bench: environment ## Measure; JSON to benchmarks/results/latest.json, a table to the screen
	@exec $(run) benchmarks

lock: environment ## Write requirements.lock anew from pyproject.toml, with the newest versions
	@.venv/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet --output-file requirements.lock
