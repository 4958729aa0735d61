"""F9: the month's invoice is posted by the account's posting day."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.line_types import invoices_without_credits
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Invoice
from billing_vendors.fastly.settings import FastlySettings


def invoice_is_posted_in_time(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the posting with the end (UTC) of the account's posting day in the next month. "Today" is when the month
    was last read from the vendor.

        posting day 5, posted on the 3rd                     -> PASS
        posting day 5, posted on the 22nd                    -> VARIANCE_TOLERATED: late, but there
        posting day 5, not there when read on the 6th        -> EXCEPTION: ask the vendor
        posting day 5, not there when read on the 4th        -> NOT_APPLICABLE: not due yet
        not there, and the usage metrics say nothing was used -> NOT_APPLICABLE: nothing to bill
        posted without a date, or it is not known when the month was read -> BLOCKED
    """
    account_month, due = evidence.account_month, evidence.account.posting_deadline(evidence.account_month.month)
    bills = invoices_without_credits(account_month.invoices)
    if bills:
        yield from (_posted(bill, evidence) for bill in bills[:1])
    elif account_month.usage_reports and not any(
        line.quantity for report in account_month.usage_reports for line in report.lines
    ):
        yield not_applicable(str(account_month.month), "nothing was used, so there is nothing to bill")
    elif evidence.as_of is None:
        yield blocked(str(account_month.month), "it is not known when the month was read")
    elif evidence.as_of < due:
        yield not_applicable(str(account_month.month), f"the invoice is not due before {due:%Y-%m-%d} 00:00 UTC")
    else:
        yield Finding(
            str(account_month.month),
            State.EXCEPTION,
            f"no invoice was posted by {due:%Y-%m-%d} 00:00 UTC: ask the vendor",
            operands={"due": due.isoformat()},
        )


def _posted(bill: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    due = evidence.account.posting_deadline(evidence.account_month.month)
    if bill.issued_at is None:
        return blocked(bill.invoice_id, "the invoice does not state when it was posted")
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
    "cut-off",
    "alert",
    invoice_is_posted_in_time,
    operands="date of posting, the account's posting day, when the month was last read",
)
