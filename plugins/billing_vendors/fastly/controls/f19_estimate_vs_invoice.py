"""F19: compare the last estimate with the bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from billing.config.tolerances import Tolerance
from billing.controls.checks.line_types import invoices_without_credits, is_charge, is_credit, is_shortfall
from billing.controls.control import Control
from billing.controls.evidence import Estimate, Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import InvoiceLine
from billing.money import difference, exact_sum
from billing_vendors.fastly.controls.estimates import charges_of, missing_estimates
from billing_vendors.fastly.settings import FastlySettings

LATEST = timedelta(days=1)
"""How long before the month's end the last snapshot may end; snapshots are taken daily."""

POLICY = Tolerance(percent=Decimal(10), minor_units=10_000)


def last_estimate_was_near(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the charges billed with those of the last snapshot before the month's end: the error of an accrual.

    Credits and the shortfall to a minimum are not part of an estimate: they are shown separately, and all four figures
    add up to the whole difference. Default policy: more than 10 % **and** more than 10,000 minor units (100.00 USD).

        last snapshot 980.00, billed 1000.00              -> VARIANCE_TOLERATED
        last snapshot 700.00, billed 1000.00              -> EXCEPTION
        both 1000.00                                      -> PASS
        the last snapshot ends more than a day too early  -> BLOCKED: it is no estimate of the month
        none, and none was ever taken up to this month    -> NOT_APPLICABLE
        none, but earlier months have some                -> BLOCKED
        the month has no invoice                          -> NOT_APPLICABLE
    """
    subject = str(evidence.account_month.month)
    missing = missing_estimates(evidence)
    if missing is not None:
        yield missing
        return
    if not invoices_without_credits(evidence.account_month.invoices):
        yield not_applicable(subject, "the month has no invoice; F6 checks whether one is missing")
        return
    end = evidence.account_month.month.end
    in_month = [estimate for estimate in evidence.estimates if _covers_until(estimate) <= end]
    last = max(in_month, key=_covers_until, default=None)
    if last is None or end - _covers_until(last) > LATEST:
        until = "after its end" if last is None else f"until {_covers_until(last):%Y-%m-%d %H:%M} UTC only"
        yield blocked(subject, f"no snapshot of the month's last day: the last one was taken {until}")
        return
    yield _compared(subject, last, evidence)


def _compared(subject: str, last: Estimate, evidence: Evidence[FastlySettings]) -> Finding:
    lines = [line for invoice in evidence.account_month.invoices for line in invoice.lines]
    expected, actual = charges_of(last), _sum(lines, is_charge)
    gap = difference(actual, expected)
    return Finding(
        subject,
        State.EXCEPTION if gap else State.PASS,
        f"charges of {actual:f} are billed; the snapshot until {_covers_until(last):%Y-%m-%d %H:%M} UTC "
        f"had {expected:f}",
        expected=expected,
        actual=actual,
        difference=gap,
        currency=evidence.account.currency,
        operands={
            "estimated": {"total": last.total, "credits": last.credits, "shortfall": last.shortfall},
            "billed": {"credits": _sum(lines, is_credit), "shortfall": _sum(lines, is_shortfall)},
            "taken": last.taken_at.isoformat(),
        },
    )


def _sum(lines: list[InvoiceLine], kind: Callable[[InvoiceLine], bool]) -> Decimal:
    return exact_sum(line.amount for line in lines if kind(line))


def _covers_until(estimate: Estimate) -> datetime:
    """Return the end of what an estimate covers: never later than the moment at which it was received."""
    return estimate.taken_at if estimate.as_of is None else min(estimate.as_of, estimate.taken_at)


F19 = Control(
    "F19",
    "The last estimate was near the bill",
    "accuracy",
    "variance",
    last_estimate_was_near,
    operands="charges of the last month-to-date snapshot, charges billed",
    tolerance=POLICY,
)
