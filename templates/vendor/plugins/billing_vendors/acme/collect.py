"""Ask Acme for all it has on one account and month."""

from __future__ import annotations

from collections.abc import Iterator

from billing.config.accounts import Account
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.acme.hooks import AcmeBillingHook
from billing_vendors.acme.settings import AcmeSettings


def collect(account: Account[AcmeSettings], month: Month) -> Iterator[Response]:
    """
    Yield every response on a month as it arrives.

    :raises BillingError: Acme refused or answered in another shape; what came before has been yielded.
    """
    with AcmeBillingHook(account.conn_id) as hook:
        yield from hook.list_invoices(month)
