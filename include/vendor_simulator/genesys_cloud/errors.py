"""Genesys Cloud's error bodies, and how a handler returns one."""

from __future__ import annotations

from typing import Any, NoReturn

from vendor_simulator.web.answers import Answer, Refused

_CODES = {
    400: ("bad.request", "The request could not be understood by the server due to malformed syntax."),
    401: ("bad.credentials", "Invalid login credentials."),
    403: (
        "missing.any.permissions",
        "Unable to perform the requested action. You must have at least one of the "
        "following permissions assigned: [billing:subscription:view]",
    ),
    404: ("not.found", "The requested resource was not found."),
    408: ("request.timeout", "The request timed out."),
    409: ("conflict", "The request conflicts with the current state."),
    413: ("request.entity.too.large", "The request is over the size limit."),
    415: ("unsupported.media.type", "Unsupported Media Type."),
    429: ("too.many.requests.retry.after", "Rate limit exceeded the maximum. Retry the request in [{}] seconds"),
    500: ("internal.server.error", "The server encountered an unexpected condition."),
    503: ("service.unavailable", "Service Unavailable."),
    504: ("request.timeout", "The request timed out."),
}


def error(operation: str, status: int, retry_after: str | None) -> Answer:
    """Write the platform's error body; the login has one of its own."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    if operation == "genesys.token" and status < 500 and status != 429:
        text = "client not found or invalid client secret"
        body = {"error": "invalid_client", "description": text, "error_description": text}
        return Answer(body, status, headers=headers)
    code, message = _CODES.get(status, ("internal.server.error", "Unexpected."))
    return Answer(error_body(status, code, message.format(retry_after or "60")), status, headers=headers)


def error_body(status: int, code: str, message: str) -> dict[str, Any]:
    """Write the platform's error body; its ``contextId`` is filled in when it is sent."""
    return {"message": message, "code": code, "status": status, "contextId": "", "details": [], "errors": []}


def refuse(code: str, message: str, status: int = 400) -> NoReturn:
    """End a request with that status and code."""
    raise Refused(Answer(error_body(status, code, message), status))


def refuse_unknown() -> NoReturn:
    """End a request for something that does not exist, or not for this organisation."""
    raise Refused(error("", 404, None))
