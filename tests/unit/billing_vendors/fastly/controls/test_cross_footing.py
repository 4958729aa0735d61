"""F24."""

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
        ("incurred_cost", "26.00", 4),
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
