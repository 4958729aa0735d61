"""F4: the billing period is one whole UTC month."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing_vendors.fastly.settings import FastlySettings


def period_is_one_whole_month(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare each invoice's own interval with the calendar month, both half-open and in UTC.

        2026-10-01T00:00Z to 2026-11-01T00:00Z  -> PASS
        2026-10-01T00:00Z to 2026-10-31T00:00Z  -> EXCEPTION
        no start or no end                      -> BLOCKED
        the month has no invoice                -> NOT_APPLICABLE
    """
    account_month = evidence.account_month.month
    if not evidence.account_month.invoices:
        yield not_applicable(str(account_month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        start, end = invoice.service_start, invoice.service_end
        if start is None or end is None:
            yield blocked(invoice.invoice_id, "the invoice does not state the interval it bills")
            continue
        whole = (start, end) == (account_month.start, account_month.end)
        yield Finding(
            invoice.invoice_id,
            State.PASS if whole else State.EXCEPTION,
            f"bills {start:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ}, "
            + ("the whole month" if whole else f"which is not the month {account_month}"),
            operands={"start": start.isoformat(), "end": end.isoformat(), "month": str(account_month)},
        )


F4 = Control(
    "F4",
    "The billing period is one whole UTC month",
    "cut-off",
    "exception",
    period_is_one_whole_month,
    operands="start and end of the billing period, the calendar month",
)
