"""F21: compare the month with the one before and with the same month last year."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.period_comparison import POLICY, compared
from billing.controls.checks.prior_months import month_before, year_before
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding
from billing.models import AccountMonth, InvoiceLine
from billing_vendors.fastly.settings import FastlySettings


def month_compares(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the sum of all lines with the month before, then with the same month a year before, and split the
    difference: price + volume + rounding + other, which add up exactly; the ten largest products are shown.

    This is an analysis: usage goes up and down. Default policy: only more than 100 % **and** more than 100,000 minor
    units (1,000.00 USD) is an exception.

        1000.00 then, 1000.00 now                         -> PASS
        1000.00 then, 1600.00 now                         -> VARIANCE_TOLERATED
        1000.00 then, 2500.00 now                         -> EXCEPTION
        nothing was billed in one of the two months       -> NOT_APPLICABLE (see F6)
        the account's first month, or its first year      -> NOT_APPLICABLE
        the month to compare with is not stored           -> BLOCKED, names it
        the two months are in different currencies        -> NOT_APPLICABLE (see F3)
    """
    for before in (month_before(evidence), year_before(evidence)):
        if isinstance(before, Finding):
            yield before
        else:
            yield compared(evidence.account_month, before, _lines, evidence.currency_of)


def _lines(account_month: AccountMonth) -> list[InvoiceLine]:
    return [line for invoice in account_month.invoices for line in invoice.lines]


F21 = Control(
    "F21",
    "The month compares with last month and last year",
    "accuracy",
    "variance",
    month_compares,
    operands="lines of the month, of the month before, and of the same month a year before",
    tolerance=POLICY,
)
