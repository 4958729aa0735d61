"""G5: the invoice bills what the billing period charges, product by product: the three-way match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, compare_amounts, not_applicable
from billing.matching.price_book import ChargeType, PriceBook
from billing.matching.three_way import Match, Outcome, compare, match_month
from billing.models import Contract
from billing.money import difference, exact_sum
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings


def charges_are_billed_as_they_are(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Pair each product's charges of the month's billing periods with the invoice lines that bill them, and both with
    the contract's price; one finding for each product and charge type, the match among the operands. This control
    compares charge and line; G2 reports a price that both have and the contract does not.

        12 charged at 1782.00, one line of 12 at 1782.00     -> PASS, matched
        12 charged at 1782.00, two lines of 6 at 891.00      -> PASS, matched
        129.60 charged, two lines of 64.81                   -> PASS_WITHIN_ROUNDING
        12 charged at 1782.00, a line of 17 at 2524.50       -> EXCEPTION, quantity variance 742.50
        12 charged at 1782.00, a line of 12 at 1800.00       -> EXCEPTION, price variance 18.00
        12 charged, no line                                  -> EXCEPTION, charged and not invoiced
        a line, nothing charged and nothing agreed           -> EXCEPTION, invoiced and not charged
        250 prepaid, a line of 250                           -> PASS; a line of 260 -> EXCEPTION
        250 prepaid, no line, charged through the period     -> NOT_APPLICABLE: billed in advance on another document
        charge in USD, line in EUR; a quantity is missing    -> BLOCKED
        the billing period is open                           -> BLOCKED: its charges may still change
        nothing was charged and nothing invoiced             -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    price_book = PriceBook(account_month.contracts)
    matches = match_month(account_month, price_book, TERMS)
    if not matches:
        yield not_applicable(str(account_month.month), "nothing is charged and nothing is invoiced")
    contracts = {contract.contract_id: contract for contract in account_month.contracts}
    for match in matches:
        yield _of_match(match, price_book, contracts)


def _of_match(match: Match, price_book: PriceBook, contracts: dict[str, Contract]) -> Finding:
    subject = match.billed[0].invoice.invoice_id if match.billed else match.receipts[0].billing_period.billing_period_id
    what = f"{match.sku or 'a line without product'}, {match.charge_type}"
    if any(receipt.billing_period.status == "Open" for receipt in match.receipts):
        return blocked(subject, f"{what}: its billing period is open, the charges may still change")
    if match.billed and match.billed[0].charge_type is None:
        found = _unpaired(subject, what, match)
    elif len(match.currencies) > 1 and match.billed:
        codes = ", ".join(sorted(str(code) for code in match.currencies))
        return blocked(subject, f"{what}: charges and lines are in different currencies ({codes}), not comparable")
    elif match.charge_type is ChargeType.PREPAID:
        found = _prepaid(subject, what, match, price_book, contracts)
    else:
        found = _overage(subject, what, match)
    return replace(found, operands={**found.operands, **_operands(match, price_book)})


def _overage(subject: str, what: str, match: Match) -> Finding:
    if not match.receipts:
        return _unpaired(subject, what, match)
    charged, raw, invoiced = match.charged, match.received_quantity, match.invoiced_quantity
    if charged is None or raw is None or invoiced is None:
        where = "a line" if charged is not None and raw is not None else "the charge"
        return blocked(subject, f"{what}: {where} has no {'amount' if charged is None else 'quantity'}")
    if not match.billed:
        return _variance(subject, f"{what}: charged {charged}, not invoiced", charged, Decimal(0), match)
    found = compare_amounts(
        subject,
        f"{what}: {len(match.billed)} lines against the charge",
        expected=charged,
        actual=match.invoiced,
        currency=match.billed[0].invoice.currency,
        roundings=len(match.billed) + len(match.receipts),
    )
    if invoiced == raw:
        return found
    return _variance(subject, f"{what}: {invoiced} invoiced, {raw} charged", charged, match.invoiced, match)


def _prepaid(subject: str, what: str, match: Match, price_book: PriceBook, contracts: dict[str, Contract]) -> Finding:
    if not match.billed:
        return _billed_elsewhere(subject, what, match, price_book, contracts)
    entitled, invoiced = match.received_quantity, match.invoiced_quantity
    if not match.receipts:
        entitled = _agreed_quantity(match, price_book)
        if entitled is None:
            return _unpaired(subject, what, match)
    if entitled is None or invoiced is None:
        return blocked(subject, f"{what}: the {'line' if invoiced is None else 'charge'} has no quantity")
    same = invoiced == entitled
    return Finding(
        subject,
        State.PASS if same else State.EXCEPTION,
        f"{what}: {invoiced} invoiced, {entitled} prepaid" + (" in advance" if match.advance else ""),
        expected=entitled,
        actual=invoiced,
        difference=difference(invoiced, entitled),
    )


def _billed_elsewhere(
    subject: str, what: str, match: Match, price_book: PriceBook, contracts: dict[str, Contract]
) -> Finding:
    """Return the finding of a prepayment without a line: billed in advance, free of charge, or missing."""
    billing_period = match.receipts[0].billing_period
    items = price_book.in_force(
        match.sku, ChargeType.PREPAID, frozenset({billing_period.contract_id}), billing_period.starts_on
    )
    if items and all(each.price == 0 for each in items):
        return not_applicable(subject, f"{what}: the prepaid quantity costs nothing")
    last_day = billing_period.ends_on - timedelta(days=1)
    through = [each.item.charged_through for each in items if each.item.charged_through is not None]
    if through and min(through) >= last_day:
        return not_applicable(
            subject, f"{what}: no line bills it; the contract is charged through {min(through)}, on another document"
        )
    contract = contracts.get(billing_period.contract_id)
    name = contract.external_number if contract else billing_period.contract_id
    return Finding(subject, State.EXCEPTION, f"{what}: prepaid under contract {name}, but no line bills it")


def _unpaired(subject: str, what: str, match: Match) -> Finding:
    if match.invoiced == 0:
        return not_applicable(subject, f"{what}: invoiced with an amount of 0, nothing is charged")
    text = f"{what}: {match.invoiced} invoiced, but no billing period charges it and no contract has this price"
    return _variance(subject, text, Decimal(0), match.invoiced, match)


def _variance(subject: str, text: str, expected: Decimal, actual: Decimal, match: Match) -> Finding:
    currency = next((code for code in match.currencies if code), None)
    gap = difference(actual, expected)
    return Finding(subject, State.EXCEPTION, text, expected=expected, actual=actual, difference=gap, currency=currency)


def _agreed_quantity(match: Match, price_book: PriceBook) -> Decimal | None:
    """Return the quantity prepaid when the lines' service begins, by the contract: that period has no charge yet."""
    first = match.billed[0]
    if first.line.service_start is None:
        return None
    priced = price_book.in_force(match.sku, ChargeType.PREPAID, first.contracts, first.line.service_start)
    quantities = [each.item.quantity for each in priced if each.item.quantity is not None]
    return exact_sum(quantities) if quantities and len(quantities) == len(priced) else None


def _operands(match: Match, price_book: PriceBook) -> dict[str, Any]:
    outcome, variance = compare(match, price_book)
    if (
        match.charge_type is ChargeType.PREPAID
        and match.billed
        and not match.receipts
        and _agreed_quantity(match, price_book)
    ):
        outcome = (
            Outcome.MATCHED if _agreed_quantity(match, price_book) == match.invoiced_quantity else Outcome.QUANTITY
        )
    return {
        "sku": match.sku,
        "leg": str(match.charge_type),
        "advance": match.advance,
        "outcome": str(outcome),
        "price_variance": variance and variance.price,
        "quantity_variance": variance and variance.quantity,
        "lines": len(match.billed),
        "invoiced_quantity": match.invoiced_quantity if match.billed else Decimal(0),
        "received_quantity": match.received_quantity if match.receipts else None,
    }


G5 = Control(
    "G5",
    "Charges are billed as they are",
    "accuracy",
    "exception",
    charges_are_billed_as_they_are,
    operands="charges and wallets of the billing periods, invoice lines, contract prices",
)
