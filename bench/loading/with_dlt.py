"""
dlt, as its documentation shows it: a resource over the pages, merged by key, lines as a nested table.

Runs in an environment of its own. Option ``declared``: every column has its type and precision, and numbers are read
as ``Decimal``; so it is exact. Option ``default``: dlt's own types.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading.job import Job, job_of_process, report
from loading.measuring import measured

_NUMBER = {"data_type": "decimal", "precision": 38, "scale": 9}
_TEXT = {"data_type": "text"}
_MOMENT = {"data_type": "timestamp"}
_DAY = {"data_type": "date"}
_TYPES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("customer_id", "invoice_id", "statement_number", "currency_code", "id"), _TEXT),
    **dict.fromkeys(("currency_iso_code", "payment_status", "payment_terms", "customer_po_number"), _TEXT),
    **dict.fromkeys(("description", "product_name", "product_group", "product_line", "region", "usage_type"), _TEXT),
    **dict.fromkeys(("unit_of_measure", "customer_invoice_type"), _TEXT),
    **dict.fromkeys(("invoice_posted_on", "billing_start_date", "billing_end_date"), _MOMENT),
    **dict.fromkeys(("date_invoiced", "date_transacted", "date_start", "date_end"), _DAY),
    **dict.fromkeys(("monthly_transaction_amount", "amount", "rate", "units", "quantity"), _NUMBER),
}
_INVOICE = {
    "fastly": "customer_id invoice_id statement_number currency_code invoice_posted_on billing_start_date"
    " billing_end_date monthly_transaction_amount",
    "genesys_cloud": "id currency_iso_code payment_status payment_terms customer_po_number customer_invoice_type"
    " date_invoiced amount",
}
_LINE = {
    "fastly": "description product_name product_group product_line region usage_type amount rate units",
    "genesys_cloud": "id description unit_of_measure date_transacted date_start date_end quantity amount",
}
_NESTED = {"fastly": "transaction_line_items", "genesys_cloud": "lines"}
_KEYS = {"fastly": "invoice_id", "genesys_cloud": "id"}
_GENESYS = "/api/v2/billing/contracts/invoices"

Get = Callable[[str, dict[str, str]], Any]


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
    hints = {"columns": _columns(_INVOICE[job.vendor])} if declared else {}
    resource = dlt.resource(
        _PAGES[job.vendor](_getter(job, exact=declared)),
        name="invoice",
        write_disposition="merge",
        primary_key=_KEYS[job.vendor],
        **hints,
    )
    if declared:
        resource.apply_hints(nested_hints={_NESTED[job.vendor]: {"columns": _columns(_LINE[job.vendor])}})
    with measured(job.dsn, job.postmaster) as cost:
        pipeline.run(resource).raise_on_failed_jobs()
    report(cost)


def _getter(job: Job, *, exact: bool) -> Get:
    """Return a function that sends requests over one connection; ``exact`` reads numbers as decimals."""
    session = requests.Session()

    def get(path: str, params: dict[str, str]) -> Any:  # noqa: ANN401 (a JSON value)
        response = session.get(f"{job.vendor_url}{path}", params=params)
        return json.loads(response.content, parse_float=Decimal) if exact else response.json()

    return get


def _fastly(get: Get) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    while cursor is not None:
        page = get("/billing/v3/invoices", {"limit": "200"} | ({"cursor": cursor} if cursor else {}))
        yield page["data"]
        cursor = page["meta"].get("next_cursor")


def _genesys_cloud(get: Get) -> Iterator[list[dict[str, Any]]]:
    for page in _entities(get, _GENESYS):
        for invoice in page:
            lines = [line for rows in _entities(get, f"{_GENESYS}/{invoice['id']}/lines") for line in rows]
            yield [invoice | {"lines": lines}]


def _entities(get: Get, path: str) -> Iterator[list[dict[str, Any]]]:
    params: dict[str, str] | None = {"pageSize": "200"}
    while params is not None:
        page = get(path, params)
        yield page["entities"]
        after = parse_qs(urlsplit(page.get("nextUri") or "").query).get("after")
        params = {"pageSize": "200", "after": after[0]} if after else None


_PAGES = {"fastly": _fastly, "genesys_cloud": _genesys_cloud}


def _columns(names: str) -> dict[str, dict[str, Any]]:
    return {name: {"name": name, **_TYPES[name]} for name in names.split()}


if __name__ == "__main__":
    main()
