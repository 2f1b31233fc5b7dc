# make run, make test; `make help` lists the rest. Needs Python 3.11 or newer with venv, and nothing else.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install run test test-full lint format bench lock sbom audit clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed ## set up .venv with everything but Spark

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[backtest]" --group dev
	touch $@

run: install ## start the service on http://127.0.0.1:8000 (loopback only)
	$(BIN)/cds-service serve

test: install ## run the tests in small sizes
	$(BIN)/pytest -n $(WORKERS)

test-full: install ## run the full-size checks only
	$(BIN)/pytest -m full

lint: install ## style, types and layer rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## measure speed and print a table of ratios
	$(BIN)/python -m tests.performance

COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock: install ## pin and hash anew what the image installs (deploy/*.lock)
	$(COMPILE) --extra postgres --extra backtest --output-file deploy/requirements.lock pyproject.toml
	$(COMPILE) --only-build-deps --build-deps-for wheel --output-file deploy/requirements-build.lock pyproject.toml

sbom: install ## write dist/sbom.cdx.json: what the image holds (CycloneDX)
	rm -rf dist/sbom
	sh deploy/install.sh requirements dist/sbom
	sh deploy/install.sh service dist/sbom
	$(BIN)/cyclonedx-py environment dist/sbom/bin/python --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON -o dist/sbom.cdx.json
	rm -rf dist/sbom

audit: install ## ask the public advisories about what the image installs (needs the network)
	$(BIN)/pip-audit --requirement deploy/requirements.lock --require-hashes --disable-pip

clean: ## remove what the other targets made
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
