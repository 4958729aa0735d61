"""The billed month."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from billing.errors import ConfigurationError
from billing.month import Month


def test_a_month_is_half_open_in_utc():
    """The end is the next month's first instant and not part of the month."""
    december = Month(2026, 12)
    assert december.start == datetime(2026, 12, 1, tzinfo=UTC)
    assert december.end == datetime(2027, 1, 1, tzinfo=UTC)
    assert not december.is_over(december.end - timedelta(microseconds=1))
    assert december.is_over(december.end)


@pytest.mark.parametrize("key", ["0001-01", "2026-10", "9998-12"])
def test_a_key_comes_back_as_it_was(key):
    assert str(Month.parse(key)) == key


@pytest.mark.parametrize(
    "key",
    ["", "2026", "2026-13", "2026-00", "2026-1", "0000-01", "9999-01", "2026-10\n", " 2026-10", "２０２６-10", "26-10"],
)
def test_anything_else_is_a_configuration_error(key):
    """Also digits of other scripts, and the year after which there is no next month."""
    with pytest.raises(ConfigurationError, match="YYYY-MM"):
        Month.parse(key)


def test_a_datetime_counts_in_utc():
    """Half past midnight on the 1st in Berlin is still the old month."""
    berlin = timezone(timedelta(hours=1))
    assert Month.of(datetime(2026, 11, 1, 0, 30, tzinfo=berlin)) == Month(2026, 10)
    assert Month.of(date(2026, 11, 1)) == Month(2026, 11)


def test_a_datetime_without_zone_is_refused():
    """It would be read in the zone of whatever machine runs the task."""
    with pytest.raises(ValueError, match="no time zone"):
        Month.of(datetime(2026, 11, 1))  # noqa: DTZ001 (that is the point)


@pytest.mark.parametrize(
    ("months", "expected"), [(0, "2026-01"), (-1, "2025-12"), (11, "2026-12"), (12, "2027-01"), (-25, "2023-12")]
)
def test_shifting_crosses_years(months, expected):
    assert str(Month(2026, 1).shifted(months)) == expected


@pytest.mark.parametrize(("year", "month"), [(2026, 0), (2026, 13), (0, 1), (9999, 1)])
def test_there_is_no_such_month(year, month):
    with pytest.raises(ValueError, match="not a month"):
        Month(year, month)


def test_months_are_ordered_by_time():
    assert Month(2025, 12) < Month(2026, 1) < Month(2026, 10)
