"""One month of Acme, whole: its DAG's real tasks, a real Postgres, the vendor on loopback."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from billing_vendors.acme.vendor import ACME

DAGS = Path(__file__).resolve().parents[4] / "dags"


@pytest.fixture
def dag(airflow_home, tasks_url, simulator, monkeypatch, tmp_path):
    """The monthly DAG, with connections to the simulator and to an empty billing database."""
    from airflow.dag_processing.dagbag import DagBag

    url = make_url(tasks_url)
    database = {"host": url.host, "port": url.port, "login": url.username, "password": url.password}
    connections = simulator.connections() | {
        "billing_db": {"conn_type": "postgres", "schema": url.database, **database},
    }
    for conn_id, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    monkeypatch.setenv("TIEOUT_DOCUMENTS", str(tmp_path / "documents"))
    found = DagBag(dag_folder=str(DAGS / "monthly_invoices.py")).dags[f"invoices_{ACME.name}"]
    for task in found.tasks:
        (task.partial_kwargs if task.is_mapped else vars(task))["retries"] = 0  # a failure shows at once
    return found


def test_a_month_is_stored_and_its_controls_pass(dag, simulator, migrated_url):
    run = dag.test(
        logical_date=datetime.now(UTC), run_conf={"month": "2026-08", "accounts": ["acme-example"], "again": False}
    )

    assert run.state == "success"
    engine = create_engine(migrated_url)
    with engine.connect() as connection:
        invoices = connection.execute(text("select invoice_id, total from billing.current_invoice")).all()
        results = connection.execute(text("select control_id, state from billing.current_control_result")).all()
    engine.dispose()
    truth = simulator.truth("acme", "acme-example", "2026-08")
    assert [tuple(row) for row in invoices] == [(each.invoice_id, each.total) for each in truth]
    assert [tuple(row) for row in results] == [("A1", "PASS")]
