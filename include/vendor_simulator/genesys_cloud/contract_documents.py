"""Contracts as JSON values. Source: contract of the API, section 4.2, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.accounts import Contract, Organisation, Plan, Price, Purchase
from vendor_simulator.genesys_cloud.parties import customer_member, organization_member, product_member
from vendor_simulator.genesys_cloud.periods import ONE_DAY, Period, first_day, period_of
from vendor_simulator.genesys_cloud.prepayment import paid_through
from vendor_simulator.genesys_cloud.prices import discount
from vendor_simulator.genesys_cloud.rewriting import last_day, rewrite, written
from vendor_simulator.genesys_cloud.units import priced, scale_of

_RECENT_PERIODS = 14


def closed_at(period: Period) -> datetime:
    """Return when a period is closed: six hours after its last day, UTC."""
    return datetime(period.end.year, period.end.month, period.end.day, tzinfo=UTC) + timedelta(days=1, hours=6)


def contract_document(
    owner: Organisation, contract: Contract, periods: Iterable[Period], now: datetime
) -> dict[str, Any]:
    """Write a contract with its periods, newest first, and the plans with every price window."""
    read = contract.read
    customers = {"billToCustomer": owner.bill_to, "soldToCustomer": owner.sold_to, "endCustomer": owner.sold_to}
    newest_first = sorted(periods, key=lambda period: period.start, reverse=True)
    document: dict[str, Any] = {
        "id": contract.id,
        "externalNumber": contract.external_number,
        "status": "Active" if now.date() <= contract.ends else "Inactive",
        "commercialModel": "Prepay" if any(plan.kind == "prepay" for plan in contract.plans) else "PayAsYouGo",
        "purchaseOrderNumbers": [] if read["purchase_order"] == "not_in_contract" else list(contract.purchase_orders),
        **{role: customer_member(customer) for role, customer in customers.items()},
        "dateStart": first_day(contract).isoformat(),
        "dateEnd": last_day(contract.ends, read["contract_end"]),
        **_ramp(contract),
        "billingPeriods": [period_head(period, now) for period in _named(newest_first, read["contract_periods"], now)],
        "plans": [_plan(owner, contract, number, newest_first, now) for number in range(len(contract.plans))],
    }
    rewrite(document, "status", read["contract_status"])
    for role in ("soldToCustomer", "endCustomer"):
        rewrite(document, role, read["parties"])
    rewrite(document, "dateEnd", read["contract_end"])
    if read["row_order"] == "reversed":
        document["billingPeriods"].reverse()
        document["plans"].reverse()
    return written(document, read)


def period_head(period: Period, now: datetime) -> dict[str, Any]:
    """Write a period without what was charged in it."""
    read = period.contract.read
    head = {
        "id": period.id,
        "dateStart": period.start.isoformat(),
        "dateEnd": last_day(period.end, read["period_end"]),
        "status": "Closed" if now >= closed_at(period) else "Open",
    }
    rewrite(head, "status", read["period_status"])
    return head


def _ramp(contract: Contract) -> dict[str, str]:
    if contract.ramp is None:
        return {}
    return {"dateRampStart": contract.ramp[0].isoformat(), "dateRampEnd": contract.ramp[1].isoformat()}


def _named(newest_first: list[Period], how: str, now: datetime) -> list[Period]:
    match how:
        case "no_open":
            return [period for period in newest_first if now >= closed_at(period)]
        case "recent":
            return newest_first[:_RECENT_PERIODS]
        case _:
            return newest_first


def _plan(owner: Organisation, contract: Contract, number: int, periods: list[Period], now: datetime) -> dict[str, Any]:
    plan, read = contract.plans[number], contract.read
    items = [item for step in _steps(contract, plan) for item in _items(contract, plan, step, periods, now)]
    items += [_bought(contract, plan, each) for each in plan.purchases if each.on <= now.date()]
    label = f"C-{contract.organisation_number}{contract.number:02d}{number:02d}"
    document: dict[str, Any] = {
        "id": plan.id,
        "name": plan.name,
        "organizations": [organization_member(owner, plan)],
        "product": product_member(plan.product),
        "items": [{"itemNumber": f"{label}{position:02d}", **item} for position, item in enumerate(items, start=1)],
    }
    rewrite(document, "organizations", read["organizations"])
    if read["row_order"] == "reversed":
        document["items"].reverse()
    return document


def _steps(contract: Contract, plan: Plan) -> Iterator[tuple[Price, date, date | None]]:
    """Yield the prices of a plan, each with its first day, and the last one if another price follows."""
    begins = max(first_day(contract), plan.begins or date.min)
    for step, later in zip(plan.prices, [*plan.prices[1:], None], strict=True):
        until = later.start - ONE_DAY if later else None
        if step.start <= contract.ends and (until is None or until >= begins):
            yield step, max(step.start, begins), until


def _items(
    contract: Contract, plan: Plan, step: tuple[Price, date, date | None], periods: list[Period], now: datetime
) -> list[dict[str, Any]]:
    """Write one price window of a plan; it ends the day before the next begins."""
    price, start, until = step
    prepaid, scale = plan.is_prepaid, scale_of(plan, contract.read)
    bills = plan.months if prepaid and contract.read["item_price"] == "bill" else 1
    item: dict[str, Any] = {
        "name": f"{plan.product.name} {'Prepay' if prepaid else 'Usage'}",
        "type": "Recurring" if prepaid else "Usage",
        "function": "Prepay" if prepaid else "Overage",
        "description": plan.name,
        "currencyIsoCode": contract.currency,
        "discountAmount": discount(contract, plan, price),
        "dateEffectiveStart": start.isoformat(),
        "dateEffectiveEnd": last_day(until or contract.ends, contract.read["item_end"]),
        "overagePrice": priced(price.overage, scale),
        "price": price.price if bills == 1 else exact.times(price.price, bills),
        "quantity": plan.quantity_at(price),
        "unitOfMeasure": plan.product.unit,
    }
    if prepaid:
        item["price"] = priced(item["price"], scale)
    if until is None:
        rewrite(item, "dateEffectiveEnd", contract.read["item_end"])
    _charge_through(item, contract, plan, (start, until or contract.ends), [p for p in periods if now >= closed_at(p)])
    return _worded(item, plan, contract.read["item_words"])


def _charge_through(
    item: dict[str, Any], contract: Contract, plan: Plan, window: tuple[date, date], closed: list[Period]
) -> None:
    through = _through(contract, plan, closed)
    if through is None or through < window[0]:
        return
    how = contract.read["charged_through"]
    item["dateChargedThrough"] = last_day(min(through, window[1]), how)
    rewrite(item, "dateChargedThrough", how)


def _through(contract: Contract, plan: Plan, closed: list[Period]) -> date | None:
    """Return the last day that is billed: paid for, or used in a closed period."""
    if not closed:
        return None
    if plan.is_prepaid:
        return paid_through(contract, plan, closed)
    following = closed[0].month.shift(1)
    ahead = contract.advance and contract.begins is None  # the demo's usage is charged through what is prepaid
    return period_of(contract, following).end if ahead else closed[0].end


def _worded(item: dict[str, Any], plan: Plan, how: str) -> list[dict[str, Any]]:
    """Return an item with the words for what it is; as two items if its allowance has one of its own."""
    for name in ("type", "function"):
        rewrite(item, name, how)
    if plan.kind != "fair_use" or how not in {"fair_use", "apart"}:
        return [item]
    allowance = {**item, "name": f"{plan.product.name} Fair Use", "function": "FairUse"}
    if how == "fair_use":
        return [{**item, "function": "FairUse"}]
    return [{**allowance, "overagePrice": Decimal(0)}, {**item, "quantity": 0}]


def _bought(contract: Contract, plan: Plan, bought: Purchase) -> dict[str, Any]:
    item: dict[str, Any] = {
        "name": f"{plan.product.name} Bundle",
        "type": "OneTime",
        "function": "Prepay",
        "description": plan.name,
        "currencyIsoCode": contract.currency,
        "discountAmount": Decimal("0.0"),
        "dateEffectiveStart": bought.on.isoformat(),
        "dateEffectiveEnd": last_day(contract.ends, contract.read["item_end"]),
        "overagePrice": Decimal(0),
        "price": bought.price,
        "quantity": bought.quantity,
        "unitOfMeasure": plan.product.unit,
    }
    for name in ("type", "function"):
        rewrite(item, name, contract.read["item_words"])
    rewrite(item, "dateEffectiveEnd", contract.read["item_end"])
    return item
