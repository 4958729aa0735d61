"""
Tieout itself: what the tasks ``fetch`` and ``reconcile`` of a month call, with their engine, hook and folder.

Measured: connecting, all requests, every response stored and hashed, derivation, versions, all controls, their
results, the certificate. Not measured: Python's start and the imports, which a task's process does before its work.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading import fastly_bill, genesys_bill
from loading.job import Job, job_of_process, report
from loading.measuring import Cost, measured

if TYPE_CHECKING:  # Airflow reads its settings when it is imported
    from airflow.sdk import Context

P = ParamSpec("P")
R = TypeVar("R")

ACCOUNT, MONTH = "bench", fastly_bill.MONTH
_PARTS = {
    "prove": ("billing.reconciliation.reconciler", "run_controls"),
    "results": ("billing.reconciliation.reconciler", "save_reconciliation"),
    "certificate": ("billing_vendors.base.tasks.reconcile", "publish"),
}


def main() -> None:
    job = job_of_process()
    give_settings(job)
    # Airflow reads its settings when it is imported
    from airflow.sdk.execution_time.context import set_current_context  # noqa: PLC0415

    from billing_vendors.base.tasks.fetch import fetch_month  # noqa: PLC0415
    from billing_vendors.base.tasks.reconcile import reconcile_fetched  # noqa: PLC0415
    from billing_vendors.registry import vendor_named  # noqa: PLC0415

    vendor = vendor_named(job.vendor)
    usual, controls = vendor.load_implementation(), vendor.controls()
    parts: dict[str, float] = {}
    for part, (module, name) in _PARTS.items():
        found = import_module(module)
        setattr(found, name, _timed(parts, part, getattr(found, name)))
    implementation = replace(usual, derive=_timed(parts, "derive", usual.derive))
    vendor = replace(vendor, load_implementation=lambda: implementation, load_controls=lambda: controls)
    run = cast("Context", {"dag_run": SimpleNamespace(run_id=f"bench {time.time()}")})
    with set_current_context(run), measured(job.dsn, job.postmaster) as cost:
        fetch_id = _timed(parts, "fetch", fetch_month)(vendor, ACCOUNT, MONTH, again=True)
        _timed(parts, "reconcile", reconcile_fetched)(vendor, ACCOUNT, fetch_id)
    report(_with_parts(cost, parts))


def give_settings(job: Job) -> None:
    """Return the accounts file, connections and folders to this process, as a deployment would."""
    folder = Path(job.folder)
    own, connection = _PEOPLE[job.vendor](job.vendor_url)
    account = {"name": ACCOUNT, "vendor": job.vendor, "conn_id": "bench", "first_month": MONTH, "posting_day": 5}
    account |= own
    (folder / "accounts.yaml").write_text(json.dumps({"accounts": [account]}), encoding="utf-8")
    os.environ |= {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW_CONN_BILLING_DB": job.dsn.replace("postgresql:", "postgres:"),
        "AIRFLOW_CONN_BENCH": json.dumps({"conn_type": job.vendor, "password": "secret"} | connection),
        "TIEOUT_ACCOUNTS": str(folder / "accounts.yaml"),
        "TIEOUT_DOCUMENTS": str(folder / "documents"),
    }
    logging.basicConfig(filename=folder / "task.log", level=logging.INFO)


def _fastly(url: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return an account's own keys, and a connection's."""
    return {"customer_id": fastly_bill.CUSTOMER, "api": "v3", "currency": "USD"}, {"host": url}


def _genesys_cloud(url: str) -> tuple[dict[str, str], dict[str, Any]]:
    own = {"organization_id": genesys_bill.ORGANIZATION["id"], "bill_to": genesys_bill.CUSTOMER["number"]}
    return own | {"currency": "EUR"}, {"login": "client", "extra": {"api_host": url}}


_PEOPLE = {"fastly": _fastly, "genesys_cloud": _genesys_cloud}


def _timed(parts: dict[str, float], part: str, work: Callable[P, R]) -> Callable[P, R]:
    """Add up the wall seconds of a piece of work under a name."""

    @wraps(work)
    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        started = time.monotonic()
        try:
            return work(*args, **kwargs)
        finally:
            parts[part] = parts.get(part, 0.0) + time.monotonic() - started

    return timed


def _with_parts(cost: Cost, parts: dict[str, float]) -> Cost:
    """Return the whole time and its parts; the rest of reconciling, besides the named parts, is storing."""
    named = sum(parts.get(part, 0.0) for part in ("derive", *_PARTS))
    cost.parts = {part: parts.get(part, 0.0) for part in ("fetch", "derive")}
    cost.parts |= {"store": parts["reconcile"] - named} | {part: parts.get(part, 0.0) for part in _PARTS}
    return cost


if __name__ == "__main__":
    main()
