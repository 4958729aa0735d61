"""
Two sides of the three-way match: what was received according to the billing periods, and what the invoice lines
bill. Pure; each amount is in the currency stored with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from billing.matching.price_book import ChargeType, PriceBook
from billing.matching.price_readings import price_readings
from billing.matching.service_months import Span
from billing.models import Charge, ContractBillingPeriod, Invoice, InvoiceLine, Wallet
from billing.money import minor_unit, rounding_bound
from billing.proration import decimal_of


class MatchingTerms(Protocol):
    """How to read the matching keys from a vendor's rows: from its own fields or wording."""

    def purchase_order(self, invoice: Invoice) -> str:
        """Return the purchase order that an invoice names; empty if it names none."""

    def charge_type(self, line: InvoiceLine) -> ChargeType | None:
        """Return how what a line bills is paid, by the line's own wording; None if it does not state it."""

    def is_tax(self, line: InvoiceLine) -> bool:
        """Return whether a line is a tax on the other lines of its invoice."""

    def organizations(self, row: InvoiceLine | Charge | Wallet) -> frozenset[str]:
        """Return the identifiers of the organizations that a row is for; empty if it names none."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What was received of a product according to the billing period: a charge, a wallet's overage, a prepayment.

    :param sku: as the vendor names the product.
    :param product: its key, see ``PriceBook.product``.
    :param charged: what the period charges for it; None for a prepayment, which has no charge of its own.
    :param tokens: the quantity in tokens, if they are what the contract prices.
    """

    billing_period: ContractBillingPeriod
    sku: str
    product: str
    charge_type: ChargeType
    organizations: frozenset[str]
    quantity: Decimal | None
    charged: Decimal | None
    currency: str | None
    tokens: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Billed:
    """
    An invoice line, and how what it bills is paid; None if unknown.

    :param product: the key of what it bills; "" if unknown.
    :param contracts: those that it may be under.
    """

    invoice: Invoice
    line: InvoiceLine
    product: str
    charge_type: ChargeType | None
    contracts: frozenset[str]


def repeated_documents(invoices: Sequence[Invoice]) -> frozenset[str]:
    """
    Return the documents that repeat the lines of an earlier one.

    Lines are the same if product, quantity, amount and service dates are; their own identifiers do not count.
    """
    first: dict[object, str] = {}
    held = set()
    for invoice in sorted(invoices, key=lambda each: (str(each.issued_at), each.invoice_id)):
        key = (invoice.kind, invoice.currency, tuple(map(_substance, invoice.lines)))
        if invoice.lines and first.setdefault(key, invoice.invoice_id) != invoice.invoice_id:
            held.add(invoice.invoice_id)
    return frozenset(held)


