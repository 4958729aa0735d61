"""Every DAG once, whole: real tasks, a real Postgres, the vendors on loopback."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
import time_machine
import yaml
from sqlalchemy import create_engine, make_url, text
from tests.receivers import webhook

__all__ = ["webhook"]

DAGS = Path(__file__).resolve().parents[3] / "dags"
ACCOUNTS = Path(__file__).resolve().parents[3] / "include" / "accounts.yaml"
FEW = {"acme-media", "kumo-games", "legacy-press", "legacy-child", "nord-contact", "pacific-care"}


@pytest.fixture(scope="module")
def bag(airflow_home):
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(DAGS))
    for task in (task for dag in bag.dags.values() for task in dag.tasks):
        (task.partial_kwargs if task.is_mapped else vars(task))["retries"] = 0  # a failure shows at once
    return bag


@pytest.fixture
def billing(migrated_url):
    engine = create_engine(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(bag, tasks_url, simulator, monkeypatch, tmp_path):
    """Run one DAG with the connections, a few accounts and an empty billing database, by the login of tasks."""
    url = make_url(tasks_url)
    connections = dict(simulator.connections()) | {
        "billing_db": {
            "conn_type": "postgres",
            "host": url.host,
            "port": url.port,
            "login": url.username,
            "password": url.password,
            "schema": url.database,
        }
    }
    for conn_id, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    accounts = yaml.safe_load(ACCOUNTS.read_text(encoding="utf-8"))["accounts"]
    few = tmp_path / "accounts.yaml"
    few.write_text(yaml.safe_dump({"accounts": [a for a in accounts if a["name"] in FEW]}), encoding="utf-8")
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(few))
    monkeypatch.setenv("TIEOUT_DOCUMENTS", str(tmp_path / "documents"))

    def run_dag(dag_id, **conf):
        # dag.test() leaves what a run was given in the DAG's parameters, and the next run would find it there
        defaults = {"month": None, "accounts": None, "again": False}
        known = {name: value for name, value in defaults.items() if name in bag.dags[dag_id].params}
        return bag.dags[dag_id].test(logical_date=datetime.now(UTC), run_conf=known | conf)

    return run_dag


def rows(billing, query, **values):
    with billing.connect() as connection:
        return connection.execute(text(query), values).all()


def stored(billing, vendor, month):
    return {
        (account, invoice_id): total
        for account, invoice_id, total in rows(
            billing,
            "select account, invoice_id, total from billing.current_invoice where vendor = :vendor and month = :day",
            vendor=vendor,
            day=datetime.strptime(month, "%Y-%m").date(),  # noqa: DTZ007 (a month has no zone)
        )
    }


def accounts_of(vendor):
    accounts = yaml.safe_load(ACCOUNTS.read_text(encoding="utf-8"))["accounts"]
    return [account["name"] for account in accounts if account["vendor"] == vendor and account["name"] in FEW]


def truth(simulator, vendor, month):
    """What the vendor has really posted, from the simulator's world and not from its answers."""
    return {
        (account, invoice.invoice_id): invoice.total
        for account in accounts_of(vendor)
        for invoice in simulator.truth(vendor, account, month)
    }


def asked(simulator):
    """How many requests both vendors have had."""
    return sum(simulator.stats.summary()["operations"].values())


def contents(billing):
    """Every row of every table but those that say when something was seen."""
    seen = {"fetch", "payload_sighting", "document_sighting", "account_month"}
    tables = rows(billing, "select tablename from pg_tables where schemaname = 'billing'")
    base = [name for (name,) in tables if name not in seen]
    return {name: sorted(row for (row,) in rows(billing, f"select t::text from billing.{name} t")) for name in base}


