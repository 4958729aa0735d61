"""The page of what vendors began to do differently."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse

from billing_ui.pages.page import Database, answer, render
from billing_ui.queries.drift import drift
from billing_ui.rights import Readable

html, api = APIRouter(), APIRouter()


def _data(database: Database, readable: Readable) -> dict[str, Any]:
    return drift(database, readable)


Data = Annotated[dict[str, Any], Depends(_data)]


@html.get("/drift")
def drift_page(request: Request, data: Data) -> HTMLResponse:
    """Show unknown fields, restated and withdrawn bills."""
    return render(request, "drift.html", data)


@api.get("/drift")
def drift_data(data: Data) -> JSONResponse:
    """Return unknown fields, restated and withdrawn bills."""
    return answer(data)
