"""Billing periods in every form that the contract leaves open."""

from datetime import UTC, datetime

import pytest

from billing.errors import PayloadError
from billing.payloads.json_reader import JsonObject
from billing_vendors.fastly.periods import month_begun, month_of_period, period_of, whole_month


@pytest.mark.parametrize(
    ("start", "end", "read"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-31T23:59:59Z", "2024-01-01 00:00, 2024-02-01 00:00"),
        ("2024-01-01T00:00:00Z", "2024-01-31T23:59:59.999Z", "2024-01-01 00:00, 2024-02-01 00:00"),
        ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2024-01-01 00:00, 2024-02-01 00:00"),
        ("2024-01-01T00:00:00Z", "2024-01-31T00:00:00Z", "2024-01-01 00:00, 2024-02-01 00:00"),
        ("2024-02-01T00:00:00Z", "2024-02-29T00:00:00Z", "2024-02-01 00:00, 2024-03-01 00:00"),
        ("2024-01-01", "2024-01-31", "2024-01-01 00:00, 2024-02-01 00:00"),
        ("2024-01-01", "2024-02-01", "2024-01-01 00:00, 2024-02-01 00:00"),
        ("2024-01-01T00:00:00Z", "2024-01-30T23:59:59Z", "2024-01-01 00:00, 2024-01-31 00:00"),
        ("2024-01-01T00:00:00Z", "2024-01-30T00:00:00Z", "2024-01-01 00:00, 2024-01-30 00:00"),
        ("2024-01-01", "2024-01-30", "2024-01-01 00:00, 2024-01-31 00:00"),
        ("2023-12-31T22:00:00Z", "2024-01-31T21:59:59Z", "2023-12-31 22:00, 2024-01-31 22:00"),
        ("2024-01-01T00:00:00+05:30", "2024-01-31T23:59:59+05:30", "2023-12-31 18:30, 2024-01-31 18:30"),
        ("2024-01-01T00:00:00-08:00", "2024-01-31T00:00:00-08:00", "2024-01-01 08:00, 2024-02-01 08:00"),
        ("2023-12-31T00:00:00Z", "2024-01-31T00:00:00Z", "2023-12-31 00:00, 2024-01-31 00:00"),
        ("2024-01-01T00:00:00Z", None, "2024-01-01 00:00, None"),
        (None, "2024-01-31", "None, 2024-02-01 00:00"),
    ],
)
def test_the_forms_of_a_period(start, end, read):
    found = period_of(JsonObject({"from": start, "to": end}, "row"), "from", "to")
    assert ", ".join(f"{moment:%Y-%m-%d %H:%M}" if moment else "None" for moment in found) == read


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-10-01 00:00", "2026-11-01 00:00", 0),
        ("2026-09-30 22:00", "2026-10-31 23:00", 2),
        ("2026-09-30 10:00", "2026-10-31 10:00", 14),
        ("2026-10-01 12:00", "2026-11-01 12:00", -12),
        ("2026-09-30 09:00", "2026-10-31 09:00", None),
        ("2026-10-01 13:00", "2026-11-01 13:00", None),
        ("2026-09-30 22:00", "2026-11-01 00:00", None),
        ("2026-10-01 00:07", "2026-11-01 00:07", None),
        ("2026-10-01 00:00", "2026-10-31 00:00", None),
        ("2026-09-30 00:00", "2026-10-31 00:00", None),
    ],
)
def test_a_whole_month_of_some_zone(start, end, hours):
    offset = whole_month(*(datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (start, end)))
    assert (None if offset is None else offset.total_seconds() / 3600) == hours


def test_an_estimate_s_month_may_begin_early():
    begun = [month_begun(datetime(2026, *moment, tzinfo=UTC)) for moment in ((9, 30, 22), (10, 1), (10, 1, 8))]
    assert {str(month) for month in begun} == {"2026-10"}


def test_the_last_year_has_no_month():
    with pytest.raises(PayloadError, match="9999-01-01 has no month"):
        month_of_period(datetime(9999, 1, 1, tzinfo=UTC), None)
