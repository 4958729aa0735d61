"""The page of one bill, and of what differs between two of its versions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from billing_ui.pages.page import Database, answer, pages_of, render
from billing_ui.queries import bill as bills
from billing_ui.rights import Readable

html, api = APIRouter(), APIRouter()


def _data(
    database: Database,
    readable: Readable,
    key: int,
    version: int | None = None,
    words: Annotated[str | None, Query(max_length=200)] = None,
    sort: str = "position",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> dict[str, Any]:
    found = bills.header(database, key, version, readable)
    if found is None:
        raise HTTPException(404, f"There is no bill {key}{f' with a version {version}' if version else ''}.")
    by = sort if sort in bills.SORTS else "position"
    count, lines = bills.lines(database, key, found["version"], words, by, page)
    return {
        "bill": found,
        **bills.about(database, found),
        "lines": lines,
        "count": count,
        "page": page,
        "pages": len(list(pages_of(count, bills.LINES_A_PAGE))),
        "words": words or "",
        "sort": by,
    }


def _changes(database: Database, readable: Readable, key: int, old: int, new: int) -> dict[str, Any]:
    found = bills.header(database, key, new, readable)
    if found is None or bills.header(database, key, old, readable) is None:
        raise HTTPException(404, f"There is no bill {key} with versions {old} and {new}.")
    return {"bill": found, "old": old, "new": new, **bills.changes(database, key, old, new)}


Data = Annotated[dict[str, Any], Depends(_data)]
Changes = Annotated[dict[str, Any], Depends(_changes)]


@html.get("/bills/{key}")
def bill_page(request: Request, data: Data) -> HTMLResponse:
    """Show a bill and a page of its lines."""
    return render(request, "bill.html", data | {"sorts": list(bills.SORTS)})


@api.get("/bills/{key}")
def bill_data(data: Data) -> JSONResponse:
    """Return a bill and a page of its lines."""
    return answer(data)


@html.get("/bills/{key}/changes")
def changes_page(request: Request, data: Changes) -> HTMLResponse:
    """Show what differs between two versions of a bill."""
    return render(request, "changes.html", data)


@api.get("/bills/{key}/changes")
def changes_data(data: Changes) -> JSONResponse:
    """Return what differs between two versions of a bill."""
    return answer(data)
