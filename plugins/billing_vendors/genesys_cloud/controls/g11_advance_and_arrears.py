"""G11: each line is split to calendar months by its days of service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from functools import lru_cache

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, compare_amounts, not_applicable
from billing.models import Invoice, InvoiceLine
from billing.money import exact_sum, minor_unit
from billing.proration import MIDNIGHT, served, split
from billing_vendors.genesys_cloud.settings import GenesysSettings

VOICE_CUT = time(7)
"""UTC; source: Genesys Cloud help, "The Genesys Cloud Voice billing cycle", checked 2026-11-22."""


def lines_are_split_to_calendar_months(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Split every line's amount to the calendar months (UTC) of its service and check that the parts add up.

    What begins after the month's billing periods is billed in advance, the rest in arrears. Days of Genesys Cloud Voice
    begin at 07:00 UTC, all others at midnight.

        31.00 for 21 October to 20 November        -> PASS: October 11.00, November 20.00
        100.00 for November on October's invoice   -> PASS: November 100.00, all of it in advance
        a line has no service dates                -> BLOCKED, with the line
        a line ends before it begins               -> BLOCKED, with the line
        the currency is unknown                    -> BLOCKED
        no invoice, or an invoice without lines    -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    ends = max(
        (period.ends_on for period in account_month.billing_periods), default=account_month.month.shifted(1).first_day
    )
    for invoice in account_month.invoices:
        yield from _of_invoice(invoice, ends)


def _of_invoice(invoice: Invoice, ends: date) -> Iterator[Finding]:
    subject = invoice.invoice_id
    unit = minor_unit(invoice.currency) if invoice.currency else None
    if unit is None:
        yield blocked(
            subject, f"the currency {invoice.currency} is unknown, so amounts cannot be rounded to its smallest unit"
        )
        return
    if not invoice.lines:
        yield not_applicable(subject, "the invoice has no lines")
        return
    undated = [line for line in invoice.lines if not _dated(line)]
    for line in undated:
        yield blocked(subject, f"line {line.position} ({line.description}) has no service dates that can be split")
    if not undated:
        yield _split(invoice, unit, ends)


def _split(invoice: Invoice, unit: Decimal, ends: date) -> Finding:
    by_month: dict[str, list[Decimal]] = defaultdict(list)
    advance: list[Decimal] = []
    for line in invoice.lines:
        for month, amount in _parts(line, unit):
            by_month[month].append(amount)
        if line.service_start is not None and line.service_start >= ends:
            advance.append(line.amount)
    totals = {month: exact_sum(amounts) for month, amounts in sorted(by_month.items())}
    shown = ", ".join(f"{month} {amount}" for month, amount in totals.items())
    found = compare_amounts(
        invoice.invoice_id,
        f"parts of {len(invoice.lines)} lines ({shown}) against the lines",
        expected=invoice.lines_total,
        actual=exact_sum(totals.values()),
        currency=invoice.currency,
        roundings=0,
    )
    operands = {"by_month": totals, "advance": exact_sum(advance), "voice_cut": "07:00 UTC"}
    return replace(found, operands=operands)


def _parts(line: InvoiceLine, unit: Decimal) -> Iterable[tuple[str, Decimal]]:
    if line.service_start is None or line.service_end is None:
        return ()
    cut = VOICE_CUT if _is_voice(line) else MIDNIGHT
    return _split_once(line.amount, line.service_start, line.service_end, cut, unit)


@lru_cache(maxsize=4096)
def _split_once(amount: Decimal, start: date, end: date, cut: time, unit: Decimal) -> tuple[tuple[str, Decimal], ...]:
    """Split an amount, cached: thousands of lines of one invoice bill the same amount for the same days."""
    return tuple((str(part.month), part.amount) for part in split(amount, *served(start, end, cut), unit))


def _dated(line: InvoiceLine) -> bool:
    start, end = line.service_start, line.service_end
    return start is not None and end is not None and start <= end


def _is_voice(line: InvoiceLine) -> bool:
    name = str((line.attributes.get("product") or {}).get("name") or "")
    return "genesys cloud voice" in f"{name} {line.description}".casefold()


G11 = Control(
    "G11",
    "Lines are split to calendar months",
    "cut-off",
    "info",
    lines_are_split_to_calendar_months,
    operands="amount and service dates of each line",
)
