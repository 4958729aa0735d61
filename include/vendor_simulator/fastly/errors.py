"""Fastly's error bodies, and how a handler returns one."""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from vendor_simulator.web.answers import Answer, Refused

_BAD_CREDENTIAL = "Provided credentials are missing or invalid"
_TOO_MANY = (
    "You have exceeded your hourly rate limit. Please contact support@fastly.com if you think this is a mistake."
)


def error(operation: str, status: int, retry_after: str | None) -> Answer:
    """Write an error: ``msg`` for v2, for credentials and for the gateway, four strings for v3."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    if status == 401:
        return Answer({"msg": _BAD_CREDENTIAL}, 401, "text/plain", headers)
    if status == 429:
        return Answer({"msg": _TOO_MANY}, 429, headers=headers)
    phrase = HTTPStatus(status).phrase
    if operation.startswith("fastly.v3"):
        code = phrase.lower().replace(" ", "_")
        body = {"type": "about:blank", "title": phrase, "code": code, "status": str(status)}
        return Answer(body, status, headers=headers)
    return Answer({"msg": "Record not found" if status == 404 else phrase}, status, headers=headers)


def waiting(operation: str, form: str = "own") -> Answer:
    """Return the 202 of a month-to-date estimate that is not ready."""
    match form:
        case "object":
            return Answer({"status": {"code": 202, "ready": False}}, 202)
        case "text":
            return Answer(b"Accepted", 202, "text/plain")
        case "empty":
            return Answer(b"", 202)
    if operation.startswith("fastly.v3"):
        return Answer({"title": "Accepted", "status": "202"}, 202)
    return Answer({}, 202)


def refuse_v2(status: int, detail: str) -> NoReturn:
    """End a v2 request with that status."""
    answer = error("fastly.v2", status, None)
    answer.payload["detail"] = detail
    raise Refused(answer)


def refuse_v3(status: int) -> NoReturn:
    """End a v3 request with that status."""
    raise Refused(error("fastly.v3", status, None))
