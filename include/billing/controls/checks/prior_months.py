"""The stored months that a control compares with, or the finding that says why there is none."""

from __future__ import annotations

from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.models import AccountMonth


def month_before(evidence: Evidence[object]) -> AccountMonth | Finding:
    """
    Return the month before, or the finding that says why there is nothing to compare with.

        the account's first month  -> NOT_APPLICABLE
        it is not stored           -> BLOCKED, names it
    """
    return evidence.previous or _reason(evidence, 1)


def year_before(evidence: Evidence[object]) -> AccountMonth | Finding:
    """Return the same month a year before, or the finding that says why there is nothing to compare with."""
    return evidence.year_before or _reason(evidence, 12)


def _reason(evidence: Evidence[object], back: int) -> Finding:
    account_month = evidence.account_month.month
    wanted, first = account_month.shifted(-back), evidence.account.first_month
    if wanted < first:
        return not_applicable(str(account_month), f"there is no {wanted}: the account starts in {first}")
    return blocked(str(account_month), f"{wanted} is not stored; collect it, then this month's controls run again")
