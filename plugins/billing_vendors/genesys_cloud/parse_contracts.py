"""
Parse contracts and billing periods. Pure.

Prices, rates and charges are in the currency of their row, quantities in the unit of their row. Ends are returned
half-open, except ``dateChargedThrough``. The vendor does not say whether its ends are last days or the days after them:
neighbouring periods and items of the contract show it, see ``ends_are_exclusive``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from billing.errors import PayloadError
from billing.matching.service_months import Span, ends_are_exclusive
from billing.models import Charge, Contract, ContractBillingPeriod, ContractItem, Wallet
from billing.payloads.json_reader import JsonObject
from billing_vendors.genesys_cloud.month_assignment import BillingCycle, ContractTerm
from billing_vendors.genesys_cloud.vocabulary import (
    CONTRACT_STATUS,
    PERIOD_STATUS,
    UNIT,
    UnknownFields,
    day_or_none,
    half_open,
)


def parse_contract(row: JsonObject, unknown_fields: UnknownFields) -> tuple[Contract, ContractTerm]:
    """
    Read one contract: its priced items, and separately the billing periods it names.

    :raises PayloadError: a field has another type, or an id is missing.
    """
    contract_id = row.identifier("id")
    row.where = f"contract {contract_id}"
    parties = {
        name: unknown_fields.nested(row, name, "customer")
        for name in ("billToCustomer", "soldToCustomer", "endCustomer")
    }
    starts_on, ends_on = day_or_none(row, "dateStart"), day_or_none(row, "dateEnd")
    plans, items = _plans(row, unknown_fields)
    cycles, exclusive = _cycles(row, contract_id, unknown_fields)
    exclusive_items = _ends_are_exclusive(items, starts_on, ends_on)
    contract = Contract(
        contract_id=contract_id,
        external_number=row.text_or_none("externalNumber"),
        status=unknown_fields.enum("contract", row, "status", CONTRACT_STATUS),
        commercial_model=row.text_or_none("commercialModel"),
        purchase_order_numbers=_purchase_orders(row),
        bill_to_number=parties["billToCustomer"].get("number"),
        sold_to_number=parties["soldToCustomer"].get("number"),
        starts_on=starts_on,
        ends_on=half_open(ends_on, exclusive_items),
        ramp_starts_on=day_or_none(row, "dateRampStart"),
        ramp_ends_on=half_open(day_or_none(row, "dateRampEnd"), exclusive_items),
        items=tuple(replace(item, effective_end=half_open(item.effective_end, exclusive_items)) for item in items),
        attributes=_present(parties | {"plans": plans, "billingPeriodGaps": _gaps(cycles)})
        | unknown_fields.attributes("contract", row),
    )
    return contract, ContractTerm(contract_id, starts_on, contract.purchase_order_numbers, cycles, exclusive)


def parse_billing_period(
    row: JsonObject, contract_id: str, unknown_fields: UnknownFields, *, exclusive_ends: bool = False
) -> ContractBillingPeriod:
    """
    Read one billing period with its charges and wallets.

    :param contract_id: from the request: the response does not name its contract.
    :param exclusive_ends: of the contract's periods, see ``ContractTerm``.
    :raises PayloadError: the id or a date is missing, or a field has another type.
    """
    period_id = row.identifier("id")
    row.where = f"contract {contract_id}, billing period {period_id}"
    starts_on, ends_on = day_or_none(row, "dateStart"), half_open(day_or_none(row, "dateEnd"), exclusive_ends)
    if starts_on is None or ends_on is None:
        raise PayloadError(f"{row.where}: dateStart and dateEnd are both needed")
    return ContractBillingPeriod(
        billing_period_id=period_id,
        contract_id=contract_id,
        month=BillingCycle(period_id, contract_id, starts_on, ends_on).month,
        starts_on=starts_on,
        ends_on=ends_on,
        status=unknown_fields.enum("billing_period", row, "status", PERIOD_STATUS),
        charges=tuple(_charge(charge, n, unknown_fields) for n, charge in enumerate(row.objects("charges"), start=1)),
        wallets=tuple(_wallet(wallet, n, unknown_fields) for n, wallet in enumerate(row.objects("wallets"), start=1)),
        attributes=unknown_fields.attributes("billing_period", row),
    )


def _purchase_orders(row: JsonObject) -> tuple[str, ...]:
    orders = row.optional("purchaseOrderNumbers") or []
    if not isinstance(orders, list) or not all(isinstance(order, str) for order in orders):
        raise PayloadError(f"{row.where}: purchaseOrderNumbers should be a list of strings")
    return tuple(orders)


def _cycles(row: JsonObject, contract_id: str, unknown_fields: UnknownFields) -> tuple[tuple[BillingCycle, ...], bool]:
    """
    Return the billing periods that have an end, and whether their ends are exclusive; one without an end has not ended
    and cannot be billed yet.
    """
    rows = []
    for period in row.objects("billingPeriods"):
        starts_on, ends_on = day_or_none(period, "dateStart"), day_or_none(period, "dateEnd")
        status = unknown_fields.enum("billing_period", period, "status", PERIOD_STATUS)
        rows.append((period.identifier("id"), starts_on, ends_on, status))
        unknown_fields.attributes("billing_period", period)
    exclusive = ends_are_exclusive((start, end) for _, start, end, _ in rows if start and end)
    found = (
        BillingCycle(period_id, contract_id, starts_on, ended, status)
        for period_id, starts_on, ends_on, status in rows
        if (ended := half_open(ends_on, exclusive)) is not None
    )
    return tuple(dict.fromkeys(found)), exclusive


def _gaps(cycles: Iterable[BillingCycle]) -> list[list[str]]:
    """Return the days between listed billing periods that no listed one has: the first, and the day after the last."""
    ordered = sorted((cycle for cycle in cycles if cycle.starts_on), key=lambda cycle: cycle.ends_on)
    days = ((one.ends_on, following.starts_on) for one, following in pairwise(ordered))
    return [[str(ended), str(begins)] for ended, begins in days if begins is not None and ended < begins]


def _ends_are_exclusive(items: Iterable[ContractItem], starts_on: date | None, ends_on: date | None) -> bool:
    """Return whether the ends of a contract and its items, as the vendor writes them, are exclusive."""
    by_product: dict[str, list[Span]] = defaultdict(list)
    for item in items:
        if item.effective_start and item.effective_end:
            by_product[item.sku or item.product_name or item.plan_id].append((item.effective_start, item.effective_end))
    if starts_on and ends_on:
        by_product[""].append((starts_on, ends_on))
    exclusive = [ends_are_exclusive(spans) for spans in by_product.values()]
    return exclusive.count(True) > exclusive.count(False)


def _plans(row: JsonObject, unknown_fields: UnknownFields) -> tuple[list[dict[str, Any]], tuple[ContractItem, ...]]:
    """Read the plans: the attributes of each, and the items of all in the vendor's order."""
    plans: list[dict[str, Any]] = []
    items: list[ContractItem] = []
    for plan in row.objects("plans"):
        about = {
            "id": plan.identifier("id"),
            "name": plan.text_or_none("name"),
            "organizations": unknown_fields.each_nested(plan, "organizations", "organization"),
            "product": unknown_fields.nested(plan, "product", "product"),
        }
        items.extend(
            _item(item, n, about, unknown_fields) for n, item in enumerate(plan.objects("items"), len(items) + 1)
        )
        plans.append(_present(about) | unknown_fields.attributes("plan", plan))
    return plans, tuple(items)


