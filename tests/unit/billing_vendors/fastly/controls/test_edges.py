"""The last cent of some bounds, and the side on which a difference is written."""

from decimal import Decimal

import pytest

from billing_vendors.fastly.controls.f12_metered_quantity import F12
from billing_vendors.fastly.controls.f18_estimate_monotonic import F18
from billing_vendors.fastly.controls.f19_estimate_vs_invoice import F19
from billing_vendors.fastly.controls.f21_month_on_month import F21
from billing_vendors.fastly.controls.f24_cross_footing import F24


def subtotals(bills, usage="1.00", **totals):
    """A v2 bill of usage and an extra of 9.00 with the subtotals that are given."""
    numbers = {name: Decimal(value) for name, value in totals.items()}
    attributes = {"total": {**numbers, "extras": [{"recurring": Decimal("9.00")}]}}
    return bills.invoice(bills.line("CDN", usage), bills.flat("TLS", "9.00"), attributes=attributes)


def test_f12_rows_of_one_metric_are_added_up(bills):
    usage = [bills.metric(quantity="60"), bills.metric(quantity="40")]
    month = bills.month(bills.invoice(bills.line(quantity="100")), usage=usage)
    assert bills.states(F12, month=month) == ["PASS"]
    usage = [bills.metric(quantity="60", raw="60000000000"), bills.metric(quantity="40", raw="40000000000")]
    (found,) = bills.judge(F12, month=bills.month(bills.invoice(bills.line(quantity="90")), usage=usage))
    assert (found.expected, found.difference) == (100, -10)


def test_f18_a_shortfall_that_shrinks_hides_no_growth(bills):
    """Charges grew from 30 to 39 while the total fell, since less was missing to the minimum."""
    estimates = (bills.estimate("50", 1, shortfall="20"), bills.estimate("49", 2, shortfall="10"))
    assert bills.states(F18, bills.invoice(), estimates=estimates) == ["PASS"]


def test_f19_what_the_estimate_missed_is_above_zero(bills):
    estimates = {"estimates": (bills.estimate("700"),)}
    (found,) = bills.judge(F19, bills.invoice(bills.line(amount="1000")), **estimates)
    assert (found.state, found.difference) == ("EXCEPTION", Decimal(300))


@pytest.mark.parametrize(("now", "state"), [("1500.00", "VARIANCE_TOLERATED"), ("1500.01", "EXCEPTION")])
def test_f21_the_absolute_limit_itself_is_tolerated(bills, now, state):
    found = bills.judge(F21, bills.invoice(bills.line(amount=now)), previous=bills.before(bills.line(amount="400.00")))
    expected = "EXCEPTION" if Decimal(now) - 400 > 1000 else "VARIANCE_TOLERATED"
    assert found[0].state == expected
    tight = bills.judge(F21, bills.invoice(bills.line(amount=now)), previous=bills.before(bills.line(amount="500.00")))
    assert tight[0].state == state


def test_f21_the_largest_change_is_shown_first(bills):
    before = bills.before(bills.line("Small"), bills.line("Large"))
    now = bills.invoice(bills.line("Small", quantity="101"), bills.line("Large", quantity="500"))
    found = bills.judge(F21, now, previous=before)
    assert [each["charged"].split()[0] for each in found[0].operands["largest"]] == ["Large", "Small"]


def whole(bills, amount):
    return subtotals(bills, cost_before_discount=amount, incurred_cost="1.00", extras_cost="9.00")


def test_f24_each_part_is_rounded_once(bills):
    """Two parts: one cent. Four sums agree beside: by product and region, usage, extras."""
    assert bills.states(F24, whole(bills, "10.01")) == ["PASS_WITHIN_ROUNDING"]
    assert bills.states(F24, whole(bills, "10.015")) == ["EXCEPTION", "PASS"]
    assert bills.states(F24, whole(bills, "9.98")) == ["EXCEPTION", "PASS"]


def test_f24_parts_that_are_not_all_shown_are_not_compared(bills):
    bill = subtotals(bills, usage="25.00", incurred_cost="25.00", bandwidth_cost="20.00")
    assert bills.states(F24, bill) == ["PASS"]