def billed_lines(
    invoices: Iterable[Invoice],
    price_book: PriceBook,
    terms: MatchingTerms,
    receipts: Sequence[Receipt] = (),
    periods: Sequence[ContractBillingPeriod] = (),
) -> Iterator[Billed]:
    """
    Yield every line that bills something, with its product, the contracts that it may be under, and how it is paid.

    A line that does not say its product or how it is paid is read as its amount and quantity fit.

    :param receipts: of the month.
    :param periods: billing periods of the month.
    """
    costs = _Costs(price_book, [(period.starts_on, period.ends_on) for period in periods])
    received: dict[tuple[str, ChargeType], list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        received[receipt.product, receipt.charge_type].append(receipt)
    for invoice in invoices:
        if invoice.kind == "credit_memo":
            continue
        contracts = price_book.contracts_of(terms.purchase_order(invoice))
        unit = minor_unit(invoice.currency) if invoice.currency else None
        for line in invoice.lines:
            if line.amount >= 0 and not terms.is_tax(line):
                found = _Fit(line, contracts, price_book, received, costs, rounding_bound(1, unit or Decimal(0)))
                named = found.product()
                charge_type = terms.charge_type(line) or found.charge_type(named)
                yield Billed(invoice, line, named, charge_type, contracts)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Which product and charge type fit a line that does not name them."""

    line: InvoiceLine
    contracts: frozenset[str]
    price_book: PriceBook
    received: Mapping[tuple[str, ChargeType], Sequence[Receipt]]
    costs: _Costs
    bound: Decimal

    def product(self) -> str:
        """Return the product that a line names, else the one named in its description, else that of its amount."""
        named = (self.line.attributes.get("product") or {}).get("name")
        if self.line.product or named:
            return self.price_book.product(self.line.product, named)
        if found := self.price_book.product_in(self.line.description):
            return found
        every = dict.fromkeys([product for product, _ in self.received] + self.price_book.products())
        scores = {each: max(self._score(each, charge_type) for charge_type in ChargeType) for each in every}
        best = max(scores, key=lambda each: scores[each], default="")
        return best if scores.get(best, 0) >= _AMOUNT else ""

    def charge_type(self, product: str) -> ChargeType | None:
        """Return how a product is paid if there is one way; else the way that fits, overage if both do or none."""
        ways = [way for way in reversed(ChargeType) if self._is_known(product, way)]
        if len(ways) == 1:  # nearly always, and a score takes long
            return ways[0]
        return max(ways, key=lambda way: self._rank(product, way), default=None)

    def _rank(self, product: str, charge_type: ChargeType) -> tuple[int, bool]:
        score = self._score(product, charge_type)
        return score, score > 0 and not self._is_charged_otherwise(product, charge_type)

    def _received(self, product: str, charge_type: ChargeType) -> Sequence[Receipt]:
        return self.received.get((product, charge_type), ())

    def _is_charged(self, receipt: Receipt) -> bool:
        return receipt.charged is not None and abs(receipt.charged - self.line.amount) <= self.bound * 2

    def _is_charged_otherwise(self, product: str, charge_type: ChargeType) -> bool:
        """Return whether there are charges of a product, and none in the line's amount."""
        charged = [each for each in self._received(product, charge_type) if each.charged is not None]
        return bool(charged) and not any(map(self._is_charged, charged))

    def _is_known(self, product: str, charge_type: ChargeType) -> bool:
        priced = self.price_book.items(product, charge_type, self.contracts)
        return bool(priced or self._received(product, charge_type))

    def _score(self, product: str, charge_type: ChargeType) -> int:
        """Return how well a line fits: by its amount, which counts more, and by its quantity."""
        received = self._received(product, charge_type)
        agreed = self.costs.agreed(product, charge_type, self.contracts)
        quantity = self.line.quantity in {*agreed, *(each.quantity for each in received)} - {None}
        charged = any(map(self._is_charged, received))
        costs = not charged and self.costs.may_be(self.line, product, charge_type, self.contracts, self.bound)
        return _AMOUNT * 2 * charged + _AMOUNT * costs + quantity


class _Costs:
    """
    What products cost by their contracts, computed once for all lines of the same days.

    :param periods: billing periods of the month.
    """

    def __init__(self, price_book: PriceBook, periods: Sequence[Span]) -> None:
        self._price_book, self._periods = price_book, periods
        self._amounts: dict[object, list[Fraction]] = {}

    def agreed(self, product: str, charge_type: ChargeType, contracts: frozenset[str]) -> list[Decimal]:
        """Return the quantities that contracts prepay of a product."""
        priced = self._price_book.items(product, charge_type, contracts) if charge_type is ChargeType.PREPAID else ()
        return [each.item.quantity for each in priced if each.item.quantity is not None]

    def may_be(
        self, line: InvoiceLine, product: str, charge_type: ChargeType, contracts: frozenset[str], bound: Decimal
    ) -> bool:
        """Return whether the agreed quantities, else the line's own, cost a line's amount, to within a bound."""
        start, end, quantity = line.service_start, line.service_end, line.quantity
        if quantity is None or start is None or end is None:
            return False
        agreed = self.agreed(product, charge_type, contracts)
        key = product, charge_type, contracts, start, end
        if key not in self._amounts:
            self._amounts[key] = self._readings(product, charge_type, contracts, agreed, (start, end))
        amounts, times = self._amounts[key], Fraction(1) if agreed else Fraction(quantity)
        if not line.amount or not times:
            return not line.amount and 0 in amounts
        near = bisect_left(amounts, (Fraction(line.amount) - Fraction(bound)) / times)
        return near < len(amounts) and amounts[near] * times <= Fraction(line.amount) + Fraction(bound)

    def _readings(
        self, product: str, charge_type: ChargeType, contracts: frozenset[str], agreed: list[Decimal], service: Span
    ) -> list[Fraction]:
        """Return all that the agreed quantities may cost, or one unit, in order."""
        priced = self._price_book.items(product, charge_type, contracts)
        of_contracts = ([each for each in priced if each.contract_id == name] for name in contracts)
        quantities = list(dict.fromkeys(agreed)) or [Decimal(1)]
        return sorted(
            {
                reading.amount
                for items in of_contracts
                if items
                for reading in price_readings(items, quantities, service, self._periods)
            }
        )


_AMOUNT = 2


def charge_type_of(
    line: InvoiceLine, contracts: frozenset[str], price_book: PriceBook, terms: MatchingTerms
) -> ChargeType | None:
    """Return how what a line bills is paid: by the line's own wording, else by the prices of the contracts."""
    found = _Fit(line, contracts, price_book, {}, _Costs(price_book, ()), Decimal(0))
    return terms.charge_type(line) or found.charge_type(found.product())


def receipts_of(
    periods: Iterable[ContractBillingPeriod], price_book: PriceBook, terms: MatchingTerms
) -> Iterator[Receipt]:
    """
    Yield what was received according to each charge and wallet of the periods.

    A charge with a prepaid quantity is a prepayment; one with an overage, and a wallet below zero, is an overage.
    What was paid from a wallet in tokens is not a separate receipt.
    """
    for period in periods:
        for charge in period.charges:
            yield from _of_charge(period, charge, price_book, terms.organizations(charge))
        by_charges = any(charge.converted_token_count and charge.overage_quantity for charge in period.charges)
        for wallet in period.wallets:
            if wallet.overage_charge or (wallet.overage_quantity and wallet.overage_charge is None and not by_charges):
                sku, organizations = wallet.sku or wallet.name or "", terms.organizations(wallet)
                yield Receipt(
                    period,
                    sku,
                    price_book.product(sku),
                    ChargeType.OVERAGE,
                    organizations,
                    wallet.overage_quantity,
                    wallet.overage_charge,
                    wallet.currency,
                )


def _of_charge(
    period: ContractBillingPeriod, charge: Charge, price_book: PriceBook, organizations: frozenset[str]
) -> Iterator[Receipt]:
    sku = charge.sku or charge.product_name or ""
    of = period, sku, price_book.product(sku)
    if quantity := charge.prepaid_quantity:
        yield Receipt(*of, ChargeType.PREPAID, organizations, quantity, None, charge.currency)
    if charge.overage_quantity or charge.overage_charge:
        amounts = (charge.overage_quantity, charge.overage_charge, charge.currency)
        rate, quantity = charge.token_conversion_rate, charge.overage_quantity
        tokens = decimal_of(Fraction(quantity) / Fraction(rate)) if rate and quantity else None
        yield Receipt(*of, ChargeType.OVERAGE, organizations, *amounts, tokens)


def _substance(line: InvoiceLine) -> tuple[object, ...]:
    return (line.product, line.description, line.quantity, line.amount, line.service_start, line.service_end)
