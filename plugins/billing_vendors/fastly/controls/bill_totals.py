"""
What the header of a bill may be, by its lines and, of a v2 bill, by its totals. Pure.

The contract leaves open where a discount is taken, whether 0.1 or 10 means ten percent, whether the shortfall to a
minimum is a line, and which sign a credit has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from billing.controls.checks.footing import footing_of
from billing.controls.checks.line_types import is_charge, is_shortfall
from billing.controls.finding import Finding, State, compare_amounts
from billing.models import Invoice
from billing.money import difference, exact_sum, product

_UNSIGNED = "credits taken off"
_ONE, _PERCENT = Decimal(1), Decimal("0.01")


def footing(invoice: Invoice, currency: str) -> Finding:
    """
    Compare the header with the lines; a header that is more or less than their sum by a documented reading agrees.

        lines 100.00, total 100.00                                             -> PASS
        lines 100.00, total 119.00                                             -> EXCEPTION
        v2: lines 100.00, discount 0.1 or 10, cost 90.00                       -> PASS
        v2: lines 31.00, plan_minimum 50.00 or commit_shortfall 19.00, cost 50.00 -> PASS
        lines 100.00 and 12.00 with a coupon, total 88.00                      -> PASS: the credit has no sign
    """
    plain = footing_of(invoice, currency)
    if plain.state is not State.EXCEPTION:
        return plain
    for what, header in _header_readings(invoice):
        found = compare_amounts(
            invoice.invoice_id,
            f"the total of {len(invoice.lines)} lines, {what}, against the header",
            expected=header,
            actual=invoice.total,
            currency=currency,
            roundings=len(invoice.lines) + 1,
        )
        if found.state is not State.EXCEPTION:
            return replace(found, operands={"lines": invoice.lines_total, "reading": what})
    return plain


def has_unsigned_credits(invoice: Invoice, currency: str) -> bool:
    """Return whether the header takes off what lines with a coupon state without a sign."""
    return footing(invoice, currency).operands.get("reading") == _UNSIGNED


def kept_shares(invoice: Invoice) -> tuple[Decimal, ...]:
    """Return what a v2 discount may leave of a price: all of it first, then by 0.1 and by 10 for ten percent."""
    discount = figure(totals_of(invoice), "discount")
    if discount is None or not 0 < discount <= 100:
        return (_ONE,)
    rates = [rate for rate in (discount, product(discount, _PERCENT)) if rate < 1]
    return (_ONE, *(difference(_ONE, rate) for rate in rates))


def lifted(invoice: Invoice) -> Decimal:
    """Return the shortfall that a v2 bill states in its totals and not as a line."""
    stated = figure(totals_of(invoice), "commit_shortfall")
    return Decimal(0) if stated is None or any(is_shortfall(line) for line in invoice.lines) else stated


def minimum_of(invoice: Invoice) -> Decimal | None:
    """Return the minimum that a v2 bill states; None if it states none, or one of nothing."""
    return figure(totals_of(invoice), "plan_minimum") or None


def totals_of(invoice: Invoice) -> dict[str, Any]:
    """Return ``total`` of a v2 bill; empty for v3, which has no totals."""
    totals = invoice.attributes.get("total")
    return totals if isinstance(totals, dict) else {}


def figure(row: object, name: str) -> Decimal | None:
    """Return a figure of a v2 object, which may be a number or text; None if it is null, missing or neither."""
    value = row.get(name) if isinstance(row, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _header_readings(invoice: Invoice) -> Iterator[tuple[str, Decimal]]:
    """Yield what else the header may be than the sum of the lines, each in words."""
    unsigned = exact_sum(line.amount for line in invoice.lines if line.credit_coupon and line.amount > 0)
    if unsigned:
        yield _UNSIGNED, difference(invoice.lines_total, product(Decimal(2), unsigned))
    minimum, stated = minimum_of(invoice), figure(totals_of(invoice), "discount_amount")
    charged = exact_sum(line.amount for line in invoice.lines if is_charge(line))
    rest = difference(invoice.lines_total, charged)
    reduced = [product(charged, share) for share in kept_shares(invoice)]
    reduced += [difference(charged, abs(stated))] if stated else []
    for left in reduced:
        less = "" if left == charged else "less the discount"
        whole = exact_sum((left, rest))
        if less:
            yield less, whole
        if lifted(invoice):
            yield f"{less} and with the shortfall".removeprefix(" and "), exact_sum((whole, lifted(invoice)))
        elif minimum is not None and not any(is_shortfall(line) for line in invoice.lines):
            words = f"{less} and lifted to the minimum".removeprefix(" and ")
            yield words, max(whole, minimum)
            yield words, exact_sum((max(left, minimum), rest))
