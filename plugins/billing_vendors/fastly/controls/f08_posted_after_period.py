"""F8: an invoice is posted after the period that it bills."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import Invoice
from billing_vendors.fastly.controls.api_version import undated
from billing_vendors.fastly.settings import FastlySettings


def invoice_is_posted_after_its_period(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the moment of posting with the end of the period: Fastly bills in arrears.

        ends 2026-11-01T00:00Z, posted 2026-11-03T09:12Z  -> PASS
        ends 2026-11-01T00:00Z, posted 2026-10-31T23:00Z  -> EXCEPTION: usage after that moment was estimated
        no date of posting, or no end                     -> BLOCKED; v2, which may leave them out: NOT_APPLICABLE
        the month has no invoice                          -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    yield from (_of_invoice(invoice, evidence) for invoice in evidence.account_month.invoices)


def _of_invoice(invoice: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    if invoice.issued_at is None or invoice.service_end is None:
        missing = "when it was posted" if invoice.issued_at is None else "when its period ends"
        return undated(invoice, evidence, missing)
    after = invoice.issued_at >= invoice.service_end
    return Finding(
        invoice.invoice_id,
        State.PASS if after else State.EXCEPTION,
        f"posted {invoice.issued_at:%Y-%m-%d %H:%M} UTC, {'after' if after else 'before'} the period's end "
        f"{invoice.service_end:%Y-%m-%d %H:%M} UTC",
        operands={"posted": invoice.issued_at.isoformat(), "end": invoice.service_end.isoformat()},
    )


F8 = Control(
    "F8",
    "Posted after the period ended",
    "cut-off",
    "warning",
    invoice_is_posted_after_its_period,
    operands="date of posting, end of the billing period",
)
