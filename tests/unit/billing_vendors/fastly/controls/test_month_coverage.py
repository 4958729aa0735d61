"""F5."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_vendors.fastly.controls.f05_month_coverage import F5

DAY = timedelta(days=1)


def test_adjoining_months(bills):
    assert bills.states(F5, bills.invoice(), previous=bills.before()) == ["PASS", "PASS"]


def test_days_that_nobody_bills_are_found_in_their_own_month(bills):
    short = bills.invoice(service_end=bills.october.end - 3 * DAY)
    gap, overlap = bills.judge(F5, short, previous=bills.before())
    assert (gap.state, overlap.state) == ("EXCEPTION", "PASS")
    assert gap.operands["gaps"] == ["2026-10-29 00:00 to 2026-11-01 00:00 UTC (3 days)"]
    september = bills.before(service_end=bills.september.end - 3 * DAY)
    assert bills.states(F5, bills.invoice(), previous=september) == ["PASS", "PASS"], "September's fault is September's"


def test_days_that_last_month_billed_already(bills):
    long = bills.before(service_end=bills.september.end + 3 * DAY)
    gap, overlap = bills.judge(F5, bills.invoice(), previous=long)
    assert (gap.state, overlap.state) == ("PASS", "EXCEPTION")
    assert overlap.operands["twice"] == ["2026-10-01 00:00 to 2026-10-04 00:00 UTC (3 days)"]


def test_last_month_s_bill_may_fill_a_gap(bills):
    late = bills.invoice(service_start=bills.october.start + 2 * DAY)
    long = bills.before(service_end=bills.september.end + 2 * DAY)
    assert bills.states(F5, late, previous=long) == ["PASS", "PASS"]


def test_two_bills_of_one_month_are_not_an_overlap_of_months(bills):
    assert bills.states(F5, bills.invoice(), bills.invoice(invoice_id="I-2"), previous=bills.before()) == ["PASS"] * 2


@pytest.mark.parametrize("hours", [-9, 8])
def test_whole_months_of_another_zone(bills, hours):
    shift = timedelta(hours=hours)
    bill = bills.invoice(service_start=bills.october.start + shift, service_end=bills.october.end + shift)
    before = bills.before(service_start=bills.september.start + shift, service_end=bills.september.end + shift)
    assert bills.states(F5, bill, previous=before) == ["PASS", "PASS"]
    assert bills.states(F5, bill, account=bills.account(first_month=bills.october)) == ["PASS"]


def test_hours_between_months_of_two_zones(bills):
    east = bills.before(
        service_start=bills.september.start - timedelta(hours=9), service_end=bills.september.end - timedelta(hours=9)
    )
    gap, _ = bills.judge(F5, bills.invoice(), previous=east)
    assert (gap.state, gap.operands["gaps"]) == (
        "EXCEPTION",
        ["2026-09-30 15:00 to 2026-10-01 00:00 UTC (0.375 days)"],
    )


def test_a_day_that_both_months_bill(bills):
    early = bills.invoice(service_start=bills.october.start - DAY)
    _, overlap = bills.judge(F5, early, previous=bills.before())
    assert overlap.operands["twice"] == ["2026-09-30 00:00 to 2026-10-01 00:00 UTC (1 days)"]


def test_v2_may_leave_out_its_bounds(bills):
    bill = bills.invoice(service_start=None, service_end=None)
    assert bills.states(F5, bill, previous=bills.before(), account=bills.account("v2")) == ["NOT_APPLICABLE"]


def test_an_invoice_without_bounds(bills):
    for lacking in ("service_start", "service_end"):
        assert bills.states(F5, bills.invoice(**{lacking: None}), previous=bills.before()) == ["BLOCKED"]


def test_a_month_without_a_bill(bills):
    assert bills.states(F5, month=bills.month(), previous=bills.before()) == ["NOT_APPLICABLE"]
    correction = bills.invoice(bills.flat("Credit", "-5", credit_coupon="C"))
    assert bills.states(F5, correction, previous=bills.before()) == ["NOT_APPLICABLE"]


def test_the_first_month_and_one_that_is_not_stored(bills):
    assert bills.states(F5, bills.invoice(), account=bills.account(first_month=bills.october)) == ["PASS"]
    assert bills.states(F5, bills.invoice()) == ["PASS", "BLOCKED"]


@given(st.lists(st.tuples(st.integers(0, 31), st.integers(0, 31)), min_size=1, max_size=4))
def test_gaps_are_exactly_the_days_that_no_interval_holds(bills, intervals):
    start = bills.october.start
    invoices = [
        bills.invoice(invoice_id=f"I-{i}", service_start=start + min(pair) * DAY, service_end=start + max(pair) * DAY)
        for i, pair in enumerate(intervals)
    ]
    gap = bills.judge(F5, *invoices, account=bills.account(first_month=bills.october))[0]
    billed = {day for pair in intervals for day in range(min(pair), max(pair))}
    missing = 31 - len(billed)
    found = sum(float(text.rpartition("(")[2].split()[0]) for text in gap.operands["gaps"])
    assert found == missing
    assert (gap.state == "PASS") == (missing == 0)
