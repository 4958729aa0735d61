"""F21: how the month compares with the one before and with the same month last year."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from billing.controls.control import Control, Evidence
from billing.controls.line_kinds import Charged, in_words
from billing.controls.neighbours import month_before, year_before
from billing.controls.price_and_volume import Split, split, sum_of
from billing.controls.result import Finding, State, not_applicable
from billing.models import AccountMonth, InvoiceLine
from billing.money import exact_sum
from billing.tolerances import Tolerance

POLICY = Tolerance(percent=Decimal(100), minor_units=100_000)
_SHOWN = 10


def month_compares(evidence: Evidence) -> Iterator[Finding]:
    """
    Compare the sum of all lines with the month before, then with the same month a year before, and split the
    difference: price + volume + rounding + other, with nothing left over; the ten largest products are shown.

    This is analysis, not proof: usage goes up and down. Default policy: only more than 100 % **and** more than
    100,000 minor units (1,000.00 USD) needs a person.

        1000.00 then, 1000.00 now                         -> PASS
        1000.00 then, 1600.00 now                         -> VARIANCE_TOLERATED
        1000.00 then, 2500.00 now                         -> EXCEPTION
        nothing was billed in one of the two months       -> NOT_APPLICABLE (F6 has judged that)
        the account's first month, or its first year      -> NOT_APPLICABLE
        the month to compare with is not stored           -> BLOCKED, names it
        the two months are in different currencies        -> NOT_APPLICABLE (F3 has judged that)
    """
    for before in (month_before(evidence), year_before(evidence)):
        yield before if isinstance(before, Finding) else _compared(evidence, before)


def _compared(evidence: Evidence, before: AccountMonth) -> Finding:
    month = evidence.month
    subject = str(month.period)
    if not month.invoices or not before.invoices:
        empty = subject if not month.invoices else str(before.period)
        return not_applicable(subject, f"compared with {before.period}: {empty} has no invoice")
    currencies = {evidence.currency_of(invoice) for invoice in (*month.invoices, *before.invoices)}
    if len(currencies) > 1:
        return not_applicable(subject, f"compared with {before.period}: no common currency")
    then, now = _lines(before), _lines(month)
    parts = split(then, now)
    whole = sum_of(parts.values())
    expected, actual = exact_sum(line.amount for line in then), exact_sum(line.amount for line in now)
    return Finding(
        subject,
        State.EXCEPTION if whole.total else State.PASS,
        f"{actual:f} after {expected:f} in {before.period}: {whole.price:+f} by price, {whole.volume:+f} by volume, "
        f"{whole.rounding:+f} by rounding, {whole.other:+f} by credits and the like",
        expected=expected,
        actual=actual,
        difference=whole.total,
        currency=currencies.pop(),
        operands={"compared_with": str(before.period), **_parts(whole), "largest": _largest(parts)},
    )


def _lines(month: AccountMonth) -> list[InvoiceLine]:
    return [line for invoice in month.invoices for line in invoice.lines]


def _largest(parts: dict[Charged, Split]) -> list[dict[str, Any]]:
    ordered = sorted(parts.items(), key=lambda item: (-abs(item[1].total), in_words(item[0])))
    return [{"charged": in_words(charged), **_parts(each)} for charged, each in ordered[:_SHOWN]]


def _parts(each: Split) -> dict[str, Decimal]:
    return {"price": each.price, "volume": each.volume, "rounding": each.rounding, "other": each.other}


F21 = Control(
    "F21",
    "The month compares with last month and last year",
    "accuracy",
    "variance",
    month_compares,
    operands="lines of the month, of the month before, and of the same month a year before",
    tolerance=POLICY,
)
