"""F2: every line's amount is its rate times its units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, bound_of, compare_amounts, not_applicable, state_of
from billing.models import Invoice, InvoiceLine
from billing.money import difference, product
from billing_vendors.fastly.settings import FastlySettings

_ROUNDINGS = 1  # the vendor rounds a line once


def amounts_are_rate_times_units(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Recompute each line; the vendor rounds a line once, by at most half a minor unit.

    Yields one finding for all lines that agree, and one for each that does not.

        rate 0.08, units 15234.5, amount 1218.76, USD  -> PASS
        rate 0.0075, units 41251, amount 309.38, USD   -> PASS_WITHIN_ROUNDING (309.3825)
        rate 0.08, units 100, amount 9.00, USD         -> EXCEPTION
        no rate on a line that is no credit            -> BLOCKED
        no invoice, or no line has a rate              -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        yield from _of_invoice(invoice, evidence.currency_of(invoice))


def _of_invoice(invoice: Invoice, currency: str) -> Iterator[Finding]:
    bound = bound_of(currency, _ROUNDINGS)
    agree = rounded = others = 0
    for line in invoice.lines:
        state = _state(line, bound)
        # nearly all lines agree and are only counted: one finding for each would take most of the time
        if state is State.PASS or state is State.PASS_WITHIN_ROUNDING:
            agree += 1
            rounded += state is State.PASS_WITHIN_ROUNDING
        elif state is not None:
            others += 1
            yield _of_line(invoice, line, currency)
    if agree:
        yield Finding(
            invoice.invoice_id,
            State.PASS_WITHIN_ROUNDING if rounded else State.PASS,
            f"{agree} of {len(invoice.lines)} lines recomputed, {rounded} of them within rounding",
            bound=bound,
            currency=currency,
            operands={"lines": len(invoice.lines), "recomputed": agree, "within_rounding": rounded},
        )
    elif not others:
        yield not_applicable(invoice.invoice_id, "no line has a rate to recompute")


def _state(line: InvoiceLine, bound: Decimal | None) -> State | None:
    """Return the state of one line; None for a credit without a rate, since a credit is an amount and not a price."""
    expected = _recomputed(line)
    if expected is None:
        return None if line.credit_coupon else State.BLOCKED
    return state_of(difference(line.amount, expected), bound)


def _recomputed(line: InvoiceLine) -> Decimal | None:
    return None if line.rate is None or line.quantity is None else product(line.rate, line.quantity)


def _of_line(invoice: Invoice, line: InvoiceLine, currency: str) -> Finding:
    """Return the finding of a line that does not agree."""
    subject, what = invoice.invoice_id, f"line {line.position} ({line.description})"
    expected = _recomputed(line)
    if expected is None:
        return blocked(subject, f"{what} has no {'rate' if line.rate is None else 'units'}")
    found = compare_amounts(
        subject,
        f"{what}, {line.quantity} x {line.rate}",
        expected=expected,
        actual=line.amount,
        currency=currency,
        roundings=_ROUNDINGS,
    )
    return replace(found, operands={"line": line.position, "rate": line.rate, "units": line.quantity})


F2 = Control(
    "F2",
    "Each line's amount is rate x units",
    "accuracy",
    "exception",
    amounts_are_rate_times_units,
    operands="rate x units, amount of each line",
)
