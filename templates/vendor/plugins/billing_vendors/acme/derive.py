"""The stored responses of one account and month -> an ``AccountMonth``. Pure: any better parser can do it again."""

from __future__ import annotations

from collections.abc import Sequence

from billing.config.accounts import Account
from billing.models import AccountMonth, Invoice, Listing, Recall, UnknownField, recall_nothing
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.acme import endpoints
from billing_vendors.acme.paging import declared_total, invoice_rows, next_cursor
from billing_vendors.acme.parse import parse_invoice
from billing_vendors.acme.settings import AcmeSettings


def derive(
    account: Account[AcmeSettings], month: Month, responses: Sequence[Response], _recall: Recall = recall_nothing
) -> AccountMonth:
    """
    Turn the responses of one ``collect`` into values: the invoices of the month, and what the listing says of itself.

    :param _recall: what is stored of a text; only a vendor with many thousands of lines needs it.
    :raises PayloadError: a response is not of the documented shape.
    """
    unknown: set[UnknownField] = set()
    found = [parse_invoice(row, unknown) for page in responses for row in invoice_rows(page)]
    return AccountMonth(
        vendor=account.vendor,
        account=account.name,
        month=month,
        invoices=tuple(invoice for invoice in found if invoice.month == month),
        listings=_listings(responses, found),
        unknown_fields=frozenset(unknown),
    )


def _listings(pages: Sequence[Response], found: Sequence[Invoice]) -> tuple[Listing, ...]:
    if not pages:
        return ()
    row_ids, last = tuple(invoice.invoice_id for invoice in found), pages[-1]
    return (Listing(endpoints.LIST_INVOICES, row_ids, declared_total(last), ended=not next_cursor(last)),)
