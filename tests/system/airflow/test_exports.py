"""A month that real services have stored is exported by a run of its own, and again by a backfill."""

from decimal import Decimal
from functools import partial

import duckdb
from tests.system.airflow.conftest import ACCOUNTS, FASTLY

EXPORT, MONTH = "export_focus", "2024-01"


def test_a_stored_month_starts_its_export_and_can_be_backfilled(services):
    for dag_id in (FASTLY, EXPORT):
        services.api.set_paused(dag_id, paused=False)
    files = services.stack.state.airflow_home / "exports" / "focus-1.2" / "cost-and-usage"
    file = files / "fastly" / f"{MONTH}.parquet"

    run = services.api.trigger(FASTLY, {"month": MONTH})
    assert services.wait(FASTLY, run) == "success"

    services.until(file.exists, "the month is exported")
    started = services.runs(EXPORT, run_type="asset_triggered")
    assert [services.wait(EXPORT, each["dag_run_id"]) for each in started] == ["success"] * len(started)
    billed = dict(duckdb.sql(f"select InvoiceId, sum(BilledCost) from '{file}' group by 1").fetchall())
    truth = services.simulator.truth("fastly", ACCOUNTS[FASTLY], MONTH)
    assert billed == {invoice.invoice_id: Decimal(invoice.total) for invoice in truth}
    assert not (files / "genesys_cloud" / f"{MONTH}.parquet").exists()

    file.unlink()
    backfill = services.api.create_backfill(EXPORT, f"{MONTH}-01T00:00:00Z", f"{MONTH}-28T00:00:00Z")
    services.until(lambda: services.api.call("GET", f"/backfills/{backfill}")["completed_at"], "the backfill ends")
    (again,) = services.until(partial(services.runs, EXPORT, run_type="backfill"), "there is its run")
    assert (services.wait(EXPORT, again["dag_run_id"]), file.exists()) == ("success", True)
