"""Sensors inside a mapped task group, in a real run: the account's name arrives as a mapped argument."""

import pytest

READY = (
    b"""{"data": [{"invoice_id": "1", "billing_start_date": "2026-10-01T00:00:00Z"}], "meta": {"next_cursor": ""}}"""
)
NONE_YET = b"""{"data": [], "meta": {"next_cursor": ""}}"""

DAG_FILE = """
from airflow.sdk import DAG, task, task_group
from billing_vendors.base.triggers import read_outcome
from billing_vendors.fastly.vendor import FASTLY

with DAG("mapped_waits", schedule=None):

    @task
    def plan(ti=None):
        ti.xcom_push(key="month", value="2026-10")
        return ["acme", "globex"]

    @task
    def after(account, xcom):
        found = read_outcome(xcom)
        assert found["account"] == account, found
        assert (found["month"], found["state"], type(found["attempts"])) == ("2026-10", "ready", int), found

    @task_group
    def account_month(account):
        for wait in FASTLY.make_sensors(account=account, month="{{ ti.xcom_pull(task_ids='plan', key='month') }}"):
            wait.poke_interval = 0.1
            wait.grace_days = 10_000
            after(account, wait.output)

    account_month.expand(account=plan())
"""


def account(name: str, conn_id: str) -> dict[str, object]:
    return {
        "vendor": "fastly",
        "name": name,
        "conn_id": conn_id,
        "customer_id": "abc",
        "currency": "USD",
        "first_month": "2026-01",
        "posting_day": 5,
    }


@pytest.fixture
def dag(airflow_home, tmp_path):
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db

    (tmp_path / "mapped_waits.py").write_text(DAG_FILE)
    DagBundlesManager().sync_bundles_to_db()
    bag = BundleDagBag(dag_folder=tmp_path, bundle_path=tmp_path, bundle_name="dags-folder")
    assert bag.import_errors == {}
    sync_bag_to_db(bag, "dags-folder", None)
    return bag.dags["mapped_waits"]


def test_each_mapped_sensor_waits_for_its_own_account(dag, server, conn_id, accounts_file):
    accounts_file(account("acme", conn_id), account("globex", conn_id))
    server.responses({"body": NONE_YET}, {"body": NONE_YET}, {"body": READY})
    run = dag.test()
    waits = [ti for ti in run.get_task_instances() if ti.task_id == "account_month.wait_for_invoice"]
    assert run.state == "success"
    assert {ti.rendered_map_index for ti in waits} == {"acme", "globex"}
    assert len(server.seen) == 4
