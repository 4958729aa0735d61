"""F23: the invoice is addressed to us."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Invoice
from billing_vendors.fastly.settings import FastlySettings


def customer_is_ours(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the customer id on each invoice with the account's in accounts.yaml; the case of letters counts.

        xTRzc8Zo on both                -> PASS
        another customer's id           -> EXCEPTION: do not pay it
        the invoice has no customer id  -> BLOCKED
        the month has no invoice        -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    yield from (
        _of_invoice(invoice, evidence.account.settings.customer_id) for invoice in evidence.account_month.invoices
    )


def _of_invoice(invoice: Invoice, ours: str) -> Finding:
    theirs = invoice.attributes.get("customer_id")
    if theirs in {None, ""}:
        return blocked(invoice.invoice_id, "the invoice has no customer_id")
    same = str(theirs) == ours
    return Finding(
        invoice.invoice_id,
        State.PASS if same else State.EXCEPTION,
        f"the customer is {ours}, as configured" if same else f"the invoice is for customer {theirs}, not for {ours}",
        operands={"invoice": theirs, "configured": ours},
    )


F23 = Control(
    "F23",
    "The customer id is ours",
    "rights",
    "blocked",
    customer_is_ours,
    operands="customer_id of the invoice, customer_id of the account",
)
