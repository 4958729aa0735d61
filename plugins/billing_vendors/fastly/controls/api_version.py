"""What Fastly's API generations can and cannot return."""

from __future__ import annotations

from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.models import Invoice, UsageReport
from billing_vendors.fastly.settings import FastlySettings

USAGE_METRICS = "usage_metrics"


def is_legacy(evidence: Evidence[FastlySettings]) -> bool:
    """Return whether the account is billed by the v2 API: no currency, no usage metrics, no paged listing."""
    return evidence.account.settings.api == "v2"


def undated(invoice: Invoice, evidence: Evidence[FastlySettings], missing: str = "when it was posted") -> Finding:
    """
    Return the finding of an invoice that lacks a date.

        the v2 API, which documents that its dates may be null  -> NOT_APPLICABLE
        the v3 API                                              -> BLOCKED
    """
    what = f"the invoice does not state {missing}"
    if is_legacy(evidence):
        return not_applicable(invoice.invoice_id, f"{what}; the v2 API may leave it out")
    return blocked(invoice.invoice_id, what)


def usage_metrics(evidence: Evidence[FastlySettings]) -> UsageReport | Finding:
    """
    Return what Fastly metered in the month, or the finding that says why it is missing.

        the v2 API, which has no usage metrics  -> NOT_APPLICABLE
        the v3 API, and they were not read      -> BLOCKED
    """
    subject = str(evidence.account_month.month)
    for report in evidence.account_month.usage_reports:
        if report.kind == USAGE_METRICS:
            return report
    if is_legacy(evidence):
        return not_applicable(subject, "the account is billed by the v2 API, which has no usage metrics")
    return blocked(subject, "the usage metrics were not read")
