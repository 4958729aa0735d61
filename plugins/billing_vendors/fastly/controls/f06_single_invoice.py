"""F6: one posted invoice per customer and month."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.line_types import invoices_without_credits
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing_vendors.fastly.controls.expected_bill import missing_bill
from billing_vendors.fastly.settings import FastlySettings


def one_posted_invoice(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Count the month's invoices. A credit memo, or a document of credits alone, is a correction and does not count.

    Of a month without an invoice F9 says the same.

        one invoice, one correction                           -> PASS
        two invoices                                          -> EXCEPTION: hold both, one may be a duplicate
        none; usage, an estimate or a commitment above zero   -> EXCEPTION: a bill is missing
        the same, read before the posting day has ended       -> BLOCKED: it is awaited
        none, and nothing was used                            -> NOT_APPLICABLE
        none, and another account pays                        -> NOT_APPLICABLE
        none, and nothing says whether one is due             -> BLOCKED
    """
    account_month = evidence.account_month
    bills = sorted(bill.invoice_id for bill in invoices_without_credits(account_month.invoices))
    if not bills:
        yield missing_bill(evidence)
        return
    alone = len(bills) == 1
    yield Finding(
        str(account_month.month),
        State.PASS if alone else State.EXCEPTION,
        f"invoice {bills[0]} is the only one" if alone else f"{len(bills)} invoices bill the month: hold their payment",
        operands={"invoices": bills, "corrections": len(account_month.invoices) - len(bills)},
    )


F6 = Control(
    "F6",
    "One posted invoice per customer and month",
    "existence",
    "hold",
    one_posted_invoice,
    operands="number of invoices; without one: usage, estimates and commitments of the month",
)
