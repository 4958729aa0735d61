"""What an invoice line is: a charge, a credit, or the shortfall to an agreed minimum. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from billing.models import Invoice, InvoiceLine

ChargeKey = tuple[str, str | None, str | None]
"""What is charged for: product, region and usage type."""


def is_credit(line: InvoiceLine) -> bool:
    """Return whether a line is a credit: it has a coupon, or its amount is negative."""
    return line.credit_coupon is not None or line.amount < 0


def is_shortfall(line: InvoiceLine) -> bool:
    """Return whether a line fills the month up to its minimum: its name says shortfall, or minimum."""
    return not is_credit(line) and _names_shortfall(line.product, line.product_group, line.description)


@lru_cache(maxsize=4096)  # the same few products on thousands of lines
def _names_shortfall(*names: str | None) -> bool:
    return any(word in (name or "").casefold() for name in names for word in ("shortfall", "minimum"))


def is_charge(line: InvoiceLine) -> bool:
    """Return whether a line charges for usage or a fee."""
    return not (is_credit(line) or _names_shortfall(line.product, line.product_group, line.description))


def charges_of(invoices: Iterable[Invoice]) -> list[InvoiceLine]:
    """Return the lines of several invoices that charge for usage or a fee."""
    return [line for invoice in invoices for line in invoice.lines if is_charge(line)]


def charge_key(line: InvoiceLine) -> ChargeKey:
    """Return what a line charges for; the description replaces a missing product name."""
    return line.product or line.description, line.region, line.usage_type


def describe(charged: ChargeKey) -> str:
    """Return what is charged for, in words: ``North America Bandwidth (North America, bandwidth)``."""
    product, *beside = charged
    named = ", ".join(word for word in beside if word)
    return f"{product} ({named})" if named else product


def _is_correction(invoice: Invoice) -> bool:
    if not invoice.lines or not all(map(_charges_nothing, invoice.lines)):
        return False
    return invoice.total <= 0 or all(line.amount < 0 for line in invoice.lines)


def _charges_nothing(line: InvoiceLine) -> bool:
    """Return whether a line is a credit, if only of nothing; usage of nothing is still usage."""
    return is_credit(line) or (not line.amount and not line.usage_type)


def invoices_without_credits(invoices: Iterable[Invoice]) -> list[Invoice]:
    """
    Return the invoices that bill a month, first posted first, without corrections.

    A credit memo, or a document of credits alone that charges nothing, is a correction and not a bill.
    """
    bills = [invoice for invoice in invoices if invoice.kind != "credit_memo" and not _is_correction(invoice)]
    return sorted(bills, key=lambda invoice: (invoice.issued_at is None, invoice.issued_at, invoice.invoice_id))
