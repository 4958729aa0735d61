"""
Parse the two usage reports. Pure.

Both write their numbers as decimals in a string; quantities have no declared unit in the billable usage report, and
prices in the trustee overview are before tax. Date-times have a time zone and are returned in UTC.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from billing.errors import PayloadError
from billing.models import UsageLine, UsageReport
from billing.month import Month
from billing.names import name_key
from billing.payloads.json_reader import JsonObject
from billing_vendors.genesys_cloud.intervals import Interval
from billing_vendors.genesys_cloud.vocabulary import SUBSCRIPTION_TYPE, UnknownFields

_LAST_SECOND = time(23, 59, 59)
_DATES = (
    "rampPeriodStartDate",
    "rampPeriodEndDate",
    "contractAmendmentDate",
    "contractEffectiveDate",
    "contractEndDate",
)


def is_complete(row: JsonObject) -> bool:
    """
    Return whether a billable usage report is finished. A missing status means that it is: old releases had none.

    :raises PayloadError: a status other than the two documented ones.
    """
    status = row.text_or_none("status")
    if name_key(status) not in ("", "inprogress", "complete"):
        raise PayloadError(f"{row.where}: unknown report status {ascii(status)[:60]}")
    return name_key(status) != "inprogress"


def parse_billable_usage(
    row: JsonObject, interval: Interval, month: Month, unknown_fields: UnknownFields
) -> UsageReport:
    """
    Read a finished billable usage report.

    Of each usage's ``resources`` only their number is kept: they name people.

    :param interval: the days that were requested.
    :param month: the month of the run.
    :raises PayloadError: the report is not complete, or is for other dates than requested.
    """
    row.where = f"billable usage of {interval}"
    if not is_complete(row):
        raise PayloadError(f"{row.where}: the report is InProgress: its figures may not be used")
    starts_at, ends_at = row.moment("startDate"), row.moment("endDate")
    if starts_at != interval.start or not timedelta(0) <= interval.end - ends_at <= timedelta(seconds=1):
        raise PayloadError(f"{row.where}: the report runs from {starts_at} to {ends_at}")
    _leave_out(row)
    return UsageReport(
        report_id=f"billable_usage/{interval}",
        kind="billable_usage",
        month=month,
        starts_at=starts_at,
        ends_at=ends_at,
        currency=None,
        lines=tuple(_usage(usage, n, unknown_fields) for n, usage in enumerate(row.objects("usages"), start=1)),
        attributes=unknown_fields.attributes("billable_usage", row, "name"),
    )


def parse_trustee_overview(row: JsonObject, month: Month, unknown_fields: UnknownFields) -> UsageReport:
    """
    Read what the trustee sees of its client's billing period.

    Not every row is a charge: ``fair-use`` rows are allowances and ``rollup`` rows repeat others; the grouping is
    the line's ``usage_type``.

    :param month: the month in which the billing period's last day falls.
    :raises PayloadError: a required field is missing or has another type.
    """
    row.where = f"trustee overview of {month}"
    starts_at, ends_at = overview_interval(row)
    return UsageReport(
        report_id=f"trustee_overview/{month}",
        kind="trustee_overview",
        month=month,
        starts_at=starts_at,
        ends_at=ends_at,
        currency=row.text("currency"),
        lines=tuple(_trustee_usage(usage, n, unknown_fields) for n, usage in enumerate(row.objects("usages"), start=1)),
        attributes=_overview_attributes(row, unknown_fields),
    )


def overview_interval(row: JsonObject) -> tuple[datetime | None, datetime | None]:
    """
    Return the billing period of an overview, half-open, in UTC.

    The vendor writes the last second or millisecond of the last day; it is read as the midnight that follows.
    """
    starts_at, ends_at = row.moment_or_none("billingPeriodStartDate"), row.moment_or_none("billingPeriodEndDate")
    if ends_at is not None and ends_at.time().replace(microsecond=0) == _LAST_SECOND:
        ends_at = ends_at.replace(microsecond=0) + timedelta(seconds=1)
    return starts_at, ends_at


def _overview_attributes(row: JsonObject, unknown_fields: UnknownFields) -> dict[str, Any]:
    _leave_out(row)
    minimum = row.number_in_text_or_none("minimumMonthlyAmount")
    about = {
        "organization": unknown_fields.nested(row, "organization", "organization"),
        "subscriptionType": unknown_fields.enum("trustee_overview", row, "subscriptionType", SUBSCRIPTION_TYPE),
        "minimumMonthlyAmount": minimum,
    }
    attributes = unknown_fields.attributes("trustee_overview", row, *_DATES, "name", "enabledProducts", "inRampPeriod")
    return {name: value for name, value in about.items() if value is not None} | attributes


def _leave_out(row: JsonObject) -> None:
    """Leave out the report's own id and address, which may differ each time it is generated."""
    row.optional("id")
    row.optional("selfUri")


def _usage(row: JsonObject, position: int, unknown_fields: UnknownFields) -> UsageLine:
    resources = len(list(row.objects("resources")))
    return UsageLine(
        position=position,
        name=row.text("name"),
        quantity=row.number_in_text("totalUsage"),
        attributes={"resourceCount": resources} | unknown_fields.attributes("billable_usage_line", row),
    )


def _trustee_usage(row: JsonObject, position: int, unknown_fields: UnknownFields) -> UsageLine:
    return UsageLine(
        position=position,
        name=row.text("name"),
        quantity=row.number_in_text("usageQuantity"),
        product=row.text("partNumber"),
        usage_type=row.text("grouping"),
        unit=row.text("unitOfMeasureType"),
        rate=row.number_in_text_or_none("overagePrice"),
        attributes={
            name: number
            for name in ("prepayQuantity", "prepayPrice", "bundleQuantity")
            if (number := row.number_in_text_or_none(name)) is not None
        }
        | unknown_fields.attributes("trustee_overview_line", row, "usageNotes", "isCancellable", "isThirdParty"),
    )
