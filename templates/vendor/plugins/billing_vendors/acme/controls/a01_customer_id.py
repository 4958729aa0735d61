"""A1: the invoice is addressed to us."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import Invoice
from billing_vendors.acme.settings import AcmeSettings


def customer_is_ours(evidence: Evidence[AcmeSettings]) -> Iterator[Finding]:
    """
    Compare the customer id on each invoice with the account's in accounts.yaml.

        C-1001 on both            -> PASS
        another customer's id     -> EXCEPTION: do not pay it
        the month has no invoice  -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    ours = evidence.account.settings.customer_id
    yield from (_of_invoice(invoice, ours) for invoice in evidence.account_month.invoices)


def _of_invoice(invoice: Invoice, ours: str) -> Finding:
    theirs = invoice.attributes["customer_id"]
    same = theirs == ours
    return Finding(
        invoice.invoice_id,
        State.PASS if same else State.EXCEPTION,
        f"the customer is {ours}, as configured" if same else f"the invoice is for customer {theirs}, not for {ours}",
        operands={"invoice": theirs, "configured": ours},
    )


A1 = Control(
    "A1",
    "The customer id is ours",
    "rights",
    "blocked",
    customer_is_ours,
    operands="customer_id of the invoice, customer_id of the account",
)
