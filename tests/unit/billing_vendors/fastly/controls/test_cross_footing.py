"""F24."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config.tolerances import Tolerance
from billing_vendors.fastly.controls.f24_cross_footing import F24


def v2_bill(bills, **totals):
    """Usage of 20.00 and 5.00, an extra of 9.00, and subtotals that say so."""
    usual = {
        "bandwidth_cost": "20.00",
        "requests_cost": "5.00",
        "incurred_cost": "25.00",
        "extras_cost": "9.00",
        "cost_before_discount": "34.00",
    } | totals
    numbers = {name: Decimal(value) for name, value in usual.items() if value is not None}
    attributes = {
        "total": {**numbers, "extras": [{"name": "TLS", "recurring": Decimal("9.00")}]},
        "regions": {"usa": {"cost": Decimal("22.00")}, "europe": {"cost": 3}},
    }
    lines = (
        bills.line("CDN", "20.00", region=None, usage_type="NA_BANDWIDTH"),
        bills.line("CDN", "5.00", region=None, usage_type="NA_REQUESTS"),
        bills.flat("TLS", "9.00"),
    )
    return bills.invoice(*lines, currency=None, attributes=attributes)


def test_v3_has_the_sums_of_its_lines_alone(bills):
    (found,) = bills.judge(F24, bills.invoice(bills.line(), bills.line("Asia", region="Asia")))
    assert (found.state, found.operands["sums"]) == ("PASS", 1)


def test_v2_subtotals_agree(bills):
    (found,) = bills.judge(F24, v2_bill(bills))
    assert (found.state, found.operands["sums"]) == ("PASS", 6)


@pytest.mark.parametrize(
    ("name", "wrong", "alarms"),
    [
        ("bandwidth_cost", "20.50", 1),
        ("requests_cost", "4.00", 1),
        ("incurred_cost", "26.00", 3),  # the regions agree with bandwidth and requests
        ("extras_cost", "8.00", 2),
        ("cost_before_discount", "33.00", 1),
    ],
)
def test_v2_each_subtotal_is_held_against_its_parts(bills, name, wrong, alarms):
    states = bills.states(F24, v2_bill(bills, **{name: wrong}))
    assert states.count("EXCEPTION") == alarms


def test_v2_rounding_is_bounded_by_the_parts(bills):
    assert bills.states(F24, v2_bill(bills, cost_before_discount="34.01")) == ["PASS_WITHIN_ROUNDING"]
    assert bills.states(F24, v2_bill(bills, cost_before_discount="34.02")) == ["EXCEPTION", "PASS"]


def test_v2_what_a_bill_does_not_show_is_not_compared(bills):
    (found,) = bills.judge(F24, v2_bill(bills, cost_before_discount=None, extras_cost=None))
    assert (found.state, found.operands["sums"]) == ("PASS", 4)


def with_other_usage(bills, **totals):
    """The same bill with 7.00 of a usage that is neither bandwidth nor requests."""
    bill = v2_bill(bills, **totals)
    lines = (*bill.lines, bills.line("Image Optimizer", "7.00", region=None, usage_type="IO_UNITS"))
    return replace(bill, lines=lines)


@pytest.mark.parametrize(
    "totals",
    [
        {},
        {"cost_before_discount": "41.00"},
        {"incurred_cost": "32.00", "cost_before_discount": "41.00"},
    ],
)
def test_v2_other_usage_may_count_in_any_subtotal_or_in_none(bills, totals):
    assert bills.states(F24, with_other_usage(bills, **totals)) == ["PASS"]
    assert "EXCEPTION" in bills.states(F24, with_other_usage(bills, **{**totals, "incurred_cost": "27.00"}))


def test_v2_lines_may_be_discounted_and_the_subtotals_not(bills):
    bill = v2_bill(bills)
    for discount in ("0.1", "10"):
        lines = tuple(replace(line, amount=line.amount * Decimal("0.9")) for line in bill.lines)
        totals = {**bill.attributes["total"], "discount": Decimal(discount)}
        attributes = {**bill.attributes, "total": totals}
        assert bills.states(F24, replace(bill, lines=lines, attributes=attributes)) == ["PASS"]


def test_v2_a_percentile_may_be_part_of_what_was_incurred(bills):
    bill = v2_bill(bills, percentile_cost="3.00", incurred_cost="28.00", cost_before_discount="37.00")
    lines = (*bill.lines, bills.line("CDN", "3.00", region=None, usage_type="NA_PERCENTILE_BANDWIDTH"))
    assert bills.states(F24, replace(bill, lines=lines)) == ["PASS"]


def test_v2_members_that_are_null_text_or_left_out(bills):
    bill = v2_bill(bills)
    text = {
        name: f"{value}" if isinstance(value, Decimal) else value for name, value in bill.attributes["total"].items()
    }
    assert bills.states(F24, replace(bill, attributes={**bill.attributes, "total": text})) == ["PASS"]
    without = {name: value for name, value in text.items() if name != "extras"}
    assert bills.states(F24, replace(bill, attributes={"total": without})) == ["PASS"]
    sparse = tuple(replace(line, usage_type=None) for line in bill.lines)
    assert bills.states(F24, replace(bill, lines=sparse)) == ["PASS"]


def test_the_header_is_not_its_to_judge(bills):
    assert bills.states(F24, bills.invoice(total="99")) == ["PASS"]


def test_the_account_s_tolerance(bills):
    account = bills.account(tolerances={"F24": Tolerance(absolute=Decimal(1))})
    assert bills.states(F24, v2_bill(bills, cost_before_discount="34.50"), account=account)[0] == "VARIANCE_TOLERATED"


def test_a_month_without_an_invoice(bills):
    assert bills.states(F24, month=bills.month()) == ["NOT_APPLICABLE"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "x", "y"]), st.decimals(-9999, 9999, places=3)))
)
def test_any_lines_cross_foot(bills, drawn):
    lines = [bills.line(product, str(amount), region=region) for product, region, amount in drawn]
    (found,) = bills.judge(F24, bills.invoice(*lines))
    assert found.state == "PASS"
