# Every target works in a fresh clone: tools/bootstrap makes .venv first, and takes no time when it is there.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ARGS ?=
# Airflow without byte code starts five times slower
unexport PYTHONDONTWRITEBYTECODE
# one process per core, four at most: each has a database server of its own
PYTEST = .venv/bin/python -m pytest -n logical --maxprocesses 4 --no-loadscope-reorder --durations=25
.PHONY: help demo down sql certificate rederive pictures vendor test test-all test-long test-packages soak format lint types \
	contracts audit check bench lock

help: ## list the targets
	@echo "make <target>        ARGS=... passes options on"
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## run last month of both vendors in a real Airflow and Postgres (ARGS=--exit: end after the table)
	@started=$$(date +%s) && tools/bootstrap run && \
		TIEOUT_STARTED=$$started exec .venv/bin/python -I -X utf8 -m tieout_stack demo $(ARGS)

down: ## stop a demo (ARGS=--delete: and remove its data)
	@if [ -d "$${TIEOUT_STATE:-.tieout}" ]; then tools/bootstrap run && exec .venv/bin/python -I -X utf8 -m tieout_stack down $(ARGS); \
		else echo "nothing is running"; fi

sql: ## open psql on the running demo's database (ARGS='-c "select ..."')
	@tools/bootstrap run
	@exec .venv/bin/python -I -X utf8 -m tieout_stack sql $(ARGS)

certificate: ## certify an invoice of the running demo (INVOICE=4011410)
	@tools/bootstrap run
	@exec .venv/bin/python -I -X utf8 -m tieout_stack certificate "$(INVOICE)"

rederive: ## derive a month of the running demo again from its stored responses (MONTH=2026-10)
	@tools/bootstrap run
	@exec .venv/bin/python -I -X utf8 -m tieout_stack rederive "$(MONTH)"

pictures: ## take the pictures of docs/pictures from the running demo (needs Chromium)
	@tools/bootstrap dev
	@.venv/bin/python tools/screenshots.py $(ARGS)

test: ## run the tests for every change: under 5 minutes, Python is enough (ARGS="-k fastly": some)
	@tools/bootstrap dev
	@$(PYTEST) -m "not long" $(ARGS)

test-all: ## run all tests: under 15 minutes, with the packages of make test-packages
	@tools/test-packages --check
	@tools/bootstrap dev
	@$(PYTEST) -m "not soak" $(ARGS)

test-long: ## run what make test leaves out
	@tools/test-packages --check
	@tools/bootstrap dev
	@$(PYTEST) -m "long and not soak" $(ARGS)

test-packages: ## install what test-all needs of the system (Debian, Ubuntu)
	@tools/test-packages

soak: ## run randomised fault and crash tests, 1 to 2 hours (TIEOUT_SEED=4711: those of that seed again)
	@tools/bootstrap dev
	@.venv/bin/python -m pytest -m soak $(ARGS)

vendor: ## make a new vendor from a template (NAME=acme)
	@tools/bootstrap dev
	@.venv/bin/python tools/new_vendor.py "$(NAME)"

format: ## format the code, and fix what ruff can fix
	@tools/bootstrap dev
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lint: ## check format and lint rules
	@tools/bootstrap dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

types: ## check types (mypy, strict)
	@tools/bootstrap dev
	.venv/bin/mypy

contracts: ## check who imports whom
	@tools/bootstrap dev
	.venv/bin/lint-imports

audit: ## check locked packages for known vulnerabilities (needs the internet)
	@tools/bootstrap dev
	@.venv/bin/python tools/audit.py $(ARGS)

check: lint types contracts ## lint, types, contracts, audit, test
	@$(MAKE) audit ARGS=--if-reachable
	@$(MAKE) test

bench: ## run the benchmarks (SIZE=L: the large sizes, on an idle machine)
	@tools/bootstrap run
	@.venv/bin/python bench/run.py --size $(or $(SIZE),S)

lock: ## renew the lock files (ARGS=--upgrade: to the newest versions)
	@tools/bootstrap uv
	@tools/lock $(ARGS)
