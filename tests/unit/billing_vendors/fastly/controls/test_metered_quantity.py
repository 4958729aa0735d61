"""F12."""

from dataclasses import replace
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


@pytest.mark.parametrize(
    ("billed", "priced", "raw"),
    [
        ("15234000", "1523.4", "15234000"),
        ("15.234", "1523.4", "15234000"),
        ("1523.4", "15234000", "15234000"),
        ("1523.4", "15234000", None),
        ("15234000", "1523.4", None),
        ("1.5234", "1523.4", None),
    ],
)
def test_each_side_may_be_in_any_unit(bills, billed, priced, raw):
    month = metered(bills, bills.metric(quantity=priced, raw=raw), lines=[bills.line(quantity=billed)])
    assert bills.states(F12, month=month) == ["PASS"]


@pytest.mark.parametrize(
    "name",
    [
        "S\u00e3o Paulo Bandwidth",
        "Sa\u0303o Paulo Bandwidth",
        "S\u00c3O  PAULO\u00a0BANDWIDTH",
        "S\u00e3o Paulo\u200b Bandwidth",
    ],
)
def test_a_name_is_what_a_person_reads(bills, name):
    month = metered(bills, bills.metric(name), lines=[bills.line("S\u00e3o Paulo Bandwidth")])
    assert bills.states(F12, month=month) == ["PASS"]


@pytest.mark.parametrize("billed", [None, "Europe", "europe"])
@pytest.mark.parametrize("region", [None, "Europe", "EU", "europe"])
def test_a_region_counts_only_where_both_sides_state_it(bills, billed, region):
    month = metered(bills, bills.metric(region=region), lines=[bills.line(region=billed)])
    assert bills.states(F12, month=month) == ["PASS"]


def test_two_regions_of_one_name_are_two_things(bills):
    lines = bills.line("CDN"), bills.line("CDN", quantity="40", region="south_america")
    metrics = bills.metric("CDN", "90"), bills.metric("CDN", "50", region="South America")
    assert bills.states(F12, month=metered(bills, *metrics, lines=lines)) == ["EXCEPTION"] * 2


def test_a_line_may_carry_the_metric_s_name_as_its_description(bills):
    line = replace(bills.line("CDN usage"), description="Europe Bandwidth")
    assert bills.states(F12, month=metered(bills, bills.metric(), lines=[line])) == ["PASS"]


def test_what_is_not_metered_is_not_compared_whatever_its_usage_type(bills):
    flat = [
        bills.flat(name, "20", usage_type=name.lower()) for name in ("Support", "TLS", "Commitment", "Credit balance")
    ]
    tax = bills.line("VAT", quantity="100", rate="0.19", usage_type=None)
    assert bills.states(F12, month=metered(bills, bills.metric(), lines=[bills.line(), *flat, tax])) == ["PASS"]


def test_a_fee_that_is_metered_agrees(bills):
    lines = bills.line(), bills.flat("Next-Gen WAF", "2500")
    month = metered(bills, bills.metric(), bills.metric("Next-Gen WAF", "1", region=None), lines=lines)
    assert bills.states(F12, month=month) == ["PASS"]


def test_metrics_without_rows_say_nothing_of_a_bill(bills):
    assert bills.states(F12, month=metered(bills)) == ["NOT_APPLICABLE"]


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
