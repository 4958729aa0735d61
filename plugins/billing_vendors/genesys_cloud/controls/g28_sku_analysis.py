"""G28: compare the month with the one before and with the same month last year, product by product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal

from billing.controls.checks.period_comparison import POLICY, compared
from billing.controls.checks.prior_months import month_before, year_before
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding
from billing.matching.price_book import PriceBook
from billing.matching.receipts import charge_type_of
from billing.matching.three_way import held_documents
from billing.models import AccountMonth, InvoiceLine
from billing.money import exact_sum
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings

# A cost per user is a hint and may be rounded; no result depends on it.
_PER_USER = Context(prec=200, rounding=ROUND_HALF_UP)


def products_compare(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare what is billed with the month before, then with the same month a year before, as F21 does, but by SKU and
    charge type: an invoice line has no rate, so the contract's price in force is used. The difference is split into
    price + volume + rounding + other, which add up exactly; the ten largest products and the cost per user are shown.
    Reported duplicates are left out.

    This is an analysis. Default policy: only more than 100 % **and** more than 100,000 minor units (1,000.00 EUR) is an
    exception.

        36000.00 then, 36000.00 now                   -> PASS
        36000.00 then, 37485.00 now                   -> VARIANCE_TOLERATED
        36000.00 then, 90000.00 now                   -> EXCEPTION
        one of the two months has no invoice          -> NOT_APPLICABLE
        the account's first month, or its first year  -> NOT_APPLICABLE
        the month to compare with is not stored       -> BLOCKED, names it
        the two months are in different currencies    -> NOT_APPLICABLE (see G8)
    """
    for before in (month_before(evidence), year_before(evidence)):
        yield before if isinstance(before, Finding) else _compared(evidence.account_month, before)


def _compared(account_month: AccountMonth, before: AccountMonth) -> Finding:
    found = compared(account_month, before, _priced_lines, lambda invoice: invoice.currency)
    if found.expected is None or found.actual is None:
        return found
    per_user = {
        str(before.month): _per_user(before, found.expected),
        str(account_month.month): _per_user(account_month, found.actual),
    }
    return replace(found, operands={**found.operands, "per_user": per_user})


def _priced_lines(account_month: AccountMonth) -> list[InvoiceLine]:
    """
    Return the month's lines, each with its charge type as usage type and the contract's price, if any, as rate.
    """
    price_book = PriceBook(account_month.contracts, account_month.billing_periods)
    held = held_documents(account_month, price_book, TERMS)
    found = []
    for invoice in account_month.invoices:
        if invoice.invoice_id not in held:
            contracts = price_book.contracts_of(TERMS.purchase_order(invoice))
            found += [_priced(line, price_book, contracts) for line in invoice.lines]
    return found


def _priced(line: InvoiceLine, price_book: PriceBook, contracts: frozenset[str]) -> InvoiceLine:
    charge_type = charge_type_of(line, contracts, price_book, TERMS)
    if line.amount < 0 or charge_type is None or line.service_start is None:
        return line
    prices = {each.price for each in price_book.in_force(line.product, charge_type, contracts, line.service_start)}
    return replace(line, usage_type=str(charge_type), rate=prices.pop() if len(prices) == 1 else None)


def _per_user(account_month: AccountMonth, total: Decimal) -> Decimal | None:
    """Return the cost of a used seat, to four decimals; None if no charge counts users."""
    charges = (charge for period in account_month.billing_periods for charge in period.charges if charge.unit == "User")
    users = exact_sum(charge.actual_quantity for charge in charges if charge.actual_quantity is not None)
    if not users:
        return None
    return _PER_USER.quantize(_PER_USER.divide(total, users), Decimal("0.0001"))


G28 = Control(
    "G28",
    "Products compare with last month and last year",
    "accuracy",
    "variance",
    products_compare,
    operands="lines by SKU, the contract's prices, users charged; of the month, the one before and a year before",
    tolerance=POLICY,
)
