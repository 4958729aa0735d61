"""The page of accruals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from billing.month import Month
from billing_ui.charts import columns
from billing_ui.pages.page import Database, answer, picture, render
from billing_ui.queries.accruals import accruals
from billing_ui.rights import Readable

html, api = APIRouter(), APIRouter()


def _data(
    database: Database, readable: Readable, last: str = "", months: Annotated[int, Query(ge=1, le=60)] = 13
) -> dict[str, Any]:
    ending = Month.parse(last) if last else Month.of(datetime.now(UTC).date())
    return {"last": str(ending), "span": months, **accruals(database, readable, ending, months)}


Data = Annotated[dict[str, Any], Depends(_data)]


@html.get("/accruals")
def accruals_page(request: Request, data: Data) -> HTMLResponse:
    """Show accruals, reversals and true-ups."""
    return render(request, "accruals.html", data)


@html.get("/accruals/chart.svg")
def accruals_chart(data: Data) -> Response:
    """Draw how far the estimates were from the bills, on average, in percent."""
    rows = [row for row in data["quality"] if row["mean_absolute_percent"] is not None]
    labels = [f"{row['account']} {row['currency']}" for row in rows]
    return picture(columns(labels, {"percent": [row["mean_absolute_percent"] for row in rows]}, stacked=False))


@api.get("/accruals")
def accruals_data(data: Data) -> JSONResponse:
    """Return the accruals and how good they were."""
    return answer(data)
