"""The page of what is spent, its charts, and its tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from billing.month import Month
from billing_ui.charts import columns
from billing_ui.pages.page import Database, answer, picture, render
from billing_ui.queries.spend import currencies, spend
from billing_ui.rights import Readable

html, api = APIRouter(), APIRouter()

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _data(
    database: Database,
    readable: Readable,
    currency: str = "",
    vendor: str = "",
    last: str = "",
    months: Annotated[int, Query(ge=1, le=60)] = 13,
    against: Literal["month", "year"] = "month",
) -> dict[str, Any]:
    chosen = [name for name in readable if vendor in ("", name)]
    known = currencies(database, readable)
    code = currency or next(iter(known), "")
    ending = Month.parse(last) if last else Month.of(datetime.now(UTC).date()).shifted(-1)
    before = ending.shifted(-12 if against == "year" else -1)
    return {
        "vendors": list(readable),
        "vendor": vendor,
        "currency": code,
        "currencies": known,
        "last": str(ending),
        "before": str(before),
        "against": against,
        "span": months,
        **spend(database, chosen, code, ending, months, before),
    }


Data = Annotated[dict[str, Any], Depends(_data)]


@html.get("/spend")
def spend_page(request: Request, data: Data) -> HTMLResponse:
    """Show what is spent."""
    return render(request, "spend.html", **data, table=_by_month(data))


@html.get("/spend/chart.svg")
def spend_chart(data: Data) -> Response:
    """Draw the amounts by month and vendor."""
    table = _by_month(data)
    series = {name: [row[name] for row in table["rows"]] for name in table["vendors"]}
    return picture(columns([row["month"] for row in table["rows"]], series))


@html.get("/spend/{name}.csv")
def spend_csv(data: Data, name: Literal["by_month", "by_product", "by_region", "changes"]) -> Response:
    """Return one of the page's tables as CSV, every figure exact."""
    body = to_csv(data[name])
    headers = {"Content-Disposition": f'attachment; filename="{name}-{data["currency"]}-{data["last"]}.csv"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@api.get("/spend")
def spend_data(data: Data) -> JSONResponse:
    """Return what is spent by month, product and region, and the largest changes."""
    return answer(data)


def to_csv(found: Sequence[dict[str, Any]]) -> str:
    """
    Write rows as CSV for spreadsheets: a text that would be a formula begins with an apostrophe.

    :raises HTTPException: 404 if there are no rows.
    """
    if not found:
        raise HTTPException(404, "There is nothing to write down.")
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(found[0])
    for row in found:
        writer.writerow([_defused(value) for value in row.values()])
    return file.getvalue()


def _defused(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _by_month(data: dict[str, Any]) -> dict[str, Any]:
    """Return a row for each month with the amount of each vendor in the page's currency and their sum."""
    amounts = {(f"{row['month']:%Y-%m}", row["vendor"]): row["amount"] for row in data["by_month"]}
    vendors = sorted({vendor for _, vendor in amounts})
    table = []
    for month in data["months"]:
        billed = {vendor: amounts.get((month, vendor)) for vendor in vendors}
        known = [amount for amount in billed.values() if amount is not None]
        table.append({"month": month, **billed, "total": sum(known, Decimal(0)) if known else None})
    return {"vendors": vendors, "rows": table}
