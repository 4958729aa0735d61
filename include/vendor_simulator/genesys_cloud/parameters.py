"""Query parameters and pages of Genesys Cloud; each raises 400 for what the contract does not allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from vendor_simulator.genesys_cloud.errors import refuse
from vendor_simulator.genesys_cloud.rewriting import rewrite
from vendor_simulator.web import cursors
from vendor_simulator.web.answers import Answer

T = TypeVar("T")
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


def page(
    request: web.Request,
    rows: Sequence[T],
    size: int,
    read: Mapping[str, str],
    write: Callable[[T], dict[str, Any]],
) -> Answer:
    """Return one page of rows, in the order and with the end that an account's readings say."""
    scope = cursors.scope_of(request.path, request.query if read["next_uri"] != "cursor_alone" else {})
    offset = offset_of(request, scope, size)
    ordered = rows[::-1] if read["row_order"] == "reversed" else rows
    body: dict[str, Any] = {
        "entities": [write(row) for row in ordered[offset : offset + size]],
        "selfUri": request.path_qs,
    }
    if not body["entities"]:
        rewrite(body, "entities", read["empty_list"])
    if offset + size < len(rows) or read["last_page"] == "endless":
        body["nextUri"] = _uri(request, "after", cursors.write(scope, offset + size), read["next_uri"])
    elif read["last_page"] != "missing":
        empty = _uri(request, "after", "", read["next_uri"])
        body["nextUri"] = {"null": None, "empty": "", "no_cursor": empty}[read["last_page"]]
    if offset:
        body["previousUri"] = _uri(request, "before", cursors.write(scope, offset), read["next_uri"])
    return Answer(body)


def with_double(rows: Sequence[T], kind: str, read: Mapping[str, str]) -> list[T]:
    """Return the rows of a list, one of them twice if this list is the one that does so."""
    listed = list(rows)
    if read["doubled_row"] == kind and listed:
        listed.insert(len(listed) // 2, listed[len(listed) // 2])
    return listed


def fits(rule: str, window: tuple[date, date], service: tuple[date, date]) -> bool:
    """Return whether days of service, both included, are within the dates of a list."""
    (first, last), (start, end) = window, service
    match rule:
        case "begins":
            return first <= start <= last
        case "overlaps":
            return start <= last and first <= end
        case "within":
            return first <= start and end <= last
        case _:
            return True


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


def _uri(request: web.Request, name: str, cursor: str, form: str) -> str:
    rest = {key: text for key, text in request.query.items() if key not in {"after", "before"}}
    query = urlencode({**({} if form == "cursor_alone" else rest), name: cursor})
    host = f"{request.scheme}://{request.host}" if form == "absolute" else ""
    return f"{host}{request.path}?{query}"
