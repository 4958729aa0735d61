"""Fastly customers drawn at random: their use, prices, commitments, discounts and credits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly.accounts import HISTORY_START, FastlyAccount
from vendor_simulator.fastly.agreement import Agreement, Offer, Price
from vendor_simulator.fastly.catalogue import PRODUCTS, Product
from vendor_simulator.fastly.meters import Meter
from vendor_simulator.fastly.rate_card import item_of
from vendor_simulator.months import Month

_FIRST_NUMBER = 10  # after the demo's accounts
_CURRENCIES = ("USD", "USD", "EUR", "GBP", "JPY", "KWD", "CHF", "CLP", "BHD", "SEK")
_DISCOUNTS = tuple(map(Decimal, ("0", "0", "0", "0.05", "0.1", "0.125", "0.33", "0.005")))
_HORIZON = 48  # months in which prices and products change
T = TypeVar("T")


class Draw:
    """Draws that depend on nothing but a key and how often was drawn before."""

    def __init__(self, *key: seeded_random.Key) -> None:
        self._key = key
        self._drawn = 0

    def apart(self, *key: seeded_random.Key) -> Draw:
        """Return draws of another key, which leave the later ones of this as they are."""
        return Draw(*self._key, *key)

    def between(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        self._drawn += 1
        return seeded_random.between(low, high, *self._key, self._drawn)

    def one_in(self, number: int) -> bool:
        """Draw whether something rare is the case."""
        return self.between(1, number) == 1

    def choice(self, values: Sequence[T]) -> T:
        """Draw one of the values."""
        return values[self.between(0, len(values) - 1)]

    def magnitude(self, lowest: int, highest: int) -> Decimal:
        """Draw a number of up to four digits whose order of magnitude is drawn first."""
        return Decimal(self.between(1000, 9999)).scaleb(self.between(lowest, highest) - 3)


def drawn_accounts(seed: int, count: int) -> tuple[FastlyAccount, ...]:
    """Return customers drawn at random; every third one is on v2."""
    return tuple(_account(seed, number) for number in range(1, count + 1))


@lru_cache(maxsize=8192)
def _account(seed: int, number: int) -> FastlyAccount:
    name = f"drawn-fastly-{number}"
    draw = Draw(seed, name)
    api = "v2" if number % 3 == 2 else "v3"
    currency = "USD" if api == "v2" else draw.choice(_CURRENCIES)
    first = HISTORY_START.shift(draw.between(0, 14))
    offers = tuple(_offers(draw, first, currency, api))
    return FastlyAccount(
        _FIRST_NUMBER + number - 1,
        name,
        seeded_random.text(22, seed, "fastly customer", name),
        seeded_random.text(32, seed, "fastly token", name),
        currency,
        (),
        api=api,
        first_month=first,
        posting_day=draw.between(5, 12),
        end_included=draw.one_in(2),
        late=draw.one_in(6),
        corrected=api == "v3" and draw.one_in(4),
        agreement=Agreement(
            offers,
            discount=draw.choice(_DISCOUNTS),
            minimums=tuple(_minimums(draw, first, offers, currency)),
            idle=draw.between(4, 7) if draw.one_in(4) else 0,
            credit=draw.between(2, 6) if draw.one_in(2) else 0,
            coupon=not draw.one_in(3),
        ),
    )


def _offers(draw: Draw, first: Month, currency: str, api: str) -> Iterator[Offer]:
    """Draw what is used: at least one thing from the beginning on; nothing twice."""
    wanted = [draw.choice(PRODUCTS) for _ in range(draw.between(1, 12))]
    different = {item_of(api, product): product for product in wanted}
    for position, product in enumerate(different.values()):
        begins = first.shift(draw.between(2, _HORIZON // 2)) if position and draw.one_in(4) else first
        ends = begins.shift(draw.between(1, _HORIZON)) if position and draw.one_in(5) else None
        idle = draw.between(2, 5) if position and draw.one_in(4) else 0
        meter = _meter(draw, product, currency)
        setup = meter.rate if not meter.usage_type and draw.apart("setup", position).one_in(3) else Decimal(0)
        yield Offer(meter, tuple(_prices(draw, meter, begins)), begins, ends, idle, setup)


def _meter(draw: Draw, product: Product, currency: str) -> Meter:
    small_money = 2 - exact.EXPONENTS[currency]  # a yen is worth about a cent
    if not product.usage_type:
        rate = exact.rounded(draw.magnitude(0, 4).scaleb(small_money), exact.EXPONENTS[currency])
        typical, places = Decimal(1), 0
    else:
        rate = draw.magnitude(-5, 0).scaleb(small_money)
        places = draw.between(0, product.places)
        typical = exact.rounded(draw.magnitude(0, 7), places)
    group, usage_type = product.group, product.usage_type
    product_id = f"{usage_type}_usage" if usage_type else ""
    return Meter(
        product.name, group, group, product.region, usage_type, rate, typical, places, product_id, scale=product.scale
    )


def _prices(draw: Draw, meter: Meter, begins: Month) -> Iterator[Price]:
    """Draw one to three prices; prices without tiers may change on any day of a month."""
    tiered = bool(meter.usage_type) and draw.one_in(4)
    since, rate = begins.start.date(), meter.rate
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        yield Price(since, tuple(_tiers(draw, meter, rate)) if tiered else ((Decimal(0), rate),))
        day = 1 if tiered or not meter.usage_type or draw.one_in(2) else draw.between(2, 28)
        since = _first_of(since, draw.between(2, _HORIZON // 3)) + timedelta(days=day - 1)
        rate = _changed(draw, rate, meter)


def _changed(draw: Draw, rate: Decimal, meter: Meter) -> Decimal:
    changed = exact.times(rate, Decimal(draw.choice((80, 90, 95, 103, 110, 125))).scaleb(-2))
    return Decimal(exact.plain(changed)) if meter.usage_type else exact.rounded(changed, _places(rate))


def _tiers(draw: Draw, meter: Meter, rate: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    """Draw two or three tiers; whether the last is reached depends on the month."""
    for share in (0, 40, 100)[: draw.between(2, 3)]:
        above = exact.rounded(exact.times(meter.typical, Decimal(share).scaleb(-2)), meter.places)
        if above or not share:
            yield above, Decimal(exact.plain(rate))
        rate = exact.times(rate, Decimal("0.8"))


def _minimums(draw: Draw, first: Month, offers: tuple[Offer, ...], currency: str) -> Iterator[tuple[Month, Decimal]]:
    """Draw none, or up to three minimums around what an ordinary month costs; the last may be none again."""
    if draw.one_in(2):
        return
    usual = exact.total(exact.times(offer.meter.rate, offer.meter.typical) for offer in offers)
    for _ in range(draw.between(1, 3)):
        amount = exact.money(exact.times(usual, Decimal(draw.between(40, 160)).scaleb(-2)), currency)
        yield first, amount + 1
        first = first.shift(draw.between(3, _HORIZON // 2))
    if draw.one_in(4):
        yield first, Decimal(0)


def _first_of(day: date, months_later: int) -> date:
    return Month.of(day).shift(months_later).start.date()


def _places(rate: Decimal) -> int:
    return len(format(rate, "f").partition(".")[2])
