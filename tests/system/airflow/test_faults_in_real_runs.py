"""Six faults of the matrix through real DAG runs: the month is right in the end, and no secret is left anywhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from tests.matrix.faults.dump import Dump
from tests.matrix.faults.secret_markers import SecretMarkers, command_lines, files_below
from tests.system.airflow.conftest import ACCOUNTS, FASTLY, GENESYS, Services

LINKED = "genesys.invoice_document"
# DAG, month, the error of the failed task if one fails, and the fault
RUNS = {
    "resent within the task": (FASTLY, "2025-01", None, {"kind": "status", "status": 503, "times": 2}),
    "half of the body": (FASTLY, "2025-02", None, {"kind": "reset_body", "times": 1}),
    "half of the JSON": (FASTLY, "2025-03", "BrokenResponse", {"kind": "truncated", "times": None}),
    "token ends in a listing": (GENESYS, "2025-04", None, {"kind": "expire_tokens", "times": 1}),
    "reports take a while": (GENESYS, "2025-05", None, {"kind": "accepted", "times": 2}),
    "link to a private network": (
        GENESYS,
        "2025-06",
        None,  # the month is stored, without the PDF
        {"kind": "document_url", "times": None, "url": "https://169.254.169.254/latest/meta-data"},
    ),
}


def arm(services: Services, what: str) -> None:
    """Put the fault on requests that name the run's month alone."""
    dag_id, month, _, fault = RUNS[what]
    year, number = map(int, month.split("-"))
    before = f"{year - 1 - (number == 1)}-{(number - 2) % 12 + 1:02d}"  # a year of service, and the month before
    operation, path = {
        "expire_tokens": ("genesys.invoices", f"*dateStart={before}-01*"),
        "accepted": ("genesys.usage_report", f"*startDate={month}-01*"),
        "document_url": (LINKED, "*"),
    }.get(str(fault["kind"]), ("fastly.v3.service_usage_metrics", f"*start_month={month}*"))
    if operation == LINKED:
        (invoice, *_) = services.simulator.truth("genesys_cloud", ACCOUNTS[dag_id], month)
        path = f"*{invoice.invoice_id}*"
    services.simulator.faults.add(operation=operation, path=path, **fault)


@contextmanager
def watching() -> Iterator[list[str]]:
    """Take the command lines of all processes, again and again."""
    seen: list[str] = []
    over = threading.Event()

    def probe() -> None:
        while not over.wait(0.3):
            seen.append(command_lines())

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def ended(services, scheduled):
    """Run all six, mend what failed and run it again; gives states, first errors, and command lines seen meanwhile."""
    with watching() as seen:
        for what in RUNS:
            arm(services, what)
        runs = {what: services.api.trigger(RUNS[what][0], {"month": RUNS[what][1]}) for what in RUNS}
        states = {what: services.wait(RUNS[what][0], run) for what, run in runs.items()}
        met = {fault["kind"]: fault["met"] for fault in services.simulator.faults.summary()}
        services.simulator.lift_faults()
        errors = {}
        for what, (dag_id, month, error, _) in RUNS.items():
            if error is None:
                continue
            assert months_of(services, dag_id, month) == []
            task = services.task(dag_id, runs[what], "fetch")
            errors[what] = [
                line["error_detail"][0]["exc_type"] for line in services.log(task) if "error_detail" in line
            ]
            body = {"dry_run": False, "dag_run_id": runs[what], "only_failed": True, "reset_dag_runs": True}
            services.api.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)
        mended = {what: services.wait(RUNS[what][0], runs[what]) for what in errors}
    return {"states": states, "errors": errors, "mended": mended, "met": met, "command lines": seen}


def months_of(services: Services, dag_id: str, month: str):
    query = "select account from billing.account_month where account = :account and month = cast(:day as date)"
    return services.rows(query, account=ACCOUNTS[dag_id], day=f"{month}-01")


def test_each_fault_was_met_and_ends_as_in_the_matrix(ended):
    assert set(ended["met"]) == {fault["kind"] for *_, fault in RUNS.values()}
    assert all(ended["met"].values())
    assert ended["states"] == {what: "failed" if error else "success" for what, (_, _, error, _) in RUNS.items()}
    assert ended["errors"] == {what: [error] for what, (_, _, error, _) in RUNS.items() if error}
    assert set(ended["mended"].values()) == {"success"}


@pytest.mark.parametrize("what", RUNS)
def test_the_month_is_what_the_vendor_billed(services, ended, what):
    dag_id, month, *_ = RUNS[what]
    account, vendor = ACCOUNTS[dag_id], dag_id.removeprefix("invoices_")
    truth = {invoice.invoice_id: invoice.total for invoice in services.simulator.truth(vendor, account, month)}

    stored = services.rows(
        "select invoice_id, total from billing.current_invoice where account = :account and month = cast(:day as date)",
        account=account,
        day=f"{month}-01",
    )

    assert dict(stored) == truth
    assert months_of(services, dag_id, month) == [(account,)]


def test_no_secret_is_left_in_airflow_or_in_what_we_keep(services, ended):
    """Task logs, every table of Airflow's database (XCom and rendered templates too), ours, files, command lines."""
    simulator, stack = services.simulator, services.stack
    secret_markers = SecretMarkers()
    secret_markers.add_connections(simulator.connections())
    secret_markers.add_issued(simulator, simulator.stats.requests)
    secret_markers.add("password of the tasks' login", stack.database_connection()["password"])
    secret_markers.add("password of the database", stack.postgres.password)
    billing = create_engine(stack.billing_url, poolclass=NullPool)
    texts = {
        "Airflow's logs": files_below(stack.state.airflow_home / "logs"),
        "Airflow's database": rows_of(stack.postgres.url("airflow")),
        "billing database": Dump(billing).text(),
        "documents and certificates": files_below(stack.state.documents),
        "command lines": "\n".join(ended["command lines"]),
    }

    assert secret_markers.leaks(texts) == []
    assert all(texts.values())
    assert {"link signature", "access token", "Fastly token", "client secret"} <= secret_markers.by_kind.keys()
    for known, place in (
        ("PayloadError", "Airflow's logs"),
        ("fetch_id", "Airflow's database"),
        (ACCOUNTS[FASTLY], "billing database"),
        ("%PDF", "documents and certificates"),
        ("airflow", "command lines"),
    ):
        assert known in texts[place], f"{place} was not read"


def rows_of(url: str) -> str:
    """Give every row of every table of a database as text."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        tables = connection.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars().all()
        rows = [row for name in tables for row in connection.execute(text(f'select t::text from "{name}" t')).scalars()]
    engine.dispose()
    return "\n".join(rows)
