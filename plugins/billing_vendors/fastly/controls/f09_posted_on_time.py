"""F9: the month's invoice is posted by the account's posting day."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.line_types import invoices_without_credits
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing.models import Invoice
from billing_vendors.fastly.controls.api_version import undated
from billing_vendors.fastly.controls.expected_bill import missing_bill
from billing_vendors.fastly.settings import FastlySettings


def invoice_is_posted_in_time(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the posting with the end (UTC) of the account's posting day in the next month. "Today" is when the month
    was last read from the vendor.

    Of a month without an invoice F6 says the same.

        posting day 5, posted on the 3rd                      -> PASS
        posting day 5, posted on the 22nd                     -> VARIANCE_TOLERATED: late, but there
        not there when read on the 6th; usage, an estimate or a commitment above zero
                                                              -> EXCEPTION: ask the vendor; the amount expected
        the same, read on the 4th                             -> BLOCKED: awaited until the 5th has ended
        not there, and nothing was used                       -> NOT_APPLICABLE: nothing to bill
        not there, and nothing says whether one is due        -> BLOCKED
        posted without a date                                 -> BLOCKED; v2, which may leave it out: NOT_APPLICABLE
    """
    bills = invoices_without_credits(evidence.account_month.invoices)
    yield _posted(bills[0], evidence) if bills else missing_bill(evidence)


def _posted(bill: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    due = evidence.account.posting_deadline(evidence.account_month.month)
    if bill.issued_at is None:
        return undated(bill, evidence)
    late = bill.issued_at >= due
    days = (bill.issued_at - due).days + 1
    return Finding(
        bill.invoice_id,
        State.VARIANCE_TOLERATED if late else State.PASS,
        f"posted {bill.issued_at:%Y-%m-%d %H:%M} UTC, "
        + (f"{days} days after the posting day" if late else f"by the posting day {evidence.account.posting_day}"),
        operands={"posted": bill.issued_at.isoformat(), "due": due.isoformat()},
    )


F9 = Control(
    "F9",
    "Posted by the deadline",
    "completeness",
    "exception",
    invoice_is_posted_in_time,
    operands="date of posting, the account's posting day, when the month was last read; usage, estimates, commitments",
)
