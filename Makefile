# Every target prepares what it needs; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help
.PHONY: help demo code up down test lint lock images bench
export BULLE_STARTED := $(shell date +%s)
WITH_ENV := . scripts/env;

help: ## what can be made
	grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: up ## set the machine up, start the enclave, and walk one study through it as three people
	$(WITH_ENV) PYTHONPATH=. .venv/bin/python -m scripts.demo

code: ## print the second factor's code of a person of the demonstration: make code NAME=alice
	$(WITH_ENV) PYTHONPATH=. .venv/bin/python -m scripts.demo code "$(NAME)"

up: ## set the machine up and start the enclave
	scripts/setup demo
	scripts/up

down: ## remove everything that up and demo made: containers, networks, images, state
	scripts/down

test: ## everything that continuous integration runs
	scripts/test $(PYTEST_ARGS)

lint: ## style, types, arrows between rooms
	scripts/setup tools
	scripts/lint

images: ## build the images that changed
	scripts/setup demo

lock: ## rewrite locks/ from pyproject.toml (LOCK_ARGS=--upgrade for newer versions)
	scripts/setup tools
	scripts/lock $(LOCK_ARGS)

bench: ## measure, as ratios within one run (benchmarks/)
	scripts/setup demo
	for call in demo evidence acro "suppression --quick" "audit --quick" "dp --quick" "dp_peers --quick" preview airlock people launcher spawn large_site; do echo "== $$call"; PYTHONPATH=. .venv/bin/python -m benchmarks.$$call; done
