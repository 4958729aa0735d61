"""Split the difference of two months into price, volume, rounding and other. Pure and exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing.controls.checks.line_types import ChargeKey, charge_key, is_charge
from billing.models import InvoiceLine
from billing.money import difference, exact_sum, product

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Split:
    """
    A difference between two months, in parts that add up to it with nothing left over.

    :param price: (rate now - rate before) x units now.
    :param volume: (units now - units before) x rate before; all of what is new, less all of what is gone.
    :param rounding: the effect of rounding amounts to the minor unit.
    :param other: credits, shortfalls, and what has no single rate in both months.
    """

    price: Decimal
    volume: Decimal
    rounding: Decimal
    other: Decimal

    @property
    def total(self) -> Decimal:
        """The whole difference."""
        return exact_sum((self.price, self.volume, self.rounding, self.other))


@dataclass(frozen=True, slots=True)
class _Group:
    """All lines of one month for one thing."""

    amount: Decimal
    units: Decimal | None
    rate: Decimal | None


def split(before: Iterable[InvoiceLine], now: Iterable[InvoiceLine]) -> dict[ChargeKey, Split]:
    """
    Split the difference between two months' lines, for each thing charged for.

        100 x 0.08 = 8.00 before, 120 x 0.10 = 12.00 now  -> price 2.40, volume 1.60
        8.00 before, not there now                        -> volume -8.00
        not there before, 12.00 now                       -> volume 12.00
    """
    then, current = _groups(before), _groups(now)
    return {charged: _of(then.get(charged), current.get(charged)) for charged in {**then, **current}}


def sum_of(splits: Iterable[Split]) -> Split:
    """Add splits up, part by part."""
    every = list(splits)
    return Split(
        price=exact_sum(each.price for each in every),
        volume=exact_sum(each.volume for each in every),
        rounding=exact_sum(each.rounding for each in every),
        other=exact_sum(each.other for each in every),
    )


def _of(before: _Group | None, now: _Group | None) -> Split:
    gap = difference(now.amount if now else _ZERO, before.amount if before else _ZERO)
    there = now or before
    if there is not None and there.units is None:
        return Split(_ZERO, _ZERO, _ZERO, gap)
    if before is None or now is None:
        return Split(_ZERO, gap, _ZERO, _ZERO)
    if before.rate is None or now.rate is None or before.units is None or now.units is None:
        return Split(_ZERO, _ZERO, _ZERO, gap)
    price = product(difference(now.rate, before.rate), now.units)
    volume = product(difference(now.units, before.units), before.rate)
    return Split(price, volume, difference(gap, exact_sum((price, volume))), _ZERO)


def _groups(lines: Iterable[InvoiceLine]) -> dict[ChargeKey, _Group]:
    """Group lines by what they charge for; credits and shortfalls are groups without units."""
    found: dict[ChargeKey, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        found[charge_key(line)].append(line)
    return {charged: _group(members) for charged, members in found.items()}


def _group(lines: list[InvoiceLine]) -> _Group:
    amount = exact_sum(line.amount for line in lines)
    if not all(is_charge(line) and line.quantity is not None for line in lines):
        return _Group(amount, None, None)
    rates = {line.rate for line in lines}
    rate = rates.pop() if len(rates) == 1 else None
    return _Group(amount, exact_sum(line.quantity for line in lines if line.quantity is not None), rate)
