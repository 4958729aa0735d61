"""The first page: accounts by months."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy import text

from billing.config.accounts import load_accounts
from billing.month import Month
from billing_ui.pages.page import STATES, Database, answer, asked_month, error_page, first, render, rows
from billing_ui.queries.months import Filters, estimates, matrix
from billing_ui.rights import Readable
from billing_vendors.registry import vendors

html, api = APIRouter(), APIRouter()

# a run is of one month; the account is there if it is the only one
_MONTH_OF_RUN = text("""
    select vendor, month, case when min(account) = max(account) then min(account) end as account
    from billing.fetch
    where dag_run = :run and vendor = any(:vendors)
    group by vendor, month order by min(fetch_id) limit 1
""")


def _filters(
    vendor: str | None = None, account: str | None = None, currency: str | None = None, state: str | None = None
) -> Filters:
    return Filters(vendor or None, account or None, currency or None, state or None)


def _data(
    database: Database,
    readable: Readable,
    filters: Annotated[Filters, Depends(_filters)],
    last: str = "",
    page: Annotated[int, Query(ge=1)] = 1,
) -> dict[str, Any]:
    running = Month.of(datetime.now(UTC).date())
    ending = asked_month(last, running)
    accounts = [
        each
        for vendor in vendors()
        if vendor.name in readable
        for each in load_accounts(vendor.name, vendor.settings_type)
    ]
    found = matrix(database, accounts, readable, ending, filters, page)
    return {
        **found,
        "last": str(ending),
        "running": str(running),
        "filters": filters,
        "vendors": list(readable),
        "estimates": estimates(database, readable, running),
    }


Data = Annotated[dict[str, Any], Depends(_data)]


@html.get("/")
def months_page(request: Request, data: Data) -> HTMLResponse:
    """Show the matrix."""
    last = Month.parse(data["last"])
    moves = {"earlier": str(last.shifted(-12)), "later": str(last.shifted(12)), "known": list(STATES)}
    return render(request, "months.html", data | moves)


@api.get("/months")
def months_data(data: Data) -> JSONResponse:
    """Return the matrix, its totals and what is awaited."""
    return answer(data)


@html.get("/run")
def month_of_run(request: Request, database: Database, readable: Readable, dag_id: str, run_id: str) -> Response:
    """Go to the month that a DAG run collected; the tab of a run opens this."""
    found = first(rows(database, _MONTH_OF_RUN, run=run_id, vendors=list(readable)))
    if found is None:
        return error_page(request, 404, f"The run {run_id} of {dag_id} has stored nothing yet.")
    root = request.scope.get("root_path", "")
    month = f"{found['month']:%Y-%m}"
    if found["account"]:
        return RedirectResponse(f"{root}/months/{found['vendor']}/{quote(found['account'], safe='')}/{month}")
    return RedirectResponse(f"{root}/?vendor={found['vendor']}&last={month}")
