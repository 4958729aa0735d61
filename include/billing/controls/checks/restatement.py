"""Check that an issued invoice keeps its content."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.invoice_diff import differences, shown
from billing.controls.evidence import Evidence, InvoiceSummary
from billing.controls.finding import Finding, State, not_applicable
from billing.models import Invoice
from billing.money import difference


def invoices_are_not_restated(evidence: Evidence[object]) -> Iterator[Finding]:
    """
    Compare each invoice with its version before the vendor's last change.

    After issue the content of a number must not change; both versions stay stored.

        one version                               -> PASS
        a second version                          -> EXCEPTION, with the difference line by line
        stored for the month, but not listed now  -> EXCEPTION
        the month has no invoice, and never had   -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    given = {invoice.invoice_id for invoice in account_month.invoices}
    vanished = [
        summary
        for summary in evidence.history
        if summary.month == account_month.month and summary.invoice_id not in given
    ]
    if not given and not vanished:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    for invoice in account_month.invoices:
        before = evidence.restated.get(invoice.invoice_id)
        if before is None:
            yield Finding(invoice.invoice_id, State.PASS, "the content is unchanged since it was first read")
        else:
            yield _restated(before, invoice, evidence)
    yield from map(_vanished, vanished)


def _restated(before: Invoice, now: Invoice, evidence: Evidence[object]) -> Finding:
    found = differences(before, now)
    currencies = evidence.currency_of(before), evidence.currency_of(now)
    return Finding(
        now.invoice_id,
        State.EXCEPTION,
        f"the vendor changed the issued invoice: {len(found)} differences, "
        f"total {before.total} {currencies[0]} -> {now.total} {currencies[1]}",
        expected=before.total,
        actual=now.total,
        difference=difference(now.total, before.total) if currencies[0] == currencies[1] else None,
        currency=currencies[1],
        operands={"differences": shown(found)},
    )


def _vanished(summary: InvoiceSummary) -> Finding:
    return Finding(
        summary.invoice_id,
        State.EXCEPTION,
        f"the vendor issued it, total {summary.total}, and no longer lists it: "
        "ask the vendor whether it was voided or replaced",
        expected=summary.total,
        currency=summary.currency,
        operands={"vanished": summary.invoice_id},
    )
