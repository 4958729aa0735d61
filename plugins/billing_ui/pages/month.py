"""The page of one month of one account."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse

from billing.month import Month
from billing_ui.pages.page import Database, answer, render
from billing_ui.queries.explanations import REASONS
from billing_ui.queries.month import of_account
from billing_ui.rights import Readable, dag_of, may_start
from billing_vendors.registry import vendor_named

html, api = APIRouter(), APIRouter()

TO_DO = {
    "hold": "Hold the payment until it is settled with the vendor, and record the reason here.",
    "exception": "Compare it with the bill, ask the vendor or correct our data, and record the reason here.",
    "blocked": "Collect what it needs, then fetch the month again.",
    "warning": "Look at it when you can: the amount is not in doubt.",
    "variance": "Nothing is wrong: the amount differs from what was foreseen by more than the account's tolerance.",
    "alert": "Nothing is wrong: tell the person who runs this Airflow.",
    "info": "Nothing to do.",
}
"""What a person does about a result, by the severity of its control."""

_NAMED_MONTH = re.compile(r"(?<![\d-])(\d{4}-\d{2})(?![\d-])")


def _data(database: Database, readable: Readable, vendor: str, account: str, month: str) -> dict[str, Any]:
    """Return the month's data, with the title of each control."""
    if vendor not in readable:
        raise HTTPException(404, f"There is no vendor {vendor} whose invoices you may read.")
    found = of_account(database, vendor, account, Month.parse(month))
    if found is None:
        return {"vendor": vendor, "account": account, "month": month, "status": None}
    controls = {control.control_id: control for control in vendor_named(vendor).controls()}
    for results in found["results"].values():
        for result in results:
            control = controls.get(result["control_id"])
            result["title"] = control.statement if control else "a control of another version"
            result["operands_needed"] = control.operands if control else ""
            result["to_do"] = TO_DO["blocked" if result["outcome"] == "blocked" else result["severity"]]
    return found


Data = Annotated[dict[str, Any], Depends(_data)]


@html.get("/months/{vendor}/{account}/{month}")
def month_page(request: Request, user: GetUserDep, data: Data) -> HTMLResponse:
    """Show the month, exceptions first."""
    mine = may_start(user, data["vendor"])
    start, explains = (_runs(data), _form(data)) if mine else (None, None)
    if data["status"] is None:
        return render(request, "month_not_read.html", data | {"start": start}, 404)
    for result in data["results"]["blocked"]:
        named = sorted(set(_NAMED_MONTH.findall(result["explanation"])) - {data["month"]})
        result["fetches"] = [_fetch(data, month) for month in named] if mine else []
    return render(request, "month.html", data | {"start": start, "explains": explains})


def _form(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("vendor", "account", "month")} | {"reasons": REASONS}


def _runs(data: dict[str, Any]) -> dict[str, str]:
    """Return what the buttons start, by Airflow's own API and with the user's own rights: the run names who asked."""
    conf = {"month": data["month"], "accounts": [data["account"]]}
    return _fetch(data, data["month"]) | {
        "rederive": "/api/v2/dags/rederive/dagRuns",
        "rederive_conf": json.dumps(conf),
    }


def _fetch(data: dict[str, Any], month: str) -> dict[str, str]:
    conf = {"month": month, "accounts": [data["account"]], "again": True}
    return {"month": month, "address": f"/api/v2/dags/{dag_of(data['vendor'])}/dagRuns", "conf": json.dumps(conf)}


@api.get("/months/{vendor}/{account}/{month}")
def month_data(data: Data) -> JSONResponse:
    """Return the month's figures, results, bills and responses; 404 if nothing is stored of it."""
    if data["status"] is None:
        raise HTTPException(404, f"Nothing is stored of {data['vendor']}/{data['account']} {data['month']}.")
    return answer(data)
