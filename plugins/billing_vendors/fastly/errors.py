"""Map Fastly's error responses to errors beyond their status."""

from __future__ import annotations

from billing.errors import BillingError, PayloadError, RouteRetired, VendorRejected
from billing.payloads.exact_json import loads
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.status_errors import RawResponse, status_error


class NoBill(VendorRejected):
    """The v2 route exists and has no bill: ``Record not found``."""


def fastly_status_error(request: Request, raw: RawResponse) -> BillingError:
    """
    Distinguish a missing bill from a retired v2 API.

        404 {"msg": "Record not found"}      -> NoBill
        404 with any other JSON error        -> VendorRejected
    404 with an HTML page, 410           -> RouteRetired: use v3
    """
    status = raw.status
    if not request.operation.startswith("v2.") or status not in {404, 410}:
        return status_error(request, raw)
    message = _own_message(raw.body)
    if status == 410 or message is None:
        return RouteRetired(
            f"{request.line} answered {status}: Fastly has retired its v2 billing API for this customer; set "
            "`api: v3` for the account in accounts.yaml",
            status=status,
        )
    if message.casefold().startswith("record not found"):
        return NoBill(f"{request.line} answered 404: there is no bill for this request", status=status)
    return status_error(request, raw)


def _own_message(body: bytes) -> str | None:
    """Return the text of an error in the API's own format; None for a page of a proxy or router."""
    try:
        document = loads(body)
    except PayloadError:
        return None
    message = document.get("msg") if isinstance(document, dict) else None
    return message if isinstance(message, str) else None
