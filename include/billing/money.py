"""Exact sums, ISO 4217 exponents and rounding bounds: the arithmetic that every control relies on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
)
from functools import lru_cache, reduce

import iso4217
from iso4217 import Currency

from billing.month import Month

_PUBLISHED: date = iso4217.__published__  # on this day a currency that the list lacks was no longer in force
# Wide enough for any bill, and it raises instead of rounding: the default context drops digits after the 28th.
EXACT = Context(prec=200, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation, DivisionByZero])


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """
    Add decimals without losing a digit; the sum of nothing is 0.

    :raises decimal.Inexact: the sum has more than 200 digits.
    """
    return reduce(EXACT.add, numbers, Decimal(0))


def product(left: Decimal, right: Decimal) -> Decimal:
    """Multiply two decimals without losing a digit."""
    return EXACT.multiply(left, right)


def difference(left: Decimal, right: Decimal) -> Decimal:
    """Subtract ``right`` from ``left`` without losing a digit."""
    return EXACT.subtract(left, right)


def negated(number: Decimal) -> Decimal:
    """Return a decimal with the opposite sign without losing a digit; the operator ``-`` keeps 28."""
    return EXACT.minus(number)


def currency_code(text: str) -> str:
    """Return a currency's code as ISO 4217 writes it, in capitals, for comparing: vendors also send small letters."""
    return text.strip().upper()


@lru_cache
def minor_unit(currency: str) -> Decimal | None:
    """
    Return the smallest payable amount of a currency: 0.01 for USD, 1 for JPY, 0.001 for KWD; also for one withdrawn.

    None for an unknown code and for codes that have no exponent (XAU and the like): no bound can be derived.
    Source: ISO 4217, as the iso4217 package carries it; of withdrawn currencies CLDR, as babel carries it.
    """
    code = currency_code(currency)
    listed = _listed(code)
    exponent = listed.exponent if listed else _withdrawn_exponent(code)
    return None if exponent is None else Decimal(1).scaleb(-exponent)


def is_in_force(currency: str, month: Month) -> bool:
    """
    Return whether amounts of a month may be in a currency: it is one for payments, and is so to the month's end.

        BGN, withdrawn on 2026-01-01 -> 2025-12: yes, 2026-01: no
        SLE, new on 2022-07-01       -> 2022-06: no
    """
    code = currency_code(currency)
    if minor_unit(code) is None:
        return False
    last_day = month.end.date() - timedelta(days=1)
    spans = _tender(code)
    if _listed(code):
        return not spans or any(begin <= last_day for begin, _ in spans)
    return last_day < _PUBLISHED and any(begin <= last_day <= end for begin, end in spans)


def _listed(code: str) -> Currency | None:
    """Return a currency of the current list of ISO 4217."""
    try:
        return Currency(code)
    except ValueError:
        return None


def _withdrawn_exponent(code: str) -> int | None:
    from babel.core import get_global  # noqa: PLC0415 (20 ms that hardly any currency needs)

    if not _tender(code):
        return None
    digits = get_global("currency_fractions")
    exponent: int = digits.get(code, digits["DEFAULT"])[0]
    return exponent


@lru_cache
def _tender(code: str) -> list[tuple[date, date]]:
    """Return from when to when, by CLDR, a currency was legal tender in some country."""
    from babel.core import get_global  # noqa: PLC0415 (20 ms that hardly any currency needs)

    territories = get_global("territory_currencies").values()
    spans = ((begin, end) for rows in territories for name, begin, end, tender in rows if tender and name == code)
    return [(date(*(begin or (1, 1, 1))), date(*end) if end else date.max) for begin, end in spans]


def rounding_bound(roundings: int, unit: Decimal) -> Decimal:
    """
    Return the largest difference that a number of independent roundings to ``unit`` can make: half a unit each.

        3 lines in USD  -> 0.015
    """
    return EXACT.multiply(EXACT.multiply(Decimal(roundings), unit), Decimal("0.5"))
