"""G1: lines foot to the header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from billing.controls.checks.footing import lines_foot_to_header
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, bound_of
from billing.models import Invoice
from billing.money import exact_sum
from billing.proration import decimal_of
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings

_STEPS = (Fraction(1, 4000), Fraction(1, 200))
"""Taxes have rates of whole fortieths of a percent: 19 %, 8.875 %, 7.7 %; on a small amount only halves can be told."""
_LOWEST, _HIGHEST = Fraction(3, 100), Fraction(3, 10)


def lines_foot_or_differ_by_tax(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare each invoice's total with the sum of its lines; each of n lines may have been rounded once. The vendor does
    not say whether its total includes tax, and has no field for it: a total above the lines is accepted if one rate of
    a tax, 3 to 30 %, explains those of several invoices: all of the month and of the month before. The rate is an
    operand.

        lines 10.00 + 5.00, total 15.00                      -> PASS
        lines 10.00 + 5.00, total 15.01                      -> PASS_WITHIN_ROUNDING
        lines 10.00 + 5.00, total 15.02                      -> EXCEPTION
        lines 1000.00, total 1190.00, a month before 19 % too -> PASS: 19 % above the lines
        the same, the month before 0 %, or another rate      -> EXCEPTION
        the same, and no other invoice to compare with       -> BLOCKED: a tax, or an error
        lines 1000.00 and a line of 190.00 for a tax         -> PASS; of 191.23 -> EXCEPTION, a warning
        no known currency and a gap                          -> BLOCKED: there is no rounding bound
        the month has no invoice                             -> NOT_APPLICABLE
    """
    findings = list(lines_foot_to_header(evidence))
    differ = any(finding.state is State.EXCEPTION for finding in findings)
    before = evidence.previous.invoices if evidence.previous else ()
    invoices = [*evidence.account_month.invoices, *before]
    rate = tax_rate(invoices) if differ else None
    alone = sum(bool(invoice.lines_total) for invoice in invoices) < 2
    yield from _of_tax_lines(evidence.account_month.invoices)
    for finding in findings:
        if finding.state is not State.EXCEPTION or not rate:
            yield finding
        elif alone:
            yield blocked(
                finding.subject,
                f"the total is {_percent(rate)} above: there is no other invoice that tells a tax from an error",
            )
        else:
            text = f"the total is {_percent(rate)} above the lines, as that of every invoice: a tax, which has no field"
            operands = {**finding.operands, "tax_rate": _percent(rate)}
            yield replace(finding, state=State.PASS, explanation=text, operands=operands)


def _of_tax_lines(invoices: Sequence[Invoice]) -> Iterator[Finding]:
    """
    Yield the finding of each invoice that has lines for a tax: a warning unless they are one rate of the other lines.

    The vendor does not say what is taxed: a tax of some lines only has no rate of all of them.
    """
    for invoice in invoices:
        taxes = exact_sum(line.amount for line in invoice.lines if TERMS.is_tax(line))
        if taxes:
            others = replace(invoice, lines=tuple(line for line in invoice.lines if not TERMS.is_tax(line)))
            rate = tax_rate([replace(others, total=exact_sum((others.lines_total, taxes)))])
            text = f"the tax of {taxes} on lines of {others.lines_total}: " + (
                _percent(rate) if rate else "no rate of a tax on all of them gives it"
            )
            state = State.PASS if rate else State.EXCEPTION
            yield Finding(invoice.invoice_id, state, text, actual=taxes, severity=None if rate else "warning")


def _percent(rate: Fraction) -> str:
    return f"{decimal_of(rate * 100).normalize():f} %"


def tax_rate(invoices: Sequence[Invoice]) -> Fraction | None:
    """Return the one rate that explains every total; None if there is none."""
    known = [each for each in invoices if each.lines_total and each.currency]
    if not known:
        return None
    largest = max(known, key=lambda each: abs(each.lines_total))
    bound = bound_of(largest.currency, len(largest.lines) + 1) or Decimal(0)
    step = _STEPS[abs(Fraction(largest.lines_total)) * _STEPS[0] < 4 * Fraction(bound)]
    rate = round((Fraction(largest.total) / Fraction(largest.lines_total) - 1) / step) * step
    return rate if _LOWEST <= rate <= _HIGHEST and all(_explains(rate, each) for each in known) else None


def _explains(rate: Fraction, invoice: Invoice) -> bool:
    """Return whether a tax on lines that are each rounded, rounded once more, gives the total."""
    expected = Fraction(invoice.lines_total) * (1 + rate)
    of_lines, own = (bound_of(invoice.currency, roundings) or Decimal(0) for roundings in (len(invoice.lines), 1))
    return abs(expected - Fraction(invoice.total)) <= Fraction(of_lines) * (1 + rate) + Fraction(own)


G1 = Control(
    "G1",
    "Lines foot to the header",
    "accuracy",
    "exception",
    lines_foot_or_differ_by_tax,
    operands="sum of the lines, total of the header",
)
