"""F17: a person classifies what the header has beyond its lines: tax, fee, discount or error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import Invoice
from billing_vendors.fastly.controls.bill_totals import footing
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
        v2: 100.00 less a discount, or lifted to the minimum, as F1 reads it
                                                -> NOT_APPLICABLE: the residual is explained
        lines 100.00, total 119.00              -> EXCEPTION: 19.00 unclassified, 19 % of the lines
        within the account's tolerance for F17  -> VARIANCE_TOLERATED: how a person accepts a known share
        no known currency, so no rounding bound -> BLOCKED
        the month has no invoice                -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    yield from (_of_invoice(invoice, evidence) for invoice in evidence.account_month.invoices)


def _of_invoice(invoice: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    found = footing(invoice, evidence.currency_of(invoice))
    if found.state in {State.PASS, State.PASS_WITHIN_ROUNDING}:
        explained = found.operands.get("reading")
        reason = f"the residual is explained: {explained}" if explained else "there is no residual"
        if not explained and found.state is State.PASS_WITHIN_ROUNDING:
            reason = "rounding explains the residual"
        return not_applicable(invoice.invoice_id, f"{reason}: nothing to classify")
    if found.state is State.BLOCKED or found.difference is None:
        return found
    share = _percent(found.difference, invoice.lines_total)
    hint = f", {share} % of the lines" if share is not None else ""
    return replace(
        found,
        explanation=f"unclassified residual of {found.difference:f}{hint}: tax, fee, discount or error?",
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
