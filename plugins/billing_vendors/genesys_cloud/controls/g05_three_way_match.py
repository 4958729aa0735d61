"""G5: the invoice bills what the billing period charges, product by product: the three-way match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, bound_of, compare_amounts, not_applicable
from billing.matching.price_book import ChargeType, PriceBook
from billing.matching.price_readings import lengths
from billing.matching.quantities import scale_between
from billing.matching.receipts import Billed
from billing.matching.three_way import Match, Outcome, compare, items_of_line
from billing.money import difference, exact_sum
from billing.names import name_key
from billing.proration import decimal_of
from billing_vendors.genesys_cloud.controls.expected_documents import Documents, of_receipt
from billing_vendors.genesys_cloud.controls.g01_footing import tax_rate
from billing_vendors.genesys_cloud.controls.matched import Matched
from billing_vendors.genesys_cloud.settings import GenesysSettings

_FEW = 4
_ONE_DAY = timedelta(days=1)


def charges_are_billed_as_they_are(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Pair each product's charges of the month's billing periods with the invoice lines that bill them, and both with
    the contract's price; one finding for each product and charge type, the match among the operands. This control
    compares charge and line; G2 reports a price that both have and the contract does not. A line may show a quantity
    divided by 1,000, 10,000 or 1,000,000, or cut to a whole number; a product's lines all divide it alike.

        12 charged at 1782.00, one line of 12 at 1782.00     -> PASS, matched
        12 charged at 1782.00, two lines of 6 at 891.00      -> PASS, matched
        323992 charged at 129.60, a line of 324 at 129.60    -> PASS, the quantity is divided by 1000
        129.60 charged, two lines of 64.81                   -> PASS_WITHIN_ROUNDING
        12 charged at 1782.00, a line of 17 at 2524.50       -> EXCEPTION, quantity variance 742.50
        12 charged at 1782.00, a line of 12 at 1800.00       -> EXCEPTION, price variance 18.00
        12 charged, no line in any stored document           -> EXCEPTION, charged and not invoiced
        12 charged, no line, before the posting day is over  -> BLOCKED: awaited, as G29
        a line, nothing charged and nothing agreed           -> EXCEPTION, invoiced and not charged
        the same, of no product, 19 % of all other lines     -> NOT_APPLICABLE: it may be a tax
        the same, and some charge or prepayment has no line  -> BLOCKED, both: it may bill that
        250 prepaid, a line of 250                           -> PASS; a line of 260 -> EXCEPTION
        250 prepaid, a line in another stored document       -> NOT_APPLICABLE: billed there
        250 prepaid, no line in any stored document          -> EXCEPTION, as G29
        charge in USD, line in EUR; a quantity is missing    -> BLOCKED
        the billing period is open                           -> BLOCKED: its charges may still change
        nothing was charged and nothing invoiced             -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    matched = evidence.once(Matched)
    price_book, matches = matched.price_book, matched.matches
    if not matches:
        yield not_applicable(str(account_month.month), "nothing is charged and nothing is invoiced")
    documents = Documents(evidence, price_book)
    unbilled = any(not match.billed and match.charged != 0 for match in matches)
    for match in matches:
        found = _of_match(match, price_book, documents)
        nameless = match.billed and not match.receipts and not match.product and not match.billed[0].line.product
        if nameless and unbilled and found.state is State.EXCEPTION:
            found = blocked(
                found.subject, f"{match.invoiced} of no product may bill what no other line does (see there)"
            )
        yield found
    yield from _inconsistent_scales(matches)


def _of_match(match: Match, price_book: PriceBook, documents: Documents) -> Finding:
    subject = match.billed[0].invoice.invoice_id if match.billed else match.receipts[0].billing_period.billing_period_id
    what = f"{match.sku or 'a line without product'}, {match.charge_type}"
    if any(name_key(receipt.billing_period.status) == "open" for receipt in match.receipts):
        return blocked(subject, f"{what}: its billing period is open, the charges may still change")
    if not match.billed:
        found = _without_line(subject, what, match, price_book, documents)
    elif match.billed[0].charge_type is None:
        found = _unpaired(subject, what, match)
    elif len(match.currencies) > 1:
        codes = ", ".join(sorted(str(code) for code in match.currencies))
        return blocked(subject, f"{what}: charges and lines are in different currencies ({codes}), not comparable")
    elif match.charge_type is ChargeType.PREPAID:
        found = _prepaid(subject, what, match, price_book)
    else:
        found = _overage(subject, what, match)
    lines = (each for each in match.billed if price_book.without_period(each.contracts, each.line.service_start))
    if found.state is State.EXCEPTION and match.charge_type is ChargeType.OVERAGE and any(lines):
        return blocked(subject, f"{what}: the vendor lists no billing period of its contract that ends in the month")
    return replace(found, operands={**found.operands, **_operands(match, price_book)})


def _overage(subject: str, what: str, match: Match) -> Finding:
    if not match.receipts:
        return _unpaired(subject, what, match)
    charged, raw, invoiced = match.charged, match.received_quantity, match.invoiced_quantity
    if charged is None or raw is None or invoiced is None:
        where = "a line" if charged is not None and raw is not None else "the charge"
        return blocked(subject, f"{what}: {where} has no {'amount' if charged is None else 'quantity'}")
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
    if _pair(match):
        text = f"{what}: each of {len(match.billed)} lines bills a charge of its own amount"
        return replace(found, state=State.PASS, explanation=text)
    return _variance(subject, f"{what}: {invoiced} invoiced, {raw} charged", charged, match.invoiced, match)


def _pair(match: Match) -> bool:
    """Return whether each line bills one charge: in its amount, and in its quantity, divided as it may be."""
    lines = sorted((each.line for each in match.billed), key=lambda line: line.amount)
    receipts = sorted(match.receipts, key=lambda receipt: receipt.charged or 0)
    bound = bound_of(match.billed[0].invoice.currency, 2) or Decimal(0)
    return len(lines) == len(receipts) and all(
        abs(difference(line.amount, receipt.charged or Decimal(0))) <= bound
        and scale_between(receipt.quantity or Decimal(0), line.quantity or Decimal(0), cuts=1) is not None
        for line, receipt in zip(lines, receipts, strict=True)
    )


def _prepaid(subject: str, what: str, match: Match, price_book: PriceBook) -> Finding:
    """Compare the quantity of prepaid lines with the charges', else with the contract's for their days of service."""
    invoiced, entitled = match.invoiced_quantity, match.received_quantity if match.receipts else None
    agreed = _agreed_quantities(match, match.billed, price_book)
    if (match.receipts and entitled is None) or invoiced is None:
        return blocked(subject, f"{what}: the {'line' if invoiced is None else 'charge'} has no quantity")
    if entitled is None and not agreed:
        return _unpaired(subject, what, match)
    expected = entitled if entitled is not None else agreed[0]
    same = invoiced == expected or _is_agreed(match, price_book)
    return Finding(
        subject,
        State.PASS if same else State.EXCEPTION,
        f"{what}: {invoiced} invoiced, {expected} prepaid" + (" in advance" if match.advance else ""),
        expected=expected,
        actual=invoiced,
        difference=difference(invoiced, expected),
    )


def _is_agreed(match: Match, price_book: PriceBook) -> bool:
    """Return whether the contract allows the quantities of all lines together, or of those of the same days."""
    by_days: dict[object, list[Billed]] = defaultdict(list)
    for billed in match.billed:
        by_days[billed.line.service_start, billed.line.service_end].append(billed)
    return any(
        all(_stands(lines, _agreed_quantities(match, lines, price_book)) for lines in groups)
        for groups in ([match.billed], by_days.values())
    )


def _stands(lines: list[Billed], agreed: list[Decimal]) -> bool:
    shown = [each.line.quantity for each in lines if each.line.quantity is not None]
    total = exact_sum(shown)
    if len(shown) < len(lines):
        return False
    several = combinations(agreed, len(lines)) if 1 < len(lines) <= _FEW else ()
    return any(_stands_for(total, each) for each in agreed) or any(exact_sum(each) == total for each in several)


def _stands_for(invoiced: Decimal, agreed: Decimal) -> bool:
    """Return whether a line's quantity is the agreed one, perhaps cut to a whole number."""
    return scale_between(agreed, invoiced, cuts=1) == 1


