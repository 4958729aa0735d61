"""What a quantity counts: single units, or thousands or more of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import Plan

_ONE_BY_ONE = {"User", "Token", "GB"}
_FEWEST = 20  # a product is counted in thousands only if there are many of them


@dataclass(frozen=True, slots=True)
class Scale:
    """
    How a product is counted.

    :param units: how many single units a line's quantity counts as one.
    :param prices: prices and rates are for that many units too.
    :param charges: the quantities of charges count them too.
    """

    units: int = 1
    prices: bool = False
    charges: bool = False


_SCALES = {
    "raw": Scale(),
    "thousands": Scale(1_000),
    "ten_thousands": Scale(10_000),
    "millions": Scale(1_000_000),
    "priced_thousands": Scale(1_000, prices=True),
    "priced_millions": Scale(1_000_000, prices=True),
    "charged_thousands": Scale(1_000, prices=True, charges=True),
}


def scale_of(plan: Plan, read: Mapping[str, str]) -> Scale:
    """Return how a plan's product is counted."""
    how = read["line_quantity"]
    if how == "per_product":
        how = list(_SCALES)[seeded_random.between(0, len(_SCALES) - 1, "scale", plan.product.sku)]
    scale = _SCALES[how]
    few = plan.high < scale.units * _FEWEST
    return Scale() if few or plan.product.unit in _ONE_BY_ONE else scale


def priced(price: Decimal, scale: Scale) -> Decimal:
    """Return the price of what a scale counts as one."""
    return exact.times(price, scale.units) if scale.prices else price


def counted(quantity: Decimal, units: int) -> Decimal:
    """Return a quantity in that many units."""
    return quantity if units == 1 else exact.EXACT.divide(quantity, Decimal(units))


def whole(quantity: Decimal, how: str) -> int | Decimal:
    """Return a line's quantity: an integer, unless a fraction is let through."""
    if how == "fraction" and quantity != quantity.to_integral_value():
        return quantity
    return int(quantity.to_integral_value(ROUND_HALF_UP if how == "rounded" else ROUND_DOWN))
