"""
What a vendor bills, in accounting terms: plain values, independent of any vendor API, database or Airflow.

Every amount is in major units (dollars, not cents) of the currency stored with it, with exactly the vendor's digits.
Every interval is half-open: ``end`` is the first instant or day that no longer belongs to it. Every instant is UTC.
``attributes`` holds what the vendor sends beyond the named fields; it takes part in the content hash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from billing.money import exact_sum
from billing.month import Month

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """
    One line of an invoice.

    :param position: 1, 2, 3… in the vendor's order.
    :param line_id: the vendor's identifier of the line; None where it has none.
    :param product: SKU, or the product's name where there is no SKU.
    :param quantity: what was metered or ordered, in ``unit``.
    :param rate: price of one unit; None where the vendor does not send one.
    :param service_start: first day of the service billed.
    :param service_end: the day after the last one.
    """

    position: int
    description: str
    amount: Decimal
    line_id: str | None = None
    product: str | None = None
    product_group: str | None = None
    region: str | None = None
    usage_type: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    rate: Decimal | None = None
    service_start: date | None = None
    service_end: date | None = None
    credit_coupon: str | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    One invoice or credit memo as the vendor issued it.

    :param invoice_id: the vendor's own number, a string, unchanged.
    :param month: the month this document belongs to: each document belongs to exactly one.
    :param period_evidence: how that month was determined, in words.
    :param kind: ``invoice`` or ``credit_memo``.
    :param currency: ISO 4217 code; None where the vendor sends none.
    :param total: as in the header, never the sum of the lines.
    :param issued_at: posted or dated, midnight UTC if the vendor sends a date only; None if it sends none.
    :param service_start: start of the interval billed, if the header has one.
    :param statement_number: the vendor's second number, where there is one.
    :param payment_status: as the vendor writes it.
    """

    invoice_id: str
    month: Month
    period_evidence: str
    total: Decimal
    currency: str | None
    lines: tuple[InvoiceLine, ...]
    kind: str = "invoice"
    issued_at: datetime | None = None
    service_start: datetime | None = None
    service_end: datetime | None = None
    statement_number: str | None = None
    payment_status: str | None = None
    attributes: Attributes = field(default_factory=dict)

    @property
    def lines_total(self) -> Decimal:
        """Sum of the line amounts, exact."""
        return exact_sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class ContractItem:
    """
    One priced item of a contract's plan.

    :param function: what the item is for, in the vendor's own word; ``Overage`` prices no prepaid quantity.
    :param price: per unit and billing period, in ``currency``.
    :param effective_end: the day after the last day on which the price holds.
    :param charged_through: the last day already invoiced (inclusive, as the vendor sends it).
    """

    position: int
    plan_id: str
    plan_name: str | None
    item_number: str | None
    name: str | None
    function: str | None
    item_type: str | None
    sku: str | None
    product_name: str | None
    unit: str | None
    currency: str | None
    quantity: Decimal | None
    price: Decimal | None
    overage_price: Decimal | None
    discount_amount: Decimal | None
    effective_start: date | None
    effective_end: date | None
    charged_through: date | None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract and its priced items. Its billing periods are separate records, as a contract changes rarely."""

    contract_id: str
    external_number: str | None
    status: str | None
    commercial_model: str | None
    purchase_order_numbers: tuple[str, ...]
    bill_to_number: str | None
    sold_to_number: str | None
    starts_on: date | None
    ends_on: date | None
    ramp_starts_on: date | None
    ramp_ends_on: date | None
    items: tuple[ContractItem, ...]
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Charge:
    """What one product used in a billing period, against what was prepaid and what is free of charge."""

    position: int
    charge_id: str | None
    name: str | None
    sku: str | None
    product_name: str | None
    unit: str | None
    prepaid_quantity: Decimal | None
    fair_use_quantity: Decimal | None
    actual_quantity: Decimal | None
    overage_quantity: Decimal | None
    overage_rate: Decimal | None
    overage_charge: Decimal | None
    currency: str | None
    converted_token_count: Decimal | None
    token_conversion_rate: Decimal | None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wallet:
    """A prepaid balance over a billing period: start + increase - decrease - consumption, overage below zero."""

    position: int
    wallet_id: str | None
    name: str | None
    sku: str | None
    unit: str | None
    starting_balance: Decimal | None
    balance_increase: Decimal | None
    balance_decrease: Decimal | None
    balance_consumption: Decimal | None
    ending_balance: Decimal | None
    overage_quantity: Decimal | None
    overage_rate: Decimal | None
    overage_charge: Decimal | None
    currency: str | None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContractBillingPeriod:
    """
    One billing period of a contract with its charges and wallets.

    :param month: the calendar month in which its last day falls.
    :param ends_on: the day after its last day.
    """

    billing_period_id: str
    contract_id: str
    month: Month
    starts_on: date
    ends_on: date
    status: str | None
    charges: tuple[Charge, ...]
    wallets: tuple[Wallet, ...]
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageLine:
    """
    One metered quantity.

    :param quantity: in ``unit``, as used for pricing.
    :param raw_quantity: in the vendor's base unit (requests, bytes), if it sends one.
    :param rate: price per unit where the report shows one.
    """

    position: int
    name: str
    quantity: Decimal
    product: str | None = None
    region: str | None = None
    usage_type: str | None = None
    unit: str | None = None
    raw_quantity: Decimal | None = None
    rate: Decimal | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageReport:
    """
    One of a vendor's usage reports for a month.

    :param report_id: unique within vendor and account, e.g. ``usage_metrics/2026-10``.
    :param kind: the vendor's own name of the report, e.g. ``usage_metrics``, ``billable_usage``.
    """

    report_id: str
    kind: str
    month: Month
    starts_at: datetime | None
    ends_at: datetime | None
    currency: str | None
    lines: tuple[UsageLine, ...]
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MonthToDate:
    """
    A vendor's estimate of a month that is still running. Never mixed with issued costs.

    :param as_of: the end of what the estimate covers, if the vendor says.
    """

    invoice_id: str
    month: Month
    total: Decimal
    currency: str | None
    lines: tuple[InvoiceLine, ...]
    starts_at: datetime | None = None
    as_of: datetime | None = None
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """
    What the pages of a listing say about its completeness.

    :param operation: e.g. ``v3.list_invoices``.
    :param row_ids: identifiers of all rows over all pages, in order, repeats included.
    :param declared_total: how many rows the vendor reports; None if it reports no total.
    :param ended: the last page read said that no other follows.
    :param contradicted: identifiers of rows that appear again with another content.
    """

    operation: str
    row_ids: tuple[str, ...]
    declared_total: int | None
    ended: bool
    contradicted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownField:
    """
    A field that the vendor sends and this code does not know.

    :param record_type: what carries it, e.g. ``invoice_line``.
    :param name: the member's own name, or ``name=value`` for an unknown value of a known enumeration.
    """

    record_type: str
    name: str


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """The version of a record that holds what was read: its key, its number, and the hash of its content."""

    record_key: int
    version: int
    content_sha256: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What one text of a vendor says: the same code, with the same configuration, reads the same in it again.

    :param unknown_fields: those found in the text.
    :param stored: the version that the invoice was read from instead of the text; None if it was read from the text.
    """

    invoice: Invoice
    unknown_fields: frozenset[UnknownField] = frozenset()
    stored: StoredVersion | None = None


Recall = Callable[[Collection[bytes]], Mapping[bytes, Reading]]
"""Return what is stored of texts, by their hashes."""


def recall_nothing(_texts: Collection[bytes]) -> Mapping[bytes, Reading]:
    """Return nothing: every text is read."""
    return {}


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """
    Everything one vendor sent about one account and month, derived from stored responses alone.

    :param invoices: the documents that belong to the month, each once.
    :param by_id: the same documents as fetched one by one, by invoice id, for comparison.
    :param readings: by the hash of a text, what was read in it.
    """

    vendor: str
    account: str
    month: Month
    invoices: tuple[Invoice, ...]
    by_id: Mapping[str, Invoice] = field(default_factory=dict)
    contracts: tuple[Contract, ...] = ()
    billing_periods: tuple[ContractBillingPeriod, ...] = ()
    usage_reports: tuple[UsageReport, ...] = ()
    listings: tuple[Listing, ...] = ()
    unknown_fields: frozenset[UnknownField] = frozenset()
    readings: Mapping[bytes, Reading] = field(default_factory=dict)
