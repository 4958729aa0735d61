"""Month-to-date snapshots as operands: their charges, and why there may be none."""

from __future__ import annotations

from decimal import Decimal

from billing.controls.evidence import Estimate, Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.money import difference
from billing_vendors.fastly.settings import FastlySettings


def charges_of(estimate: Estimate) -> Decimal:
    """Return an estimate's charges: its total without credits and without a shortfall to the minimum."""
    return difference(difference(estimate.total, estimate.credits), estimate.shortfall)


def missing_estimates(evidence: Evidence[FastlySettings]) -> Finding | None:
    """
    Return the finding that says why a month has no snapshot; None if it has one.

        another account pays, so the vendor makes none       -> NOT_APPLICABLE
        none was taken up to this month: history, backfilled -> NOT_APPLICABLE
        earlier months have some: this one was missed        -> BLOCKED
    """
    if evidence.estimates:
        return None
    subject = str(evidence.account_month.month)
    if evidence.account.settings.parent_pay:
        return not_applicable(subject, "another account pays, so Fastly provides no estimate for this one")
    if not evidence.estimates_began:
        return not_applicable(subject, "no snapshot was taken; the month ended before snapshots began")
    return blocked(subject, "no snapshot of this month was taken, but earlier months have some")