@pytest.mark.parametrize("vendor", ["fastly", "genesys_cloud"])
def test_a_monthly_run_stores_what_the_vendor_billed_and_a_second_one_changes_no_row(run, billing, simulator, vendor):
    done = run(f"invoices_{vendor}", month="2026-08")

    assert done.state == "success"
    assert stored(billing, vendor, "2026-08") == truth(simulator, vendor, "2026-08")
    months = rows(billing, "select account from billing.account_month where vendor = :vendor", vendor=vendor)
    assert {account for (account,) in months} == set(accounts_of(vendor))
    before = contents(billing)

    assert run(f"invoices_{vendor}", month="2026-08", again=True).state == "success"

    assert contents(billing) == before
    fetches = rows(billing, "select account, count(*) from billing.fetch group by account")
    assert {count for _, count in fetches} == {2}


def test_a_closed_month_is_not_asked_for_again_unless_told_to(run, billing):
    """The account's first month: nothing before it can be missing."""
    for _ in range(2):
        assert run("invoices_genesys_cloud", month="2023-01", accounts=["nord-contact"]).state == "success"

    assert (
        rows(
            billing,
            "select control_id, explanation from billing.current_control_result "
            "where state in ('EXCEPTION', 'BLOCKED')",
        )
        == []
    )
    assert rows(billing, "select count(*) from billing.fetch") == [(1,)]


def test_rederiving_adds_nothing_and_asks_nobody(run, billing, simulator):
    run("invoices_fastly", month="2026-08")
    before, requests = contents(billing), asked(simulator)

    assert run("rederive", month="2026-08").state == "success"

    assert asked(simulator) == requests
    assert contents(billing) == before


def test_looking_back_finds_a_restated_invoice(run, billing, simulator):
    """Fetched as M in one run, restated by the vendor, found as M-1 in the next month's look back."""
    run("invoices_fastly", month="2026-08", accounts=["acme-media"])
    invoice = simulator.truth("fastly", "acme-media", "2026-08")[0]
    simulator.world.restate("fastly", invoice.invoice_id)

    assert run("look_back", month="2026-09", accounts=["acme-media"]).state == "success"

    versions = rows(
        billing,
        "select version, cause from billing.record_version join billing.record using (record_key) "
        "where record_id = :id and record_type = 'invoice' order by version",
        id=invoice.invoice_id,
    )
    assert versions == [(1, "new"), (2, "vendor")]
    findings = rows(
        billing,
        "select control_id, subject from billing.current_control_result "
        "where state = 'EXCEPTION' and control_id = 'F20'",
    )
    assert findings == [("F20", invoice.invoice_id)]


@pytest.mark.long
def test_the_daily_run_keeps_estimates_and_skips_parent_pay(run, billing, simulator):
    assert run("month_to_date_fastly").state == "success"

    snapshots = rows(
        billing,
        "select account, total, (select count(*) from billing.month_to_date_line l "
        "where l.snapshot_id = m.snapshot_id) from billing.month_to_date m",
    )
    assert {account for account, _, _ in snapshots} == set(accounts_of("fastly")) - {"legacy-child"}
    assert all(total > 0 and lines > 0 for _, total, lines in snapshots)


def test_an_account_named_twice_is_asked_for_one_estimate(run, billing):
    assert run("month_to_date_fastly", accounts=["acme-media", "acme-media"]).state == "success"

    assert rows(billing, "select account from billing.fetch") == [("acme-media",)]


@pytest.mark.parametrize("dag_id", ["invoices_fastly", "month_to_date_fastly", "look_back", "rederive"])
def test_a_misspelt_vendor_stops_every_run_before_any_call(run, billing, simulator, dag_id):
    """Nobody would bill that account, and every other one would look complete."""
    path = Path(os.environ["TIEOUT_ACCOUNTS"])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("vendor: genesys_cloud", "vendor: genesis_cloud", 1), encoding="utf-8")
    requests = asked(simulator)

    conf = {} if dag_id.startswith("month_to_date") else {"month": "2026-08"}
    assert run(dag_id, **conf).state == "failed"

    assert asked(simulator) == requests
    assert rows(billing, "select 1 from billing.fetch") == []


@pytest.mark.parametrize("month", ["2031-01", "2019-12"])
def test_a_month_that_cannot_be_is_refused_before_any_call(run, simulator, month):
    requests = asked(simulator)

    assert run("invoices_fastly", month=month).state == "failed"

    assert asked(simulator) == requests


