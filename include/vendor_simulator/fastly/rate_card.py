"""The rate card of a drawn customer, as ``accounts.yaml`` holds it: what the API does not say of prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.agreement import Offer
from vendor_simulator.fastly.quantities import shown_rate, shown_units
from vendor_simulator.fastly.readings import Values
from vendor_simulator.fastly.regions import v2_code
from vendor_simulator.months import Month

V2_PRODUCT = "CDN usage"


def rate_card(account: FastlyAccount, values: Values) -> dict[str, Any]:
    """Return the key ``rate_card`` with the items whose price changes or has tiers; nothing if there are none."""
    if account.agreement is None:
        return {}
    share = account.agreement.discount if values["discount"] == "rates" else Decimal(0)
    offers = (offer for offer in account.agreement.offers if offer.is_on_the_card())
    entries = [entry for offer in offers for entry in _entries(account, offer, 1 - share, values)]
    return {"rate_card": entries} if entries else {}


def _entries(account: FastlyAccount, offer: Offer, share: Decimal, values: Values) -> Iterator[dict[str, Any]]:
    meter, item = offer.meter, _item(account, offer)
    for price, until in offer.spans():
        dates = {"from": _from(price.since)} | ({"to": _to(until)} if until.year < 9999 else {})
        for above, rate in price.rates:
            shown = exact.plain(shown_rate(meter, exact.times(rate, share), values))
            tier = {"above": exact.plain(shown_units(meter, above, values))} if above else {}
            yield item | {"rate": shown} | tier | dates


def _item(account: FastlyAccount, offer: Offer) -> dict[str, str]:
    meter = offer.meter
    if account.api == "v2":
        code = v2_code(meter.region, meter.usage_type)
        return {"product": V2_PRODUCT, "usage_type": code} if code else {"product": meter.group}
    named = {"product": meter.name, "region": meter.region, "usage_type": meter.usage_type}
    return {key: text for key, text in named.items() if text}


def _from(day: date) -> str:
    return str(Month.of(day)) if day.day == 1 else str(day)


def _to(until: date) -> str:
    return str(Month.of(until).shift(-1)) if until.day == 1 else str(until - timedelta(days=1))
