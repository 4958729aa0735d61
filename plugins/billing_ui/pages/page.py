"""What all pages share: templates, links that know where the application is mounted, figures as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection

from billing.errors import ConfigurationError
from billing.money import minor_unit
from billing.month import Month
from billing.payloads import exact_json
from billing_ui.database import connect

Database = Annotated[Connection, Depends(connect)]

EXACT_OR_NOT = Context(prec=200)
_FIRST, _LAST = Month(2000, 1), Month(2100, 1)

STATES = {
    "reconciled": ("✓", "reconciled", "every control passed or does not apply"),
    "warnings": ("!", "warnings", "nothing is wrong, something is worth a look"),
    "exceptions": ("✕", "exceptions", "a person has to look"),
    "blocked": ("■", "blocked", "a figure is missing that a control needs"),
    "no_bill": ("–", "no bill expected", "every control passed, and the vendor bills nothing"),
    "withdrawn": ("↩", "withdrawn", "the vendor took back every bill of the month"),
    "awaited": ("…", "awaited", "not read yet, the vendor has until the day below"),
    "missing": ("?", "missing", "not read yet, past the day by which the vendor bills"),
    "closed": ("▣", "closed", "approved by a second person; the figures are as closed"),
    "changed": ("△", "changed after closing", "a figure or a finding is another one than when it was closed"),
    "running": ("○", "running", "the month is not over"),
    "none": ("", "none", "before the account's first month"),
}
"""Symbol, word and meaning of each state of a month: never colour alone."""


def _number(value: Decimal | int | None, currency: str | None = None) -> str:
    """
    Write a figure with all its digits and a comma between thousands.

    :param currency: of an amount: it has at least the digits of the currency's minor unit.
    """
    if value is None:
        return ""
    if not isinstance(value, Decimal):
        return f"{value:,}"
    unit = minor_unit(currency) if currency else None
    if unit is not None and value == value.quantize(unit, context=EXACT_OR_NOT):
        value = value.quantize(unit, context=EXACT_OR_NOT)
    return f"{value:,f}"


def _count(number: int, word: str) -> str:
    """Write a number and its noun: ``1 bill``, ``2 bills``."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _moment(value: datetime | date | None) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else value.isoformat()


def _month(value: date) -> str:
    return f"{value:%Y-%m}"


HTML = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
HTML.filters |= {
    "count": _count,
    "as_json": exact_json.dumps,
    "number": _number,
    "moment": _moment,
    "month": _month,
    "part": lambda value: quote(str(value), safe=""),
}
HTML.globals |= {"states": STATES}


def asked_month(key: str, default: Month) -> Month:
    """
    Return the month that a page is asked for.

    :raises ConfigurationError: no month, or none for which there is a year before and after.
    """
    month = Month.parse(key) if key else default
    if not _FIRST <= month <= _LAST:
        raise ConfigurationError(f"month {key} is not shown: pages go from {_FIRST} to {_LAST}")
    return month


def render(request: Request, template: str, values: Mapping[str, Any], status_code: int = 200) -> HTMLResponse:
    """Render a page; vendor text is escaped by the templates."""
    root = request.scope.get("root_path", "")

    def link(path: str, **query: object) -> str:
        """Link to another page; an argument that is None is left out."""
        given = {name: value for name, value in query.items() if value is not None and value != ""}
        return f"{root}{path}" + (f"?{urlencode(given, doseq=True)}" if given else "")

    def same(**changed: object) -> str:
        """Link to this page with some arguments changed; None takes one away."""
        kept = {name: request.query_params.getlist(name) for name in request.query_params}
        return link(request.url.path.removeprefix(root), **{**kept, **changed})

    airflow = root.removesuffix("/billing")
    shared = {"link": link, "same": same, "airflow": airflow, "path": request.url.path.removeprefix(root)}
    text = HTML.get_template(template).render(**shared, **values)
    return HTMLResponse(text, status_code)


def error_page(request: Request, status: int, sentence: str) -> HTMLResponse:
    """Say in one sentence what is wrong."""
    return render(request, "error.html", {"sentence": sentence}, status)


def picture(drawn: bytes) -> Response:
    """Answer with a chart. It is shown as an image: nothing in it runs."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(drawn, media_type="image/svg+xml", headers={"Content-Security-Policy": policy})


def answer(data: Mapping[str, Any]) -> JSONResponse:
    """Answer as JSON: figures as text, so that no reader rounds them; dates in ISO 8601."""
    return JSONResponse(jsonable_encoder(data, custom_encoder={Decimal: lambda value: format(value, "f")}))


def rows(connection: Connection, statement: Any, **values: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (SQLAlchemy's)
    """Run a query and return its rows by column name."""
    return [dict(row) for row in connection.execute(statement, values).mappings()]


def first(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the first row, if there is one."""
    return next(iter(found), None)


def pages_of(count: int, size: int) -> Iterator[int]:
    """Yield the numbers of the pages of a list."""
    yield from range(1, max(1, -(-count // size)) + 1)
