"""The usage report's rows and the trustee overview. Source: contract of the API, 4.7 and 4.8, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import Organisation, Plan, Product
from vendor_simulator.genesys_cloud.month import Charge, GenesysMonth
from vendor_simulator.genesys_cloud.parties import organization_member
from vendor_simulator.genesys_cloud.periods import Period, first_day
from vendor_simulator.genesys_cloud.prices import stretches
from vendor_simulator.genesys_cloud.rewriting import padded, spelled
from vendor_simulator.genesys_cloud.units import priced, scale_of


def usages(owner: Organisation, contents: Iterable[GenesysMonth], since: datetime) -> list[dict[str, Any]]:
    """Sum up usage by name, as the usage report does; totals are strings."""
    sums: dict[str, Decimal] = {}
    products: dict[str, Product] = {}
    for content in contents:
        for charge in content.charges:
            name = report_name(charge.plan, owner.read)
            used = _usage(content, charge, content.reported)
            sums[name] = exact.total((sums.get(name, Decimal(0)), used))
            products[name] = charge.plan.product
    return [
        {
            "name": name,
            "totalUsage": padded(exact.plain(used), owner.read["text_numbers"]),
            "resources": _resources(owner, products[name].name, since, products[name].unit == "User"),
        }
        for name, used in sums.items()
    ]


def used_by_product(content: GenesysMonth) -> dict[str, Decimal]:
    """Return the usage of a period by product."""
    sums: dict[str, Decimal] = {}
    for charge in content.charges:
        name = charge.plan.product.name
        sums[name] = exact.total((sums.get(name, Decimal(0)), charge.actual))
    return sums


def report_name(plan: Plan, read: Mapping[str, str]) -> str:
    """Return what the usage report calls a plan's product."""
    match read["usage_names"]:
        case "sku":
            return plan.product.sku
        case "plan":
            return plan.name
        case "other":
            return f"usage-{seeded_random.number('usage', plan.product.sku) % 10**6:06d}"
        case _:
            return spelled(plan.product.name, read["names"])


def overview_document(
    owner: Organisation, period: Period, contents: Iterable[GenesysMonth], self_uri: str
) -> dict[str, Any]:
    """Write the trustee's overview of the periods of all contracts of an organisation."""
    listed, read = list(contents), owner.read
    least = exact.total(
        exact.times(plan.price_on(period.start).price, plan.quantity_at(plan.price_on(period.start)))
        for content in listed
        for plan in content.contract.plans
        if plan.kind == "prepay"
    )
    contract = period.contract
    return {
        "organization": organization_member(owner),
        "currency": owner.currency,
        "enabledProducts": [charge.plan.product.sku for content in listed for charge in content.charges],
        "subscriptionType": "PREPAY_MONTHLY_COMMITMENT" if least else "MONTH_TO_MONTH",
        "billingPeriodStartDate": _moment(period.start, "00:00:00", read["moments"] == "milliseconds"),
        "billingPeriodEndDate": _moment(period.end, "23:59:59", read["moments"] != "seconds", "999"),
        "usages": [row for row in _rows(listed) if _is_shown(row, read["overview_rows"])],
        "contractEffectiveDate": _moment(first_day(contract), "00:00:00", read["moments"] == "milliseconds"),
        "contractEndDate": _moment(contract.ends, "23:59:59", read["moments"] == "milliseconds"),
        "minimumMonthlyAmount": format(exact.money(least, owner.currency), "f"),
        "inRampPeriod": contract.ramp is not None and contract.ramp[0] <= period.start <= contract.ramp[1],
        "selfUri": self_uri,
    }


def _rows(listed: list[GenesysMonth]) -> list[dict[str, Any]]:
    rows = [row for content in listed for charge in content.charges for row in _overview(content, charge)]
    if listed and listed[0].contract.read["overview_rows"] == "with_rollups":
        rows += _rollups(rows)
    return rows


def _is_shown(row: dict[str, Any], how: str) -> bool:
    return how != "without_voice" or row["unitOfMeasureType"] != "minute"


def _overview(content: GenesysMonth, charge: Charge) -> list[dict[str, Any]]:
    product, read = charge.plan.product, content.contract.read
    part = stretches(charge.plan, content.period)[0]
    scale = scale_of(charge.plan, read)
    used = _usage(content, charge, content.overview)
    numbers = {
        "usageQuantity": exact.plain(used),
        "overagePrice": format(priced(part.price.overage, scale), "f"),
        "prepayQuantity": str(charge.prepaid),
        "prepayPrice": format(priced(part.price.price, scale), "f"),
    }
    row = {
        "name": spelled(product.name, read["names"]),
        "partNumber": product.sku,
        "grouping": product.grouping,
        "unitOfMeasureType": product.measure,
        **{name: padded(text, read["text_numbers"]) for name, text in numbers.items()},
        "usageNotes": "",
        "isCancellable": charge.plan.kind != "prepay",
        "bundleQuantity": "1",
        "isThirdParty": False,
    }
    if not charge.fair_use:
        return [row]
    allowance = {**row, "grouping": "fair-use", "usageQuantity": "0", "prepayQuantity": str(charge.fair_use)}
    return [row, allowance]


def _usage(content: GenesysMonth, charge: Charge, instead: Mapping[str, Decimal]) -> Decimal:
    """Return a charge's usage; the other figure that a product is given is on its first charge."""
    name = charge.plan.product.name
    same = [each for each in content.charges if each.plan.product.name == name]
    if name not in instead or charge is not same[0]:
        return charge.actual
    return instead[name] - exact.total(each.actual for each in same[1:])


def _rollups(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows that are no charges: a sum of others, and one of another vendor."""
    if not rows:
        return []
    summed = {**rows[0], "name": "AI tokens (all features)", "partNumber": "ROLLUP-TOKENS", "grouping": "rollup"}
    third = {**rows[0], "name": "Partner add-on", "partNumber": "TP-0001", "grouping": "resource", "isThirdParty": True}
    return [summed, {**third, "prepayQuantity": "0"}]


def _moment(day: date, time: str, with_milliseconds: bool, milliseconds: str = "000") -> str:
    return f"{day}T{time}{f'.{milliseconds}' if with_milliseconds else ''}Z"


def _resources(owner: Organisation, name: str, since: datetime, people: bool) -> list[dict[str, str]]:
    if not people:
        return []
    return [
        {
            "name": f"agent.{number}@{owner.name}.example.com",
            "date": f"{since.date()}T{7 + number:02d}:{seeded_random.between(0, 59, name, number):02d}:"
            + ("12Z" if owner.read["moments"] == "seconds" else "12.345Z"),
        }
        for number in range(1, 4)
    ]
