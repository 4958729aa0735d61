"""The page of the closing of a month."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse

from billing.config.accounts import load_accounts
from billing.month import Month
from billing_ui.pages.page import Database, answer, asked_month, render
from billing_ui.queries.closing import closing_of
from billing_ui.rights import Readable, may_trigger
from billing_vendors.registry import vendors

html, api = APIRouter(), APIRouter()

DAG_ID = "close_month"


def _data(database: Database, readable: Readable, month: str = "") -> dict[str, Any]:
    shown = asked_month(month, Month.of(datetime.now(UTC)).shifted(-1))
    names = {
        vendor.name: [
            account.name for account in load_accounts(vendor.name, vendor.settings_type) if account.first_month <= shown
        ]
        for vendor in vendors()
        if vendor.name in readable
    }
    closings = [closing_of(database, vendor, shown, accounts) for vendor, accounts in names.items() if accounts]
    return {"month": str(shown), "is_over": shown.is_over(datetime.now(UTC)), "vendors": closings}


Data = Annotated[dict[str, Any], Depends(_data)]


@html.get("/closing")
def closing_page(request: Request, user: GetUserDep, data: Data) -> HTMLResponse:
    """Show what is missing, who closed the month, and what has changed since."""
    for each in data["vendors"]:
        each["conf"] = json.dumps({"month": data["month"], "vendor": each["vendor"]})
    return render(request, "closing.html", data | {"may_submit": may_trigger(user, DAG_ID)})


@api.get("/closing")
def closing_data(data: Data) -> JSONResponse:
    """Return the closing of every vendor's month."""
    return answer(data)
