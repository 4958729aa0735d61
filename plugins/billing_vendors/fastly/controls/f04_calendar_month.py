"""F4: the billing period is one whole month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import Invoice
from billing_vendors.fastly.controls.api_version import undated
from billing_vendors.fastly.periods import month_of_period, whole_month
from billing_vendors.fastly.settings import FastlySettings


def period_is_one_whole_month(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare each invoice's own interval with the calendar month, both half-open; a month may begin in another zone.

        2026-10-01T00:00Z to 2026-11-01T00:00Z  -> PASS
        2026-09-30T22:00Z to 2026-10-31T23:00Z  -> PASS: the month of UTC+02:00, where the clock changed
        2026-10-01T00:00Z to 2026-10-31T00:00Z  -> EXCEPTION
        2026-09-30T00:00Z to 2026-10-31T00:00Z  -> EXCEPTION
        no start or no end                      -> BLOCKED; v2, which may leave them out: NOT_APPLICABLE
        the month has no invoice                -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    yield from (_of_invoice(invoice, evidence) for invoice in evidence.account_month.invoices)


def _of_invoice(invoice: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    month, start, end = evidence.account_month.month, invoice.service_start, invoice.service_end
    if start is None or end is None:
        return undated(invoice, evidence, "the interval it bills")
    ahead = whole_month(start, end) if month_of_period(start, end) == month else None
    zone = "" if not ahead else f" in a zone {abs(ahead)} {'ahead of' if ahead > timedelta(0) else 'behind'} UTC"
    return Finding(
        invoice.invoice_id,
        State.EXCEPTION if ahead is None else State.PASS,
        f"bills {start:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ}, "
        + (f"which is not the month {month}" if ahead is None else f"the whole month{zone}"),
        operands={"start": start.isoformat(), "end": end.isoformat(), "month": str(month)},
    )


F4 = Control(
    "F4",
    "The billing period is one whole UTC month",
    "cut-off",
    "exception",
    period_is_one_whole_month,
    operands="start and end of the billing period, the calendar month",
)
