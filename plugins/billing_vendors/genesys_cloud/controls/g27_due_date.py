"""G27: bills are paid by their due date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Invoice
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings

_NET_DAYS = re.compile(r"\bnet\s*-?(\d{1,3})\b|\b(\d{1,3})\s*days?(?:\s+net)?\b", re.IGNORECASE)
_AT_ONCE = re.compile(r"\b(due|payable)\s+(on|upon)\s+receipt\b|\bimmediate", re.IGNORECASE)


def bills_are_paid_in_time(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Derive each invoice's due date, which the vendor's API does not return: the invoice's date + N days for ``Net N``.
    A bill is late if it was still unpaid after that day when it was last read.

        3 February, Net 30, Paid                                    -> PASS, due 5 March
        3 February, Net 30, Unpaid, last read on 1 March            -> PASS, due 5 March
        3 February, Net 30, Unpaid, last read on 6 March            -> EXCEPTION
        Due upon receipt                                            -> due on the invoice's own date
        no terms, terms of another form, no date, or never read     -> BLOCKED
        a credit memo, or no invoice                                -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        if invoice.kind == "credit_memo":
            yield not_applicable(invoice.invoice_id, "a credit memo is not paid")
        else:
            yield _finding(invoice, evidence.as_of.date() if evidence.as_of else None)


def _finding(invoice: Invoice, read_on: date | None) -> Finding:
    subject, terms = invoice.invoice_id, str(invoice.attributes.get("paymentTerms") or "")
    days = days_of(terms)
    if invoice.issued_at is None or days is None:
        missing = (
            "the invoice has no date" if invoice.issued_at is None else f"payment terms {terms!a} give no due date"
        )
        return blocked(subject, missing)
    due = invoice.issued_at.date() + timedelta(days=days)
    if invoice.payment_status is None:
        return blocked(subject, f"due on {due}, but the vendor returned no payment status")
    unpaid = name_key(invoice.payment_status) != "paid"
    if unpaid and read_on is None:
        return blocked(subject, f"due on {due}, but it is not known when the payment status was read")
    late = unpaid and read_on is not None and read_on > due
    return Finding(
        subject,
        State.EXCEPTION if late else State.PASS,
        f"due on {due} ({terms}): "
        + (f"still {invoice.payment_status or 'unpaid'} after that day" if late else "not late"),
        operands={"terms": terms, "due_on": str(due), "status": invoice.payment_status},
    )


def days_of(terms: str) -> int | None:
    """
    Return the days that payment terms allow; None if they have another form.

        "Net 30", "NET30", "30 days net", "30 days" -> 30
        "Due upon receipt"                          -> 0
        "2% 10, Net 30"                             -> 30
        "End of month"                              -> None
    """
    if _AT_ONCE.search(terms):
        return 0
    match = _NET_DAYS.search(terms)
    return int(match[1] or match[2]) if match else None


G27 = Control(
    "G27",
    "Bills are paid in time",
    "cut-off",
    "info",
    bills_are_paid_in_time,
    operands="date of the invoice, payment terms, payment status when last read",
)
