# `make` sets up, `make demo` runs the main job, `make test` passes the tests.
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
REDIS := $(if $(shell command -v redis-server),,redis,)
EXTRAS := $(REDIS)worker,gemma,stack,load,planning,queueing

# Threads that spin while they wait starve whatever else runs on a small machine.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: setup demo up down test test-containers bench study report lint format illustrator constraints clean help

setup: .venv/ready  ## Make the environment and fetch the story model's weights

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep ^torch== constraints.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	$(BIN)/python -m worker.language.prepare --home "$${STORYTELLER_HOME:-.storyteller}"
	touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS),training,study,bench,parquet,report,notebook,dev]"
	touch $@

demo: .venv/ready  ## One storybook from a prompt, on this machine: make demo PROMPT="a fox in the snow"
	$(BIN)/python -m stack demo $${PROMPT:+--prompt "$$PROMPT"}

up: .venv/ready  ## Start Redis and every process of the Procfile; Ctrl-C or `make down` stops them
	$(BIN)/python -m stack up

down: .venv/ready  ## Stop what `make up` started
	$(BIN)/python -m stack down

test: .venv/ready-dev  ## All tests but those that need containers, two files at a time
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-containers: .venv/ready-dev  ## Build and start the containers, and run a storybook through them
	$(BIN)/python -m pytest tests/containers -m containers

bench: .venv/ready-dev  ## The engine beside other servers: make bench ARGS="--scene a,b --quick"
	$(BIN)/python -m bench $(ARGS)

study: .venv/ready-dev  ## Prediction beside measurement, and the report: make study ARGS="--out FOLDER"
	$(BIN)/python -m evidence run $(ARGS)

report: .venv/ready-dev  ## The report again, from a study's records: make report STUDY=docs/studies/…
	$(BIN)/python -m evidence report $(STUDY)

lint: .venv/ready-dev  ## Style, import rules, sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.sizes

format: .venv/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

illustrator: .venv/ready-dev  ## Train the shipped illustrator: make illustrator DEVICE=cuda MINUTES=20
	$(BIN)/python -m models.training --device $(or $(DEVICE),cpu) --budget-minutes $(or $(MINUTES),120)

constraints: .venv/ready-dev  ## Pin what is installed now
	{ head -1 constraints.txt; { $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//'; grep ^async-timeout constraints.txt; } | sort -fu; } > constraints.new
	mv constraints.new constraints.txt

clean: down  ## Remove the environment; .storyteller (books, models) stays
	rm -rf .venv

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' Makefile
