"""F4: the billing period is one whole month."""

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
        (START, END - timedelta(days=3), "EXCEPTION"),
        (START - timedelta(hours=15), END - timedelta(hours=15), "EXCEPTION"),
        (START - timedelta(days=1), END - timedelta(days=1), "EXCEPTION"),
        (START - timedelta(days=1), END, "EXCEPTION"),
        (datetime(2026, 9, 1, tzinfo=UTC), START, "EXCEPTION"),
        (START.astimezone(timezone(timedelta(hours=2))), END.astimezone(timezone(timedelta(hours=-5))), "PASS"),
        (datetime(2026, 10, 1, tzinfo=timezone(timedelta(hours=2))), END, "EXCEPTION"),
        (None, END, "BLOCKED"),
        (START, None, "BLOCKED"),
    ],
)
def test_the_worked_examples(bills, start, end, state):
    assert bills.states(F4, bills.invoice(service_start=start, service_end=end)) == [state]


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [
        (timedelta(hours=-2), timedelta(hours=-2), "2:00:00 ahead of UTC"),
        (timedelta(hours=-2), timedelta(hours=-1), "2:00:00 ahead of UTC"),  # the clock changed
        (timedelta(hours=-14), timedelta(hours=-14), "14:00:00 ahead of UTC"),
        (timedelta(hours=8), timedelta(hours=8), "8:00:00 behind UTC"),
        (timedelta(hours=-5, minutes=-30), timedelta(hours=-5, minutes=-30), "5:30:00 ahead of UTC"),
    ],
)
def test_a_month_may_begin_in_another_zone(bills, start, end, zone):
    (found,) = bills.judge(F4, bills.invoice(service_start=START + start, service_end=END + end))
    assert found.state == "PASS"
    assert zone in found.explanation


def test_v2_may_leave_out_the_interval(bills):
    bill = bills.invoice(service_start=None, service_end=None)
    assert bills.states(F4, bill, account=bills.account("v2")) == ["NOT_APPLICABLE"]


def test_a_month_without_invoice_is_not_applicable(bills):
    assert bills.states(F4, month=bills.month()) == ["NOT_APPLICABLE"]