def _without_line(subject: str, what: str, match: Match, price_book: PriceBook, documents: Documents) -> Finding:
    """Return the finding of what no line of the month bills: billed elsewhere, free of charge, or missing."""
    due = of_receipt(match.receipts[0], price_book)
    if match.charge_type is ChargeType.PREPAID and due.amount == 0:
        return not_applicable(subject, f"{what}: the prepaid quantity costs nothing")
    if match.charge_type is ChargeType.OVERAGE:
        if match.charged == 0:
            return not_applicable(subject, f"{what}: the overage costs nothing")
        due = replace(due, amount=match.charged)
    if found := documents.others(due):
        numbers = ", ".join(sorted({each.invoice.invoice_id for each in found}))
        return not_applicable(subject, f"{what}: no line of the month bills it, but another stored document: {numbers}")
    return documents.absent(due, f"{what}, charged and not invoiced")


def _inconsistent_scales(matches: tuple[Match, ...]) -> Iterator[Finding]:
    """Yield the products of which one line divides the quantity and another does not, or otherwise."""
    scales: dict[object, dict[Decimal, Match]] = defaultdict(dict)
    for match in matches:
        if (
            match.charge_type is ChargeType.OVERAGE
            and match.billed
            and match.receipts
            and match.scale
            and match.charged
        ):
            contracts = tuple(sorted({each.billing_period.contract_id for each in match.receipts}))
            scales[match.product, contracts].setdefault(match.scale, match)
    for by_scale in scales.values():
        if len(by_scale) > 1:
            match = list(by_scale.values())[-1]
            text = f"{match.sku}: its quantity is divided by {' and by '.join(map(str, by_scale))} in one month"
            yield Finding(match.billed[0].invoice.invoice_id, State.EXCEPTION, text)


