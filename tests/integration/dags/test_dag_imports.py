"""Every task reads its DAG file again before it starts: what the file imports is paid once per task."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DAGS = sorted((Path(__file__).resolve().parents[3] / "dags").glob("*.py"))

READ = """
import json, os, runpy, sys
from airflow.sdk import *
from airflow.sdk import CronDataIntervalTimetable, Param, dag, task, task_group
task(lambda: None)
before = set(sys.modules)
for path in sys.argv[1:]:
    if os.fork() == 0:
        runpy.run_path(path)
        print(json.dumps([path, sorted(set(sys.modules) - before)]), flush=True)
        os._exit(0)
    os.wait()
"""
# beside the standard library; pydantic is Airflow's own and there before, but for some of its parts; asgiref is what
# Airflow's operator for approvals imports
LIGHT = {"airflow", "asgiref", "billing", "billing_vendors", "croniter", "dateutil", "iso4217", "pydantic", "yaml"}
HEAVY = {"aiohttp", "alembic", "jiter", "msgspec", "psycopg2", "pypdf", "requests", "sqlalchemy", "zstandard"}
# ours that only a task which runs needs
WORK = (
    "billing.accruals.proposal",
    "billing.controls",
    "billing.models",
    "billing.reconciliation.reconcile",
    "billing.storage",
    "billing_vendors.base.hooks",
)


@pytest.fixture(scope="module")
def imports(airflow_home):
    """What each file imports beyond Airflow's SDK, each in a fork of one process that has imported that."""
    done = subprocess.run([sys.executable, "-c", READ, *DAGS], capture_output=True, text=True, check=False)
    found = dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))
    assert len(found) == len(DAGS), done.stderr
    return found


@pytest.fixture(params=DAGS, ids=lambda path: path.name)
def imported(request, imports):
    """What one file imports."""
    return set(imports[str(request.param)])


def test_a_dag_file_imports_no_heavy_library(imported):
    libraries = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert libraries <= LIGHT
    assert not libraries & HEAVY


def test_a_dag_file_imports_nothing_that_works(imported):
    assert [name for name in sorted(imported) if name.startswith(WORK)] == []


def test_a_task_that_fetches_imports_no_control(airflow_home):
    """What proves a month is many modules; the task that fetches it needs none of them."""
    script = (
        "import sys; import billing_vendors.base.tasks.fetch; from billing_vendors.registry import vendors; "
        "assert all(vendor.load_implementation() for vendor in vendors()); "
        "heavy = ('billing.controls.runner', 'billing.certificate', "
        "*(f'billing_vendors.{vendor.name}.controls' for vendor in vendors())); "
        "print(sorted(name for name in sys.modules if name.startswith(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr
