"""G13: usage is taken from a finished report that covers the month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from billing.controls.control import Control, Evidence
from billing.controls.result import Finding, State, blocked

_LAST_SECOND = timedelta(seconds=1)


def usage_report_is_complete(evidence: Evidence) -> Iterator[Finding]:
    """
    Ask for the month's billable usage report. The figures of a report in the making never get this far: reading one
    is an error, so that a report that is there was complete.

        a report from the 1st to the end of the month  -> PASS
        no report, or one of other dates               -> BLOCKED
    """
    month = evidence.month
    report = next((report for report in month.usage_reports if report.kind == "billable_usage"), None)
    if report is None:
        yield blocked(str(month.period), "no complete billable usage report of the month was read")
        return
    covers = (
        report.starts_at == month.period.start
        and report.ends_at is not None
        and timedelta(0) <= month.period.end - report.ends_at <= _LAST_SECOND
    )
    if not covers:
        yield blocked(str(month.period), f"the usage report runs from {report.starts_at} to {report.ends_at}")
        return
    yield Finding(
        str(month.period),
        State.PASS,
        f"the usage report is complete and covers the month: {len(report.lines)} usages",
        operands={"report": report.report_id, "usages": len(report.lines)},
    )


G13 = Control(
    "G13",
    "The usage report is complete",
    "completeness",
    "blocked",
    usage_report_is_complete,
    operands="dates of the billable usage report",
)
