"""F1: lines foot to the header."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, not_applicable
from billing_vendors.fastly.controls.bill_totals import footing
from billing_vendors.fastly.settings import FastlySettings


def lines_foot_to_header(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare each invoice's total with the sum of its lines; each of n lines may have been rounded once.

    F17 says the same of the same difference.

        lines 10.00 + 5.00, total 15.00                               -> PASS
        lines 10.00 + 5.00, total 15.01                               -> PASS_WITHIN_ROUNDING
        lines 10.00 + 5.00, total 15.02                               -> EXCEPTION
        v2: lines 100.00, a discount of 0.1 or 10, total.cost 90.00   -> PASS
        v2: lines 31.00, a minimum of 50.00, total.cost 50.00         -> PASS
        lines 100.00, and 12.00 with a coupon, total 88.00            -> PASS: the credit is written without its sign
        v2: a line with deleted_at that the total leaves out          -> PASS
        no known currency and a gap                                   -> BLOCKED: there is no rounding bound
        the month has no invoice                                      -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        yield footing(invoice, evidence.currency_of(invoice))


F1 = Control(
    "F1",
    "Lines foot to the header",
    "accuracy",
    "exception",
    lines_foot_to_header,
    operands="sum of the lines, total of the header; v2: discount, minimum",
)
