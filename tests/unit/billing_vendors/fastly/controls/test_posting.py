"""F8 and F9."""

from datetime import timedelta

import pytest

from billing_vendors.fastly.controls.f08_posted_after_period import F8
from billing_vendors.fastly.controls.f09_posted_on_time import F9


@pytest.mark.parametrize(("seconds", "state"), [(-1, "EXCEPTION"), (0, "PASS"), (86_400, "PASS")])
def test_f8_compares_posting_with_the_end_of_the_period(bills, seconds, state):
    posted = bills.october.end + timedelta(seconds=seconds)
    assert bills.states(F8, bills.invoice(issued_at=posted)) == [state]


@pytest.mark.parametrize("lacking", ["issued_at", "service_end"])
def test_f8_needs_both_moments(bills, lacking):
    assert bills.states(F8, bills.invoice(**{lacking: None})) == ["BLOCKED"]


def test_f8_without_an_invoice(bills):
    assert bills.states(F8, month=bills.month()) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    ("after_month", "state"),
    [
        (timedelta(days=5) - timedelta(seconds=1), "PASS"),
        (timedelta(days=5), "VARIANCE_TOLERATED"),
        (timedelta(days=23), "VARIANCE_TOLERATED"),
    ],
)
def test_f9_an_invoice_that_is_there(bills, after_month, state):
    assert bills.states(F9, bills.invoice(issued_at=bills.october.end + after_month)) == [state]


def test_f9_says_by_how_many_days_it_is_late(bills):
    (late,) = bills.judge(F9, bills.invoice(issued_at=bills.october.end + timedelta(days=21, hours=3)))
    assert "17 days after the posting day" in late.explanation


def test_f9_a_correction_is_not_the_month_s_invoice(bills):
    correction = bills.invoice(bills.flat("Credit", "-5", credit_coupon="C"))
    month = bills.month(correction, usage=[bills.metric()])
    assert bills.states(F9, month=month, as_of=bills.october.end + timedelta(days=90)) == ["EXCEPTION"]


def test_f9_needs_dates(bills):
    assert bills.states(F9, bills.invoice(issued_at=None)) == ["BLOCKED"]
    assert bills.states(F9, month=bills.month(usage=[bills.metric()]), as_of=None) == ["BLOCKED"]


@pytest.mark.parametrize("control", [F8, F9], ids=["F8", "F9"])
def test_v2_may_leave_out_when_a_bill_was_sent(bills, control):
    assert bills.states(control, bills.invoice(issued_at=None), account=bills.account("v2")) == ["NOT_APPLICABLE"]
