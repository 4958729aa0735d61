"""Totals and regions of a v2 bill. Source: contracts of the API, section 3.4, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.model import Line
from vendor_simulator.fastly.quantities import shown_line
from vendor_simulator.fastly.readings import Values
from vendor_simulator.fastly.regions import v2_key
from vendor_simulator.months import Month

_DELIVERY = ("bandwidth", "requests")
_TIERS = {"bandwidth": "0 - 10000 GB", "requests": "0 - 100000 (10k requests)"}
Lines = tuple[Line, ...]


def totals(account: FastlyAccount, month: Month, lines: Lines, cost: Decimal, values: Values) -> dict[str, Any]:
    """
    Write ``total``; everything above ``discount`` is before it.

    :param lines: those that count.
    """
    units = exact.total(line.units for line in _of(lines, "requests"))
    bandwidth_cost, requests_cost = (_gross(_of(lines, usage_type)) for usage_type in _DELIVERY)
    other = [line for line in lines if line.kind == "usage" and line.meter.usage_type not in _DELIVERY]
    extras = [line for line in lines if line.kind == "fee"]
    if values["v2_other_usage"] == "extras":
        extras += other
    incurred = bandwidth_cost + requests_cost
    if values["v2_other_usage"] == "incurred":
        incurred += _gross(other)
    minimum = account.minimum_in(month)
    document = {
        "bandwidth": exact.total(line.units for line in _of(lines, "bandwidth")),
        "bandwidth_cost": bandwidth_cost,
        "bandwidth_units": "GB",
        "requests": _count(units, "requests", values),
        "requests_cost": requests_cost,
        "incurred_cost": incurred,
        "extras": [
            {"name": line.meter.name, "setup" if line.meter.once else "recurring": _gross([line])} for line in extras
        ],
        "extras_cost": _gross(extras),
        "cost_before_discount": incurred + _gross(extras),
        "discount": _discount(account, values),
        "cost": exact.vary_format(cost, account.number, str(cost)),
        "overage": max(Decimal(0), incurred - minimum),
        "plan_code": "payg",
        "plan_name": "Pay as you go",
        "plan_minimum": minimum,
        "terms": "Net15",
    }
    for line in lines:
        if line.kind == "shortfall" and values["v2_shortfall"] != "line":
            document["commit_shortfall"] = line.amount
    return document | _seen(account, document, values)


def regions(lines: Lines, values: Values) -> dict[str, Any]:
    """Write ``regions``: what was delivered in each, and at which rates."""
    delivered = [line for line in lines if line.kind == "usage" and line.meter.usage_type in _DELIVERY]
    names = list(dict.fromkeys(line.meter.region for line in delivered))
    return {v2_key(name): _region([line for line in delivered if line.meter.region == name], values) for name in names}


def _region(lines: list[Line], values: Values) -> dict[str, Any]:
    document: dict[str, Any] = {"cost": _gross(lines), "percentile": {"total": 0, "tiers": []}}
    for usage_type in dict.fromkeys(line.meter.usage_type for line in lines):
        found = _of(lines, usage_type)
        document[usage_type] = {
            "total": _count(exact.total(line.units for line in found), usage_type, values),
            "tiers": [_tier(line, position, values) for position, line in enumerate(found)],
        }
    return document


def _tier(line: Line, position: int, values: Values) -> dict[str, Any]:
    shown = shown_line(line, values)
    return {
        "name": f"Tier {position + 1}" if position else _TIERS[line.meter.usage_type],
        "units": shown.units,
        "price": shown.list_rate or shown.rate,
        "discounted_price": shown.rate,
        "total": line.amount,
    }


def _count(units: Decimal, usage_type: str, values: Values) -> Decimal:
    raw = usage_type == "requests" and values["v2_requests"] == "raw"
    return Decimal(exact.plain(exact.times(units, 10_000))) if raw else Decimal(exact.plain(units))


def _discount(account: FastlyAccount, values: Values) -> Decimal:
    share = account.agreement.discount if account.agreement else Decimal("0.0")
    return share * 100 if values["v2_discount"] == "percent" else share


def _seen(account: FastlyAccount, document: dict[str, Any], values: Values) -> dict[str, Any]:
    """Return the members that only a third party has seen."""
    if values["v2_percentile"] == "missing":
        return {}
    if values["v2_percentile"] == "null":
        return {"percentile": None, "percentile_cost": None, "discount_amount": None}
    share = account.agreement.discount if account.agreement else Decimal(0)
    off = exact.money(exact.times(document["cost_before_discount"], share), account.currency)
    return {"percentile": Decimal("0.0"), "percentile_cost": Decimal("0.0"), "discount_amount": off}


def _of(lines: Iterable[Line], usage_type: str) -> list[Line]:
    return [line for line in lines if line.meter.usage_type == usage_type]


def _gross(lines: Iterable[Line]) -> Decimal:
    """Return the sum of lines before a discount that lowered their rates."""
    return exact.total(
        line.amount if line.list_rate is None else exact.rounded(exact.times(line.list_rate, line.units), 2)
        for line in lines
    )
