"""The page of what is spent, its charts, and its tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import Connection

from billing.money import exact_sum
from billing.month import Month
from billing.spreadsheets import safe_text
from billing_ui.charts import columns
from billing_ui.pages.page import Database, answer, asked_month, picture, render
from billing_ui.queries.months import estimates
from billing_ui.queries.spend import by_month, by_product, by_region, changes, currencies
from billing_ui.rights import Readable

html, api = APIRouter(), APIRouter()

_OTHER_COLUMNS = {"year_before": "all, a year before", "estimate": "estimate of the running month"}


@dataclass(frozen=True)
class Asked:
    """
    What is asked for: a currency, the vendors, the months, and the month that the last one is compared with.

    :param vendors: that are summed up; ``vendor`` is the one that was chosen, or empty.
    """

    currency: str
    currencies: list[str]
    vendor: str
    vendors: tuple[str, ...]
    last: Month
    span: int
    against: str

    @property
    def before(self) -> Month:
        """The month that the last one is compared with."""
        return self.last.shifted(-12 if self.against == "year" else -1)

    def as_dict(self) -> dict[str, Any]:
        """Return what was asked for, as pages and JSON say it."""
        return {
            "currency": self.currency,
            "currencies": self.currencies,
            "vendor": self.vendor,
            "last": str(self.last),
            "before": str(self.before),
            "span": self.span,
            "against": self.against,
        }


def _asked(
    database: Database,
    readable: Readable,
    currency: str = "",
    vendor: str = "",
    last: str = "",
    months: Annotated[int, Query(ge=1, le=60)] = 13,
    against: Literal["month", "year"] = "month",
) -> Asked:
    known = currencies(database, readable)
    ending = asked_month(last, Month.of(datetime.now(UTC).date()).shifted(-1))
    chosen = tuple(name for name in readable if vendor in ("", name))
    return Asked(currency or next(iter(known), ""), known, vendor, chosen, ending, months, against)


Question = Annotated[Asked, Depends(_asked)]


def _tables(database: Connection, asked: Asked) -> dict[str, list[dict[str, Any]]]:
    span = (database, asked.vendors, asked.currency, asked.last, asked.span)
    return {"by_month": by_month(*span), "by_product": by_product(*span)}


def _month_tables(database: Connection, asked: Asked) -> dict[str, list[dict[str, Any]]]:
    month = (database, asked.vendors, asked.currency, asked.last)
    return {"changes": changes(*month, asked.before), "by_region": by_region(*month)}


@html.get("/spend")
def spend_page(request: Request, database: Database, readable: Readable, asked: Question) -> HTMLResponse:
    """Show what is spent over months."""
    tables = _tables(database, asked)
    matrix = _matrix(database, asked, tables["by_month"])
    return render(request, "spend.html", asked.as_dict() | tables | {"vendors": list(readable), "table": matrix})


@html.get("/spend/changes")
def changes_page(request: Request, database: Database, readable: Readable, asked: Question) -> HTMLResponse:
    """Show what changed in a month, and its regions: every line of two months is read for it."""
    shown = asked.as_dict() | _month_tables(database, asked) | {"vendors": list(readable)}
    return render(request, "spend_changes.html", shown)


@html.get("/spend/chart.svg")
def spend_chart(database: Database, asked: Question) -> Response:
    """Draw the amounts by month and vendor, beside what all of them billed a year before, and the estimate."""
    found = by_month(database, asked.vendors, asked.currency, asked.last, asked.span)
    table = _matrix(database, asked, found)
    names = {name: name for name in table["vendors"]} | _OTHER_COLUMNS
    series = {title: [row[name] for row in table["rows"]] for name, title in names.items()}
    drawn = {title: values for title, values in series.items() if any(value is not None for value in values)}
    return picture(columns([row["month"] for row in table["rows"]], drawn, stacked=False))


@html.get("/spend/{name}.csv")
def spend_csv(
    database: Database, asked: Question, name: Literal["by_month", "by_product", "by_region", "changes"]
) -> Response:
    """Return one of the tables as CSV, every figure exact."""
    tables = _tables if name in ("by_month", "by_product") else _month_tables
    headers = {"Content-Disposition": f'attachment; filename="{name}-{asked.last}.csv"'}
    return Response(to_csv(tables(database, asked)[name]), media_type="text/csv; charset=utf-8", headers=headers)


@api.get("/spend")
def spend_data(database: Database, asked: Question) -> JSONResponse:
    """Return what is spent by month and product."""
    return answer(asked.as_dict() | _tables(database, asked))


@api.get("/spend/changes")
def changes_data(database: Database, asked: Question) -> JSONResponse:
    """Return the largest changes of a month, and its regions."""
    return answer(asked.as_dict() | _month_tables(database, asked))


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
        writer.writerow([_cell(value) for value in row.values()])
    return file.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    return safe_text(value) if isinstance(value, str) else value


def _matrix(database: Connection, asked: Asked, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a row for each month: the amount of each vendor, their sum, that of a year before, and the estimate."""
    amounts = {(f"{row['month']:%Y-%m}", row["vendor"]): row["amount"] for row in found}
    earlier: dict[str, Decimal] = {}
    for row in by_month(database, asked.vendors, asked.currency, asked.last.shifted(-12), asked.span):
        earlier[f"{row['month']:%Y-%m}"] = exact_sum((earlier.get(f"{row['month']:%Y-%m}", Decimal(0)), row["amount"]))
    running = Month.of(datetime.now(UTC).date())
    estimated = [row for row in estimates(database, asked.vendors, running) if row["currency"] == asked.currency]
    vendors = sorted({vendor for _, vendor in amounts})
    table = []
    for month in (asked.last.shifted(-back) for back in reversed(range(asked.span))):
        billed = {vendor: amounts.get((str(month), vendor)) for vendor in vendors}
        known = [amount for amount in billed.values() if amount is not None]
        estimate = exact_sum(row["total"] for row in estimated) if estimated and month == running else None
        total = exact_sum(known) if known else None
        before = earlier.get(str(month.shifted(-12)))
        table.append({"month": str(month), **billed, "total": total, "year_before": before, "estimate": estimate})
    return {"vendors": vendors, "rows": table, "estimated": any(row["estimate"] is not None for row in table)}
