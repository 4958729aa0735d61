"""Every DAG that there should be is there, and keeps the house rules."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from billing_vendors.base.sensors import VendorSensor
from billing_vendors.registry import vendors

DAGS = Path(__file__).resolve().parents[3] / "dags"
EXPECTED = {
    *(f"invoices_{vendor.name}" for vendor in vendors()),
    *(
        f"month_to_date_{vendor.name}"
        for vendor in vendors()
        if vendor.make_estimate_sensor is not None or vendor.has_running_month
    ),
    "accruals",
    "alerts",
    "close_month",
    "export_focus",
    "look_back",
    "rederive",
}


@pytest.fixture(scope="module")
def bag(airflow_home):
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(DAGS))


def test_all_dags_are_there(bag):
    """Counted: a folder that does not exist has no import errors either."""
    assert bag.import_errors == {}
    assert set(bag.dags) == EXPECTED


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_task_builds_its_own_dag_alone(bag, dag_id, monkeypatch):
    """Every task reads its DAG file again before it starts, and Airflow says then which DAG it is for."""
    from airflow.dag_processing.dagbag import DagBag

    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", dag_id)
    assert set(DagBag(dag_folder=bag.dags[dag_id].fileloc).dags) == {dag_id}


def test_each_vendor_has_a_monthly_dag_and_a_pool_of_its_name(bag):
    for vendor in vendors():
        fetch = bag.dags[f"invoices_{vendor.name}"].get_task("account_month.fetch")
        assert fetch.pool == vendor.pool == vendor.name


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_house_rules(bag, dag_id):
    dag = bag.dags[dag_id]
    assert dag.owner == "finance-data"
    assert "billing" in dag.tags
    assert dag.doc_md
    assert dag.description
    assert dag.catchup is False
    for task in dag.tasks:
        assert task.retries >= 2, task.task_id
        assert task.execution_timeout, task.task_id


def test_what_a_task_returns_is_one_xcom(bag):
    """Airflow would add one for each key of a dict that a task is annotated to return, each a request and a commit."""
    tasks = [task for dag in bag.dags.values() for task in dag.tasks]
    assert [task.task_id for task in tasks if getattr(task, "multiple_outputs", False)] == []


def test_waits_leave_the_worker_to_the_triggerer(bag):
    waits = [
        task for dag in bag.dags.values() for task in dag.tasks if task.task_id.rpartition(".")[2].startswith("wait")
    ]
    assert len(waits) >= 3
    for task in waits:
        assert issubclass(task.operator_class if task.is_mapped else type(task), VendorSensor), task.task_id


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.py")), ids=lambda path: path.name)
def test_dag_files_plan_and_do_nothing_else(path):
    """No connection, variable, clock or heavy library at the top of a file that is parsed twice a minute."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    allowed = ("__future__", "datetime", "typing", "airflow.sdk", "billing_vendors.base", "billing_vendors.registry")
    assert all(name.startswith(allowed) for name in imported), imported
    called = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert called.isdisjoint({"now", "get_connection", "get", "utcnow", "today"})


def test_the_plugin_scan_executes_nothing_of_ours(airflow_home):
    """A file plugins/…/http.py that ran under its bare name would replace the standard library's module."""
    script = (
        "import sys; from airflow import plugins_manager; plugins_manager._get_plugins(); "
        "ours = {'hooks', 'parse', 'vendor', 'sensors', 'triggers', 'registry', 'provider', 'tasks', 'months'}; "
        "print(sorted(ours & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
