"""Map a vendor's HTTP response to an error: one pure function for workers and triggers."""

from __future__ import annotations

import email.utils
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from billing.errors import BillingError, PayloadError, VendorRejected, VendorUnavailable
from billing.payloads import exact_json
from billing.payloads.exact_json import is_json
from billing_vendors.base.client.request import Request

MAX_RETRY_AFTER_SECONDS = 24 * 3600.0

_TRANSIENT = frozenset({408, 425, 429})
_TEXT_MEMBERS = ("msg", "message", "title", "detail", "error_description", "description", "error", "code")
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
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

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

        429, 408, 5xx -> VendorUnavailable;  3xx, 4xx -> VendorRejected;  an unexpected 2xx -> PayloadError
    """
    status = raw.status
    text = f"{request.line} answered {status}{error_text(raw.body)}"
    if status in _TRANSIENT or status >= 500:
        return VendorUnavailable(text, retry_after=raw.retry_after, status=status)
    if 300 <= status < 400:
        return VendorRejected(f"{text}{_target(raw)}; redirects are not followed", status=status)
    if status >= 400:
        return VendorRejected(text + _HINTS.get(status, ""), status=status)
    accepted = " or ".join(map(str, request.accepted))
    return PayloadError(f"{text}, expected {accepted}")


def _target(raw: RawResponse) -> str:
    """Name the host a redirect points to, no more of it: the rest may hold a signature."""
    try:
        host = urlsplit(raw.headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f", a redirect to {sanitize(host)}" if host else ", a redirect"


def wrong_body(request: Request, raw: RawResponse) -> PayloadError | None:
    """Return the error for a 200 whose body does not have the requested media type; None if it has."""
    if request.accept == "*/*" or raw.status != 200:
        return None
    as_wanted = raw.is_json if request.accept == "application/json" else raw.media_type == request.accept
    if as_wanted:
        return None
    digest = hashlib.sha256(raw.body).hexdigest()[:16]
    return PayloadError(
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
