"""Two quantities of one thing, of which a vendor may show one divided: as thousands, or cut to a whole number. Pure."""

from __future__ import annotations

from decimal import Decimal

from billing.money import EXACT, difference, product

SCALES = tuple(map(Decimal, (1, 1_000, 10_000, 1_000_000)))
"""By what a quantity may be divided: not at all, or into units of so many."""


def scale_between(raw: Decimal, shown: Decimal, *, cuts: int = 0) -> Decimal | None:
    """
    Return by what a quantity is divided where it is shown; None if no scale explains the difference.

        323992 and 323992        -> 1
        323992 and 323.992       -> 1000
        323.992 and 323992       -> 0.001
        323992 and 324, one cut  -> 1000: shown as a whole number
        12.4 and 12, one cut     -> 1
        920221 and 0, one cut    -> 1000000
        12 and 13                -> None
        0 and 0                  -> 1

    :param cuts: how many whole numbers ``shown`` adds up; each may be off by less than one.
    """
    if raw == shown:
        return Decimal(1)
    if not raw or not shown:
        return next((scale for scale in SCALES if raw and abs(raw) < product(scale, Decimal(cuts))), None)
    for scale in SCALES:
        if product(shown, scale) == raw:
            return scale
        if product(raw, scale) == shown:
            return EXACT.divide(Decimal(1), scale)
    return next((scale for scale in SCALES if _is_cut(raw, shown, scale, cuts)), None)


def _is_cut(raw: Decimal, shown: Decimal, scale: Decimal, cuts: int) -> bool:
    """Return whether whole numbers stand for a quantity that is none when it is divided."""
    exact = EXACT.divide(raw, scale)
    whole = shown == shown.to_integral_value() and exact != exact.to_integral_value()
    return whole and abs(difference(shown, exact)) < cuts
