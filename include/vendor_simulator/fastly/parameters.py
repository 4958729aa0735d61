"""Query parameters, cursors and ``meta`` of Fastly v3; each raises 400 for what the contract does not allow."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from aiohttp import web

from vendor_simulator.fastly.errors import refuse_v3
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


def meta(request: web.Request, size: int, end: int, total: int) -> dict[str, Any]:
    """Write ``meta`` of a page that ends before row ``end``; an empty cursor ends the listing."""
    scope = cursors.scope_of(request.path, request.query)
    following = cursors.write(scope, end) if end < total else ""
    return {"next_cursor": following, "limit": size, "sort": "billing_start_date", "total": total}


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


def months(request: web.Request, default: str = "") -> list[Month]:
    """
    List ``start_month`` to ``end_month``, both included, at most three.

    :param default: what ``start_month`` is where it may be left out; ``end_month`` is then the same.
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
    return wanted
