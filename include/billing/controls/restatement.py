"""F20, G25: an issued invoice keeps its content."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.compare import differences
from billing.controls.control import Control, Evidence
from billing.controls.result import Finding, State, not_applicable
from billing.money import difference


def invoices_are_not_restated(evidence: Evidence) -> Iterator[Finding]:
    """
    Compare each invoice with what it said before its vendor last changed it.

    After issue the same number must not get another content; both versions stay stored.

        one version      -> PASS
        a second version -> EXCEPTION, with the difference line by line
    """
    if not evidence.month.invoices:
        yield not_applicable(str(evidence.month.period), "the month has no invoice")
    for invoice in evidence.month.invoices:
        before = evidence.restated.get(invoice.invoice_id)
        if before is None:
            yield Finding(invoice.invoice_id, State.PASS, "the content is what it was when first read")
            continue
        found = differences(before, invoice)
        yield Finding(
            invoice.invoice_id,
            State.EXCEPTION,
            f"the vendor changed the issued invoice: {len(found)} differences, total {before.total} -> {invoice.total}",
            expected=before.total,
            actual=invoice.total,
            difference=difference(invoice.total, before.total),
            currency=evidence.currency_of(invoice),
            operands={"differences": found},
        )


F20 = Control("F20", "An issued invoice is not restated", "existence", "exception", invoices_are_not_restated)
G25 = Control("G25", "An issued invoice is not restated", "existence", "exception", invoices_are_not_restated)
