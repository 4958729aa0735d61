"""What Acme's error statuses mean beyond HTTP."""

from __future__ import annotations

from billing.errors import BillingError, VendorUnavailable
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.status_errors import RawResponse, status_error


def acme_status_error(request: Request, raw: RawResponse) -> BillingError:
    """
    Return the error for a status that is not accepted.

        420            -> VendorUnavailable: Acme's own "too many requests"
        any other one  -> as HTTP has it
    """
    if raw.status == 420:
        text = f"{request.line} answered 420: too many requests"
        return VendorUnavailable(text, retry_after=raw.retry_after, status=raw.status)
    return status_error(request, raw)
