# The gate's steps by name. `make` lists them.
# Use a virtual environment: `python3.11 -m venv .venv && . .venv/bin/activate`.

PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: help dev format lint types fast check test docs docs-serve docs-reference dashboard

help: ## List the steps
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-16s %s\n", $$1, $$2 }'

dev: ## Install everything for development
	$(PYTHON) -m pip install -r requirements-dev.txt

format: ## Format the code, and mend what ruff can mend
	ruff format .
	ruff check --fix .

lint: ## Check format and lint
	ruff format --check .
	ruff check .

types: ## Check the types
	mypy

fast: ## Run the fast tests
	pytest -m "not slow"

check: lint types fast ## Lint, types and fast tests: run it before every commit

test: ## Run all tests
	pytest

docs: ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

docs-serve: ## Show the documentation while you write it
	NO_MKDOCS_2_WARNING=1 mkdocs serve

docs-reference: ## Write the generated pages and figures again
	$(PYTHON) -m tools.docs_reference
	$(PYTHON) -m tools.docs_figures

dashboard: ## Start the dashboard
	streamlit run streamlit_app.py
