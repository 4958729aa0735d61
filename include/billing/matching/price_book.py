"""Contract prices: which item prices a product on a day. Pure; prices are in the item's own currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing.models import Contract, ContractItem
from billing.money import exact_sum, product


class ChargeType(StrEnum):
    """The two ways in which a product is paid: agreed beforehand, or used beyond that."""

    PREPAID = "prepaid"
    OVERAGE = "overage"


@dataclass(frozen=True, slots=True)
class PricedItem:
    """
    One contract item that prices a product.

    :param price: of one unit and billing period, in the item's currency.
    """

    contract_id: str
    item: ContractItem
    price: Decimal

    def in_force(self, day: date) -> bool:
        """Return whether the price holds on a day; a missing start or end date means no limit."""
        start, end = self.item.effective_start, self.item.effective_end
        return (start is None or start <= day) and (end is None or day < end)


class PriceBook:
    """
    The priced items of an account's contracts, found by SKU.

    An item prices the prepaid quantity unless its function is overage, and the overage if it has an overage price.
    """

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._priced: dict[tuple[str, ChargeType], list[PricedItem]] = defaultdict(list)
        self._by_order: dict[str, set[str]] = defaultdict(set)
        self.contract_ids: frozenset[str] = frozenset()
        for contract in contracts:
            self.contract_ids |= {contract.contract_id}
            for order in contract.purchase_order_numbers:
                self._by_order[order.strip()].add(contract.contract_id)
            for item in contract.items:
                self._add(contract.contract_id, item)

    def _add(self, contract_id: str, item: ContractItem) -> None:
        sku = item.sku or item.product_name or ""
        if item.price is not None and (item.function or "").casefold() != ChargeType.OVERAGE:
            self._priced[sku, ChargeType.PREPAID].append(PricedItem(contract_id, item, item.price))
        if item.overage_price is not None:
            self._priced[sku, ChargeType.OVERAGE].append(PricedItem(contract_id, item, item.overage_price))

    def contracts_of(self, purchase_order: str) -> frozenset[str]:
        """Return the contracts that name a purchase order; all of them if none does."""
        return frozenset(self._by_order.get(purchase_order, ())) or self.contract_ids

    def items(self, sku: str, charge_type: ChargeType, contracts: frozenset[str]) -> list[PricedItem]:
        """Return what prices a product in these contracts, in force or not."""
        return [priced for priced in self._priced.get((sku, charge_type), ()) if priced.contract_id in contracts]

    def in_force(self, sku: str, charge_type: ChargeType, contracts: frozenset[str], day: date) -> list[PricedItem]:
        """Return what prices a product on a day: nothing, one item, or several where a contract was amended."""
        return [priced for priced in self.items(sku, charge_type, contracts) if priced.in_force(day)]

    def charge_type_of(self, sku: str, contracts: frozenset[str]) -> ChargeType | None:
        """
        Return how a product is paid by what these contracts price.

            priced in both ways      -> overage
            priced in one way alone  -> that way
            not priced               -> None
        """
        found = [charge_type for charge_type in ChargeType if self.items(sku, charge_type, contracts)]
        return found[-1] if found else None


def agreed_amount(priced: list[PricedItem], quantity: Decimal) -> Decimal | None:
    """
    Return what a quantity costs by the items in force; None if they have no matching price.

        one item at 135.00, quantity 250                       -> 33750.00
        250 at 135.00 and an amendment of 20 at 120.00, 270    -> 36150.00
        the same, quantity 20                                  -> 2400.00
        the same, quantity 100                                 -> None
    """
    prices = {each.price for each in priced}
    if len(prices) == 1:
        return product(prices.pop(), quantity)
    of_quantity = {each.price for each in priced if each.item.quantity == quantity}
    if len(of_quantity) == 1:
        return product(of_quantity.pop(), quantity)
    quantities = [each.item.quantity for each in priced if each.item.quantity is not None]
    if priced and len(quantities) == len(priced) and exact_sum(quantities) == quantity:
        return exact_sum(product(each.price, each.item.quantity or Decimal(0)) for each in priced)
    return None