def _unpaired(subject: str, what: str, match: Match) -> Finding:
    if match.invoiced == 0:
        return not_applicable(subject, f"{what}: invoiced with an amount of 0, nothing is charged")
    if all(_may_be_tax(each) for each in match.billed):
        return not_applicable(subject, f"{what}: of no product, and a tax's share of the other lines: {match.invoiced}")
    text = f"{what}: {match.invoiced} invoiced, but no billing period charges it and no contract has this price"
    return _variance(subject, text, Decimal(0), match.invoiced, match)


def _may_be_tax(billed: Billed) -> bool:
    """Return whether a line of no product is what a tax makes of all other lines of its invoice."""
    line, invoice = billed.line, billed.invoice
    if line.product or billed.product:
        return False
    others = replace(invoice, lines=tuple(each for each in invoice.lines if each is not line))
    return tax_rate([replace(others, total=invoice.lines_total)]) is not None


def _variance(subject: str, text: str, expected: Decimal, actual: Decimal, match: Match) -> Finding:
    currency = next((code for code in match.currencies if code), None)
    gap = difference(actual, expected)
    return Finding(subject, State.EXCEPTION, text, expected=expected, actual=actual, difference=gap, currency=currency)


def _agreed_quantities(match: Match, billed: list[Billed], price_book: PriceBook) -> list[Decimal]:
    """
    Return the quantities that the contract allows lines to show together: those in force when their service begins or
    ends, added up or single, for one period, for all months of the service, or by the day. The days of a line may be a
    day early, those of another time zone.
    """
    lines = [each.line for each in billed]
    starts = [line.service_start for line in lines if line.service_start is not None]
    ends = [line.service_end for line in lines if line.service_end is not None]
    if not starts or not ends:
        return []
    found: dict[Decimal, None] = {}
    first, last = min(starts), max(ends)
    for day in (first, first + _ONE_DAY, max(last - _ONE_DAY, first)):
        priced = [each for each in items_of_line(billed[0], match, price_book) if each.in_force(day)]
        known = [each.item.quantity for each in priced if each.item.quantity is not None]
        if known and len(known) == len(priced):
            found |= dict.fromkeys([exact_sum(known), *known])
    return [*found, *(decimal_of(Fraction(each) * months) for months in lengths((first, last)) for each in found)]


def _operands(match: Match, price_book: PriceBook) -> dict[str, Any]:
    outcome, variance = compare(match, price_book)
    in_advance = match.charge_type is ChargeType.PREPAID and match.billed and not match.receipts
    if in_advance and _agreed_quantities(match, match.billed, price_book):
        outcome = Outcome.MATCHED if _is_agreed(match, price_book) else Outcome.QUANTITY
    return {
        "sku": match.sku,
        "leg": str(match.charge_type),
        "advance": match.advance,
        "outcome": str(outcome),
        "price_variance": variance and variance.price,
        "quantity_variance": variance and variance.quantity,
        "lines": len(match.billed),
        "scale": match.scale if match.billed else None,
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
