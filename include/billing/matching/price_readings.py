"""
What a line may cost by its contract. Pure and exact.

A contract leaves open how a price applies: per month or per bill, in full or by the day where a service is shorter, to
a quantity that a line shows divided or cut, with a discount of some kind. Each such way is a reading; a line is right
if its amount is that of one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from billing.matching.price_book import PricedItem, agreed_amount
from billing.matching.quantities import SCALES
from billing.matching.service_months import Span, month_from, whole_months
from billing.models import ContractItem
from billing.month import Month

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One amount that a contract allows.

    :param text: how it comes about, for a person; "" if it is the price times the quantity.
    """

    amount: Fraction
    text: str = ""

    def times(self, factor: Fraction, text: str) -> Reading:
        """Return the reading with a factor."""
        return self if factor == 1 else Reading(self.amount * factor, f"{self.text} x {text}".removeprefix(" x "))


def price_readings(
    priced: Sequence[PricedItem], quantities: Sequence[Decimal], service: Span, periods: Iterable[Span]
) -> Iterator[Reading]:
    """
    Yield what a line may cost, the plainest reading first.

        250 at 135.00, January                                -> 33750
        250 at 135.00, January to March                       -> 33750; 101250 (3 months)
        250 at 135.00, 15 to 31 January                       -> 33750; 18508.06… (17/31 of a month)
        250 at 130.00 until 15 January, then 135.00; January  -> 32500; 33750; 33145.16… (by the day)
        250 at 135.00, discount 10                            -> also 31250, 33740, 30375
        323992 at 0.4                                         -> also 129.5968 (per 1000)

    :param priced: the items of one product, in force or not.
    :param quantities: of the line; if it bills a charge alone also the charge's.
    :param periods: billing periods of the contract.
    """
    factors = _factors(service, tuple(periods))
    sets = _in_force(priced, service)
    for scale in SCALES:
        text = "" if scale == 1 else f"per {scale}"
        for items in sets:
            for quantity in quantities:
                for reading in _amounts(items, quantity):
                    yield from (
                        reading.times(1 / Fraction(scale), text).times(factor, named) for factor, named in factors
                    )
        if scale == 1:
            yield from _by_the_day(priced, quantities, service, factors)


def fitting(readings: Iterable[Reading], amount: Decimal, bound: Decimal) -> Reading | None:
    """
    Return the first reading that gives an amount to within a bound; None if none does.

    An amount of nothing is explained by the plain reading alone: of a divided price little is left anyway.
    """
    wanted, most = Fraction(amount), Fraction(bound)
    return next(
        (
            each
            for each in readings
            if abs(each.amount - wanted) <= most and (amount or not each.text or not each.amount)
        ),
        None,
    )


def _in_force(priced: Sequence[PricedItem], service: Span) -> list[list[PricedItem]]:
    """Return the items in force when a service begins, else when it ends; and those that amend them within."""
    start, end = service
    first, last = ([each for each in priced if each.in_force(day)] for day in (start, max(start, end - _ONE_DAY)))
    within = [each for each in priced if each.item.effective_start and start < each.item.effective_start < end]
    amended = [each for each in within if any(other.in_force(each.item.effective_start or start) for other in first)]
    return [items for items in ([first, amended] if first else [last]) if items]


def _amounts(items: list[PricedItem], quantity: Decimal) -> Iterator[Reading]:
    """Yield what a quantity costs by the items in force, then with each kind of discount."""
    plain = agreed_amount(items, quantity)
    if plain is not None:
        yield Reading(Fraction(plain))
    if len(items) > 1:
        single = (each for each in items if each.is_overage or each.item.quantity == quantity)
        yield from (Reading(Fraction(each.price) * Fraction(quantity), "one of several prices") for each in single)
    for each in items:
        if (discount := each.item.discount_amount) and (plain is not None or each.item.quantity == quantity):
            whole = Fraction(each.price) * Fraction(quantity)
            yield Reading(whole - Fraction(discount) * Fraction(quantity), f"discount {discount} a unit")
            yield Reading(whole - Fraction(discount), f"discount {discount}")
            yield Reading(whole * (1 - Fraction(discount) / 100), f"discount {discount} %")


def _by_the_day(
    priced: Sequence[PricedItem],
    quantities: Sequence[Decimal],
    service: Span,
    factors: Sequence[tuple[Fraction, str]],
) -> Iterator[Reading]:
    """Yield what a service costs whose price or quantity changes within it, each item for its own days."""
    days = (service[1] - service[0]).days
    parts = [(each, _days_of(each.item, service)) for each in priced]
    parts = [(each, share) for each, share in parts if share]
    if all(share == days for _, share in parts):  # nothing changes within
        return
    for quantity in (*quantities, None):
        known = [each.item.quantity if quantity is None else quantity for each, _ in parts]
        amount = sum(
            (
                Fraction(each.price) * Fraction(number or 0) * share / days
                for (each, share), number in zip(parts, known, strict=True)
            ),
            Fraction(0),
        )
        yield from (Reading(amount, "by the day").times(factor, named) for factor, named in factors)


def _days_of(item: ContractItem, service: Span) -> int:
    start = max(service[0], item.effective_start or service[0])
    return max(0, (min(service[1], item.effective_end or service[1]) - start).days)


@lru_cache(maxsize=1024)  # thousands of lines are of the same few services
def _factors(service: Span, periods: tuple[Span, ...]) -> list[tuple[Fraction, str]]:
    """Return by what the price of one period is multiplied for a service: not at all, or by its months or days."""
    start, end = service
    found = {Fraction(1): ""}
    months = whole_months(start, end)
    if months:
        found.setdefault(Fraction(months), f"{months} months")
    elif start < end:
        days = (end - start).days
        for first, after in periods:
            if first <= start and end <= after:
                found.setdefault(Fraction(days, (after - first).days), f"{days} of {(after - first).days} days")
        for first, after in ((month_from(end, -1), end), (start, month_from(start, 1))):
            found.setdefault(Fraction(days, (after - first).days), f"{days} of {(after - first).days} days")
        found.setdefault(months_of(start, end), f"{days} days by the month")
    return list(found.items())


def months_of(start: date, end: date) -> Fraction:
    """
    Return how many calendar months a service lasts, each day as a part of its month.

        15 January to 1 February  -> 17/31
        15 January to 1 April     -> 2 17/31
    """
    total, month = Fraction(0), Month.of(start)
    while month.first_day < end:
        after = month.shifted(1).first_day
        total += Fraction((min(end, after) - max(start, month.first_day)).days, (after - month.first_day).days)
        month = month.shifted(1)
    return total