def test_a_month_s_end_from_the_last_estimate_to_the_true_up(run, billing, simulator):
    """31 October 23:41: the estimate. 1 November 00:30: the accrual. The bill: reversal and true-up."""
    try:
        for moment, dag_id, conf in (
            (datetime(2026, 10, 31, 23, 41, tzinfo=UTC), "month_to_date_fastly", {}),
            (datetime(2026, 11, 1, 0, 30, tzinfo=UTC), "accruals", {}),
            (datetime(2026, 11, 20, 6, 0, tzinfo=UTC), "invoices_fastly", {"month": "2026-10"}),
        ):
            simulator.set_now(moment)
            with time_machine.travel(moment):
                assert run(dag_id, accounts=["acme-media"], **conf).state == "success"
    finally:
        simulator.set_now(None)

    ((estimate, accrued, age),) = rows(
        billing, "select m.total, a.amount, a.age from billing.month_to_date m, billing.current_accrual a"
    )
    assert accrued == estimate.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) > 0
    assert timedelta(0) < age < timedelta(minutes=19)
    actual = sum(invoice.total for invoice in simulator.truth("fastly", "acme-media", "2026-10"))
    ledger = rows(
        billing, "select entry, booked_on::text, amount, true_up from billing.accrual_ledger order by booked_on, entry"
    )
    assert ledger[:2] == [("accrual", "2026-10-31", accrued, None), ("reversal", "2026-11-01", -accrued, None)]
    assert [(entry, left) for entry, _, _, left in ledger if left is not None] == [("true_up", actual - accrued)]
    assert sum(amount for _, _, amount, _ in ledger if amount is not None) == actual


def test_a_genesys_month_s_end_from_the_charges_so_far_to_the_true_up(run, billing, simulator):
    """The last evening's open billing periods make the accrual; the bill reverses it. Also for a 21st-to-20th cycle."""
    names = ["nord-contact", "pacific-care"]
    try:
        for moment, dag_id, conf in (
            (datetime(2026, 8, 31, 23, 41, tzinfo=UTC), "month_to_date_genesys_cloud", {}),
            (datetime(2026, 9, 1, 0, 30, tzinfo=UTC), "accruals", {}),
            (datetime(2026, 11, 20, 6, 0, tzinfo=UTC), "invoices_genesys_cloud", {"month": "2026-08"}),
        ):
            simulator.set_now(moment)
            with time_machine.travel(moment):
                simulator.expire_tokens()
                assert run(dag_id, accounts=names, **conf).state == "success"
    finally:
        simulator.set_now(None)

    accruals = rows(billing, "select account, state, amount > 0 from billing.current_accrual order by account")
    assert accruals == [(name, "PROPOSED", True) for name in names]
    for name in names:
        actual = sum(invoice.total for invoice in simulator.truth("genesys_cloud", name, "2026-08"))
        booked = rows(billing, "select sum(amount) from billing.accrual_ledger where account = :name", name=name)
        assert booked == [(actual,)]


def test_the_charges_so_far_taken_twice_add_nothing(run, billing):
    run("month_to_date_genesys_cloud", accounts=["nord-contact"])
    before = contents(billing)

    assert run("month_to_date_genesys_cloud", accounts=["nord-contact"]).state == "success"

    assert contents(billing) == before
    assert rows(billing, "select count(*) from billing.current_invoice") == [(0,)]
    assert rows(billing, "select distinct status from billing.current_billing_period") == [("Open",)]


def test_the_accruals_of_a_month_without_a_basis_are_blocked_and_ask_nobody(run, billing, simulator):
    run("invoices_genesys_cloud", month="2026-08", accounts=["nord-contact"])
    requests = asked(simulator)

    assert run("accruals", month="2026-08").state == "success"

    assert asked(simulator) == requests
    blocked = "select account, explanation from billing.accrual where state = 'BLOCKED' and amount is null"
    found = dict(map(tuple, rows(billing, blocked)))
    assert set(found) == FEW
    assert "together with its bill" in found["nord-contact"]
    assert "another account pays" in found["legacy-child"]
    before = contents(billing)
    run("accruals", month="2026-08")
    assert contents(billing) == before


