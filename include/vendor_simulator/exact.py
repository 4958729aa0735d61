"""Exact decimals: rounding of money, number formats, and JSON that prints every digit."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from json.encoder import encode_basestring

from vendor_simulator import seeded_random

# A separate context: the one of a server thread would silently round to 28 digits.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
EXPONENTS = {
    "USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "SEK": 2, "JPY": 0, "CLP": 0, "KWD": 3, "BHD": 3,
}  # ISO 4217  # fmt: skip


def rounded(amount: Decimal, places: int) -> Decimal:
    """Round half up to that many decimals."""
    return EXACT.quantize(amount, Decimal(1).scaleb(-places))


def money(amount: Decimal, currency: str) -> Decimal:
    """Round an amount payable half up to the currency's minor unit."""
    return rounded(amount, EXPONENTS[currency])


def times(rate: Decimal, units: Decimal | int) -> Decimal:
    """Multiply without rounding."""
    return EXACT.multiply(rate, Decimal(units))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add without rounding."""
    result = Decimal(0)
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def plain(number: Decimal | int) -> str:
    """Write a number by its value alone: no exponent, no trailing zeros."""
    digits = format(Decimal(number), "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def vary_format(number: Decimal, *key: seeded_random.Key) -> Decimal:
    """Return the same value in a format chosen by the key, as vendors do: 4000, 4000.0 or 4000.00."""
    shortest = plain(number)
    places = len(shortest.partition(".")[2])
    return rounded(number, max(places, seeded_random.between(0, 2, "look", *key)))


def json_text(value: object) -> str:
    """
    Write JSON in which a decimal is a number with exactly its own digits.

    :raises TypeError: a float, or a type that JSON does not have.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return encode_basestring(value)
        case Decimal():
            return format(value, "f")
        case int():
            return str(value)
        case dict():
            members = (f"{encode_basestring(name)}:{json_text(member)}" for name, member in value.items())
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(map(json_text, value)) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} is not written to JSON")