def _item(row: JsonObject, position: int, plan: dict[str, Any], unknown_fields: UnknownFields) -> ContractItem:
    return ContractItem(
        position=position,
        plan_id=plan["id"],
        plan_name=plan["name"],
        item_number=row.identifier_or_none("itemNumber"),
        name=row.text_or_none("name"),
        function=row.text_or_none("function"),
        item_type=row.text_or_none("type"),
        sku=plan["product"].get("sku"),
        product_name=plan["product"].get("name"),
        unit=unknown_fields.enum("contract_item", row, "unitOfMeasure", UNIT),
        currency=row.text_or_none("currencyIsoCode"),
        quantity=row.number_or_none("quantity"),
        price=row.number_or_none("price"),
        overage_price=row.number_or_none("overagePrice"),
        discount_amount=row.number_or_none("discountAmount"),
        effective_start=day_or_none(row, "dateEffectiveStart"),
        effective_end=day_or_none(row, "dateEffectiveEnd"),
        charged_through=day_or_none(row, "dateChargedThrough"),
        attributes=unknown_fields.attributes("contract_item", row, "description"),
    )


def _charge(row: JsonObject, position: int, unknown_fields: UnknownFields) -> Charge:
    product = unknown_fields.nested(row, "product", "product")
    organizations = unknown_fields.each_nested(row, "organizations", "organization")
    return Charge(
        position=position,
        charge_id=row.identifier_or_none("id"),
        name=row.text_or_none("name"),
        sku=product.get("sku"),
        product_name=product.get("name"),
        unit=product.get("unitOfMeasure"),
        prepaid_quantity=row.number_or_none("prepaidQuantity"),
        fair_use_quantity=row.number_or_none("fairuseQuantity"),
        actual_quantity=row.number_or_none("actualQuantity"),
        overage_quantity=row.number_or_none("overageQuantity"),
        overage_rate=row.number_or_none("overageRate"),
        overage_charge=row.number_or_none("overageCharge"),
        currency=row.text_or_none("overageCurrency"),
        converted_token_count=row.number_or_none("convertedTokenCount"),
        token_conversion_rate=row.number_or_none("tokenConversionRate"),
        attributes=_present({"product": product, "organizations": organizations})
        | unknown_fields.attributes("charge", row),
    )


def _wallet(row: JsonObject, position: int, unknown_fields: UnknownFields) -> Wallet:
    product = unknown_fields.nested(row, "product", "product")
    organizations = unknown_fields.each_nested(row, "organizations", "organization")
    return Wallet(
        position=position,
        wallet_id=row.identifier_or_none("id"),
        name=row.text_or_none("name"),
        sku=product.get("sku"),
        unit=unknown_fields.enum("wallet", row, "unitOfMeasure", UNIT) or product.get("unitOfMeasure"),
        starting_balance=row.number_or_none("startingBalance"),
        balance_increase=row.number_or_none("balanceIncrease"),
        balance_decrease=row.number_or_none("balanceDecrease"),
        balance_consumption=row.number_or_none("balanceConsumption"),
        ending_balance=row.number_or_none("endingBalance"),
        overage_quantity=row.number_or_none("balanceOverage"),
        overage_rate=row.number_or_none("balanceOverageRate"),
        overage_charge=row.number_or_none("balanceOverageCharge"),
        currency=row.text_or_none("balanceOverageCurrency"),
        attributes=_present({"product": product, "organizations": organizations})
        | unknown_fields.attributes("wallet", row),
    )


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
