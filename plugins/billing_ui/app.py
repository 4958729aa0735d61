"""The application: pages as HTML, the same data as JSON, all of it for users who are signed in to Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from billing.errors import BillingError, ConfigurationError
from billing_ui.pages import accruals, bill, closing, drift, explain, files, month, months, spend
from billing_ui.pages.page import error_page

STATIC = Path(__file__).parent / "static"

HEADERS = {
    # no script but our own files, nothing from elsewhere; Airflow's own pages may frame these
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "frame-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


def make_app() -> FastAPI:
    """Create the application. The sign-in is a dependency of the application itself: no route can be without it."""
    app = FastAPI(title="Tieout", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(get_user)])
    for page in (months, month, bill, spend, accruals, closing, drift, files, explain):
        app.include_router(page.html, include_in_schema=False)
        app.include_router(page.api, prefix="/api/v1", tags=["bills"])
    app.add_api_route("/api/v1/openapi.json", _describe, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(BillingError, _explain)
    app.add_exception_handler(HTTPException, _refuse)
    app.middleware("http")(_add_headers)
    return app


def _describe(request: Request) -> JSONResponse:
    """Describe the JSON interface; behind the sign-in as every route."""
    app: FastAPI = request.app
    return JSONResponse(get_openapi(title=app.title, version="1", routes=app.routes))


def _explain(request: Request, error: Exception) -> Response:
    """Answer an error of ours with its sentence: a wrong argument, no database, an unusable accounts.yaml."""
    return _say(request, 400 if isinstance(error, ConfigurationError) else 503, str(error))


def _refuse(request: Request, error: Exception) -> Response:
    """Answer what a route refuses: a user who is not signed in or may not read, a bill that is not there."""
    assert isinstance(error, HTTPException)  # noqa: S101 (Starlette's handlers are typed by Exception)
    return _say(request, error.status_code, str(error.detail))


def _say(request: Request, status: int, sentence: str) -> Response:
    if request.url.path.startswith(f"{request.scope.get('root_path', '')}/api/"):
        return JSONResponse({"detail": sentence}, status_code=status)
    return error_page(request, status, sentence)


async def _add_headers(request: Request, call_next: RequestResponseEndpoint) -> Any:  # noqa: ANN401 (Starlette's own)
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.path.rpartition("/static/")[1]:
        response.headers["Cache-Control"] = "private, max-age=300"
    return response
