"""F18: the estimate of a running month never falls."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from billing.controls.control import Control
from billing.controls.evidence import Estimate, Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.money import difference
from billing_vendors.fastly.controls.estimates import charges_of, missing_estimates
from billing_vendors.fastly.settings import FastlySettings


def estimate_never_falls(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare each month-to-date snapshot with the one before it, without credits: usage only grows, a credit reduces.

        100.00, 180.00, 240.00                            -> PASS
        240.00, then 228.00 with a credit of -12.00       -> PASS: the credit explains it
        240.00, then 231.00 without credit                -> EXCEPTION: usage was reduced
        within the account's tolerance for F18            -> VARIANCE_TOLERATED
        one snapshot                                      -> NOT_APPLICABLE
        none, and none was ever taken up to this month    -> NOT_APPLICABLE
        none, but earlier months have some                -> BLOCKED
        another account pays (v2), so no estimate exists  -> NOT_APPLICABLE
    """
    missing = missing_estimates(evidence)
    subject = str(evidence.account_month.month)
    if missing is not None:
        yield missing
        return
    if len(evidence.estimates) == 1:
        yield not_applicable(subject, "one snapshot was taken: there is nothing to compare it with")
        return
    falls = [
        (before, after) for before, after in pairwise(evidence.estimates) if charges_of(after) < charges_of(before)
    ]
    yield from (_fall(subject, before, after, evidence) for before, after in falls)
    if not falls:
        count = len(evidence.estimates)
        yield Finding(
            subject, State.PASS, f"{count} snapshots, none below the one before", operands={"snapshots": count}
        )


def _fall(subject: str, before: Estimate, after: Estimate, evidence: Evidence[FastlySettings]) -> Finding:
    return Finding(
        subject,
        State.EXCEPTION,
        f"the snapshot of {after.taken_at:%Y-%m-%d %H:%M} UTC is below that of {before.taken_at:%Y-%m-%d %H:%M}, "
        "and no credit explains it",
        expected=charges_of(before),
        actual=charges_of(after),
        difference=difference(charges_of(after), charges_of(before)),
        currency=after.currency or evidence.account.currency,
        operands={"before": before.taken_at.isoformat(), "after": after.taken_at.isoformat(), "credits": after.credits},
    )


F18 = Control(
    "F18",
    "The month-to-date estimate never falls",
    "accuracy",
    "warning",
    estimate_never_falls,
    operands="series of month-to-date snapshots, without credits",
)
