"""F5: every day of the month is billed once: no gap, and no overlap with another month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from billing.controls.checks.line_types import invoices_without_credits
from billing.controls.checks.prior_months import month_before
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import AccountMonth, Invoice
from billing.month import Month
from billing_vendors.fastly.controls.api_version import undated
from billing_vendors.fastly.periods import whole_month
from billing_vendors.fastly.settings import FastlySettings

Interval = tuple[datetime, datetime]


def every_day_is_billed_once(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the intervals of this month's and last month's invoices.

    A gap belongs to the month in which its days lie, an overlap to the later month, so one error is found in one month.
    Corrections do not count; F6 checks for two invoices of one month.

        October billed from 1 to 31 Oct, September to 30 Sep  -> PASS
        both whole months of a zone, from 22:00 to 22:00 UTC  -> PASS
        October billed from 1 to 28 Oct                       -> EXCEPTION in October: 3 days are not billed
        September billed to 3 Oct, October from 1 Oct         -> EXCEPTION in October: 3 days are billed twice
        an invoice without start or end                       -> BLOCKED; v2, which may leave them out: NOT_APPLICABLE
        the month has no invoice                              -> NOT_APPLICABLE (F6 checks whether one is missing)
        the month before is not stored                        -> BLOCKED for the overlap
    """
    account_month = evidence.account_month
    bills = invoices_without_credits(account_month.invoices)
    if not bills:
        yield not_applicable(str(account_month.month), "the month has no invoice; F6 checks whether one is missing")
        return
    unbounded = [bill for bill in bills if bill.service_start is None or bill.service_end is None]
    for bill in unbounded:
        yield undated(bill, evidence, "the interval it bills")
    if unbounded:
        return
    before = month_before(evidence)
    earlier = invoices_without_credits(before.invoices) if isinstance(before, AccountMonth) else []
    yield _coverage(account_month.month, bills, earlier)
    if isinstance(before, AccountMonth):
        yield _overlap(account_month.month, bills, earlier)
    elif before.state is State.BLOCKED:
        yield before


def _coverage(month: Month, bills: list[Invoice], earlier: list[Invoice]) -> Finding:
    gaps = list(_gaps(_to_be_billed(month, bills, earlier), sorted(_intervals([*bills, *earlier]))))
    billed_by = ", ".join(bill.invoice_id for bill in bills)
    return Finding(
        str(month),
        State.EXCEPTION if gaps else State.PASS,
        f"not billed: {', '.join(map(_words, gaps))}" if gaps else f"every day is billed, by {billed_by}",
        operands={"invoices": [bill.invoice_id for bill in bills], "gaps": [_words(gap) for gap in gaps]},
    )


def _to_be_billed(month: Month, bills: list[Invoice], earlier: list[Invoice]) -> Interval:
    """Return the month as its bills count it: in their zone, and from where the whole month before it ended."""
    whole = [(start, end) for start, end in _intervals(bills) if whole_month(start, end) is not None]
    before = [end for start, end in _intervals(earlier) if whole_month(start, end) is not None]
    start = min((start for start, _ in whole), default=month.start)
    return max(before, default=start), max((end for _, end in whole), default=month.end)


def _overlap(month: Month, bills: list[Invoice], earlier: list[Invoice]) -> Finding:
    twice = sorted(
        {
            (max(mine[0], theirs[0]), min(mine[1], theirs[1]))
            for mine in _intervals(bills)
            for theirs in _intervals(earlier)
            if max(mine[0], theirs[0]) < min(mine[1], theirs[1])
        }
    )
    return Finding(
        str(month),
        State.EXCEPTION if twice else State.PASS,
        f"billed in {month.shifted(-1)} already: {', '.join(map(_words, twice))}"
        if twice
        else f"no part of it was billed in {month.shifted(-1)}",
        operands={"twice": [_words(each) for each in twice]},
    )


def _gaps(month: Interval, billed: list[Interval]) -> Iterator[Interval]:
    covered, month_end = month
    for start, end in billed:
        if covered < min(start, month_end):
            yield covered, min(start, month_end)
        covered = max(covered, end)
    if covered < month_end:
        yield covered, month_end


def _intervals(invoices: list[Invoice]) -> list[Interval]:
    return [(bill.service_start, bill.service_end) for bill in invoices if bill.service_start and bill.service_end]


def _words(interval: Interval) -> str:
    start, end = interval
    days = (end - start) / timedelta(days=1)
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC ({days:g} days)"


F5 = Control(
    "F5",
    "No gap and no overlap between months",
    "completeness",
    "exception",
    every_day_is_billed_once,
    operands="billing periods of this month's and last month's invoices",
)
