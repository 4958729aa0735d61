"""
Which month a billing period is. Pure.

The contract leaves open how a period's end is written, and in which zone a month begins.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.errors import PayloadError
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing_vendors.fastly.vocabulary import day_alone, end_of, start_of

# No zone's local time is further from UTC, and every zone's offset is a whole number of quarters of an hour.
WEST, EAST = timedelta(hours=-12), timedelta(hours=14)
_QUARTER = timedelta(minutes=15)
_CLOCK_CHANGE = timedelta(hours=1)
_DAY = timedelta(days=1)


def period_of(row: JsonObject, start_name: str, end_name: str) -> tuple[datetime | None, datetime | None]:
    """
    Read a billing period as a half-open interval, UTC. Which form of end Fastly sends is not documented:

        from 2024-01-01T00:00:00Z to 2024-01-31T23:59:59Z, 2024-02-01T00:00:00Z or 2024-01-31T00:00:00Z
        from 2024-01-01 to 2024-01-31 or 2024-02-01
        -> all to 2024-02-01 00:00

    The last day's midnight and the next month's first day are read so only if a whole month comes out.
    """
    start, end = start_of(row, start_name), end_of(row, end_name)
    if start is None or end is None or whole_month(start, end) is not None:
        return start, end
    alone = day_alone(row, end_name) is not None
    if not alone and end != row.moment_or_none(end_name):  # the last second: it is no midnight of a last day
        return start, end
    other = end - _DAY if alone else end + _DAY
    return start, end if whole_month(start, other) is None else other


def month_of_period(start: datetime, end: datetime | None) -> Month:
    """
    Return the month that holds most of a period, the earlier one of two that hold the same.

        2023-12-31 to 2024-01-31, both 00:00 UTC  -> 2024-01
        2023-12-16 to 2024-01-16, both 00:00 UTC  -> 2023-12
        no end                                    -> the month of the start

    :raises PayloadError: the year 9999.
    """
    try:
        first = Month.of(start)
        following = first.shifted(1)
    except ValueError as error:
        raise PayloadError(f"a billing period that starts on {start:%Y-%m-%d} has no month: {error}") from error
    if end is None or end <= first.end:
        return first
    return following if min(end, following.end) - first.end > first.end - start else first


def month_begun(start: datetime) -> Month:
    """
    Return the month that an estimate, which has no end yet, begins: of the zones in which a month may begin by then.

        2026-09-30 22:00 UTC -> 2026-10
    """
    return month_of_period(start + EAST, None)


def whole_month(start: datetime, end: datetime) -> timedelta | None:
    """
    Return the offset from UTC of a zone in which a period is one calendar month; None if there is no such zone.

        2026-10-01 00:00 to 2026-11-01 00:00 UTC  -> 0
        2026-09-30 22:00 to 2026-10-31 23:00 UTC  -> 2 hours: the clock changed within the month
        2026-09-30 00:00 to 2026-10-31 00:00 UTC  -> None
    """
    month = month_of_period(start, end)
    at_start, at_end = month.start - start, month.end - end
    is_zone = WEST <= at_start <= EAST and not at_start % _QUARTER and not at_end % _QUARTER
    return at_start if is_zone and abs(at_start - at_end) <= _CLOCK_CHANGE else None
