"""Check that an issued invoice keeps its content."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.invoice_diff import differences, shown
from billing.controls.evidence import Evidence, WithdrawnInvoice
from billing.controls.finding import Finding, State, not_applicable
from billing.models import Invoice
from billing.money import difference


def invoices_are_not_restated(evidence: Evidence[object]) -> Iterator[Finding]:
    """
    Compare each invoice with its version before the vendor's last change.

    After issue the content of a number must not change; both versions stay stored.

        one version                                           -> PASS
        a second version                                      -> EXCEPTION, with the difference line by line
        stored for the month, and this fetch is without it    -> EXCEPTION
        the same, and so was an earlier fetch                 -> NOT_APPLICABLE: withdrawn, outside the totals
        the month has no invoice, and never had               -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.invoices and not evidence.withdrawn:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    for invoice in account_month.invoices:
        before = evidence.restated.get(invoice.invoice_id)
        if before is None:
            yield Finding(invoice.invoice_id, State.PASS, "the content is unchanged since it was first read")
        else:
            yield _restated(before, invoice, evidence)
    yield from map(_withdrawn, evidence.withdrawn)


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


def _withdrawn(withdrawn: WithdrawnInvoice) -> Finding:
    summary = withdrawn.summary
    named = f"the vendor issued it, total {summary.total} {summary.currency or ''}".rstrip()
    if withdrawn.confirmed:
        reason = f"{named}, and lists it no longer since {withdrawn.since:%Y-%m-%d}: withdrawn, outside the totals"
        return not_applicable(summary.invoice_id, reason)
    return Finding(
        summary.invoice_id,
        State.EXCEPTION,
        f"{named}, and no longer lists it: withdrawn, outside the totals; ask the vendor whether it was voided or "
        "replaced, then fetch the month again to settle this",
        expected=summary.total,
        currency=summary.currency,
        operands={"withdrawn": summary.invoice_id},
    )
