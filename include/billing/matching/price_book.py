"""Contract prices: which item prices a product on a day. Pure; prices are in the item's own currency."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billing.models import Contract, ContractBillingPeriod, ContractItem
from billing.money import exact_sum, product
from billing.names import name_key

_NOT_A_LETTER = re.compile(r"[^a-z]+")
_BY_USE = ("overage", "usage", "meter", "consum", "payasyougo", "postpaid", "ondemand")


class ChargeType(StrEnum):
    """The two ways in which a product is paid: agreed beforehand, or used beyond that."""

    PREPAID = "prepaid"
    OVERAGE = "overage"


class Purpose(StrEnum):
    """What a contract item is for."""

    PREPAID = "prepaid"
    ONE_TIME = "one-time"
    FAIR_USE = "fair use"
    USAGE = "usage"


def purpose_of(item: ContractItem) -> Purpose:
    """
    Return what an item is for, by its function and type, which are free text.

        function Prepay, type Recurring    -> prepaid
        function Prepay, type One-Time     -> one-time
        function Fair Use                  -> fair use: its quantity is an allowance
        function Overage, or type Usage    -> usage: its quantity is none or an allowance
        neither, price 0, overage price 2  -> usage
        neither, price 2, overage price 0, no day through which it is charged -> one-time
        anything else                      -> prepaid
    """
    function, item_type = (_NOT_A_LETTER.sub("", name_key(words)) for words in (item.function, item.item_type))
    if "fairuse" in function + item_type:
        return Purpose.FAIR_USE
    if "onetime" in function + item_type or "nonrecurring" in function + item_type:
        return Purpose.ONE_TIME
    if not function + item_type and not item.price and item.overage_price:
        return Purpose.USAGE
    if not function + item_type and item.price and not item.overage_price and item.charged_through is None:
        return Purpose.ONE_TIME
    by_type = not function and any(word in item_type for word in _BY_USE)
    return Purpose.USAGE if by_type or any(word in function for word in _BY_USE) else Purpose.PREPAID


@dataclass(frozen=True, slots=True)
class PricedItem:
    """
    One contract item that prices a product.

    :param price: of one unit and billing period, in the item's currency.
    :param is_overage: the price is of what is used beyond what was agreed beforehand.
    """

    contract_id: str
    item: ContractItem
    price: Decimal
    is_overage: bool = False

    def in_force(self, day: date) -> bool:
        """Return whether the price holds on a day; a missing start or end date means no limit."""
        start, end = self.item.effective_start, self.item.effective_end
        return (start is None or start <= day) and (end is None or day < end)


class PriceBook:
    """
    The priced items of an account's contracts, found by product: SKU or name, as a person reads them.

    An item prices the prepaid quantity unless it is for usage, and the overage if it has an overage price; an item for
    usage without one prices the overage by its price.

    :param periods: billing periods, whose rows may name a product by SKU and name where the contract has one of them.
    """

    def __init__(self, contracts: Iterable[Contract], periods: Iterable[ContractBillingPeriod] = ()) -> None:
        contracts, periods = tuple(contracts), tuple(periods)
        self._contracts = {contract.contract_id: contract for contract in contracts}
        self._listed = frozenset(period.contract_id for period in periods)
        self.amounts: dict[object, list[Fraction]] = {}  # computed once from these prices, by billing.matching.receipts
        self._priced: dict[tuple[str, ChargeType], list[PricedItem]] = defaultdict(list)
        self._found: dict[tuple[str | None, ChargeType, frozenset[str]], list[PricedItem]] = {}
        self._by_order: dict[str, set[str]] = defaultdict(set)
        self._sku_of: dict[str, str] = {}
        for sku, name in _names(contracts, periods):
            if name_key(sku) and name_key(name):
                self._sku_of.setdefault(name_key(name), name_key(sku))
        self._skus = frozenset(self._sku_of.values())
        self.contract_ids = frozenset(self._contracts)
        for contract in contracts:
            for order in contract.purchase_order_numbers:
                self._by_order[name_key(order)].add(contract.contract_id)
            for item in contract.items:
                self._add(contract.contract_id, item)

    def _add(self, contract_id: str, item: ContractItem) -> None:
        named = self.product(item.sku or item.product_name or item.name)
        by_use = purpose_of(item) in {Purpose.FAIR_USE, Purpose.USAGE}
        if item.price is not None and not by_use:
            self._priced[named, ChargeType.PREPAID].append(PricedItem(contract_id, item, item.price))
        overage = item.price if by_use and item.overage_price is None else item.overage_price
        if overage is not None and purpose_of(item) is not Purpose.ONE_TIME:
            self._priced[named, ChargeType.OVERAGE].append(PricedItem(contract_id, item, overage, is_overage=True))

    def product(self, *names: str | None) -> str:
        """Return the key of a product by the first of its SKU or names that is known; else by the first given."""
        keys = [key for key in map(name_key, names) if key]
        known = (
            key if key in self._skus else self._sku_of[key] for key in keys if key in self._sku_of or key in self._skus
        )
        return next(known, keys[0] if keys else "")

    def products(self) -> list[str]:
        """Return the keys of all priced products."""
        return list(dict.fromkeys(named for named, _ in self._priced))

    def product_in(self, text: str) -> str:
        """Return the key of the product whose SKU or name a text contains, the longest one; "" if it has none."""
        words = name_key(text)
        named = [name for name in (*self._sku_of, *self._skus) if name in words]
        return self.product(max(named, key=len)) if named else ""

    def contracts_of(self, purchase_order: str) -> frozenset[str]:
        """Return the contracts that name a purchase order; all of them if none does."""
        return frozenset(self._by_order.get(name_key(purchase_order), ())) or self.contract_ids

    def without_period(self, contracts: Iterable[str], day: date | None) -> frozenset[str]:
        """Return those of some contracts that run on a day, any day if it is unknown, and have no billing period."""
        unlisted = {contract_id: self._contracts[contract_id] for contract_id in set(contracts) - self._listed}
        return frozenset(contract_id for contract_id, each in unlisted.items() if day is None or _runs(each, day))

    def items(self, sku: str | None, charge_type: ChargeType, contracts: frozenset[str]) -> list[PricedItem]:
        """Return what prices a product in these contracts, in force or not."""
        key = sku, charge_type, contracts
        if key not in self._found:  # thousands of lines are of the same few products
            priced = self._priced.get((self.product(sku), charge_type), ())
            self._found[key] = [each for each in priced if each.contract_id in contracts]
        return self._found[key]

    def in_force(
        self, sku: str | None, charge_type: ChargeType, contracts: frozenset[str], day: date
    ) -> list[PricedItem]:
        """Return what prices a product on a day: nothing, one item, or several where a contract was amended."""
        return [priced for priced in self.items(sku, charge_type, contracts) if priced.in_force(day)]


def _names(
    contracts: tuple[Contract, ...], periods: tuple[ContractBillingPeriod, ...]
) -> Iterable[tuple[str | None, str | None]]:
    for contract in contracts:
        yield from ((item.sku, item.product_name) for item in contract.items)
    for period in periods:
        yield from ((charge.sku, charge.product_name) for charge in period.charges)
        yield from ((wallet.sku, wallet.name) for wallet in period.wallets)


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


def _runs(contract: Contract, day: date) -> bool:
    begun = contract.starts_on is None or contract.starts_on <= day
    return begun and (contract.ends_on is None or day < contract.ends_on)
