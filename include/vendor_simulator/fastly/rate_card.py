"""The rate card of a drawn customer, as ``accounts.yaml`` holds it: what the API does not say of prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.agreement import Offer
from vendor_simulator.fastly.catalogue import Product
from vendor_simulator.fastly.meters import Meter
from vendor_simulator.fastly.quantities import shown_rate, shown_units
from vendor_simulator.fastly.readings import Values
from vendor_simulator.fastly.regions import v2_code
from vendor_simulator.months import Month

V2_PRODUCT = "CDN usage"


Item = tuple[tuple[str, str], ...]
"""Keys and texts of a rate card's entry that say what its rate is for."""


def item_of(api: str, priced: Meter | Product) -> Item:
    """Return what a rate is for, as the lines of this API generation say it."""
    if api == "v2":
        code = v2_code(priced.region, priced.usage_type)
        return (("product", V2_PRODUCT), ("usage_type", code)) if code else (("product", priced.group),)
    named = (("product", priced.name), ("region", priced.region), ("usage_type", priced.usage_type))
    return tuple((key, text) for key, text in named if text)


def rate_card(account: FastlyAccount, values: Values) -> dict[str, Any]:
    """Return the key ``rate_card`` with the items whose price changes or has tiers; nothing if there are none."""
    if account.agreement is None:
        return {}
    share = account.agreement.discount if values["discount"] == "rates" else Decimal(0)
    offers = (offer for offer in account.agreement.offers if offer.is_on_the_card())
    entries = [entry for offer in offers for entry in _entries(account, offer, 1 - share, values)]
    return {"rate_card": entries} if entries else {}


def _entries(account: FastlyAccount, offer: Offer, share: Decimal, values: Values) -> Iterator[dict[str, Any]]:
    meter, item = offer.meter, item_of(account.api, offer.meter)
    for price, until in offer.spans():
        dates = {"from": _from(price.since)} | ({"to": _to(until)} if until.year < 9999 else {})
        for above, rate in price.rates:
            shown = exact.plain(shown_rate(meter, exact.times(rate, share), values))
            tier = {"above": exact.plain(shown_units(meter, above, values))} if above else {}
            yield dict(item) | {"rate": shown} | tier | dates


def _from(day: date) -> str:
    return str(Month.of(day)) if day.day == 1 else str(day)


def _to(until: date) -> str:
    return str(Month.of(until).shift(-1)) if until.day == 1 else str(until - timedelta(days=1))
