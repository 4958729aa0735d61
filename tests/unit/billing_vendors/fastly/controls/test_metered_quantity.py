"""F12."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config.tolerances import Tolerance
from billing_vendors.fastly.controls.f12_metered_quantity import F12


def metered(bills, *metrics, lines=()):
    return bills.month(bills.invoice(*lines), usage=metrics)


def test_the_same_quantity(bills):
    assert bills.states(F12, month=metered(bills, bills.metric(quantity="100.00"))) == ["PASS"]


def test_names_and_regions_are_compared_without_case(bills):
    month = metered(bills, bills.metric("EUROPE bandwidth", region="europe"))
    assert bills.states(F12, month=month) == ["PASS"]


def test_raw_units_agree_as_well(bills):
    month = metered(bills, bills.metric(quantity="0.01", raw="100"))
    (found,) = bills.judge(F12, month=month)
    assert found.state == "PASS"


def test_more_is_billed_than_was_metered(bills):
    (found,) = bills.judge(F12, month=metered(bills, bills.metric(quantity="96")))
    assert (found.state, found.expected, found.actual, found.difference) == ("EXCEPTION", 96, 100, 4)


def test_billed_but_never_metered_and_metered_but_not_billed(bills):
    never, unbilled = bills.judge(F12, month=metered(bills, bills.metric("Asia Bandwidth", "7", region="Asia")))
    assert "never metered" in never.explanation
    assert (never.state, never.difference) == ("EXCEPTION", 100)
    assert "on no invoice" in unbilled.explanation
    assert (unbilled.state, unbilled.difference) == ("EXCEPTION", -7)


def test_lines_of_one_metric_are_added_up(bills):
    lines = bills.line(quantity="60"), bills.line(quantity="40", rate="0.06")
    assert bills.states(F12, month=metered(bills, bills.metric(), lines=lines)) == ["PASS"]


def test_fees_credits_and_shortfalls_are_not_metered(bills):
    lines = (
        bills.line(),
        bills.flat("Next-Gen WAF", "2500"),
        bills.flat("Service credit", "-3", credit_coupon="C"),
        bills.flat("Commit shortfall", "12"),
    )
    assert bills.states(F12, month=metered(bills, bills.metric(), lines=lines)) == ["PASS"]


def test_a_second_invoice_of_credits_does_not_count(bills):
    correction = bills.invoice(bills.flat("Credit", "-1", credit_coupon="C"), invoice_id="I-2")
    month = bills.month(bills.invoice(), correction, usage=[bills.metric()])
    assert bills.states(F12, month=month) == ["PASS"]


def test_the_account_s_tolerance_is_reported(bills):
    account = bills.account(tolerances={"F12": Tolerance(percent=Decimal(5))})
    (found,) = bills.judge(F12, month=metered(bills, bills.metric(quantity="96")), account=account)
    assert found.state == "VARIANCE_TOLERATED"
    assert found.operands["policy"] == {"absolute": None, "percent": 5, "rule": "both"}


def test_v2_has_no_usage_metrics_and_v3_must(bills):
    assert bills.states(F12, bills.invoice(), account=bills.account("v2")) == ["NOT_APPLICABLE"]
    assert bills.states(F12, bills.invoice()) == ["BLOCKED"]


def test_nothing_metered_and_nothing_billed(bills):
    assert bills.states(F12, month=bills.month(usage=[])) == ["NOT_APPLICABLE"]
    unused = bills.month(usage=[bills.metric(quantity="0.00")])
    assert bills.states(F12, month=unused) == ["NOT_APPLICABLE"]


@given(
    st.lists(st.decimals("0.0001", "999999999999.9999", places=4), min_size=1, max_size=6), st.decimals(-9, 9, places=4)
)
def test_the_difference_is_exact(bills, units, off):
    """However a quantity is spread over lines, the finding's difference is what was put wrong."""
    total = sum(units, Decimal(0))
    if total + off == 0:
        return
    lines = [bills.line(quantity=str(each), amount="1") for each in units]
    month = metered(bills, bills.metric(quantity=str(total + off)), lines=lines)
    (found,) = bills.judge(F12, month=month)
    assert (found.state == "PASS") == (off == 0)
    if off:
        assert found.difference == -off


@pytest.mark.parametrize("quantity", ["99.999999999999999999", "100.000000000000000001"])
def test_the_last_digit_counts(bills, quantity):
    assert bills.states(F12, month=metered(bills, bills.metric(quantity=quantity))) == ["EXCEPTION"]
