"""G2: every line is billed at the price that the contract has in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, compare_amounts, not_applicable
from billing.matching.price_book import ChargeType
from billing.matching.receipts import Billed
from billing.matching.three_way import Match, items_of_line, price_of_line, prices_of_line
from billing.models import Invoice
from billing.money import currency_code, product
from billing.proration import decimal_of
from billing_vendors.genesys_cloud.controls.matched import Matched
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings


def lines_have_agreed_prices(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Recompute each line from the contract: the price, or the overage price, in force when its service began, times
    the line's quantity, against its amount; a line is rounded once. What the contract leaves open is accepted in each
    reading: the price is of a month or of the whole bill, a part of a month is billed in full or by the day, a quantity
    is divided or cut to a whole number, a discount is off the unit, the line or in percent. The reading is an operand.

    Yields one finding for all lines of an invoice that agree, and one for each that does not.

        Prepay, 250 x 135.00, amount 33750.00                        -> PASS
        overage, 323992 x 0.0004, amount 129.60, EUR                 -> PASS_WITHIN_ROUNDING (129.5968)
        Prepay, 250 x 135.00, January to March, amount 101250.00     -> PASS: 3 months
        Prepay, 250 x 135.00, from 15 January on, amount 18508.06    -> PASS_WITHIN_ROUNDING: 17 of 31 days
        Prepay, 250 x 135.00, amount 34425.00                        -> EXCEPTION
        the same, and no kind of discount of the price explains it   -> EXCEPTION
        differs, and no billing period of its contract is listed     -> BLOCKED
        no item prices the product that day                          -> BLOCKED
        a credit memo, or a reported duplicate                       -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
        return
    matched = evidence.once(Matched)
    findings: dict[str, list[Finding]] = defaultdict(list)
    for match in matched.matches:
        for billed in match.billed:
            findings[billed.invoice.invoice_id].append(_of_line(billed, match, matched))
    for invoice in account_month.invoices:
        if found := findings.get(invoice.invoice_id):
            yield from summarize_passes(invoice.invoice_id, "lines", found)
        else:
            yield not_applicable(invoice.invoice_id, _why_not(invoice, matched.held))


def _why_not(invoice: Invoice, held: frozenset[str]) -> str:
    if invoice.invoice_id in held:
        return "it repeats the lines of another invoice and is reported as a duplicate (G15)"
    return "it has no line with a price: credits have amounts only"


def _of_line(billed: Billed, match: Match, matched: Matched) -> Finding:
    line, invoice, price_book = billed.line, billed.invoice, matched.price_book
    subject, what = invoice.invoice_id, f"line {line.position} ({line.description})"
    if missing := _missing(billed):
        return blocked(subject, f"{what} {missing}")
    items = items_of_line(billed, match, price_book)
    if not items:
        return blocked(subject, f"{what}: no contract item has a {billed.charge_type} price for {line.product}")
    currencies = sorted({currency_code(each.item.currency or "no currency") for each in items})
    if currencies != [currency_code(invoice.currency or "")]:
        return blocked(
            subject, f"{what} is in {invoice.currency}, its price in {', '.join(currencies)}: not comparable"
        )
    reading = matched.reading(billed, match)
    expected = price_of_line(billed, match, price_book) if reading is None else decimal_of(reading.amount)
    priced = prices_of_line(billed, match, price_book)
    if expected is None and not priced:
        return blocked(
            subject, f"{what}: no contract item has a price for {line.product} in force on {line.service_start}"
        )
    if expected is None and line.quantity is not None:
        ours = (each for each in priced if each.item.quantity and not line.quantity % each.item.quantity)
        own = [product(each.price, line.quantity) for each in ours]
        expected = min(own, key=lambda amount: abs(amount - line.amount), default=None)
    if expected is None:
        return blocked(subject, f"{what}: several prices are in force and none is for a quantity of {line.quantity}")
    prices = sorted({each.price for each in priced or items})
    found = compare_amounts(
        subject,
        f"{what}, {line.quantity} x {' or '.join(map(str, prices))}",
        expected=expected,
        actual=line.amount,
        currency=invoice.currency,
        roundings=1,
    )
    # The contract itself states how much is prepaid.
    agreed = [each.item.quantity for each in priced if each.item.quantity]
    prepaid = TERMS.charge_type(line) is ChargeType.PREPAID or any(not (line.quantity or 1) % each for each in agreed)
    unlisted = price_book.without_period(billed.contracts, line.service_start)
    if found.state is State.EXCEPTION and not match.receipts and unlisted and not prepaid:
        return blocked(subject, f"{what} differs, and the vendor lists no billing period that states what was used")
    operands: dict[str, Any] = {
        "line": line.position,
        "sku": line.product,
        "leg": str(billed.charge_type),
        "quantity": line.quantity,
    }
    operands |= {"prices": prices, "service_start": str(line.service_start), "reading": reading and reading.text}
    return replace(found, operands=operands)


def _missing(billed: Billed) -> str | None:
    line = billed.line
    if billed.charge_type is None:
        return f"is for {line.product or 'no product'}, which no contract prices"
    if line.quantity is None:
        return "has no quantity"
    missing = line.service_start is None or line.service_end is None
    return "has no service dates, so the price in force is unknown" if missing else None


G2 = Control(
    "G2",
    "Lines are billed at the agreed prices",
    "valuation",
    "exception",
    lines_have_agreed_prices,
    operands="amount and quantity of each line, the contract's price in force when its service began",
)
