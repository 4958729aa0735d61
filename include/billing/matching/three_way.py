"""
The three-way match: agreement (contract price) x receipt (metered or prepaid quantity) x invoice line, per product.

Pure. It pairs what belongs together and measures how much the three differ; it sets no state. Amounts of one match
are in one currency or the match says that they are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing.matching.price_book import ChargeType, PriceBook, PricedItem, agreed_amount
from billing.matching.price_readings import Reading, fitting, price_readings
from billing.matching.quantities import SCALES, scale_between
from billing.matching.receipts import Billed, MatchingTerms, Receipt, billed_lines, receipts_of, repeated_documents
from billing.matching.service_months import whole_months
from billing.models import AccountMonth, ContractBillingPeriod
from billing.money import currency_code, difference, exact_sum, minor_unit, product, rounding_bound


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

    :param sku: the product, as the vendor names it.
    :param product: its key, see ``PriceBook.product``.
    :param advance: the lines bill a later period than the receipts' one.
    """

    sku: str
    product: str
    charge_type: ChargeType
    advance: bool = False
    receipts: list[Receipt] = field(default_factory=list)
    billed: list[Billed] = field(default_factory=list)

    @property
    def currencies(self) -> frozenset[str | None]:
        """Every currency among lines and charges; amounts are comparable only if it is one."""
        charged = {receipt.currency for receipt in self.receipts if receipt.charged is not None}
        return frozenset(
            code and currency_code(code) for code in charged | {each.invoice.currency for each in self.billed}
        )

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
    def scale(self) -> Decimal | None:
        """By what the lines divide the received quantity; None if a quantity is missing or nothing explains them."""
        found, received = _sum(each.line.quantity for each in self.billed), self.received_quantity
        if found is None or received is None:
            return None
        if received and not found and (not self.invoiced or self.charge_type is ChargeType.PREPAID):
            return None
        return scale_between(received, found, cuts=len(self.billed))

    @property
    def invoiced_quantity(self) -> Decimal | None:
        """
        Sum of the lines' quantities; None if one has none.

        A line's quantity is an integer by the vendor's declaration: where a fractional or a divided receipt is shown
        cut or rounded to whole numbers, the receipt's own digits count.
        """
        if self.scale is not None:
            return self.received_quantity
        return _sum(each.line.quantity for each in self.billed)


def match_month(
    account_month: AccountMonth, price_book: PriceBook, terms: MatchingTerms, held: frozenset[str] | None = None
) -> tuple[Match, ...]:
    """
    Pair a month's invoice lines with what its billing periods charge, by contract, SKU, organization and leg.

    What nothing can be paired with is a match of its own. Where an invoice may be under several contracts, or charges
    of one product are for overlapping organizations, these are one match: a line is never assigned to one arbitrarily.

    :param held: documents that are not matched; by default those of ``held_documents``.
    """
    if held is None:
        held = held_documents(account_month, price_book, terms)
    invoices = [invoice for invoice in account_month.invoices if invoice.invoice_id not in held]
    received = tuple(receipts_of(account_month.billing_periods, price_book, terms))
    lines = tuple(billed_lines(invoices, price_book, terms, received, account_month.billing_periods))
    receipts = _by_product(received, lines, terms)
    groups: dict[object, Match] = {}
    for found in receipts.values():
        for key, receipt in found:
            groups.setdefault(key, Match(receipt.sku, receipt.product, receipt.charge_type)).receipts.append(receipt)
    ended: dict[frozenset[str], date | None] = {}
    for billed in lines:
        if billed.contracts not in ended:
            ended[billed.contracts] = _latest_end(account_month, billed.contracts)
        advance = _begins_after(billed, ended[billed.contracts])
        key = _key(billed, receipts, advance, terms.organizations(billed.line))
        sku = billed.line.product or billed.product
        match = groups.setdefault(key, Match(sku, billed.product, billed.charge_type or ChargeType.OVERAGE, advance))
        match.billed.append(billed)
    return tuple(groups.values())