def test_a_month_that_is_through_is_one_event_with_counts_and_no_amounts(run, billing, tmp_path):
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    done = run("invoices_fastly", month="2026-08")

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == done.run_id)).all()
        (event,) = [(event.uri, event.source_task_id, event.extra) for event in events]
    assert event[:2] == ("x-tieout://months/fastly", "publish_month_event")
    certificate = json.loads((tmp_path / "documents" / "certificates" / "fastly" / "2026-08.json").read_text())
    assert [account["account"] for account in certificate["accounts"]] == sorted(accounts_of("fastly"))
    counted = rows(billing, "select state, count(*) from billing.current_control_result group by state")
    assert event[2] == {"month": "2026-08", "accounts": accounts_of("fastly"), "states": dict(map(tuple, counted))}


def test_a_month_that_is_not_through_is_not_announced(run, simulator):
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    simulator.faults.add("status", "fastly.v3.invoices", status=403)
    try:
        done = run("invoices_fastly", month="2026-08", accounts=["acme-media", "legacy-press"])
    finally:
        simulator.faults.clear()

    assert done.state == "failed"
    with create_session() as session:
        assert session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == done.run_id)).all() == []


def test_the_focus_files_of_a_month_say_what_the_vendor_billed(run, simulator, monkeypatch, tmp_path):
    """Written to an object store; a vendor whose month is not stored has no file."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from airflow.sdk import ObjectStoragePath

    monkeypatch.setenv("TIEOUT_EXPORTS", f"memory://bucket/{tmp_path.name}")
    run("invoices_fastly", month="2026-08")

    assert run("export_focus", month="2026-08").state == "success"

    folder = ObjectStoragePath(f"memory://bucket/{tmp_path.name}")
    body = (folder / "focus-1.2" / "cost-and-usage" / "fastly" / "2026-08.parquet").read_bytes()
    rows_of_file = pq.read_table(pa.BufferReader(body), columns=["x_Account", "InvoiceId", "BilledCost"]).to_pylist()
    billed = {}
    for row in rows_of_file:
        key = row["x_Account"], row["InvoiceId"]
        billed[key] = billed.get(key, 0) + row["BilledCost"]
    assert billed == truth(simulator, "fastly", "2026-08")
    assert not (folder / "focus-1.2" / "cost-and-usage" / "genesys_cloud").exists()


def test_what_is_new_is_told_once_and_a_receiver_that_is_down_fails_no_month(run, billing, webhook, monkeypatch):
    """Nothing is told without a connection; a task that failed and missing bills are, as soon as there is one."""
    failed = run("invoices_fastly", month="2023-01", accounts=["nobody"])
    assert failed.state == "failed"
    assert run("alerts").state == "success"
    assert rows(billing, "select count(*) from billing.alert") == [(0,)]

    extra = {"config": {"path": webhook.url}}
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_ALERTS", json.dumps({"conn_type": "apprise", "extra": extra}))
    webhook.status = 503
    assert run("invoices_genesys_cloud", month="2023-01", accounts=["nord-contact"]).state == "success"
    assert run("alerts").state == "failed"
    assert rows(billing, "select count(*) from billing.alert") == [(0,)]

    webhook.status = 200
    assert run("invoices_fastly", month="2023-02", accounts=["somebody"]).state == "failed"
    at_once = webhook.messages.pop()
    assert at_once["title"] == "Tieout: 1 failed task"
    assert "- invoices_fastly, plan_month: no account 'somebody' in accounts.yaml" in at_once["message"]

    assert run("alerts").state == "success"
    assert run("alerts").state == "success"
    (message,) = webhook.messages
    assert "somebody" not in message["message"]
    assert "- invoices_fastly, plan_month: no account 'nobody' in accounts.yaml" in message["message"]
    assert "1 failed task" in message["title"]
    assert "missing bills" in message["title"]
