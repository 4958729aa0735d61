"""Lines foot to the header."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, compare_amounts, not_applicable
from billing.models import Invoice


def lines_foot_to_header(evidence: Evidence[object]) -> Iterator[Finding]:
    """
    Compare each invoice's total with the sum of its lines; each of n lines may have been rounded once.

        lines 10.00 + 5.00, total 15.00  -> PASS
        lines 10.00 + 5.00, total 15.01  -> PASS_WITHIN_ROUNDING
        lines 10.00 + 5.00, total 15.02  -> EXCEPTION
        no known currency and a gap      -> BLOCKED: there is no rounding bound
        the month has no invoice         -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        yield footing_of(invoice, evidence.currency_of(invoice))


def footing_of(invoice: Invoice, currency: str) -> Finding:
    """Compare one invoice's total with the sum of its lines."""
    return compare_amounts(
        invoice.invoice_id,
        f"the total of {len(invoice.lines)} lines against the header",
        expected=invoice.lines_total,
        actual=invoice.total,
        currency=currency,
        roundings=len(invoice.lines),
    )
