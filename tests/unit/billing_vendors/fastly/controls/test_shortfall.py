"""F15."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config.rate_card import Commitment
from billing.config.tolerances import Tolerance
from billing.month import Month
from billing_vendors.fastly.controls.f15_commit_shortfall import F15


def committed(bills, amount="50.00", first=(2020, 1), last=None, **changed):
    commitment = Commitment(Month(*first), Month(*last) if last else None, Decimal(amount))
    return bills.account(commitments=(commitment,), **changed)


def bill(bills, charges, shortfall=None, **changed):
    lines = [bills.line(amount=charges)] + ([bills.flat("Commit shortfall", shortfall)] if shortfall else [])
    return bills.invoice(*lines, **changed)


@pytest.mark.parametrize(
    ("charges", "shortfall", "state"),
    [
        ("31.00", "19.00", "PASS"),
        ("31.00", "19.01", "PASS_WITHIN_ROUNDING"),
        ("31.00", "19.02", "EXCEPTION"),
        ("31.00", "29.00", "EXCEPTION"),
        ("31.00", "9.00", "EXCEPTION"),
        ("31.00", None, "EXCEPTION"),
        ("50.00", None, "PASS"),
        ("62.10", None, "PASS"),
        ("62.10", "0.01", "EXCEPTION"),
        ("49.995", None, "EXCEPTION"),
    ],
)
def test_the_shortfall_fills_the_minimum(bills, charges, shortfall, state):
    assert bills.states(F15, bill(bills, charges, shortfall), account=committed(bills)) == [state]


def test_credits_count_neither_way(bills):
    lines = (
        bills.line(amount="31.00"),
        bills.flat("Commit shortfall", "19.00"),
        bills.flat("C", "-5", credit_coupon="C"),
    )
    assert bills.states(F15, bills.invoice(*lines), account=committed(bills)) == ["PASS"]


def test_v2_says_its_minimum_itself(bills):
    attributes = {"total": {"plan_minimum": Decimal(40)}}
    own = bill(bills, "31.00", "9.00", currency=None, attributes=attributes)
    assert bills.states(F15, own, account=committed(bills)) == ["PASS"]


@pytest.mark.parametrize(("shortfall", "state"), [("19.00", "PASS"), ("24.00", "PASS"), ("21.00", "EXCEPTION")])
def test_or_they_count_before_the_minimum(bills, shortfall, state):
    lines = bills.line(amount="31"), bills.flat("Commit shortfall", shortfall), bills.flat("C", "-5", credit_coupon="C")
    assert bills.states(F15, bills.invoice(*lines), account=committed(bills)) == [state]


@pytest.mark.parametrize(("shortfall", "state"), [("22.00", "PASS"), ("27.00", "PASS"), ("23.00", "EXCEPTION")])
def test_a_discount_may_count_and_a_credit_not(bills, shortfall, state):
    less = bills.flat("Discount 10 %", "-3"), bills.flat("C", "-5", credit_coupon="C")
    lines = bills.line(amount="31"), bills.flat("Commit shortfall", shortfall), *less
    assert bills.states(F15, bills.invoice(*lines), account=committed(bills)) == [state]


def test_a_credit_without_its_sign_may_count_too(bills):
    lines = bills.line(amount="31"), bills.flat("Commit shortfall", "24.00"), bills.flat("C", "5", credit_coupon="C")
    assert bills.states(F15, bills.invoice(*lines, total="50"), account=committed(bills)) == ["PASS"]


def test_v2_a_total_that_is_rounded_lifts_nothing(bills):
    attributes = {"total": {"plan_minimum": "50"}}
    assert bills.states(F15, bill(bills, "62.004", currency=None, attributes=attributes, total="62.01")) == [
        "EXCEPTION"
    ]
    lines = bills.line(amount="31.002"), bills.line(amount="31.002")
    assert bills.states(F15, bills.invoice(*lines, currency=None, attributes=attributes, total="62.01")) == ["PASS"]


def test_tax_fills_no_minimum(bills):
    lines = bills.line(amount="31"), bills.flat("Commit shortfall", "19.00"), bills.flat("VAT", "9.50")
    assert bills.states(F15, bills.invoice(*lines), account=committed(bills)) == ["PASS"]


def test_another_name_for_the_shortfall(bills):
    lines = bills.line(amount="31"), bills.flat("Monthly minimum adjustment", "19.00")
    assert bills.states(F15, bills.invoice(*lines), account=committed(bills)) == ["PASS"]


@pytest.mark.parametrize(
    ("totals", "cost", "state"),
    [
        ({"commit_shortfall": Decimal("19.00")}, "50", "PASS"),
        ({"commit_shortfall": "19.00"}, "50", "PASS"),
        ({}, "50", "PASS"),
        ({"discount": 10}, "50", "PASS"),
        ({}, "45", "EXCEPTION"),
        ({"commit_shortfall": Decimal("9.00")}, "40", "EXCEPTION"),
        ({"commit_shortfall": Decimal("9.00")}, "50", "EXCEPTION"),
    ],
)
def test_v2_a_shortfall_may_be_in_the_totals_alone(bills, totals, cost, state):
    attributes = {"total": {"plan_minimum": "50"} | totals}
    own = bill(bills, "31.00", currency=None, attributes=attributes, total=cost)
    assert bills.states(F15, own) == [state]


def test_a_commitment_that_no_longer_holds(bills):
    assert bills.states(F15, bill(bills, "31"), account=committed(bills, last=(2026, 9))) == ["NOT_APPLICABLE"]


def test_no_minimum_is_known(bills):
    assert bills.states(F15, bill(bills, "31")) == ["NOT_APPLICABLE"]
    assert bills.states(F15, bill(bills, "31", "19")) == ["BLOCKED"]
    assert bills.states(F15, month=bills.month(), account=committed(bills)) == ["NOT_APPLICABLE"]


def test_a_second_invoice_bills_no_shortfall(bills):
    first = bill(bills, "31.00", "19.00", invoice_id="1")
    assert bills.states(F15, first, bills.invoice(invoice_id="2"), account=committed(bills)) == ["PASS"]
    second = bill(bills, "1.00", "49.00", invoice_id="2")
    assert bills.states(F15, first, second, account=committed(bills)) == ["PASS", "EXCEPTION"]


def test_the_account_s_tolerance(bills):
    account = committed(bills, tolerances={"F15": Tolerance(absolute=Decimal("0.10"))})
    assert bills.states(F15, bill(bills, "31.00", "19.10"), account=account) == ["VARIANCE_TOLERATED"]


@given(
    st.lists(st.decimals("0", "99999999.999", places=3), min_size=1, max_size=5),
    st.decimals("0", "99999999.999", places=3),
    st.decimals("-5", "5", places=3),
)
def test_the_difference_is_what_the_shortfall_is_off(bills, charges, minimum, off):
    """In KWD, three decimals; the bound is half a fils for each charge and for the shortfall."""
    due = max(Decimal(0), minimum - sum(charges))
    lines = [bills.line(amount=str(amount)) for amount in charges]
    billed = due + off
    if billed < 0:
        return
    lines += [bills.flat("Commit shortfall", str(billed))] if billed else []
    (found,) = bills.judge(
        F15, bills.invoice(*lines, currency="KWD"), account=committed(bills, str(minimum), currency="KWD")
    )
    assert found.difference == off
    bound = Decimal("0.0005") * (len(charges) + 1) if due and billed else 0
    assert found.state == ("PASS" if off == 0 else "PASS_WITHIN_ROUNDING" if abs(off) <= bound else "EXCEPTION")