def held_documents(account_month: AccountMonth, price_book: PriceBook, terms: MatchingTerms) -> frozenset[str]:
    """
    Return the documents that repeat the lines of an earlier one: duplicates, not matched a second time.

    They are none if only together they bill what was received: two contracts under one purchase order may be billed the
    same.
    """
    repeated = repeated_documents(account_month.invoices)
    if repeated and len(price_book.contract_ids) > 1:
        matches = match_month(account_month, price_book, terms, frozenset())
        ours = [match for match in matches if any(each.invoice.invoice_id in repeated for each in match.billed)]
        if all(_bills_what_was_received(match, price_book) for match in ours):
            return frozenset()
    return repeated


def _bills_what_was_received(match: Match, price_book: PriceBook) -> bool:
    """Return whether quantities agree, and amounts to the rounding of each; without receipts, with the contracts'."""
    if not match.receipts:
        shown = [each.line.quantity for each in match.billed]
        agreed = [each.item.quantity for each in prices_of_line(match.billed[0], match, price_book)]
        return match.charge_type is ChargeType.PREPAID and None not in shown and _sum(shown) == _sum(agreed)
    if match.scale is None or len(match.currencies) > 1:
        return False
    if match.charged is None:
        return match.charge_type is ChargeType.PREPAID
    unit = minor_unit(next(iter(match.currencies)) or "")
    bound = rounding_bound(len(match.billed) + len(match.receipts), unit or Decimal(0))
    return abs(difference(match.invoiced, match.charged)) <= bound


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
    return [] if start is None else [each for each in items_of_line(billed, match, price_book) if each.in_force(start)]


def items_of_line(billed: Billed, match: Match, price_book: PriceBook) -> list[PricedItem]:
    """Return what prices a line's product in the contracts that it may be under, in force or not."""
    if billed.charge_type is None:
        return []
    received_under = frozenset(receipt.billing_period.contract_id for receipt in match.receipts)
    unknown = price_book.without_period(billed.contracts, billed.line.service_start)
    contracts = received_under | unknown if received_under else billed.contracts
    return price_book.items(billed.product, billed.charge_type, contracts)


def price_of_line(billed: Billed, match: Match, price_book: PriceBook) -> Decimal | None:
    """Return what a line should cost by the prices in force; None if the prices or its quantity are unknown."""
    quantity = match.invoiced_quantity if len(match.billed) == 1 else billed.line.quantity
    return None if quantity is None else agreed_amount(prices_of_line(billed, match, price_book), quantity)


def reading_of_line(
    billed: Billed, match: Match, price_book: PriceBook, periods: Sequence[ContractBillingPeriod], bound: Decimal
) -> Reading | None:
    """
    Return the first way in which a contract gives a line's amount, to within a bound; None if there is none.

    :param periods: billing periods of the month.
    """
    line, received = billed.line, match.received_quantity
    if line.service_start is None or line.service_end is None or line.quantity is None:
        return None
    items = items_of_line(billed, match, price_book)
    for contract_id in sorted({each.contract_id for each in items}):
        priced = [each for each in items if each.contract_id == contract_id]
        alone = [received] if len(match.billed) == 1 and received is not None and match.scale else []
        of_one = (each.quantity for each in match.receipts if each.quantity is not None)
        if billed.charge_type is ChargeType.OVERAGE:
            alone += [each for each in of_one if scale_between(each, line.quantity, cuts=1)]
        part = not whole_months(line.service_start, line.service_end)
        in_tokens = [each for each in match.receipts if each.tokens is not None]
        alone += [product(each.tokens or Decimal(0), scale) for each in in_tokens for scale in SCALES]
        if not any(each.price for each in priced):
            priced += _of_wallets(in_tokens, price_book, frozenset({contract_id}))
        cut = [each.item.quantity for each in priced if part and each.item.quantity is not None]
        spans = [(period.starts_on, period.ends_on) for period in periods if period.contract_id == contract_id]
        found = fitting(
            price_readings(priced, [*alone, line.quantity, *cut], (line.service_start, line.service_end), spans),
            line.amount,
            bound,
        )
        if found:
            return found
    return None


