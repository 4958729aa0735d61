"""
dlt, as its documentation shows it: a resource over the pages, merged by key, lines as a nested table.

Runs in an environment of its own. Option ``declared``: every column has its type and precision, and numbers are read
as ``Decimal``; so it is exact. Option ``default``: what a user gets who says nothing of types.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading.job import Job, job_of_process, report
from loading.measuring import measured

_NUMBER = {"data_type": "decimal", "precision": 38, "scale": 9}
_TEXT = {"data_type": "text"}
_MOMENT = {"data_type": "timestamp"}
_INVOICE = {
    **dict.fromkeys(("customer_id", "invoice_id", "statement_number", "currency_code"), _TEXT),
    **dict.fromkeys(("invoice_posted_on", "billing_start_date", "billing_end_date"), _MOMENT),
    "monthly_transaction_amount": _NUMBER,
}
_LINE_TEXTS = ("description", "product_name", "product_group", "product_line", "region", "usage_type")
_LINE = dict.fromkeys(_LINE_TEXTS, _TEXT) | dict.fromkeys(("amount", "rate", "units"), _NUMBER)


def main() -> None:
    job = job_of_process()
    os.environ |= {"DLT_DATA_DIR": job.folder, "RUNTIME__DLTHUB_TELEMETRY": "false"}
    import dlt  # noqa: PLC0415 (it reads its settings when it is imported)

    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=job.folder,
        destination=dlt.destinations.postgres(job.dsn),
        dataset_name="bench",
    )
    declared = job.option == "declared"
    hints = {"columns": _columns(_INVOICE)} if declared else {}
    resource = dlt.resource(
        _rows(job, declared), name="invoice", write_disposition="merge", primary_key="invoice_id", **hints
    )
    if declared:
        resource.apply_hints(nested_hints={"transaction_line_items": {"columns": _columns(_LINE)}})
    with measured(job.dsn, job.postmaster) as cost:
        pipeline.run(resource).raise_on_failed_jobs()
    report(cost)


def _rows(job: Job, declared: bool) -> Iterator[list[dict[str, Any]]]:
    session, cursor = requests.Session(), ""
    while cursor is not None:
        params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        answer = session.get(f"{job.vendor_url}/billing/v3/invoices", params=params)
        page = json.loads(answer.content, parse_float=Decimal) if declared else answer.json()
        yield page["data"]
        cursor = page["meta"].get("next_cursor")


def _columns(types: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {"name": name, **told} for name, told in types.items()}


if __name__ == "__main__":
    main()
