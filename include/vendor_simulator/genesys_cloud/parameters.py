"""Query parameters and pages of Genesys Cloud; each raises 400 for what the contract does not allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from vendor_simulator.genesys_cloud.errors import refuse
from vendor_simulator.web import cursors
from vendor_simulator.web.answers import Answer

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z")


def page_size(request: web.Request, default: int, most: int, page_limit: int = 0) -> int:
    """Return the page size, 1 to ``most``; no more than ``page_limit`` if that is set."""
    text = request.query.get("pageSize", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        refuse("invalid.value", f"pageSize must be a whole number from 1 to {most}")
    return min(int(text), page_limit or most)


def dates(request: web.Request) -> tuple[date, date]:
    """Return ``dateStart`` and ``dateEnd``; all of time if they are not set."""
    try:
        texts = [request.query.get("dateStart", "0001-01-01"), request.query.get("dateEnd", "9999-12-31")]
        if not all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) for text in texts):
            raise ValueError(texts)
        return date.fromisoformat(texts[0]), date.fromisoformat(texts[1])
    except ValueError:
        refuse("invalid.date", "dateStart and dateEnd have the form yyyy-MM-dd")


def moment(request: web.Request, name: str) -> datetime:
    """Return a required UTC date-time."""
    text = request.query.get(name, "")
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        refuse("invalid.date", f"{name} is required and has the form yyyy-MM-ddTHH:mm:ss[.mmm]Z")


def page(request: web.Request, rows: Sequence[Any], size: int, write: Callable[[Any, int], dict[str, Any]]) -> Answer:
    """Return one page of rows; ``write`` gets a row and its place in the whole listing."""
    scope = cursors.scope_of(request.path, request.query)
    offset = offset_of(request, scope, size)
    body: dict[str, Any] = {
        "entities": [write(row, offset + place) for place, row in enumerate(rows[offset : offset + size])],
        "selfUri": request.path_qs,
    }
    if offset + size < len(rows):
        body["nextUri"] = _uri(request, "after", cursors.write(scope, offset + size))
    if offset:
        body["previousUri"] = _uri(request, "before", cursors.write(scope, offset))
    return Answer(body)


def offset_of(request: web.Request, scope: str, size: int) -> int:
    """Return the row at which the page begins."""
    after, before = request.query.get("after"), request.query.get("before")
    try:
        if after and before:
            raise ValueError("one direction at a time")
        if before:
            return max(0, cursors.read(scope, before) - size)
        return cursors.read(scope, after) if after else 0
    except ValueError as error:
        refuse("invalid.value", f"The cursor is invalid: {error}")


def _uri(request: web.Request, name: str, cursor: str) -> str:
    rest = {key: text for key, text in request.query.items() if key not in {"after", "before"}}
    return f"{request.path}?{urlencode({**rest, name: cursor})}"
