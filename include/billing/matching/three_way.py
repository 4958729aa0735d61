"""
The three-way match: agreement (contract price) x receipt (metered or prepaid quantity) x invoice line, per product.

Pure. It pairs what belongs together and measures how much the three differ; it sets no state. Amounts of one match
are in one currency or the match says that they are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing.matching.price_book import ChargeType, PriceBook, PricedItem, agreed_amount
from billing.matching.receipts import Billed, MatchingTerms, Receipt, billed_lines, receipts_of
from billing.models import AccountMonth
from billing.money import difference, exact_sum


class Outcome(StrEnum):
    """How a product's agreement, receipt and invoice lines compare."""

    MATCHED = "matched"
    PRICE = "price variance"
    QUANTITY = "quantity variance"
    BOTH = "price and quantity variance"
    NOT_INVOICED = "unmatched: charged, not invoiced"
    NOT_CHARGED = "unmatched: invoiced, not charged"
    NOT_PRICED = "no agreed price"


@dataclass(frozen=True, slots=True)
class Variance:
    """
    What explains the difference between an invoiced and an agreed amount; ``price + quantity`` is all of it.

    :param price: (invoiced price - agreed price) x invoiced quantity.
    :param quantity: (invoiced quantity - received quantity) x agreed price.
    """

    price: Decimal
    quantity: Decimal


def variance(invoiced: Decimal, invoiced_at_agreed: Decimal, received_at_agreed: Decimal) -> Variance:
    """
    Split a difference without a division, so that the parts add up exactly.

        12 units for 1800.00 (150 each), agreed 148.50 each, 10 metered
        invoiced 1800.00, at the agreed price 1782.00, metered 1485.00  -> price 18.00, quantity 297.00

    :param invoiced_at_agreed: the invoiced quantity at the agreed price.
    :param received_at_agreed: the received quantity at the agreed price.
    """
    return Variance(
        price=difference(invoiced, invoiced_at_agreed), quantity=difference(invoiced_at_agreed, received_at_agreed)
    )


@dataclass(slots=True)
class Match:
    """
    One product's leg: its receipts and the lines that bill them.

    :param advance: the lines bill a later period than the receipts' one.
    """

    sku: str
    charge_type: ChargeType
    advance: bool = False
    receipts: list[Receipt] = field(default_factory=list)
    billed: list[Billed] = field(default_factory=list)

    @property
    def currencies(self) -> frozenset[str | None]:
        """Every currency among lines and charges; amounts are comparable only if it is one."""
        charged = {receipt.currency for receipt in self.receipts if receipt.charged is not None}
        return frozenset(charged | {each.invoice.currency for each in self.billed})

    @property
    def invoiced(self) -> Decimal:
        """Sum of the lines' amounts."""
        return exact_sum(each.line.amount for each in self.billed)

    @property
    def charged(self) -> Decimal | None:
        """Sum of the charges; None if one has no amount."""
        return _sum(receipt.charged for receipt in self.receipts)

    @property
    def received_quantity(self) -> Decimal | None:
        """Sum of the receipts' quantities; None if one has none."""
        return _sum(receipt.quantity for receipt in self.receipts)

    @property
    def invoiced_quantity(self) -> Decimal | None:
        """
        Sum of the lines' quantities; None if one has none.

        A line's quantity is an integer by the vendor's declaration: where one line bills a fractional receipt and
        shows it cut or rounded to a whole number, the receipt's own digits count.
        """
        found, received = _sum(each.line.quantity for each in self.billed), self.received_quantity
        if found is None or received is None or len(self.billed) != 1 or received == received.to_integral_value():
            return found
        return received if abs(difference(found, received)) < 1 and found == found.to_integral_value() else found


def match_month(account_month: AccountMonth, price_book: PriceBook, terms: MatchingTerms) -> tuple[Match, ...]:
    """
    Pair a month's invoice lines with what its billing periods charge, by contract, SKU, organization and leg.

    What nothing can be paired with is a match of its own. Where an invoice may be under several contracts, or charges
    of one product are for overlapping organizations, these are one match: a line is never assigned to one arbitrarily.
    """
    groups: dict[object, Match] = {}
    told_apart = _told_apart(account_month, price_book, terms)
    receipts = _by_product(receipts_of(account_month.billing_periods, terms), told_apart)
    for (sku, charge_type), found in receipts.items():
        for key, receipt in found:
            groups.setdefault(key, Match(sku, charge_type)).receipts.append(receipt)
    ended: dict[frozenset[str], date | None] = {}
    for billed in billed_lines(account_month, price_book, terms):
        if billed.contracts not in ended:
            ended[billed.contracts] = _latest_end(account_month, billed.contracts)
        advance = _begins_after(billed, ended[billed.contracts])
        key = _key(billed, receipts, advance, terms.organizations(billed.line))
        match = groups.setdefault(
            key, Match(billed.line.product or "", billed.charge_type or ChargeType.OVERAGE, advance)
        )
        match.billed.append(billed)
    return tuple(groups.values())


