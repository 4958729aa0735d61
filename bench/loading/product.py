"""
Tieout itself: what the tasks ``fetch`` and ``reconcile`` of a month call, with their engine, hook and folder.

Inside the clock: connecting, all requests, every answer kept and hashed, derivation, versions, all controls, their
results, the certificate. Outside: Python's start and the imports, which a task's process does before its work.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import ParamSpec, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading.fastly_bill import CUSTOMER, MONTH
from loading.job import Job, job_of_process, report
from loading.measuring import Cost, measured

P = ParamSpec("P")
R = TypeVar("R")

ACCOUNT = "bench"
_PARTS = {
    "prove": ("billing.proof", "run_controls"),
    "results": ("billing.proof", "save_reconciliation"),
    "certificate": ("billing_vendors.base.proving", "publish"),
}


def main() -> None:
    job = job_of_process()
    _settings(job)
    # Airflow reads its settings when it is imported
    from airflow.sdk.execution_time.context import set_current_context  # noqa: PLC0415

    from billing_vendors.base.fetching import fetch_month  # noqa: PLC0415
    from billing_vendors.base.proving import reconcile_fetched  # noqa: PLC0415
    from billing_vendors.fastly.vendor import FASTLY  # noqa: PLC0415

    vendor_work, controls = FASTLY.work(), FASTLY.catalogue()
    parts: dict[str, float] = {}
    for part, (module, name) in _PARTS.items():
        found = import_module(module)
        setattr(found, name, _timed(parts, part, getattr(found, name)))
    work = replace(vendor_work, derive=_timed(parts, "derive", vendor_work.derive))
    vendor = replace(FASTLY, work=lambda: work, catalogue=lambda: controls)
    run = {"dag_run": SimpleNamespace(run_id=f"bench {time.time()}")}
    with set_current_context(run), measured(job.dsn, job.postmaster) as cost:
        fetch_id = _timed(parts, "fetch", fetch_month)(vendor, ACCOUNT, MONTH, again=True)
        _timed(parts, "reconcile", reconcile_fetched)(vendor, ACCOUNT, fetch_id)
    report(_with_parts(cost, parts))


def _settings(job: Job) -> None:
    """Give the accounts file, connections and folders to this process, as a deployment would."""
    folder = Path(job.folder)
    account = {"name": ACCOUNT, "vendor": "fastly", "conn_id": "fastly_bench", "customer_id": CUSTOMER, "api": "v3"}
    account |= {"currency": "USD", "first_month": MONTH, "posting_day": 5}
    (folder / "accounts.yaml").write_text(json.dumps({"accounts": [account]}), encoding="utf-8")
    os.environ |= {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW_CONN_BILLING_DB": job.dsn.replace("postgresql:", "postgres:"),
        "AIRFLOW_CONN_FASTLY_BENCH": json.dumps({"conn_type": "fastly", "host": job.vendor_url, "password": "token"}),
        "TIEOUT_ACCOUNTS": str(folder / "accounts.yaml"),
        "TIEOUT_DOCUMENTS": str(folder / "documents"),
    }
    logging.basicConfig(filename=folder / "task.log", level=logging.INFO)


def _timed(parts: dict[str, float], part: str, work: Callable[P, R]) -> Callable[P, R]:
    """Add up the wall seconds of a piece of work under a name."""

    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        started = time.monotonic()
        try:
            return work(*args, **kwargs)
        finally:
            parts[part] = parts.get(part, 0.0) + time.monotonic() - started

    return timed


def _with_parts(cost: Cost, parts: dict[str, float]) -> Cost:
    """Say of the whole how much each part took; what reconciling takes beside the named parts is storing."""
    named = sum(parts.get(part, 0.0) for part in ("derive", *_PARTS))
    cost.parts = {part: parts.get(part, 0.0) for part in ("fetch", "derive")}
    cost.parts |= {"store": parts["reconcile"] - named} | {part: parts.get(part, 0.0) for part in _PARTS}
    return cost


if __name__ == "__main__":
    main()
