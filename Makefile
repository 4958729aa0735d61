# Every target works on a fresh checkout: tools/bootstrap makes .venv first, and costs nothing when it is there.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ARGS ?=
# Airflow without byte code starts five times slower
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo down sql certificate rederive pictures test soak check bench lock

help: ## say what there is
	@echo "make <target>        ARGS=... hands options on"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## run last month of both vendors in a real Airflow and Postgres (ARGS=--exit: end after the table)
	@started=$$(date +%s) && tools/bootstrap run && \
		TIEOUT_STARTED=$$started exec .venv/bin/python -m tieout_stack demo $(ARGS)

down: ## stop what a demo left running (ARGS=--delete: and remove its data)
	@if [ -d .tieout ]; then tools/bootstrap run && exec .venv/bin/python -m tieout_stack down $(ARGS); \
		else echo "nothing is running"; fi

sql: ## ask the running demo's database, with psql (ARGS='-c "select ..."')
	@tools/bootstrap run
	@exec .venv/bin/python -m tieout_stack sql $(ARGS)

certificate: ## certify an invoice of the running demo (INVOICE=4011410)
	@tools/bootstrap run
	@exec .venv/bin/python -m tieout_stack certificate "$(INVOICE)"

rederive: ## derive a month of the running demo again from its stored answers (MONTH=2026-10)
	@tools/bootstrap run
	@exec .venv/bin/python -m tieout_stack rederive "$(MONTH)"

pictures: ## take the pictures of docs/pictures from the running demo (needs Chromium)
	@tools/bootstrap dev
	@.venv/bin/python tools/screenshots.py $(ARGS)

test: ## run all tests (ARGS="-k fastly": some)
	@tools/bootstrap dev
	@.venv/bin/python -m pytest $(ARGS)

soak: ## run the long fault and crash runs (TIEOUT_SEED=4711: those of that seed again)
	@tools/bootstrap dev
	@.venv/bin/python -m pytest -m soak $(ARGS)

check: ## format, lint, types, import contracts, known faults, then the tests
	@tools/bootstrap dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@.venv/bin/python tools/audit.py --if-reachable
	@$(MAKE) test

audit: ## ask whether a locked package has a known fault (needs the internet)
	@tools/bootstrap dev
	@.venv/bin/python tools/audit.py

bench: ## run the benchmarks (SIZE=L: the large sizes, on a quiet machine)
	@tools/bootstrap run
	@.venv/bin/python bench/run.py --size $(or $(SIZE),S)

lock: ## renew the lock files (ARGS=--upgrade: to the newest versions)
	@tools/bootstrap uv
	@tools/lock $(ARGS)
