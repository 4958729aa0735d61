"""F4: the billing period is one whole UTC month."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from billing_vendors.fastly.controls.f04_calendar_month import F4

START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        (START, END, "PASS"),
        (START, datetime(2026, 10, 31, tzinfo=UTC), "EXCEPTION"),
        (START, END + timedelta(seconds=1), "EXCEPTION"),
        (START - timedelta(days=1), END, "EXCEPTION"),
        (datetime(2026, 9, 1, tzinfo=UTC), START, "EXCEPTION"),
        (START.astimezone(timezone(timedelta(hours=2))), END.astimezone(timezone(timedelta(hours=-5))), "PASS"),
        (datetime(2026, 10, 1, tzinfo=timezone(timedelta(hours=2))), END, "EXCEPTION"),
        (None, END, "BLOCKED"),
        (START, None, "BLOCKED"),
    ],
)
def test_the_worked_examples(make, state_of, start, end, state):
    assert state_of(F4, make.invoice("1.00", service_start=start, service_end=end)) == state


def test_a_month_without_invoice_is_not_applicable(state_of):
    assert state_of(F4) == "NOT_APPLICABLE"
