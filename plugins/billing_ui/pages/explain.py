"""The one thing that a page writes: what a person says of an exception."""

from __future__ import annotations

from typing import Literal

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from billing.month import Month
from billing_ui.database import writing
from billing_ui.queries.explanations import add_explanation
from billing_ui.rights import Readable, may_start

html, api = APIRouter(), APIRouter()

_TEXT = r"^[^\x00]*[^\s\x00][^\x00]*$"
_HTTP = r"^https?://[^\s\x00]+$"


class Explanation(BaseModel):
    """What is sent: the finding that is explained, by its hash, and the words."""

    vendor: str
    account: str
    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    control_id: str
    subject: str
    finding: str = Field(pattern=r"^[0-9a-f]{64}$")
    reason: Literal["accepted", "disputed", "timing", "our data"]
    text: str = Field(max_length=4000, pattern=_TEXT)
    ticket: str | None = Field(default=None, max_length=2000, pattern=_HTTP)


def same_origin(request: Request) -> None:
    """
    Refuse a request that another site made with the user's cookie.

    A page of another site cannot send JSON without being asked for permission first, and a browser says where a
    request comes from; a script with a bearer token sends neither.

    :raises HTTPException: 403.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host")
    if kind != "application/json" or site not in {"none", "same-origin"} or foreign:
        raise HTTPException(403, "An explanation is sent as JSON, from a page of this Airflow.")


@api.post("/explanations", status_code=201, dependencies=[Depends(same_origin)])
def explain(given: Explanation, user: GetUserDep, readable: Readable) -> JSONResponse:
    """Store what the user says of an exception; 409 if the month no longer has this finding."""
    if given.vendor not in readable or not may_start(user, given.vendor):
        raise HTTPException(403, f"Who may start the DAG of {given.vendor} may explain its exceptions; you may not.")
    sent = given.model_dump() | {"month": Month.parse(given.month).first_day}
    with writing() as connection:
        if not add_explanation(connection, explained_by=user.get_name(), **sent):
            raise HTTPException(
                409, "The month has been read again, and this finding has changed: look at it once more."
            )
    return JSONResponse({"explained_by": user.get_name()}, 201)
