"""Exact sums, ISO 4217 exponents and rounding bounds: the arithmetic that every control relies on."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
)

from iso4217 import Currency

# Wide enough for any bill, and it raises instead of rounding: the default context drops digits after the 28th.
EXACT = Context(prec=200, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation, DivisionByZero])


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """
    Add decimals without losing a digit; the sum of nothing is 0.

    :raises decimal.Inexact: the sum has more than 200 digits.
    """
    total = Decimal(0)
    for number in numbers:
        total = EXACT.add(total, number)
    return total


def product(left: Decimal, right: Decimal) -> Decimal:
    """Multiply two decimals without losing a digit."""
    return EXACT.multiply(left, right)


def difference(left: Decimal, right: Decimal) -> Decimal:
    """Subtract ``right`` from ``left`` without losing a digit."""
    return EXACT.subtract(left, right)


def currency_code(text: str) -> str:
    """Return a currency's code as ISO 4217 writes it, in capitals, for comparing: vendors also send small letters."""
    return text.strip().upper()


def minor_unit(currency: str) -> Decimal | None:
    """
    Return the smallest payable amount of a currency: 0.01 for USD, 1 for JPY, 0.001 for KWD.

    None for an unknown code and for codes that have no exponent (XAU and the like): no bound can be derived.
    Source: ISO 4217, as the iso4217 package carries it.
    """
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        return None
    return None if exponent is None else Decimal(1).scaleb(-exponent)


def rounding_bound(roundings: int, unit: Decimal) -> Decimal:
    """
    Return the largest difference that a number of independent roundings to ``unit`` can make: half a unit each.

        3 lines in USD  -> 0.015
    """
    return EXACT.multiply(EXACT.multiply(Decimal(roundings), unit), Decimal("0.5"))
