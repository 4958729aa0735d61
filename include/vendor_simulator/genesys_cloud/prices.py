"""What a plan costs in a period: the prices in force, discounts, and shares of a period. Pure: no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import Contract, Plan, Price
from vendor_simulator.genesys_cloud.periods import ONE_DAY, Period

_PERCENTS = (Decimal(5), Decimal("7.5"), Decimal(10), Decimal("12.5"))


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    Days on which one price is in force.

    :param end: last day, included.
    :param share: how many whole periods they count as.
    """

    start: date
    end: date
    price: Price
    share: Fraction


def stretches(plan: Plan, period: Period) -> list[Stretch]:
    """
    Return the days of a period by the price that counts for them; none before the plan has begun.

    A price that changes within the period counts from its day, or from the next period.
    """
    begins = max(period.start, plan.begins or period.start)
    if period.contract.read["amendment"] == "next_period":
        whole = Stretch(period.start, period.end, plan.price_on(period.start), period.share(period.days))
        return [whole] if begins == period.start else []
    if begins > period.end:
        return []
    starts = [begins, *(price.start for price in plan.prices if begins < price.start <= period.end)]
    ends = [*(start - ONE_DAY for start in starts[1:]), period.end]
    return [
        Stretch(start, end, plan.price_on(start), period.share((end - start).days + 1))
        for start, end in zip(starts, ends, strict=True)
    ]


def joined(parts: list[Stretch]) -> list[Stretch]:
    """Return stretches with neighbours of one price made one."""
    result: list[Stretch] = []
    for part in parts:
        if result and result[-1].price is part.price:
            before = result.pop()
            result.append(Stretch(before.start, part.end, part.price, before.share + part.share))
        else:
            result.append(part)
    return result


def cost(contract: Contract, plan: Plan, part: Stretch) -> Decimal:
    """Return what a prepaid quantity costs over some days, not rounded."""
    whole = _whole_cost(contract, plan, part.price)
    return exact.EXACT.divide(exact.times(whole, part.share.numerator), Decimal(part.share.denominator))


def discount(contract: Contract, plan: Plan, price: Price) -> Decimal:
    """Return an item's ``discountAmount``, a number that no document explains."""
    rule = contract.read["discount"]
    if rule == "none" or not plan.is_prepaid:
        return Decimal("0.0")
    percent = _PERCENTS[seeded_random.between(0, len(_PERCENTS) - 1, "discount", plan.id)]
    if rule == "percent":
        return percent
    units = plan.quantity_at(price) if rule == "per_item" else 1
    return exact.money(exact.times(exact.times(price.price, units), percent.scaleb(-2)), contract.currency)


def _whole_cost(contract: Contract, plan: Plan, price: Price) -> Decimal:
    gross, units = exact.times(price.price, plan.quantity_at(price)), plan.quantity_at(price)
    off = discount(contract, plan, price)
    match contract.read["discount"]:
        case "per_unit":
            return exact.times(price.price - off, units)
        case "per_item":
            return gross - off
        case "percent":
            return exact.times(gross, 1 - off.scaleb(-2))
        case _:
            return gross