def compare(match: Match, price_book: PriceBook) -> tuple[Outcome, Variance | None]:
    """
    Compare the three sides of a match; the variance is None if no agreed price or quantity is known.

    A price variance that rounding explains is still returned: the control applies the bound.
    """
    if not match.billed:
        return Outcome.NOT_INVOICED, None
    if not match.receipts:
        return Outcome.NOT_CHARGED, None
    invoiced = _sum(price_of_line(each, match, price_book) for each in match.billed)
    received = _sum(_price_of_receipt(each, price_book) for each in match.receipts)
    if invoiced is None or received is None:
        return Outcome.NOT_PRICED, None
    found = variance(match.invoiced, invoiced, received)
    if match.invoiced_quantity == match.received_quantity and found.quantity == 0:
        return (Outcome.PRICE if found.price else Outcome.MATCHED), found
    return (Outcome.BOTH if found.price else Outcome.QUANTITY), found


def prices_of_line(billed: Billed, match: Match, price_book: PriceBook) -> list[PricedItem]:
    """Return the contract items in force for a line when its service began; none if that day is unknown."""
    start = billed.line.service_start
    if start is None or billed.charge_type is None:
        return []
    received_under = frozenset(receipt.billing_period.contract_id for receipt in match.receipts)
    return price_book.in_force(match.sku, billed.charge_type, received_under or billed.contracts, start)


def price_of_line(billed: Billed, match: Match, price_book: PriceBook) -> Decimal | None:
    """Return what a line should cost by the prices in force; None if the prices or its quantity are unknown."""
    quantity = match.invoiced_quantity if len(match.billed) == 1 else billed.line.quantity
    return None if quantity is None else agreed_amount(prices_of_line(billed, match, price_book), quantity)


def _price_of_receipt(receipt: Receipt, price_book: PriceBook) -> Decimal | None:
    if receipt.quantity is None:
        return None
    contracts, day = frozenset({receipt.billing_period.contract_id}), receipt.billing_period.starts_on
    return agreed_amount(price_book.in_force(receipt.sku, receipt.charge_type, contracts, day), receipt.quantity)


_Receipts = dict[tuple[str, ChargeType], list[tuple[object, Receipt]]]


def _told_apart(account_month: AccountMonth, price_book: PriceBook, terms: MatchingTerms) -> bool:
    """Return whether each invoice is under one contract only."""
    orders = map(terms.purchase_order, account_month.invoices)
    return all(len(price_book.contracts_of(order)) == 1 for order in orders)


def _by_product(receipts: Iterable[Receipt], told_apart: bool) -> _Receipts:
    """Group receipts by SKU and leg, each with the key of its match."""
    alike: dict[tuple[str, ChargeType, str], list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        alike[receipt.sku, receipt.charge_type, receipt.billing_period.contract_id if told_apart else ""].append(
            receipt
        )
    found: _Receipts = defaultdict(list)
    for (sku, charge_type, contract), group in alike.items():
        sets = {receipt.organizations for receipt in group}
        disjoint = sum(map(len, sets)) == len(frozenset().union(*sets)) and frozenset() not in sets
        for receipt in group:
            key = (contract, sku, charge_type, receipt.organizations if disjoint else frozenset())
            found[sku, charge_type].append((key, receipt))
    return found


def _key(billed: Billed, receipts: _Receipts, advance: bool, organizations: frozenset[str]) -> object:
    """Return the key of the match that a line belongs to: that of its receipt, else one of its own kind."""
    sku = billed.line.product or ""
    if billed.charge_type is not None and not advance:
        for key, receipt in receipts.get((sku, billed.charge_type), ()):
            ours = receipt.billing_period.contract_id in billed.contracts
            if ours and (not receipt.organizations or organizations <= receipt.organizations):
                return key
    return (billed.contracts, sku, billed.charge_type, organizations, advance)


def _latest_end(account_month: AccountMonth, contracts: frozenset[str]) -> date | None:
    ends = (period.ends_on for period in account_month.billing_periods if period.contract_id in contracts)
    return max(ends, default=None)


def _begins_after(billed: Billed, ended: date | None) -> bool:
    """Return whether a line is billed in advance: its service begins after the month's billing periods."""
    return ended is not None and billed.line.service_start is not None and billed.line.service_start >= ended


def _sum(numbers: Iterable[Decimal | None]) -> Decimal | None:
    known = []
    for number in numbers:
        if number is None:
            return None
        known.append(number)
    return exact_sum(known)
