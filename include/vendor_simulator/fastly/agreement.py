"""What a customer and Fastly agreed to: prices from a day on, tiers, a discount, commitments, credits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from vendor_simulator import seeded_random
from vendor_simulator.fastly.meters import Meter
from vendor_simulator.months import Month

_FAR = date(9999, 1, 1)
Piece = tuple[Meter, Decimal, Decimal]
"""A meter, the rate of one unit, and how many units it was used at that rate."""


@dataclass(frozen=True, slots=True)
class Price:
    """
    What one unit costs from a day on.

    :param rates: by the units of a month above which each holds, ascending from 0: one rate, or tiers.
    """

    since: date
    rates: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """
    One thing that may be used, from a month on.

    :param prices: oldest first; no price of several rates ends in mid-month.
    :param last: the last month; None for ever.
    :param idle: in months whose number modulo this is 1 it is not used; 0 for always used.
    :param setup: what its first month costs once; 0 for nothing.
    """

    meter: Meter
    prices: tuple[Price, ...]
    first: Month
    last: Month | None = None
    idle: int = 0
    setup: Decimal = Decimal(0)

    def is_used_in(self, month: Month) -> bool:
        """Return whether it is charged for in a month."""
        ended = self.last is not None and month > self.last
        return month >= self.first and not ended and not (self.idle and month.index % self.idle == 1)

    def is_on_the_card(self) -> bool:
        """Return whether the invoices alone cannot tell if a rate is right: it changes, or there are tiers."""
        return len(self.prices) > 1 or len(self.prices[0].rates) > 1

    def spans(self) -> Iterator[tuple[Price, date]]:
        """Yield each price with the first day on which it no longer holds."""
        for price, following in pairwise((*self.prices, Price(_FAR, ()))):
            yield price, following.since


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    All that decides what a drawn customer is billed.

    :param discount: share of the charges that is taken off: 0.1 for ten percent.
    :param minimums: the least charge of a month, by the first month in which it applies, ascending.
    :param idle: in months whose number modulo this is 2 nothing is used; 0 for never.
    :param credit: every how many months there is a credit; 0 for never.
    :param coupon: whether a credit names a coupon.
    """

    offers: tuple[Offer, ...]
    discount: Decimal = Decimal(0)
    minimums: tuple[tuple[Month, Decimal], ...] = ()
    idle: int = 0
    credit: int = 0
    coupon: bool = True

    def known_in(self, month: Month) -> list[Meter]:
        """Return what has an agreed rate, and what was used in a month."""
        if self._is_idle(month):
            return [offer.meter for offer in self.offers if offer.is_on_the_card()]
        return [offer.meter for offer in self.offers if offer.is_on_the_card() or offer.is_used_in(month)]

    def pieces(self, month: Month, *key: seeded_random.Key) -> list[Piece]:
        """
        Return what is used in a month, each part at the rate that it has.

        :param key: chooses the quantities.
        """
        if self._is_idle(month):
            return []
        used = [offer for offer in self.offers if offer.is_used_in(month)]
        pieces = [piece for offer in used for piece in _pieces(offer, month, _units(offer.meter, month, key))]
        return pieces + [_setup(offer) for offer in used if offer.setup and offer.first == month]

    def _is_idle(self, month: Month) -> bool:
        return bool(self.idle) and month.index % self.idle == 2


def _setup(offer: Offer) -> Piece:
    name, group = f"{offer.meter.name} setup", f"{offer.meter.group} setup"
    return Meter(name, group, group, "", "", offer.setup, once=True), offer.setup, Decimal(1)


def _units(meter: Meter, month: Month, key: tuple[seeded_random.Key, ...]) -> Decimal:
    if not meter.usage_type:
        return Decimal(1)
    return seeded_random.around(
        meter.typical, meter.places, *key, str(month), meter.name, meter.region, meter.usage_type
    )


def _pieces(offer: Offer, month: Month, units: Decimal) -> Iterator[Piece]:
    """Split the units by days over the prices of the month, then over the tiers of each price."""
    rest, days = units, (month.end - month.start).days
    spans = [
        (price, until) for price, until in offer.spans() if price.since <= month.last_day and until > month.start.date()
    ]
    for price, until in spans:
        last = until > month.last_day
        held = (until - max(price.since, month.start.date())).days
        part = rest if last or not offer.meter.usage_type else _cut(units, held, days, offer.meter.places)
        rest -= part
        yield from ((offer.meter, rate, some) for rate, some in _tiers(price, part) if some)
        if not offer.meter.usage_type:
            return


def _cut(units: Decimal, held: int, days: int, places: int) -> Decimal:
    return Decimal(int(units.scaleb(places)) * held // days).scaleb(-places)


def _tiers(price: Price, units: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    edges = [*(above for above, _ in price.rates), units]
    for (above, rate), following in zip(price.rates, edges[1:], strict=True):
        yield rate, max(Decimal(0), min(units, following) - above)
