"""Find the usage report of given days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from billing.models import AccountMonth, UsageReport

_LAST_SECOND = timedelta(seconds=1)


def billable_usage_of(account_month: AccountMonth, starts_on: date, ends_on: date) -> UsageReport | None:
    """
    Return the billable usage report of exactly these days, in UTC; None if it was not read.

    :param ends_on: the day after the last one; a report may state the last second before it as its end.
    """
    start, end = (datetime.combine(day, time(), UTC) for day in (starts_on, ends_on))
    billable = [report for report in account_month.usage_reports if report.kind == "billable_usage"]
    return next((report for report in billable if report.starts_at == start and _ends(report, end)), None)


def _ends(report: UsageReport, end: datetime) -> bool:
    return report.ends_at is not None and timedelta(0) <= end - report.ends_at <= _LAST_SECOND
