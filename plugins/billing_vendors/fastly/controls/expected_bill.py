"""Whether a month without a bill should have one, and how much is expected. F6 and F9 say the same of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from billing.config.rate_card import in_force
from billing.controls.checks.line_types import invoices_without_credits
from billing.controls.evidence import Estimate, Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import AccountMonth
from billing_vendors.fastly.controls.bill_totals import minimum_of
from billing_vendors.fastly.settings import FastlySettings

_LAST_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Sign:
    """
    A sign that a bill is due.

    :param amount: the least that it should come to, if the sign says so.
    """

    what: str
    amount: Decimal | None = None


def missing_bill(evidence: Evidence[FastlySettings]) -> Finding:
    """
    Return what it means that a month has no bill; its days of grace end with the account's posting day.

        a commitment of 45.00, read by the posting day         -> BLOCKED: awaited until then
        the same, read after it                                -> EXCEPTION: ask the vendor; expected 45.00
        usage metered, or an estimate above zero               -> the same
        v2: the bill of the month before states a minimum      -> the same
        nothing of this, and usage metrics that say so         -> NOT_APPLICABLE
        nothing of this, and no usage record, as with v2       -> BLOCKED, unless the last day's estimate is zero
        usage metrics without rows, and the month before has a bill of usage and none either -> the same
        another account pays, and the month before has no bill -> NOT_APPLICABLE: its bill is the other account's
    """
    subject, account = str(evidence.account_month.month), evidence.account
    if account.settings.parent_pay and not (evidence.previous and evidence.previous.invoices):
        return not_applicable(subject, "another account pays, and its bill is not available through this one")
    signs = list(_signs(evidence))
    if not signs:
        return _without_a_sign(subject, evidence)
    due = account.posting_deadline(evidence.account_month.month)
    why = "; ".join(sign.what for sign in signs)
    if evidence.as_of is None:
        return blocked(subject, f"it is not known when the month was read, and a bill is due: {why}")
    if evidence.as_of < due:
        return blocked(subject, f"the invoice is awaited until {due:%Y-%m-%d} 00:00 UTC: {why}")
    amounts = [sign.amount for sign in signs if sign.amount is not None]
    return Finding(
        subject,
        State.EXCEPTION,
        f"no invoice was posted by {due:%Y-%m-%d} 00:00 UTC: ask the vendor; a bill is due: {why}",
        expected=max(amounts, default=None),
        currency=account.currency if amounts else None,
        operands={"due": due.isoformat(), "signs": [sign.what for sign in signs]},
    )


def _signs(evidence: Evidence[FastlySettings]) -> Iterator[_Sign]:
    account, month = evidence.account, evidence.account_month
    for commitment in in_force(account.commitments, month.month):
        if commitment.amount:
            yield _Sign(f"the commitment is {commitment.amount:f} {account.currency}", commitment.amount)
    if evidence.previous is not None:
        for bill in invoices_without_credits(evidence.previous.invoices)[:1]:
            if minimum := minimum_of(bill):
                words = f"the bill of {evidence.previous.month} states a minimum of {minimum:f} {account.currency}"
                yield _Sign(words, minimum)
    used = sum(line.quantity != 0 for report in month.usage_reports for line in report.lines)
    if used:
        yield _Sign(f"{used} things were metered")
    last = _last_estimate(evidence)
    if last is not None and last.total > 0:
        words = f"the estimate of {last.taken_at:%Y-%m-%d %H:%M} UTC is {last.total:f} {account.currency}"
        yield _Sign(words, last.total)


def _without_a_sign(subject: str, evidence: Evidence[FastlySettings]) -> Finding:
    last = _last_estimate(evidence)
    estimated = last is not None and last.taken_at >= evidence.account_month.month.end - _LAST_DAY
    if estimated or (evidence.account_month.usage_reports and not _never_metered(evidence.previous)):
        return not_applicable(subject, "nothing was used, so there is nothing to bill")
    missing = "there is no invoice, and no usage record, estimate or commitment that says whether one is due"
    return blocked(subject, missing)


def _never_metered(before: AccountMonth | None) -> bool:
    """Return whether a month was billed and has no usage either: such metrics do not say that nothing was used."""
    if before is None or not any(line.usage_type for bill in before.invoices for line in bill.lines):
        return False
    return not any(report.lines for report in before.usage_reports)


def _last_estimate(evidence: Evidence[FastlySettings]) -> Estimate | None:
    return max(evidence.estimates, key=lambda estimate: estimate.taken_at, default=None)
