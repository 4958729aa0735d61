"""Query parameters, cursors and ``meta`` of Fastly v3; each raises 400 for what the contract does not allow."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web

from vendor_simulator.fastly.errors import refuse_v3
from vendor_simulator.fastly.readings import Values
from vendor_simulator.months import Month
from vendor_simulator.web import cursors

_MAX_MONTHS = 3


def limit(request: web.Request, default: str, most: int, page_limit: int = 0) -> int:
    """Return the page size, 1 to ``most``; no more than ``page_limit`` if that is set."""
    text = request.query.get("limit", default)
    if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= most:
        refuse_v3(400)
    return min(int(text), page_limit or most)


def offset(request: web.Request) -> int:
    """Return the row at which the page begins."""
    cursor = request.query.get("cursor", "")
    if not cursor:
        return 0
    try:
        return cursors.read(cursors.scope_of(request.path, request.query), cursor)
    except ValueError:
        refuse_v3(400)


def meta(
    request: web.Request, size: int, end: int, rows: int, values: Values, total: int | None = None
) -> dict[str, Any]:
    """
    Write ``meta`` of a page that ends before row ``end`` of ``rows``.

    :param total: what the list counts, if not its rows.
    """
    scope, form = cursors.scope_of(request.path, request.query), values["v3_list_end"]
    written: dict[str, Any] = {
        "next_cursor": cursors.write(scope, end),
        "limit": count(size, values),
        "sort": "billing_start_date",
        "total": count(rows if total is None else total, values),
    }
    is_last = end >= rows + (size if form == "empty_page" and rows else 0)
    if is_last and form == "missing":
        del written["next_cursor"]
    elif is_last:
        written["next_cursor"] = None if form == "null" else ""
    return written


def count(number: int, values: Values) -> int | str | Decimal:
    """Write a count."""
    match values["v3_counts"]:
        case "text":
            return str(number)
        case "decimal":
            return Decimal(f"{number}.0")
    return number


def day(request: web.Request, name: str) -> date | None:
    """Return a date in the form ``YYYY-MM-DD``, None if it is not set."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        refuse_v3(400)


def months(request: web.Request, default: str = "", *, excluded: bool = False) -> list[Month]:
    """
    List ``start_month`` to ``end_month``, at most three.

    :param default: what ``start_month`` is where it may be left out; ``end_month`` is then the same.
    :param excluded: ``end_month`` is the first month that is not listed.
    """
    start = request.query.get("start_month", default)
    try:
        first = Month.parse(start)
        last = Month.parse(request.query.get("end_month", start if default else ""))
    except ValueError:
        refuse_v3(400)
    wanted = list(first.until(last))
    if not 1 <= len(wanted) <= _MAX_MONTHS:
        refuse_v3(400)
    return wanted[:-1] if excluded else wanted
