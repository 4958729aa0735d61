"""F17, beside F1 which sees the same difference."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config.tolerances import Tolerance
from billing_vendors.fastly.controls.f01_footing import F1
from billing_vendors.fastly.controls.f17_unallocated_amount import F17


@pytest.mark.parametrize(
    ("total", "footing", "residual"),
    [
        ("8.00", "PASS", "NOT_APPLICABLE"),
        ("8.005", "PASS_WITHIN_ROUNDING", "NOT_APPLICABLE"),
        ("8.01", "EXCEPTION", "EXCEPTION"),
        ("9.52", "EXCEPTION", "EXCEPTION"),
        ("7.20", "EXCEPTION", "EXCEPTION"),
    ],
)
def test_a_residual_is_classified_where_footing_fails(bills, total, footing, residual):
    invoice = bills.invoice(total=total)
    assert (bills.states(F1, invoice), bills.states(F17, invoice)) == ([footing], [residual])


def test_the_share_is_a_hint(bills):
    (found,) = bills.judge(F17, bills.invoice(total="9.52"))
    assert found.difference == Decimal("1.52")
    assert found.operands == {"percent_of_lines_rounded": Decimal("19.0000")}
    assert "19.0000 % of the lines" in found.explanation


def test_a_share_of_nothing_is_none(bills):
    (found,) = bills.judge(F17, bills.invoice(bills.line(amount="0"), total="1"))
    assert (found.state, found.operands["percent_of_lines_rounded"]) == ("EXCEPTION", None)


def test_v2_is_judged_in_the_account_s_currency(bills):
    assert bills.states(F17, bills.invoice(currency=None, total="9")) == ["EXCEPTION"]


def test_without_a_known_currency_there_is_no_bound(bills):
    assert bills.states(F17, bills.invoice(currency="XAU", total="9")) == ["BLOCKED"]


def test_an_accepted_share_is_a_tolerance(bills):
    account = bills.account(tolerances={"F17": Tolerance(percent=Decimal(19))})
    assert bills.states(F17, bills.invoice(total="9.52"), account=account) == ["VARIANCE_TOLERATED"]
    assert bills.states(F17, bills.invoice(total="9.53"), account=account) == ["EXCEPTION"]


def test_a_month_without_an_invoice(bills):
    assert bills.states(F17, month=bills.month()) == ["NOT_APPLICABLE"]


def v2(bills, *lines, cost, **totals):
    return bills.invoice(*lines, total=cost, currency=None, attributes={"total": totals})


@pytest.mark.parametrize(
    ("totals", "cost"),
    [
        ({"discount": Decimal("0.1")}, "90"),
        ({"discount": 10}, "90"),
        ({"discount": "10"}, "90"),
        ({"discount_amount": 10}, "90"),
        ({"discount": Decimal("0.0"), "plan_minimum": 150}, "150"),
        ({"plan_minimum": "150"}, "150"),
        ({"commit_shortfall": 50}, "150"),
        ({"discount": 10, "plan_minimum": 150}, "150"),
        ({"discount": 10, "commit_shortfall": 60}, "150"),
    ],
)
def test_v2_a_discount_and_a_minimum_explain_a_header(bills, totals, cost):
    bill = v2(bills, bills.line(amount="100"), cost=cost, **totals)
    assert (bills.states(F1, bill), bills.states(F17, bill)) == (["PASS"], ["NOT_APPLICABLE"])
    wrong = v2(bills, bills.line(amount="100"), cost=str(Decimal(cost) + Decimal("1.17")), **totals)
    assert (bills.states(F1, wrong), bills.states(F17, wrong)) == (["EXCEPTION"], ["EXCEPTION"])
    assert bills.judge(F1, wrong)[0].expected == 100, "what differs is told from the sum of the lines"


def test_v2_a_credit_may_be_taken_off_after_the_minimum(bills):
    lines = bills.line(amount="31"), bills.flat("Credit", "-5", credit_coupon="C")
    assert bills.states(F1, v2(bills, *lines, cost="45", plan_minimum=50)) == ["PASS"]
    assert bills.states(F1, v2(bills, *lines, cost="50", plan_minimum=50)) == ["PASS"]
    assert bills.states(F1, v2(bills, *lines, cost="50", plan_minimum=40)) == ["EXCEPTION"]


def test_a_shortfall_that_is_a_line_lifts_nothing_more(bills):
    lines = bills.line(amount="31"), bills.flat("Commit shortfall", "19")
    assert bills.states(F1, v2(bills, *lines, cost="69", commit_shortfall=19)) == ["EXCEPTION"]


def test_credits_without_a_sign_are_taken_off(bills):
    lines = bills.line(amount="100"), bills.flat("Credit", "12", credit_coupon="C")
    assert (
        bills.states(F1, bills.invoice(*lines, total="88")),
        bills.states(F17, bills.invoice(*lines, total="88")),
    ) == (
        ["PASS"],
        ["NOT_APPLICABLE"],
    )
    assert bills.states(F1, bills.invoice(*lines, total="89.50")) == ["EXCEPTION"]


def test_v3_has_no_totals_that_explain(bills):
    assert bills.states(F1, bills.invoice(bills.line(amount="100"), total="90")) == ["EXCEPTION"]


def test_a_tax_line_is_no_residual(bills):
    lines = bills.line(amount="100"), bills.flat("VAT", "19")
    assert (bills.states(F1, bills.invoice(*lines)), bills.states(F17, bills.invoice(*lines))) == (
        ["PASS"],
        ["NOT_APPLICABLE"],
    )


@given(st.lists(st.decimals("-9999", "9999", places=2), min_size=1, max_size=9), st.decimals("-1", "1", places=3))
def test_it_alarms_exactly_where_footing_does(bills, amounts, off):
    lines = [bills.line(amount=str(amount)) for amount in amounts]
    invoice = bills.invoice(*lines, total=str(sum(amounts, Decimal(0)) + off))
    (found,) = bills.judge(F17, invoice)
    assert (found.state == "EXCEPTION") == (abs(off) > Decimal("0.005") * len(amounts))
    assert (found.state == "EXCEPTION") == (bills.states(F1, invoice) == ["EXCEPTION"])
