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
from itertools import count

from billing.matching.price_book import PricedItem, agreed_amount
from billing.matching.quantities import SCALES
from billing.matching.service_months import Span, month_from, whole_months
from billing.models import ContractItem
from billing.month import Month
from billing.proration import decimal_of

_ONE_DAY = timedelta(days=1)
_TERMS = (3, 6, 12)
"""Months that the price of a prepayment may be for, besides one billing period."""
_FEW_DAYS = 3
"""By how much a term may be longer than its months: the 1st of March for a 29th of February, in another time zone."""


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
        750 at 135.00, January to March                       -> also 33750 (the quantity of 3 months)
        250 at 135.00, 15 to 31 January                       -> 33750; 18508.06… (17/31 of a month)
        250 at 130.00 until 15 January, then 135.00; January  -> 32500; 33750; 33145.16… (by the day)
        250 at 135.00, discount 10                            -> also 31250, 33740, 30375
        323992 at 0.4                                         -> also 129.5968 (per 1000)

    :param priced: the items of one product, in force or not.
    :param quantities: of the line; if it bills a charge alone also the charge's.
    :param periods: billing periods of the contract.
    """
    begun = [each for each in priced if each.in_force(service[0])]
    if begun and (plain := agreed_amount(begun, quantities[0])) is not None:
        yield Reading(Fraction(plain))  # what follows begins with it, too; nearly every line is billed at it
    services = _a_day_beside(service)
    factors = _factors(service, tuple(periods))
    quantities = list(dict.fromkeys([*quantities, *_of_one_month(quantities, factors)]))
    sets = _in_force(priced, service)
    for days in services[1:2]:  # a day early: what begins the next day
        sets += [each for each in _in_force(priced, days) if each not in sets]
    for scale in SCALES:
        text = "" if scale == 1 else f"per {scale}"
        for items in sets:
            for quantity in quantities:
                for reading in (*_amounts(items, quantity), *_less_discounts(items, quantity, factors)):
                    yield from (
                        reading.times(1 / Fraction(scale), text).times(factor, named) for factor, named in factors
                    )
        if scale == 1 and _parts(priced, service):
            for days in services:
                yield from _by_the_day(priced, quantities, days, factors)


def _of_one_month(quantities: Iterable[Decimal], factors: Sequence[tuple[Fraction, str]]) -> Iterator[Decimal]:
    """Yield the quantities of one month of which a line may show the sum of all its months."""
    months = [factor.numerator for factor, _ in factors if factor.denominator == 1 and factor > 1]
    return (decimal_of(Fraction(each) / number) for each in quantities for number in months if each % number == 0)


def _a_day_beside(service: Span) -> list[Span]:
    """Return the days of a service as written, then with both a day later, both a day earlier, and with another end."""
    start, end = service
    moves = ((0, 0), (1, 1), (-1, -1), (0, 1), (0, -1))
    moved = [(start + before * _ONE_DAY, end + after * _ONE_DAY) for before, after in moves]
    return [each for each in moved if each == service or each[0] < each[1]]


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
    """
    Return the items in force when a service begins, else when it ends; and those that amend them within.

    What was used until its end may be billed at the price that is then in force.
    """
    start, end = service
    first, last = ([each for each in priced if each.in_force(day)] for day in (start, max(start, end - _ONE_DAY)))
    within = [each for each in priced if each.item.effective_start and start < each.item.effective_start < end]
    amended = [each for each in within if any(other.in_force(each.item.effective_start or start) for other in first)]
    used = any(each.is_overage for each in last)
    return [items for items in (first, amended, last if used or not first else []) if items]


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


def _parts(priced: Sequence[PricedItem], service: Span) -> list[tuple[PricedItem, int]]:
    """Return the items in force within a service, each with its days; none if nothing changes within."""
    parts = [(each, days) for each in priced if (days := _days_of(each.item, service))]
    return [] if all(days == (service[1] - service[0]).days for _, days in parts) else parts


def _less_discounts(
    items: list[PricedItem], quantity: Decimal, factors: Sequence[tuple[Fraction, str]]
) -> Iterator[Reading]:
    """Yield what a quantity costs whose price is for several months and whose discount is for each of them."""
    for each in items:
        if (discount := each.item.discount_amount) and each.item.quantity == quantity:
            whole = Fraction(each.price) * Fraction(quantity)
            for months, text in factors:
                if months > 1:
                    yield Reading(whole - Fraction(discount) * months, f"discount {discount} x {text}")
                    of_units = Fraction(discount) * Fraction(quantity) * months
                    yield Reading(whole - of_units, f"discount {discount} a unit x {text}")


def _by_the_day(
    priced: Sequence[PricedItem],
    quantities: Sequence[Decimal],
    service: Span,
    factors: Sequence[tuple[Fraction, str]],
) -> Iterator[Reading]:
    """Yield what a service costs whose price or quantity changes within it, each item for its own days."""
    days, parts = (service[1] - service[0]).days, _parts(priced, service)
    for quantity in (*quantities, None) if parts else ():
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
    """Return by what a price is multiplied for a service: nothing, its months, or its share of a longer term."""
    found = {Fraction(1): ""} | lengths(service, periods)
    for months, text in list(found.items()):
        for term in (each for each in _TERMS if months < each):
            found.setdefault(months / term, f"{text or '1 month'} of a term of {term} months")
    return list(found.items())


def lengths(service: Span, periods: Sequence[Span] = ()) -> dict[Fraction, str]:
    """
    Return how many months a service may last, each in words: by its days as written, or a day beside them.

    What lasts whole months one way does not last a part of one otherwise.

    :param periods: billing periods, of which a service may be a part.
    """
    services = _a_day_beside(service)
    whole = [months for each in services if (months := whole_months(*each))]
    found = {Fraction(months): f"{months} months" for months in whole}
    for length, text in (each for first, _ in periods for each in _of_cycle(*service, first)):
        found.setdefault(length, text)
    for start, end in [] if whole_months(*service) else [service] if whole else services:
        days = (end - start).days
        if days <= 0:
            continue
        for first, after in (each for each in periods if each[0] <= start and end <= each[1]):
            found.setdefault(Fraction(days, (after - first).days), f"{days} of {(after - first).days} days")
        for months, rest, of_days in _cycles_of(start, end):
            found.setdefault(months + Fraction(rest, of_days), f"{days} days by the billing cycle")
            found.setdefault(Fraction(months + 1), f"{months + 1} billing cycles begun")
            if months and rest <= _FEW_DAYS:
                found.setdefault(Fraction(months), f"{months} billing cycles and {rest} days")
        found.setdefault(months_of(start, end), f"{days} days by the month")
    return found


def _of_cycle(start: date, end: date, first: date) -> Iterator[tuple[Fraction, str]]:
    """
    Yield how many billing cycles a service lasts, counted by the day on which the contract's cycles begin: the first
    one by the day, the last one by the day or as a whole.

        26 August to 26 September, cycles from the 29th  -> 3/31 + 28/31; 3/31 + 1
    """
    number = (start.year - first.year) * 12 + start.month - first.month
    number -= month_from(first, number) > start
    begun, following = month_from(first, number), month_from(first, number + 1)
    if start == begun or end <= following:
        return
    part = Fraction((following - start).days, (following - begun).days)
    months = next(each for each in count() if month_from(first, number + each + 2) > end)
    last, after = month_from(first, number + months + 1), month_from(first, number + months + 2)
    yield part + months + Fraction((end - last).days, (after - last).days), "by the contract's billing cycle"
    if end > last:
        yield part + months + 1, "by the contract's billing cycle, the last one whole"


def _cycles_of(start: date, end: date) -> Iterator[tuple[int, int, int]]:
    """Yield how many months a service lasts, before its end and from its start, and of how many days what rests."""
    months = next(number for number in count() if month_from(end, -number - 1) < start)
    first, after = month_from(end, -months - 1), month_from(end, -months)
    yield months, (after - start).days, (after - first).days
    months = next(number for number in count() if month_from(start, number + 1) > end)
    first, after = month_from(start, months), month_from(start, months + 1)
    yield months, (end - first).days, (after - first).days


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
