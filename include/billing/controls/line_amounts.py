"""F2: every line's amount is its rate times its units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from billing.controls.control import Control, Evidence
from billing.controls.result import Finding, State, blocked, compare_amounts, not_applicable
from billing.models import Invoice, InvoiceLine
from billing.money import product

_GOOD = frozenset({State.PASS, State.PASS_WITHIN_ROUNDING})


def amounts_are_rate_times_units(evidence: Evidence) -> Iterator[Finding]:
    """
    Recompute each line; the vendor rounds a line once, to half a minor unit.

    Gives one finding for all lines that agree, and one of its own for each that does not.

        rate 0.08, units 15234.5, amount 1218.76, USD  -> PASS
        rate 0.0075, units 41251, amount 309.38, USD   -> PASS_WITHIN_ROUNDING (309.3825)
        rate 0.08, units 100, amount 9.00, USD         -> EXCEPTION
        no rate on a line that is no credit            -> BLOCKED
        no invoice, or no line has a rate              -> NOT_APPLICABLE
    """
    if not evidence.month.invoices:
        yield not_applicable(str(evidence.month.period), "the month has no invoice")
    for invoice in evidence.month.invoices:
        yield from _of_invoice(invoice, evidence.currency_of(invoice))


def _of_invoice(invoice: Invoice, currency: str) -> Iterator[Finding]:
    findings = [finding for line in invoice.lines if (finding := _of_line(invoice, line, currency)) is not None]
    good = [finding for finding in findings if finding.state in _GOOD]
    yield from (finding for finding in findings if finding.state not in _GOOD)
    if good:
        rounded = sum(finding.state is State.PASS_WITHIN_ROUNDING for finding in good)
        yield Finding(
            invoice.invoice_id,
            State.PASS_WITHIN_ROUNDING if rounded else State.PASS,
            f"{len(good)} of {len(invoice.lines)} lines recomputed, {rounded} of them within rounding",
            bound=good[0].bound,
            currency=currency,
            operands={"lines": len(invoice.lines), "recomputed": len(good), "within_rounding": rounded},
        )
    elif not findings:
        yield not_applicable(invoice.invoice_id, "no line has a rate to recompute")


def _of_line(invoice: Invoice, line: InvoiceLine, currency: str) -> Finding | None:
    """Judge one line; None for a credit that carries no rate, since a credit is an amount and not a price."""
    subject, what = invoice.invoice_id, f"line {line.position} ({line.description})"
    if line.rate is None or line.quantity is None:
        if line.credit_coupon:
            return None
        return blocked(subject, f"{what} has no {'rate' if line.rate is None else 'units'}")
    found = compare_amounts(
        subject,
        f"{what}, {line.quantity} x {line.rate}",
        expected=product(line.rate, line.quantity),
        actual=line.amount,
        currency=currency,
        roundings=1,
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
