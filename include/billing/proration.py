"""
Split an amount by the calendar months of its service, exactly, with nothing lost in rounding. Pure.

Days are exact where a service begins and ends at midnight UTC, hours where it does not, e.g. where a month is served
from 07:00 UTC to 07:00 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, Inexact
from fractions import Fraction

from billing.money import EXACT, difference, product
from billing.month import Month

MIDNIGHT = time(0)

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """
    One calendar month's part of an amount.

    :param amount: a whole number of minor units, but for digits that the whole itself has beyond them.
    :param share: of the time served that falls in the month.
    """

    month: Month
    amount: Decimal
    share: Fraction


def served(start: date, end: date, cut: time = MIDNIGHT) -> tuple[datetime, datetime]:
    """
    Return the instants between which a service of these days (``end`` not included) ran, cut at a time of day UTC.
    """
    return datetime.combine(start, cut, UTC), datetime.combine(end, cut, UTC)


def split(amount: Decimal, start: datetime, end: datetime, unit: Decimal) -> tuple[Part, ...]:
    """
    Split an amount by the calendar months (UTC) of its service; the parts add up to the whole, in order of time.

    Each month ends at the rounded running total, so no part is off by a minor unit or more; the last one takes
    the rest, even a fraction of the minor unit.

        31.00 from 2026-10-21 to 2026-11-21  -> October 11.00 (11 of 31 days), November 20.00
        10.00 from 2026-10-21 to 2026-11-21  -> October 3.55 (3.548…), November 6.45
        7.44 from 2026-10-01T07:00 to 2026-11-01T07:00  -> October 7.37 (737 of 744 hours), November 0.07
        5.00 on no day at all                -> the month it would begin in

    :param unit: smallest payable amount of the currency, e.g. 0.01.
    :raises ValueError: the service ends before it begins.
    """
    if end < start:
        raise ValueError(f"a service from {start} to {end} ends before it starts")
    if end == start:
        return (Part(Month.of(start), amount, Fraction(1)),)
    parts: list[Part] = []
    placed, month, whole = Decimal(0), Month.of(start), (end - start) // _MICROSECOND
    while month.start < end:
        until = min(month.end, end)
        passed = Fraction((until - start) // _MICROSECOND, whole)
        reached = amount if until == end else round_fraction(Fraction(amount) * passed, unit)
        share = Fraction((until - max(start, month.start)) // _MICROSECOND, whole)
        parts.append(Part(month, difference(reached, placed), share))
        placed, month = reached, month.shifted(1)
    return tuple(parts)


def round_fraction(value: Fraction, unit: Decimal) -> Decimal:
    """Round an exact fraction to a multiple of the unit, half up: halves away from zero."""
    units = abs(value) / Fraction(unit)
    whole = int(units + Fraction(1, 2))
    return product(unit, Decimal(whole if value >= 0 else -whole))


def decimal_of(value: Fraction) -> Decimal:
    """Return an exact fraction as a decimal; one without an end is rounded to twelve places."""
    try:
        return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    except Inexact:
        return round_fraction(value, Decimal("1e-12"))
