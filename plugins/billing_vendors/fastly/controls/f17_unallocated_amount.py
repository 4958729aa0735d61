"""F17: a person classifies what the header has beyond its lines: tax, fee, discount or error."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, compare_amounts, not_applicable
from billing.models import Invoice
from billing_vendors.fastly.settings import FastlySettings

# Wide enough for any bill; a share is a hint and may be rounded.
_SHARE = Context(prec=200, rounding=ROUND_HALF_UP)


def residual_is_classified(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Report the difference between header and lines. F1 reports the same difference as a footing error; this control
    asks what it is.

    The API has no tax field, so a residual may be tax. Its share of the lines is shown as a hint, never as a rule.

        lines 100.00, total 100.00              -> NOT_APPLICABLE: there is no residual
        2 lines 100.01, total 100.02            -> NOT_APPLICABLE: rounding explains it
        lines 100.00, total 119.00              -> EXCEPTION: 19.00 unclassified, 19 % of the lines
        within the account's tolerance for F17  -> VARIANCE_TOLERATED: how a person accepts a known share
        no known currency, so no rounding bound -> BLOCKED
        the month has no invoice                -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    yield from (_of_invoice(invoice, evidence) for invoice in evidence.account_month.invoices)


def _of_invoice(invoice: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    footing = compare_amounts(
        invoice.invoice_id,
        "header minus lines",
        expected=invoice.lines_total,
        actual=invoice.total,
        currency=evidence.currency_of(invoice),
        roundings=len(invoice.lines),
    )
    if footing.state in {State.PASS, State.PASS_WITHIN_ROUNDING}:
        reason = "there is no residual" if footing.state is State.PASS else "rounding explains the residual"
        return not_applicable(invoice.invoice_id, f"{reason}: nothing to classify")
    if footing.state is State.BLOCKED or footing.difference is None:
        return footing
    share = _percent(footing.difference, invoice.lines_total)
    hint = f", {share} % of the lines" if share is not None else ""
    return Finding(
        invoice.invoice_id,
        State.EXCEPTION,
        f"unclassified residual of {footing.difference:f}{hint}: tax, fee, discount or error?",
        expected=footing.expected,
        actual=footing.actual,
        difference=footing.difference,
        bound=footing.bound,
        currency=footing.currency,
        operands={"percent_of_lines_rounded": share},
    )


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a share in percent with four decimals, halves away from zero; None of nothing."""
    if not whole:
        return None
    return _SHARE.quantize(_SHARE.divide(_SHARE.multiply(part, Decimal(100)), whole), Decimal("0.0001"))


F17 = Control(
    "F17",
    "What exceeds the lines is classified",
    "classification",
    "exception",
    residual_is_classified,
    operands="header total less sum of the lines",
)
