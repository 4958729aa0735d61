"""
Two sides of the three-way match: what was received according to the billing periods, and what the invoice lines
bill. Pure; each amount is in the currency stored with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from billing.matching.price_book import ChargeType, PriceBook
from billing.models import AccountMonth, Charge, ContractBillingPeriod, Invoice, InvoiceLine, Wallet


class MatchingTerms(Protocol):
    """How to read the matching keys from a vendor's rows: from its own fields or wording."""

    def purchase_order(self, invoice: Invoice) -> str:
        """Return the purchase order that an invoice names; empty if it names none."""

    def charge_type(self, line: InvoiceLine) -> ChargeType | None:
        """Return how what a line bills is paid, by the line's own wording; None if it does not state it."""

    def organizations(self, row: InvoiceLine | Charge | Wallet) -> frozenset[str]:
        """Return the identifiers of the organizations that a row is for; empty if it names none."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What was received of a product according to the billing period: a charge, a wallet's overage, a prepayment.

    :param charged: what the period charges for it; None for a prepayment, which has no charge of its own.
    """

    billing_period: ContractBillingPeriod
    sku: str
    charge_type: ChargeType
    organizations: frozenset[str]
    quantity: Decimal | None
    charged: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice line and how what it bills is paid; None if unknown."""

    invoice: Invoice
    line: InvoiceLine
    charge_type: ChargeType | None
    contracts: frozenset[str]


def held_documents(invoices: Sequence[Invoice]) -> frozenset[str]:
    """
    Return the documents that repeat the lines of an earlier one: duplicates, not matched a second time.

    Lines are the same if product, quantity, amount and service dates are; their own identifiers do not count.
    """
    first: dict[object, str] = {}
    held = set()
    for invoice in sorted(invoices, key=lambda each: (str(each.issued_at), each.invoice_id)):
        key = (invoice.kind, invoice.currency, tuple(map(_substance, invoice.lines)))
        if invoice.lines and first.setdefault(key, invoice.invoice_id) != invoice.invoice_id:
            held.add(invoice.invoice_id)
    return frozenset(held)


def billed_lines(account_month: AccountMonth, price_book: PriceBook, terms: MatchingTerms) -> Iterator[Billed]:
    """Yield every line that bills something, with the contracts it may be under and how what it bills is paid."""
    held = held_documents(account_month.invoices)
    for invoice in account_month.invoices:
        if invoice.invoice_id in held or invoice.kind == "credit_memo":
            continue
        contracts = price_book.contracts_of(terms.purchase_order(invoice))
        for line in invoice.lines:
            if line.amount >= 0:
                yield Billed(invoice, line, charge_type_of(line, contracts, price_book, terms), contracts)


def charge_type_of(
    line: InvoiceLine, contracts: frozenset[str], price_book: PriceBook, terms: MatchingTerms
) -> ChargeType | None:
    """Return how what a line bills is paid: by the line's own wording, else by the prices of the contracts."""
    return terms.charge_type(line) or price_book.charge_type_of(line.product or "", contracts)


def receipts_of(periods: Iterable[ContractBillingPeriod], terms: MatchingTerms) -> Iterator[Receipt]:
    """
    Yield what was received according to each charge and wallet of the periods.

    A charge with a prepaid quantity is a prepayment; one with an overage, and a wallet below zero, is an overage.
    What was paid from a wallet in tokens is not a separate receipt.
    """
    for period in periods:
        for charge in period.charges:
            yield from _of_charge(period, charge, terms.organizations(charge))
        for wallet in period.wallets:
            if wallet.overage_quantity or wallet.overage_charge:
                sku, organizations = wallet.sku or wallet.name or "", terms.organizations(wallet)
                amounts = (wallet.overage_quantity, wallet.overage_charge, wallet.currency)
                yield Receipt(period, sku, ChargeType.OVERAGE, organizations, *amounts)


def _of_charge(period: ContractBillingPeriod, charge: Charge, organizations: frozenset[str]) -> Iterator[Receipt]:
    sku = charge.sku or charge.product_name or ""
    if charge.prepaid_quantity:
        yield Receipt(period, sku, ChargeType.PREPAID, organizations, charge.prepaid_quantity, None, charge.currency)
    if charge.overage_quantity or charge.overage_charge:
        amounts = (charge.overage_quantity, charge.overage_charge, charge.currency)
        yield Receipt(period, sku, ChargeType.OVERAGE, organizations, *amounts)


def _substance(line: InvoiceLine) -> tuple[object, ...]:
    return (line.product, line.description, line.quantity, line.amount, line.service_start, line.service_end)
