"""G13: usage is from complete reports that cover what is billed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked
from billing.models import AccountMonth
from billing_vendors.genesys_cloud.controls.usage_dates import billable_usage_of
from billing_vendors.genesys_cloud.settings import GenesysSettings


def usage_report_is_complete(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Check that there is a billable usage report of the days of every billing period that ends in the month, or of the
    calendar month if none does. Parsing an incomplete report is an error, so every report here is complete.

        period 1 to 31 October, report of October                  -> PASS
        periods of October and 21 September to 20 October, both    -> PASS, PASS
        period 21 September to 20 October, report of October       -> BLOCKED
        no billing period, report of October                       -> PASS
        no report                                                  -> BLOCKED
    """
    account_month = evidence.account_month
    calendar = (account_month.month.first_day, account_month.month.shifted(1).first_day)
    billed = sorted({(period.starts_on, period.ends_on) for period in account_month.billing_periods})
    for starts_on, ends_on in billed or [calendar]:
        yield _of_days(account_month, starts_on, ends_on)


def _of_days(account_month: AccountMonth, starts_on: date, ends_on: date) -> Finding:
    subject, days = str(account_month.month), f"{starts_on} to {ends_on} (end not included)"
    report = billable_usage_of(account_month, starts_on, ends_on)
    if report is None:
        others = [each for each in account_month.usage_reports if each.kind == "billable_usage"]
        read = "; ".join(f"{each.starts_at} to {each.ends_at}" for each in others)
        return blocked(
            subject, f"no complete billable usage report of {days} was read; other reports: {read or 'none'}"
        )
    return Finding(
        subject,
        State.PASS,
        f"the usage report is complete and covers {days}: {len(report.lines)} usages",
        operands={"report": report.report_id, "usages": len(report.lines)},
    )


G13 = Control(
    "G13",
    "The usage report is complete",
    "completeness",
    "blocked",
    usage_report_is_complete,
    operands="dates of the billable usage reports, dates of the billing periods",
)
