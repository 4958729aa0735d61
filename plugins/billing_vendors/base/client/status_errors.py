"""Map a vendor's HTTP response to an error: one pure function for workers and triggers."""

from __future__ import annotations

import email.utils
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from billing.errors import BillingError, BrokenResponse, PayloadError, VendorRejected, VendorUnavailable
from billing.payloads import exact_json
from billing.payloads.exact_json import is_json
from billing_vendors.base.client.request import Request

MAX_RETRY_AFTER_SECONDS = 24 * 3600.0

_TRANSIENT = frozenset({408, 425, 429})
_TEXT_MEMBERS = ("msg", "message", "title", "detail", "error_description", "description", "error", "code")
_ERROR_MEMBERS = frozenset(_TEXT_MEMBERS) | {
    *("status", "type", "instance", "errors", "details", "contextId", "entityId", "entityName", "messageWithParams"),
    *("messageParams", "limit"),
}
_LARGEST_ERROR_BYTES = 16 * 1024
_HINTS = {
    401: "; the credential was rejected: check the connection",
    403: "; the credential lacks the permission: request it from the vendor, or use another credential",
    404: "; not found at the vendor: check the account's settings",
}


@dataclass(frozen=True)
class RawResponse:
    """
    An HTTP response of any status.

    :param headers: names in lower case.
    :param body: after content decoding.
    :param received_at: UTC.
    :param in_body: the status is the one in the body of a 200.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    in_body: bool = False

    @property
    def media_type(self) -> str:
        """Media type without parameters, lower case; empty if the vendor sends none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> float | None:
        """Seconds that the vendor asks to wait."""
        return retry_after_seconds(self.headers.get("retry-after"), self.received_at)

    @property
    def is_json(self) -> bool:
        """
        Return whether the body is JSON, whatever the media type says: Fastly sends some as text/plain.

        JSON that two programs could read differently is rejected when the response is stored.
        """
        return is_json(self.body)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """
    Read a ``Retry-After`` header, seconds or HTTP-date: at least 0, at most a day. None if missing or unreadable.

        "30" -> 30.0;  "Wed, 21 Oct 2026 07:28:00 GMT" -> the seconds from ``now`` until then
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now)
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _seconds_until(http_date: str, now: datetime) -> float:
    try:
        moment = email.utils.parsedate_to_datetime(http_date)
    except ValueError:
        return math.nan
    if moment.tzinfo is None:  # "-0000": a time in UTC
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()


def status_error(request: Request, raw: RawResponse) -> BillingError:
    """
    Return the error for a response whose status is not accepted.

        429, 408, 5xx -> VendorUnavailable;  3xx, 4xx -> VendorRejected;  an unexpected 2xx -> BrokenResponse
    """
    status = raw.status
    text = f"{request.line} answered {'200 with an error of status ' if raw.in_body else ''}{status}"
    text += error_text(raw.body)
    if status in _TRANSIENT or status >= 500:
        return VendorUnavailable(text, retry_after=raw.retry_after, status=status)
    if 300 <= status < 400:
        return VendorRejected(f"{text}{_target(raw)}; redirects are not followed", status=status)
    if status >= 400:
        return VendorRejected(text + _HINTS.get(status, ""), status=status)
    accepted = " or ".join(map(str, request.accepted))
    return BrokenResponse(f"{text}, expected {accepted}")


def _target(raw: RawResponse) -> str:
    """Name the host a redirect points to, no more of it: the rest may hold a signature."""
    try:
        host = urlsplit(raw.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f", a redirect to {sanitize(host)}" if host else ", a redirect"


def with_status_in_body(raw: RawResponse) -> RawResponse:
    """
    Return a 200 whose body is an error as if it had the status in the body; any other response unchanged.

        200 {"code": "internal.server.error", "message": "…", "status": 500} -> 500
    """
    error = _error_in(raw)
    status = _error_status(error.get("status")) if error else None
    return raw if status is None else replace(raw, status=status, in_body=True)


def _error_status(status: object) -> int | None:
    """Return the status in an error's body, a number or its digits; None if it is not one of an error."""
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status[:4])
    if isinstance(status, bool) or not isinstance(status, int | Decimal) or not 400 <= status < 600:
        return None
    return int(status)


def _error_in(raw: RawResponse) -> dict[str, Any] | None:
    """
    Return the body of a 200 if it is an error: a problem by its media type, or nothing but members of errors.

    A report, or the receipt of a 202, has words or another number as its status.
    """
    if raw.status != 200 or len(raw.body) > _LARGEST_ERROR_BYTES:
        return None
    try:
        document = exact_json.loads(raw.body)
    except PayloadError:
        return None
    if not isinstance(document, dict) or not document:
        return None
    if raw.media_type == "application/problem+json":
        return document
    has_text = any(isinstance(document.get(member), str) for member in _TEXT_MEMBERS)
    is_error = document.get("status") is None or _error_status(document["status"]) is not None
    return document if has_text and is_error and document.keys() <= _ERROR_MEMBERS else None


def wrong_body(request: Request, raw: RawResponse) -> BrokenResponse | None:
    """Return the error for a 200 whose body is an error, or does not have the requested media type; None if it has."""
    if request.accept == "*/*" or raw.status != 200:
        return None
    as_wanted = raw.is_json if request.accept == "application/json" else raw.media_type == request.accept
    if as_wanted and _error_in(raw) is None:
        return None
    if as_wanted:
        return BrokenResponse(f"{request.line} answered 200 with an error{error_text(raw.body)}")
    digest = hashlib.sha256(raw.body).hexdigest()[:16]
    return BrokenResponse(
        f"{request.line} answered 200 with {sanitize(raw.media_type or 'no media type')}, not usable as "
        f"{request.accept} ({len(raw.body)} bytes, sha256 {digest})"
    )


def error_text(body: bytes) -> str:
    """Return the vendor's error text from an error body, if it is in a documented place."""
    try:
        document = exact_json.loads(body)
    except PayloadError:
        return ""
    if not isinstance(document, dict):
        return ""
    words = (document.get(member) for member in _TEXT_MEMBERS)
    texts = list(dict.fromkeys(word for word in words if isinstance(word, str) and word))
    return f" ({'; '.join(sanitize(text) for text in texts[:2])})" if texts else ""


def sanitize(text: str, most: int = 160) -> str:
    """Make a vendor's text safe to show: no line break, no control character, no more than ``most`` characters."""
    escaped = text[:most].encode("unicode_escape").decode("ascii")
    return escaped[:most] + ("…" if len(text) > most or len(escaped) > most else "")