def _of_wallets(receipts: Iterable[Receipt], price_book: PriceBook, contracts: frozenset[str]) -> list[PricedItem]:
    """Return what prices the overage of the tokens that paid for some receipts."""
    wallets = (wallet for receipt in receipts for wallet in receipt.billing_period.wallets)
    names = dict.fromkeys(wallet.sku or wallet.name for wallet in wallets)
    return [each for name in names for each in price_book.items(name, ChargeType.OVERAGE, contracts)]


def reading_of_other_days(billed: Billed, match: Match, price_book: PriceBook, bound: Decimal) -> Reading | None:
    """Return how a price that is not in force when a line's service begins gives its amount; None if none does."""
    line = billed.line
    if line.service_start is None or line.service_end is None or line.quantity is None:
        return None
    old = (each for each in items_of_line(billed, match, price_book) if not each.in_force(line.service_start))
    always = [replace(each, item=replace(each.item, effective_start=None, effective_end=None)) for each in old]
    service = line.service_start, line.service_end
    found = (fitting(price_readings([each], [line.quantity], service, ()), line.amount, bound) for each in always)
    return next((each for each in found if each), None)


def _price_of_receipt(receipt: Receipt, price_book: PriceBook) -> Decimal | None:
    if receipt.quantity is None:
        return None
    contracts, day = frozenset({receipt.billing_period.contract_id}), receipt.billing_period.starts_on
    return agreed_amount(price_book.in_force(receipt.product, receipt.charge_type, contracts, day), receipt.quantity)


_Receipts = dict[tuple[str, ChargeType], list[tuple[object, Receipt]]]


def _by_product(receipts: Iterable[Receipt], lines: Sequence[Billed], terms: MatchingTerms) -> _Receipts:
    """Group receipts by product and leg, each with the key of its match."""
    told_apart = all(len(billed.contracts) == 1 for billed in lines)
    named: dict[tuple[str, ChargeType | None], set[frozenset[str]]] = defaultdict(set)
    for billed in lines:
        named[billed.product, billed.charge_type].add(terms.organizations(billed.line))
    alike: dict[tuple[str, ChargeType, str], list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        contract = receipt.billing_period.contract_id if told_apart else ""
        alike[receipt.product, receipt.charge_type, contract].append(receipt)
    found: _Receipts = defaultdict(list)
    for (sku, charge_type, contract), group in alike.items():
        sets = {receipt.organizations for receipt in group}
        disjoint = sum(map(len, sets)) == len(frozenset().union(*sets)) and frozenset() not in sets
        apart = disjoint and all(any(of and of <= each for each in sets) for of in named[sku, charge_type])
        for receipt in group:
            key = (contract, sku, charge_type, receipt.organizations if apart else frozenset())
            found[sku, charge_type].append((key, receipt))
    return found


def _key(billed: Billed, receipts: _Receipts, advance: bool, organizations: frozenset[str]) -> object:
    """Return the key of the match that a line belongs to: that of its receipt, else one of its own kind."""
    if billed.charge_type is not None and not advance:
        keys = [
            (key, receipt)
            for key, receipt in receipts.get((billed.product, billed.charge_type), ())
            if receipt.billing_period.contract_id in billed.contracts
        ]
        ours = [key for key, receipt in keys if not receipt.organizations or organizations <= receipt.organizations]
        if ours or len({key for key, _ in keys}) == 1:
            return ours[0] if ours else keys[0][0]
    return (billed.contracts, billed.product or billed.line.product, billed.charge_type, organizations, advance)


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
